//! Who used up what: the cases that take an allowance, those that count, and whether one stands in another's way.

use std::sync::Arc;

use super::admission::Sighting;
use super::candidate::Candidate;
use super::window::{self, Span};
use crate::case::PrintedWindow;
use crate::explain::ExcludedBy;
use crate::fact::DeviceKind;
use crate::policy::{Exclude, Per, Policy, Scope, Since};
use crate::rules::Rules;
use crate::time::{DAY, Timestamp};

/// What one version makes of one candidate.
pub(crate) struct Eval {
    pub(crate) first: bool,
    pub(crate) excluded: Option<ExcludedBy>,
    /// Whether an excluded one still uses up "first".
    pub(crate) counts: bool,
    /// Uses in its window that lie before it, by rank, ascending.
    pub(crate) earlier: Vec<usize>,
    /// Only this later, told use stands in the way.
    pub(crate) only_later_told: Option<usize>,
    /// The earliest use that stands in the way.
    pub(crate) standing: Option<usize>,
    /// The rank from which an ordinal in a rolling window counts.
    pub(crate) base: usize,
}

/// Uses and counted cases so far, by rank in order of offence.
pub(crate) struct Uses<'f, 'a> {
    rules: &'f Rules,
    sightings: &'f [Sighting<'a>],
    candidates: &'f [Candidate<'a>],
    zones: &'f [Arc<str>],
    taken: Vec<usize>,
    counted: Vec<usize>,
    /// Window of each candidate under the version of its offence: asked for again and again.
    windows: Vec<Option<Own>>,
}

/// A candidate's own window, or in rolling ones its own reach.
#[derive(Clone, Copy)]
struct Own {
    span: Span,
    printed: PrintedWindow,
    fixed: bool,
}

fn own(rules: &Rules, policy: usize, start: Timestamp) -> Own {
    let version = &rules.policies()[policy];
    if let Some((span, printed)) = window::fixed(version, rules.run_start(policy), start) {
        return Own {
            span,
            printed,
            fixed: true,
        };
    }
    let span = window::reach(version, rules.calendar(), start);
    Own {
        span,
        printed: window::print_reach(version, span),
        fixed: false,
    }
}

fn insert(ranks: &mut Vec<usize>, rank: usize) {
    if let Err(at) = ranks.binary_search(&rank) {
        ranks.insert(at, rank);
    }
}

impl<'f, 'a> Uses<'f, 'a> {
    pub(crate) fn new(
        rules: &'f Rules,
        sightings: &'f [Sighting<'a>],
        candidates: &'f [Candidate<'a>],
        zones: &'f [Arc<str>],
    ) -> Self {
        let windows = candidates
            .iter()
            .map(|candidate| {
                candidate
                    .policy
                    .filter(|_| candidate.settled.is_none())
                    .map(|policy| own(rules, policy, candidate.from))
            })
            .collect();
        Self {
            rules,
            sightings,
            candidates,
            zones,
            taken: Vec::new(),
            counted: Vec::new(),
            windows,
        }
    }

    pub(crate) fn add_use(&mut self, rank: usize) {
        insert(&mut self.taken, rank);
    }

    pub(crate) fn add_counted(&mut self, rank: usize) {
        insert(&mut self.counted, rank);
    }

    pub(crate) fn device_kind(&self, rank: usize) -> DeviceKind {
        self.leader(rank).seen.device_kind
    }

    pub(crate) fn code(&self, rank: usize) -> Option<&'f str> {
        self.leader(rank).seen.code.as_deref()
    }

    fn leader(&self, rank: usize) -> &'f Sighting<'a> {
        &self.sightings[self.candidates[rank].leader]
    }

    fn start(&self, rank: usize) -> Timestamp {
        self.candidates[rank].from
    }

    /// Whether two candidates share an allowance under a version.
    fn share(&self, policy: &Policy, a: usize, b: usize) -> bool {
        let same_subject = self.candidates[a].subject == self.candidates[b].subject;
        let owner = match policy.window.per {
            Per::Plate => true,
            Per::Subject => same_subject,
            Per::SubjectZone => same_subject && self.zones[a] == self.zones[b],
            Per::SubjectDevice => same_subject && self.leader(a).seen.device == self.leader(b).seen.device,
        };
        owner
            && match policy.window.scope {
                Scope::Any => true,
                Scope::SameCode => self.code(a) == self.code(b),
            }
    }

    /// Whether the earlier candidate `use_rank`, as a use, would lie in the window of `rank`.
    pub(crate) fn in_way(&self, policy: usize, rank: usize, use_rank: usize) -> bool {
        let version = &self.rules.policies()[policy];
        self.share(version, rank, use_rank)
            && match self.fixed(policy, rank) {
                Some(span) => span.contains(self.start(use_rank)),
                None => self.reaches(policy, use_rank, self.start(rank)),
            }
    }

    fn own(&self, policy: usize, rank: usize) -> Own {
        self.windows[rank]
            .filter(|_| self.candidates[rank].policy == Some(policy))
            .unwrap_or_else(|| own(self.rules, policy, self.start(rank)))
    }

    fn fixed(&self, policy: usize, rank: usize) -> Option<Span> {
        let own = self.own(policy, rank);
        own.fixed.then_some(own.span)
    }

    /// Whether a use of `from` reaches to `at`, which is not earlier.
    fn reaches(&self, policy: usize, from: usize, at: Timestamp) -> bool {
        self.own(policy, from).span.contains(at)
    }

    /// What a version makes of a candidate with the uses so far.
    pub(crate) fn evaluate(&self, policy: usize, rank: usize) -> Eval {
        let version = &self.rules.policies()[policy];
        let (earlier, later, base) = match self.fixed(policy, rank) {
            Some(span) => self.in_span(version, rank, span),
            None if version.window.since == Since::LastCounted => self.in_run(policy, rank),
            None => self.in_reach(policy, rank),
        };
        let allowance = usize::try_from(version.window.allowance).unwrap_or(usize::MAX);
        let exclusion = version
            .excludes
            .iter()
            .find_map(|exclude| Some((self.excluded(version, exclude, rank)?, exclude)));
        let first = exclusion.is_none() && earlier.len() + later.len() < allowance;
        let only_later = exclusion.is_none() && !first && earlier.len() < allowance;
        Eval {
            first,
            excluded: exclusion.map(|(by, _)| by),
            counts: exclusion.is_none_or(|(_, exclude)| exclude.counts),
            only_later_told: if only_later { later.first().copied() } else { None },
            standing: if first {
                None
            } else {
                earlier.first().or_else(|| later.first()).copied()
            },
            base,
            earlier,
        }
    }

    fn in_span(&self, version: &Policy, rank: usize, span: Span) -> (Vec<usize>, Vec<usize>, usize) {
        let from = self.taken.partition_point(|used| self.start(*used) < span.from);
        let (mut earlier, mut later) = (Vec::new(), Vec::new());
        for &used in self.taken[from..]
            .iter()
            .take_while(|used| self.start(**used) < span.to)
        {
            if used != rank && self.share(version, rank, used) {
                if used < rank {
                    earlier.push(used);
                } else {
                    later.push(used);
                }
            }
        }
        let base = earlier.first().copied().unwrap_or(rank);
        (earlier, later, base)
    }

    /// Uses that reach to the candidate, and later ones to which it would reach.
    fn in_reach(&self, policy: usize, rank: usize) -> (Vec<usize>, Vec<usize>, usize) {
        let version = &self.rules.policies()[policy];
        let split = self.taken.partition_point(|used| *used < rank);
        let start = self.start(rank);
        let (before, after) = self.taken.split_at(split);
        let earlier: Vec<usize> = before
            .iter()
            .copied()
            .filter(|used| self.share(version, rank, *used) && self.reaches(policy, *used, start))
            .collect();
        let later = after
            .iter()
            .copied()
            .filter(|used| {
                *used != rank
                    && self.share(version, rank, *used)
                    && self.reaches(policy, rank, self.start(*used))
            })
            .collect();
        let base = earlier.first().copied().unwrap_or(rank);
        (earlier, later, base)
    }

    /// The firsts of the run of counted offences that the candidate would belong to.
    fn in_run(&self, policy: usize, rank: usize) -> (Vec<usize>, Vec<usize>, usize) {
        let version = &self.rules.policies()[policy];
        let is_use = |other: &usize| self.taken.binary_search(other).is_ok();
        let split = self.counted.partition_point(|counted| *counted < rank);
        let mut run = Vec::new();
        let mut oldest = rank;
        for &other in self.counted[..split]
            .iter()
            .rev()
            .filter(|other| self.share(version, rank, **other))
        {
            if !self.reaches(policy, other, self.start(oldest)) {
                break;
            }
            run.push(other);
            oldest = other;
        }
        run.reverse();
        let mut later = Vec::new();
        let mut newest = rank;
        for other in rank + 1..self.candidates.len() {
            let counted = self.counted.binary_search(&other).is_ok();
            if !(counted || self.may_count(other)) || !self.share(version, rank, other) {
                continue;
            }
            if !self.reaches(policy, newest, self.start(other)) {
                break;
            }
            newest = other;
            if counted && is_use(&other) {
                later.push(other);
            }
        }
        (run.into_iter().filter(is_use).collect(), later, oldest)
    }

    /// Whether an undecided candidate is on its way to count.
    fn may_count(&self, rank: usize) -> bool {
        let candidate = &self.candidates[rank];
        candidate.settled.is_none() && candidate.hold.is_none()
    }

    fn excluded(&self, version: &Policy, exclude: &Exclude, rank: usize) -> Option<ExcludedBy> {
        let kind = self.sightings[self.candidates[rank].zone_of].zone_kind;
        if !exclude.zone_kinds.is_empty() && !exclude.zone_kinds.contains(&kind) {
            return None;
        }
        if exclude.same_day_repeat {
            return self
                .repeats_same_day(version, rank)
                .then_some(ExcludedBy::SameDay);
        }
        Some(ExcludedBy::Zone(kind))
    }

    fn repeats_same_day(&self, version: &Policy, rank: usize) -> bool {
        let start = self.start(rank);
        let day = start.date_in(&version.time_zone);
        let before = self.counted.partition_point(|counted| *counted < rank);
        self.counted[..before]
            .iter()
            .rev()
            .take_while(|other| start.since(self.start(**other)) < 2 * DAY)
            .filter(|other| {
                version.window.per == Per::Plate
                    || self.candidates[**other].subject == self.candidates[rank].subject
            })
            .any(|other| self.start(*other).date_in(&version.time_zone) == day)
    }

    /// Place among the counted offences of the window, itself included.
    pub(crate) fn ordinal(&self, policy: usize, rank: usize, base: usize) -> u32 {
        let version = &self.rules.policies()[policy];
        let end = self.counted.partition_point(|counted| *counted < rank);
        let from = match self.fixed(policy, rank) {
            Some(span) => self
                .counted
                .partition_point(|counted| self.start(*counted) < span.from),
            None => self.counted.partition_point(|counted| *counted < base),
        };
        let before = self.counted[from.min(end)..end]
            .iter()
            .filter(|other| self.share(version, rank, **other))
            .count();
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    }

    /// The printed window of a case: a fixed one; else the reach of the use that stood in the way, else its own.
    pub(crate) fn printed(&self, policy: usize, rank: usize, standing: Option<usize>) -> PrintedWindow {
        let own = self.own(policy, rank);
        match standing {
            Some(standing) if !own.fixed => self.own(policy, standing).printed,
            _ => own.printed,
        }
    }
}
