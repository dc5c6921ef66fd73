//! The fold: candidates of one authority in order of offence, each decided with what the earlier ones used up.
//!
//! Cases that were told a first outcome come first and take their allowance whatever their time; the others share what
//! is left.

use std::sync::Arc;

use super::candidate::{Candidate, Person};
pub(crate) use super::decision::Decision;
use super::uses::{Eval, Uses};
use crate::case::{Outcome, Reason};
use crate::explain::OtherCase;
use crate::policy::{Policy, ReviewRule, WindowKind};
use crate::rules::Rules;
use crate::time::Timestamp;

/// Candidates of one authority, in order of offence, and what was decided of them.
pub(crate) struct Fold<'f, 'a> {
    pub(crate) rules: &'f Rules,
    pub(crate) now: Timestamp,
    /// In order of (start, smallest id).
    pub(crate) candidates: &'f [Candidate<'a>],
    pub(crate) uses: Uses<'f, 'a>,
    pub(crate) decisions: Vec<Option<Decision>>,
    /// Ranks held for a review, which block; ascending, like the next.
    blockers: Vec<usize>,
    /// Ranks whose review lapsed.
    lapsed: Vec<usize>,
    /// Zones as printed, by rank.
    zones: &'f [Arc<str>],
}

impl<'f, 'a> Fold<'f, 'a> {
    pub(crate) fn new(
        rules: &'f Rules,
        now: Timestamp,
        candidates: &'f [Candidate<'a>],
        uses: Uses<'f, 'a>,
        zones: &'f [Arc<str>],
    ) -> Self {
        let decisions = candidates.iter().map(|_| None).collect();
        Self {
            rules,
            now,
            candidates,
            uses,
            decisions,
            blockers: Vec::new(),
            lapsed: Vec::new(),
            zones,
        }
    }

    /// Decides all of them, in order of rank.
    pub(crate) fn run(mut self) -> (Vec<Decision>, Uses<'f, 'a>) {
        for pass in [true, false] {
            for rank in 0..self.candidates.len() {
                if self.was_told_first(rank) == pass {
                    let decision = self.decide(rank);
                    self.keep(rank, decision);
                }
            }
        }
        let decisions = self
            .decisions
            .into_iter()
            .map(|it| it.expect("both passes together decide every rank"));
        (decisions.collect(), self.uses)
    }

    /// Whether it was told a first outcome that stands.
    fn was_told_first(&self, rank: usize) -> bool {
        let candidate = &self.candidates[rank];
        candidate.floor.is_some_and(|floor| self.gives_first(rank, floor))
            && !candidate.settled.as_ref().is_some_and(|it| it.is_final)
    }

    /// Whether an outcome is that of a first offence. A warning is not where the policy warns all the others.
    fn gives_first(&self, rank: usize, outcome: Outcome) -> bool {
        let of_others = self
            .policy_of(rank)
            .is_some_and(|policy| outcome == policy.outcome.otherwise && outcome != policy.outcome.first);
        outcome.is_first() && !of_others
    }

    fn keep(&mut self, rank: usize, decision: Decision) {
        if decision.uses {
            self.uses.add_use(rank);
        }
        if decision.counts {
            self.uses.add_counted(rank);
        }
        if decision.outcome == Outcome::Held && decision.reasons.first() == Some(&Reason::ReviewRequired) {
            self.blockers.push(rank);
        }
        if decision.reasons.first() == Some(&Reason::ReviewLapsed) {
            self.lapsed.push(rank);
        }
        self.decisions[rank] = Some(decision);
    }

    fn decide(&self, rank: usize) -> Decision {
        let candidate = &self.candidates[rank];
        let mut natural = match &candidate.settled {
            Some(settled) => {
                let mut decision = Decision::plain(settled.outcome, settled.reason, candidate.policy, rank);
                decision.trace.words.clone_from(&settled.words);
                if settled.is_final {
                    return decision;
                }
                decision
            }
            None => self.natural(rank),
        };
        if let Some(floor) = candidate.floor {
            self.rely(&mut natural, floor, rank);
        }
        match &candidate.person {
            Some(Person::Discretion(outcome, reason)) => {
                self.overrule(&mut natural, *outcome, Reason::Discretion, rank);
                natural.trace.words = Some(reason.clone());
            }
            Some(Person::Lighter) => {
                let first = self
                    .policy_of(rank)
                    .map_or(Outcome::Waived, |policy| policy.outcome.first);
                // An answer to an objection is never heavier than what it answers.
                if natural.outcome == Outcome::Held || first.weight() < natural.outcome.weight() {
                    // A review that does not come still takes the evidence away, which is lighter.
                    let waits = natural.reasons.first() == Some(&Reason::ReviewRequired);
                    let lapses = natural.deadline.filter(|_| waits);
                    self.overrule(&mut natural, first, Reason::ObjectionLighter, rank);
                    natural.deadline = lapses;
                    natural.uses = first.is_first();
                }
            }
            None => {}
        }
        natural
    }

    fn policy_of(&self, rank: usize) -> Option<&'f Arc<Policy>> {
        self.candidates[rank]
            .policy
            .map(|number| &self.rules.policies()[number])
    }

    /// What was told holds where it is lighter; a heavier outcome waits for a person.
    fn rely(&self, natural: &mut Decision, floor: Outcome, rank: usize) {
        natural.trace.told = self.candidates[rank].told.first().map(|told| told.kind);
        if natural.outcome.weight() <= floor.weight() {
            return;
        }
        natural.proposal = Some(natural.outcome);
        natural.outcome = floor;
        natural.fine = None;
        natural.reasons = vec![Reason::Told];
        natural.deadline = None;
        natural.uses = natural.uses || self.gives_first(rank, floor);
        natural.counts = true;
        stands_for_itself(natural, rank);
    }

    /// A person's outcome takes the place of the natural one; the use of the allowance stays as it was.
    fn overrule(&self, natural: &mut Decision, outcome: Outcome, reason: Reason, rank: usize) {
        natural.outcome = outcome;
        natural.reasons = vec![reason];
        natural.proposal = None;
        natural.deadline = None;
        natural.fine = self
            .policy_of(rank)
            .and_then(|policy| policy.fine_of(outcome).cloned());
        natural.counts =
            outcome.is_first() || matches!(outcome, Outcome::PenaltyProposed | Outcome::PenaltyDecided);
        stands_for_itself(natural, rank);
    }

    /// The outcome without reliance and persons: holds, the review of all, the barrier, then the window.
    fn natural(&self, rank: usize) -> Decision {
        let candidate = &self.candidates[rank];
        let Some(number) = candidate.policy else {
            return Decision::plain(Outcome::NotPunishable, Reason::NoPolicy, None, rank);
        };
        if candidate.floor.is_some() {
            return self.by_window(rank, number);
        }
        if let Some(reason) = candidate.hold {
            return Decision::plain(Outcome::Held, reason, Some(number), rank);
        }
        let rule = self.review_rule(rank, number);
        if rule == ReviewRule::All
            && let Some(waiting) = self.unreviewed(rank, number)
        {
            let repaired = candidate.repaired && candidate.confirmed.is_none();
            let held = repaired.then(|| self.held_as_repaired(rank, number)).flatten();
            return held.unwrap_or(waiting);
        }
        if let Some(blocked) = self.barrier(rank, number) {
            return blocked;
        }
        let mut decision = self.by_window(rank, number);
        if decision.outcome == Outcome::Held {
            return decision;
        }
        if self.uses.in_way(number, rank, &self.lapsed).next().is_some() {
            decision.reasons.push(Reason::EarlierLapsed);
        }
        let penalised = decision.reasons.first() != Some(&Reason::FirstInWindow);
        if penalised && candidate.repaired && candidate.confirmed.is_none() {
            let mut held = Decision::plain(Outcome::Held, Reason::PlateRepaired, Some(number), rank);
            held.proposal = Some(decision.outcome);
            return held;
        }
        if penalised && rule == ReviewRule::Penalties {
            if let Some(waiting) = self.unreviewed(rank, number) {
                return waiting;
            }
            let used = self
                .uses
                .evaluate(decision.policy.unwrap_or(number), rank)
                .earlier;
            if !used.confirmed {
                let mut held = Decision::plain(Outcome::Held, Reason::ReviewRequired, Some(number), rank);
                held.trace.other = used.first.map(|earlier| self.other(earlier));
                return held;
            }
        }
        decision
    }

    fn review_rule(&self, rank: usize, policy: usize) -> ReviewRule {
        self.rules.policies()[policy]
            .admission(self.uses.device_kind(rank))
            .review
    }

    /// Held for a review or lapsed without one; none: reviewed in time.
    fn unreviewed(&self, rank: usize, number: usize) -> Option<Decision> {
        let candidate = &self.candidates[rank];
        let policy = &self.rules.policies()[number];
        let within = policy.admission(self.uses.device_kind(rank)).review_within;
        let deadline = within.end_after(candidate.smallest_known, &policy.time_zone, self.rules.calendar());
        if candidate.confirmed.is_some_and(|known| known < deadline) {
            return None;
        }
        if deadline <= self.now {
            return Some(Decision::plain(
                Outcome::Inadmissible,
                Reason::ReviewLapsed,
                Some(number),
                rank,
            ));
        }
        let mut held = Decision::plain(Outcome::Held, Reason::ReviewRequired, Some(number), rank);
        held.deadline = Some(deadline);
        Some(held)
    }

    /// Held because the plate was repaired; none: no penalty would follow.
    fn held_as_repaired(&self, rank: usize, number: usize) -> Option<Decision> {
        let would_be = self.by_window(rank, number);
        if would_be.outcome == Outcome::Held || would_be.reasons.first() == Some(&Reason::FirstInWindow) {
            return None;
        }
        let mut held = Decision::plain(Outcome::Held, Reason::PlateRepaired, Some(number), rank);
        held.proposal = Some(would_be.outcome);
        Some(held)
    }

    /// Held because an earlier case of the window waits for its review.
    fn barrier(&self, rank: usize, number: usize) -> Option<Decision> {
        let mut deadline = Some(Timestamp::MIN);
        let mut first = None;
        for blocker in self.uses.in_way(number, rank, &self.blockers) {
            first = first.or(Some(blocker));
            let theirs = self.decisions[blocker]
                .as_ref()
                .and_then(|decision| decision.deadline);
            deadline = deadline.zip(theirs).map(|(ours, theirs)| ours.max(theirs));
        }
        let first = first?;
        let mut held = Decision::plain(Outcome::Held, Reason::EarlierUndecided, Some(number), rank);
        held.deadline = deadline;
        held.trace.other = Some(self.other(first));
        Some(held)
    }

    fn other(&self, rank: usize) -> OtherCase {
        let outcome = self.decisions[rank]
            .as_ref()
            .map_or(Outcome::Held, |decision| decision.outcome);
        let candidate = &self.candidates[rank];
        OtherCase {
            from: candidate.from,
            zone: self.zones[rank].clone(),
            outcome,
        }
    }

    /// The outcome by the window: of the version of the offence, or of a later one that is lighter for the person.
    fn by_window(&self, rank: usize, number: usize) -> Decision {
        let candidate = &self.candidates[rank];
        let pending_until = candidate.told_at.map_or(self.now, |told| told.min(self.now));
        let policies = self.rules.policies();
        let mut eval = self.uses.evaluate(number, rank);
        let mut chosen = number;
        let mut changes_at = None;
        let weight = |number: usize, eval: &Eval| {
            let policy = &policies[number];
            let outcome = if eval.first {
                policy.outcome.first
            } else {
                policy.outcome.otherwise
            };
            let fine = policy.fine_of(outcome).map_or(0, |fine| fine.minor);
            (outcome.weight(), fine)
        };
        for later in self.rules.later_versions(number) {
            // A window that begins after the offence does not hold it, and nothing could be first in it.
            let begins_later = policies[later].window.kind == WindowKind::SincePolicy
                && candidate.from < self.rules.run_start(later);
            if begins_later || !policies[later].covers(self.uses.code(rank)) {
                continue;
            }
            if policies[later].from > pending_until && (candidate.floor.is_some() || changes_at.is_some()) {
                continue;
            }
            let tried = self.uses.evaluate(later, rank);
            if weight(later, &tried) < weight(chosen, &eval) {
                if policies[later].from > pending_until {
                    changes_at = Some(policies[later].from);
                } else {
                    (chosen, eval) = (later, tried);
                }
            }
        }
        self.decision_of(rank, number, chosen, &eval, changes_at)
    }

    fn decision_of(
        &self,
        rank: usize,
        offence: usize,
        chosen: usize,
        eval: &Eval,
        changes_at: Option<Timestamp>,
    ) -> Decision {
        let policy = &self.rules.policies()[chosen];
        let untold = self.candidates[rank].floor.is_none();
        if untold && let Some(later) = eval.only_later_told {
            let mut held = Decision::plain(Outcome::Held, Reason::LaterCaseWasTold, Some(chosen), rank);
            held.proposal = Some(policy.outcome.otherwise);
            held.trace.other = Some(self.other(later));
            return held;
        }
        let outcome = if eval.first {
            policy.outcome.first
        } else {
            policy.outcome.otherwise
        };
        let reason = if eval.excluded.is_some() {
            Reason::Excluded
        } else if eval.first {
            Reason::FirstInWindow
        } else {
            Reason::AllowanceUsed
        };
        let mut decision = Decision::plain(outcome, reason, Some(chosen), rank);
        if chosen != offence {
            decision.reasons.push(Reason::LighterLaw);
            decision.trace.instead_of = Some(self.rules.policies()[offence].version.clone());
        }
        decision.fine = policy.fine_of(outcome).cloned();
        decision.deadline = changes_at;
        decision.uses = eval.first || eval.excluded.is_some() && eval.counts;
        decision.counts = eval.excluded.is_none() || eval.counts;
        decision.standing = eval.standing;
        decision.base = eval.base;
        decision.trace.excluded = eval.excluded;
        decision.trace.allowance = policy.window.allowance;
        decision.trace.other = eval.standing.map(|standing| self.other(standing));
        decision
    }
}

/// A first outcome that did not come from the window prints and counts by its own reach.
fn stands_for_itself(decision: &mut Decision, rank: usize) {
    if decision.outcome.is_first() {
        decision.standing = None;
        decision.base = rank;
    }
}
