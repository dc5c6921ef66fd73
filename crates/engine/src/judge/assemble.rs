//! A decided candidate as the case that readers see.

use std::sync::Arc;

use jiff::civil::Date;

use super::Bench;
use super::candidate::Candidate;
use super::fold::Decision;
use super::uses::Uses;
use crate::case::{Case, Outcome};
use crate::fact::{Fact, FactId, Precision, Subject};
use crate::time::Timestamp;

impl<'a> Bench<'_, 'a> {
    pub(super) fn day(&self, at: Timestamp, policy: Option<usize>) -> Date {
        at.date_in(self.rules.time_zone(policy))
    }

    pub(super) fn zone_name(&self, sighting: usize) -> Arc<str> {
        self.sightings[sighting]
            .place
            .zone
            .clone()
            .unwrap_or_else(unknown_zone)
    }

    pub(super) fn case(
        &self,
        authority: Option<&Arc<str>>,
        candidate: &Candidate<'a>,
        rank: usize,
        decision: Decision,
        subject: Subject,
        uses: &Uses<'_, 'a>,
    ) -> Case {
        let members = || candidate.members.iter().map(|member| &self.sightings[*member]);
        let mut zones: Vec<Arc<str>> = Vec::with_capacity(1);
        for member in &candidate.members {
            let zone = self.zone_name(*member);
            if !zones.contains(&zone) {
                zones.push(zone);
            }
        }
        let anchor = members()
            .map(|sighting| sighting.fact)
            .chain(self.double_facts(candidate))
            .min_by_key(|fact| anchor_key(fact));
        let policy = decision
            .policy
            .map(|number| self.rules.policies()[number].clone());
        let is_penalty = matches!(
            decision.outcome,
            Outcome::PenaltyProposed | Outcome::PenaltyDecided
        );
        let has_ordinal = decision.outcome.is_first() || is_penalty;
        let ordinal = decision
            .policy
            .filter(|_| has_ordinal)
            .map(|number| uses.ordinal(number, rank, decision.base));
        let window = decision
            .policy
            .filter(|_| has_ordinal)
            .map(|number| uses.printed(number, rank, decision.standing));
        let named = || members().find_map(|sighting| sighting.place.name.clone());
        let registered = || {
            self.rules
                .zone(&self.zone_name(candidate.zone_of))
                .and_then(|zone| zone.name.clone())
        };
        Case {
            subject,
            authority: authority.cloned(),
            zone: self.zone_name(candidate.zone_of),
            place: named().or_else(registered),
            zones,
            from: candidate.from,
            to: candidate.to,
            day_only: members().any(|sighting| sighting.seen.precision == Precision::Day),
            facts: members().map(|sighting| sighting.fact.id.clone()).collect(),
            doubles: candidate.doubles.iter().map(|id| (*id).clone()).collect(),
            anchor: anchor.map_or_else(|| candidate.smallest.clone(), |fact| fact.id.clone()),
            outcome: decision.outcome,
            ordinal,
            window,
            policy,
            fine: decision.fine,
            reasons: decision.reasons,
            deadline: decision.deadline,
            proposal: decision.proposal,
            trace: decision.trace,
            live: candidate.live,
            reviewed: candidate.confirmed.is_some(),
            told: candidate.told.clone(),
            objection_rejected: candidate.objection_rejected,
        }
    }

    fn double_facts<'s>(&'s self, candidate: &'s Candidate<'a>) -> impl Iterator<Item = &'a Fact> + 's {
        let own = |id: &FactId| self.ledger.fact(id);
        let guest = |id: &FactId| {
            self.ledger
                .guests()
                .iter()
                .map(|guest| &guest.observation)
                .find(|observation| observation.id == *id)
        };
        candidate
            .doubles
            .iter()
            .filter_map(move |id| own(id).or_else(|| guest(id)))
    }
}

fn anchor_key(fact: &Fact) -> (u64, Option<Timestamp>, &str, &str) {
    let position = if fact.position == 0 {
        u64::MAX
    } else {
        fact.position
    };
    (
        position,
        fact.body.observation().map(|seen| seen.captured_at),
        fact.id.source(),
        fact.id.id(),
    )
}

fn unknown_zone() -> Arc<str> {
    static UNKNOWN: std::sync::LazyLock<Arc<str>> = std::sync::LazyLock::new(|| "unknown".into());
    UNKNOWN.clone()
}
