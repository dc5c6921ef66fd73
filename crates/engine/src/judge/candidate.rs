//! Candidates: episodes with everything that the fold looks at, before any of them is decided.

use std::sync::Arc;

use super::admission::{self, Sighting};
use super::answers::{Addressee, Answers, Sayings, binds};
use super::episode::Episode;
use crate::case::{Outcome, Reason, ToldKind};
use crate::fact::{FactId, NoticeKind, ObjectionVerdict, Observation, PlateCorrection, Told, VoidReason};
use crate::plate;
use crate::policy::Policy;
use crate::rules::Rules;
use crate::time::Timestamp;

/// An episode on its way to a decision.
pub(crate) struct Candidate<'a> {
    /// Numbers of sightings, in order of (captured_at, id).
    pub(crate) members: Vec<usize>,
    /// Records of the same picture under other ids.
    pub(crate) doubles: Vec<&'a FactId>,
    /// The member that it goes by: the first that has force.
    pub(crate) leader: usize,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    /// Smallest id of the members that have force: ties are broken by it.
    pub(crate) smallest: &'a FactId,
    pub(crate) smallest_known: Timestamp,
    /// Which subject of the ledger, by number.
    pub(crate) subject: usize,
    pub(crate) policy: Option<usize>,
    /// Which zone is printed, by number of sighting.
    pub(crate) zone_of: usize,
    pub(crate) repaired: bool,
    pub(crate) live: bool,
    /// Known of the earliest confirming review.
    pub(crate) confirmed: Option<Timestamp>,
    /// The lightest outcome that the subject was told and that binds.
    pub(crate) floor: Option<Outcome>,
    /// When it was first told an outcome.
    pub(crate) told_at: Option<Timestamp>,
    pub(crate) told: Vec<ToldKind>,
    /// Settled whatever the window says.
    pub(crate) settled: Option<Settled>,
    /// What a person put in the place of the natural outcome.
    pub(crate) person: Option<Person>,
    /// Waits for a person because of its record or a doubt.
    pub(crate) hold: Option<Reason>,
    pub(crate) objection_rejected: bool,
}

/// Who an observation speaks of under one correction of its plate; none: its plate cannot be read.
pub(super) fn addressee_by(
    rules: &Rules,
    seen: &Observation,
    correction: Option<&PlateCorrection>,
) -> Option<Addressee> {
    let read = admission::read_plate(rules, seen, correction).ok()?;
    Some(Addressee {
        number: read.number,
        class: Some(read.class),
    })
}

/// An outcome that no window changes.
#[derive(Clone)]
pub(crate) struct Settled {
    pub(crate) outcome: Outcome,
    pub(crate) reason: Reason,
    pub(crate) words: Option<Arc<str>>,
    /// Even a discretion does not change it.
    pub(crate) is_final: bool,
}

/// What a person decided.
#[derive(Clone)]
pub(crate) enum Person {
    Discretion(Outcome, Arc<str>),
    Lighter,
}

/// What the candidates are made from.
pub(crate) struct Makings<'r, 'a> {
    pub(crate) rules: &'r Rules,
    pub(crate) sightings: &'r [Sighting<'a>],
    pub(crate) answers: &'r Answers<'a>,
    /// Doubles with the number of the sighting that they double, in order of that number.
    pub(crate) doubles: &'r [(usize, &'a FactId)],
}

impl<'a> Makings<'_, 'a> {
    /// Everything said about the members and their doubles.
    pub(crate) fn sayings(&self, members: &[usize]) -> Sayings<'a> {
        let mut sayings = Sayings::default();
        if self.answers.is_empty() {
            return sayings;
        }
        for member in members {
            let sighting = &self.sightings[*member];
            let addressee = |told: &Told| self.addressee(sighting, told);
            sayings.hear(self.answers, &sighting.fact.id, addressee);
            for double in self.doubles_of(*member) {
                sayings.hear(self.answers, double, addressee);
            }
        }
        sayings
    }

    /// Whom a telling was written to: the plate that it names, else the one that the observation had then.
    fn addressee(&self, sighting: &Sighting<'a>, told: &Told) -> Option<Addressee> {
        if let Some((number, class)) = &told.plate {
            let number: Arc<str> = plate::normalise(self.rules.grammar(), number).into();
            let own = || (number == sighting.number).then(|| sighting.class.clone());
            let class = class.clone().or_else(own);
            return Some(Addressee { number, class });
        }
        let id = &sighting.fact.id;
        if self.answers.correction(id).is_none() {
            return Some(Addressee {
                number: sighting.number.clone(),
                class: Some(sighting.class.clone()),
            });
        }
        addressee_by(self.rules, sighting.seen, self.answers.correction_at(id, told.at))
    }

    fn doubles_of(&self, member: usize) -> impl Iterator<Item = &'a FactId> + '_ {
        let start = self.doubles.partition_point(|(of, _)| *of < member);
        self.doubles[start..]
            .iter()
            .take_while(move |(of, _)| *of == member)
            .map(|(_, id)| *id)
    }

    /// Whether a person took the whole stay away.
    pub(crate) fn is_gone(&self, episode: &Episode) -> bool {
        !self.answers.is_empty()
            && (episode
                .members
                .iter()
                .all(|member| !self.sightings[*member].has_force)
                || self.sayings(&episode.members).void.is_some())
    }

    /// A candidate; below the evidence threshold its members come back.
    pub(crate) fn candidate(
        &self,
        episode: Episode,
        subject: usize,
        class: &str,
    ) -> Result<Candidate<'a>, Vec<usize>> {
        let members = episode.members;
        let sightings = self.sightings;
        let sayings = self.sayings(&members);
        let forceful = |member: &&usize| sightings[**member].has_force;
        let leader = members.iter().find(forceful).copied().unwrap_or(members[0]);
        let trailer = members
            .iter()
            .rev()
            .find(forceful)
            .copied()
            .unwrap_or(members[members.len() - 1]);
        let (from, to) = (sightings[leader].at(), sightings[trailer].at());
        let policy_number = sightings[leader].policy;
        let policy = policy_number.map(|number| &*self.rules.policies()[number]);
        let count = members.iter().filter(forceful).count();
        if count > 0 && too_short(policy, &sightings[leader], count, to.since(from)) {
            return Err(members);
        }
        let any = |member: &&usize| count == 0 || sightings[**member].has_force;
        let effective = || members.iter().filter(any).map(|member| &sightings[*member]);
        let smallest = effective()
            .map(|sighting| &sighting.fact.id)
            .min()
            .unwrap_or(&sightings[leader].fact.id);
        let zone_of = members
            .iter()
            .filter(any)
            .min_by_key(|member| (sightings[**member].zone_kind, **member));
        let told: Vec<_> = sayings.told(&sightings[leader].number, class).collect();
        let binding = || told.iter().filter(|told| binds(told.kind));
        let floor = binding()
            .filter_map(|told| outcome_of(told.kind))
            .min_by_key(|outcome| outcome.weight());
        let told_at = binding().map(|told| told.at).min();
        let settled = settled(&sayings, &members, sightings, policy, episode.record);
        let hold = episode
            .record
            .or(episode.doubt)
            .filter(|_| sayings.confirmed.is_none() || episode.record.is_some());
        Ok(Candidate {
            leader,
            from,
            to,
            smallest,
            smallest_known: members
                .iter()
                .map(|member| sightings[*member].known)
                .min()
                .unwrap_or(from),
            subject,
            policy: policy_number,
            zone_of: zone_of.copied().unwrap_or(leader),
            repaired: effective().any(|sighting| sighting.repaired),
            live: effective().any(|sighting| sighting.seen.mode == crate::fact::Mode::Live),
            confirmed: sayings.confirmed,
            floor,
            told_at,
            told: told_kinds(&told),
            person: person(&sayings),
            objection_rejected: sayings
                .result
                .is_some_and(|(it, _)| it.result == ObjectionVerdict::Rejected),
            settled,
            hold,
            doubles: members
                .iter()
                .flat_map(|member| self.doubles_of(*member))
                .collect(),
            members,
        })
    }
}

fn too_short(policy: Option<&Policy>, leader: &Sighting<'_>, count: usize, dwell: i64) -> bool {
    policy.is_some_and(|policy| {
        let admission = policy.admission(leader.seen.device_kind);
        count < usize::try_from(admission.min_observations).unwrap_or(usize::MAX)
            || dwell < admission.min_dwell
    })
}

fn outcome_of(kind: NoticeKind) -> Option<Outcome> {
    match kind {
        NoticeKind::Waived => Some(Outcome::Waived),
        NoticeKind::Warned => Some(Outcome::Warned),
        NoticeKind::PenaltyProposed => Some(Outcome::PenaltyProposed),
        NoticeKind::Reminded
        | NoticeKind::Withdrawn
        | NoticeKind::ObjectionUpheld
        | NoticeKind::ObjectionRejected => None,
    }
}

fn told_kinds(told: &[&Told]) -> Vec<ToldKind> {
    let mut kinds: Vec<ToldKind> = Vec::new();
    for telling in told {
        match kinds.iter_mut().find(|known| known.kind == telling.kind) {
            Some(known) => known.at = known.at.max(telling.at),
            None => kinds.push(ToldKind {
                kind: telling.kind,
                at: telling.at,
            }),
        }
    }
    kinds.sort_unstable_by_key(|told| told.kind);
    kinds
}

/// What a person put in the place of the natural outcome: the latest of a discretion and an objection's result.
fn person(sayings: &Sayings<'_>) -> Option<Person> {
    let discretion = sayings.discretion.map(|(it, id)| (it.at, id, it));
    let lighter = sayings
        .result
        .filter(|(it, _)| it.result == ObjectionVerdict::Lighter)
        .map(|(it, id)| (it.at, id));
    match (discretion, lighter) {
        (Some((at, id, it)), other) if other.is_none_or(|other| other < (at, id)) => {
            Some(Person::Discretion(it.outcome, it.reason.clone()))
        }
        (_, Some(_)) => Some(Person::Lighter),
        (_, None) => None,
    }
}

/// What is settled before any window: first that applies.
fn settled(
    sayings: &Sayings<'_>,
    members: &[usize],
    sightings: &[Sighting<'_>],
    policy: Option<&Policy>,
    record: Option<Reason>,
) -> Option<Settled> {
    let settle = |outcome, reason, words: Option<Arc<str>>, is_final| {
        Some(Settled {
            outcome,
            reason,
            words,
            is_final,
        })
    };
    if let Some((void, _)) = sayings.void {
        let words = (void.reason == VoidReason::Other).then(|| void.text.clone());
        return settle(Outcome::Voided, Reason::Void(void.reason), words, true);
    }
    if members.iter().all(|member| !sightings[*member].has_force) {
        let rejected = members.iter().any(|member| sightings[*member].rejected);
        let reason = if rejected {
            Reason::ReviewRejected
        } else {
            Reason::Void(VoidReason::Merged)
        };
        // Only a void is final: discretion may still set another outcome where a review rejected everything.
        return settle(Outcome::Voided, reason, None, !rejected);
    }
    if let Some((result, id)) = sayings.result
        && result.result == ObjectionVerdict::Upheld
    {
        let overruled = sayings
            .discretion
            .is_some_and(|(it, other)| (it.at, other) > (result.at, id));
        return settle(Outcome::Voided, Reason::ObjectionUpheld, None, !overruled);
    }
    if let Some((handled, _)) = sayings.handled {
        return settle(
            Outcome::NotPunishable,
            Reason::HandledElsewhere,
            Some(handled.agency.clone()),
            false,
        );
    }
    if let Some(reason @ (Reason::TooOld | Reason::OutsideJurisdiction)) = record {
        return settle(Outcome::NotPunishable, reason, None, false);
    }
    if policy.is_none() {
        return settle(Outcome::NotPunishable, Reason::NoPolicy, None, false);
    }
    None
}
