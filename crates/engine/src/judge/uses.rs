//! Who used up what: the cases that take an allowance, those that count, and whether one stands in another's way.

use std::sync::Arc;

use super::admission::Sighting;
use super::candidate::Candidate;
use super::window::{self, Own, Span};
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
    /// Uses in its window that lie before it.
    pub(crate) earlier: Found,
    /// Only this later, told use stands in the way.
    pub(crate) only_later_told: Option<usize>,
    /// The earliest use that stands in the way.
    pub(crate) standing: Option<usize>,
    /// The rank from which an ordinal in a rolling window counts.
    pub(crate) base: usize,
}

/// Uses that were found in a window.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    /// How many.
    pub(crate) count: usize,
    /// The first, by rank.
    pub(crate) first: Option<usize>,
    /// Whether a person confirmed all of them.
    pub(crate) confirmed: bool,
}

impl Found {
    fn of(ranks: impl Iterator<Item = usize>, marks: &[Mark]) -> Self {
        let none = Self {
            count: 0,
            first: None,
            confirmed: true,
        };
        ranks.fold(none, |found, rank| Self {
            count: found.count + 1,
            first: Some(found.first.map_or(rank, |first| first.min(rank))),
            confirmed: found.confirmed && marks[rank].is_confirmed,
        })
    }
}

/// Uses and counted cases so far, by rank in order of offence.
pub(crate) struct Uses<'f, 'a> {
    rules: &'f Rules,
    sightings: &'f [Sighting<'a>],
    candidates: &'f [Candidate<'a>],
    zones: &'f [Arc<str>],
    /// By rank: what is asked again and again.
    marks: Vec<Mark>,
    /// By rank: the printed form of its own window where that is a fixed one.
    printed: Vec<Option<PrintedWindow>>,
    taken: Vec<usize>,
    counted: Vec<usize>,
}

/// A candidate as the loops over all of them see it.
#[derive(Clone, Copy)]
struct Mark {
    start: Timestamp,
    subject: usize,
    is_taken: bool,
    is_confirmed: bool,
    /// The version of its offence and its own window under it; none: no version, or settled.
    own: Option<(usize, Span)>,
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
        let mut printed = Vec::with_capacity(candidates.len());
        let mut marks = Vec::with_capacity(candidates.len());
        let mut latest: Option<(usize, Own)> = None;
        for candidate in candidates {
            let policy = candidate.policy.filter(|_| candidate.settled.is_none());
            let window = policy.map(|policy| match latest {
                Some((of, own))
                    if of == policy && own.fixed.is_some() && own.span.surely_contains(candidate.from) =>
                {
                    (policy, own)
                }
                _ => (policy, window::own(rules, policy, candidate.from)),
            });
            latest = window.or(latest);
            printed.push(window.and_then(|(_, own)| own.fixed));
            marks.push(Mark {
                start: candidate.from,
                subject: candidate.subject,
                is_taken: false,
                is_confirmed: candidate.confirmed.is_some(),
                own: window.map(|(policy, own)| (policy, own.span)),
            });
        }
        Self {
            rules,
            sightings,
            candidates,
            zones,
            marks,
            printed,
            taken: Vec::new(),
            counted: Vec::new(),
        }
    }

    pub(crate) fn add_use(&mut self, rank: usize) {
        insert(&mut self.taken, rank);
        self.marks[rank].is_taken = true;
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
        self.marks[rank].start
    }

    /// Whether candidates share an allowance with `rank` under a version.
    fn shares(&self, version: &Policy, rank: usize) -> impl Fn(usize) -> bool + '_ {
        let (per, scope) = (version.window.per, version.window.scope);
        let subject = self.marks[rank].subject;
        move |other| {
            let same_subject = self.marks[other].subject == subject;
            let owner = match per {
                Per::Plate => true,
                Per::Subject => same_subject,
                Per::SubjectZone => same_subject && self.zones[rank] == self.zones[other],
                Per::SubjectDevice => {
                    same_subject && self.leader(rank).seen.device == self.leader(other).seen.device
                }
            };
            owner
                && match scope {
                    Scope::Any => true,
                    Scope::SameCode => self.code(rank) == self.code(other),
                }
        }
    }

    /// Those of the earlier candidates `others`, in order of rank, that as uses would lie in the window of `rank`.
    pub(crate) fn in_way<'s>(
        &'s self,
        policy: usize,
        rank: usize,
        others: &'s [usize],
    ) -> impl Iterator<Item = usize> + 's {
        let shares = self.shares(&self.rules.policies()[policy], rank);
        let start = self.start(rank);
        let fixed = self.fixed(policy, rank);
        let begin = fixed.map_or(0, |span| {
            others.partition_point(|other| self.start(*other) < span.from)
        });
        others[begin..].iter().copied().filter(move |other| {
            *other < rank
                && shares(*other)
                && match fixed {
                    Some(span) => span.contains(self.start(*other)),
                    None => self.reaches(policy, *other, start),
                }
        })
    }

    fn own(&self, policy: usize, rank: usize) -> Own {
        match self.marks[rank].own {
            Some((of, span)) if of == policy => Own {
                span,
                fixed: self.printed[rank],
            },
            _ => window::own(self.rules, policy, self.start(rank)),
        }
    }

    /// The window, or in rolling ones the reach, under a version.
    fn span(&self, policy: usize, rank: usize) -> Span {
        match self.marks[rank].own {
            Some((of, span)) if of == policy => span,
            _ => window::own(self.rules, policy, self.start(rank)).span,
        }
    }

    fn fixed(&self, policy: usize, rank: usize) -> Option<Span> {
        let own = self.own(policy, rank);
        own.fixed.map(|_| own.span)
    }

    /// Whether a use of `from` reaches to `at`, which is not earlier.
    fn reaches(&self, policy: usize, from: usize, at: Timestamp) -> bool {
        self.span(policy, from).contains(at)
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
        let first = exclusion.is_none() && earlier.count + later.count < allowance;
        let only_later = exclusion.is_none() && !first && earlier.count < allowance;
        Eval {
            first,
            excluded: exclusion.map(|(by, _)| by),
            counts: exclusion.is_none_or(|(_, exclude)| exclude.counts),
            only_later_told: later.first.filter(|_| only_later),
            standing: earlier.first.or(later.first).filter(|_| !first),
            base,
            earlier,
        }
    }

    fn found(&self, ranks: impl Iterator<Item = usize>) -> Found {
        Found::of(ranks, &self.marks)
    }

    fn in_span(&self, version: &Policy, rank: usize, span: Span) -> (Found, Found, usize) {
        let from = self.taken.partition_point(|used| self.start(*used) < span.from);
        let to = from + self.taken[from..].partition_point(|used| self.start(*used) < span.to);
        let inside = &self.taken[from..to];
        let (before, after) = inside.split_at(inside.partition_point(|used| *used < rank));
        let shares = self.shares(version, rank);
        let other = |used: &usize| *used != rank && shares(*used);
        let earlier = self.found(before.iter().copied().filter(other));
        let later = self.found(after.iter().copied().filter(other));
        (earlier, later, earlier.first.unwrap_or(rank))
    }

    /// Uses that reach to the candidate, and later ones to which it would reach.
    fn in_reach(&self, policy: usize, rank: usize) -> (Found, Found, usize) {
        let shares = self.shares(&self.rules.policies()[policy], rank);
        let split = self.taken.partition_point(|used| *used < rank);
        let start = self.start(rank);
        let (before, after) = self.taken.split_at(split);
        let reach_here = |used: &usize| shares(*used) && self.reaches(policy, *used, start);
        let earlier = self.found(before.iter().copied().filter(reach_here));
        let reached =
            |used: &usize| *used != rank && shares(*used) && self.reaches(policy, rank, self.start(*used));
        let later = self.found(after.iter().copied().filter(reached));
        (earlier, later, earlier.first.unwrap_or(rank))
    }

    /// The firsts of the run of counted offences that the candidate would belong to.
    fn in_run(&self, policy: usize, rank: usize) -> (Found, Found, usize) {
        let shares = self.shares(&self.rules.policies()[policy], rank);
        let split = self.counted.partition_point(|counted| *counted < rank);
        let mut oldest = rank;
        let mut latest_before = self.counted[..split].iter().rev().copied();
        let run = std::iter::from_fn(|| {
            let other = latest_before.find(|other| shares(*other))?;
            if !self.reaches(policy, other, self.start(oldest)) {
                return None;
            }
            oldest = other;
            Some(other)
        });
        let earlier = self.found(run.filter(|other| self.marks[*other].is_taken));
        // Only uses are asked for, so nothing after the last of them matters.
        let end = self.taken.last().map_or(0, |last| last + 1);
        let mut later = Vec::new();
        let mut newest = rank;
        for other in rank + 1..end {
            let counted = self.counted.binary_search(&other).is_ok();
            if !(counted || self.may_count(other)) || !shares(other) {
                continue;
            }
            if !self.reaches(policy, newest, self.start(other)) {
                break;
            }
            newest = other;
            if counted && self.marks[other].is_taken {
                later.push(other);
            }
        }
        (earlier, self.found(later.into_iter()), oldest)
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
                version.window.per == Per::Plate || self.marks[**other].subject == self.marks[rank].subject
            })
            .any(|other| self.start(*other).date_in(&version.time_zone) == day)
    }

    /// Place among the counted offences of the window, itself included.
    pub(crate) fn ordinal(&self, policy: usize, rank: usize, base: usize) -> u32 {
        let shares = self.shares(&self.rules.policies()[policy], rank);
        let end = self.counted.partition_point(|counted| *counted < rank);
        let from = match self.fixed(policy, rank) {
            Some(span) => self
                .counted
                .partition_point(|counted| self.start(*counted) < span.from),
            None => self.counted.partition_point(|counted| *counted < base),
        };
        let before = self.counted[from.min(end)..end]
            .iter()
            .filter(|other| shares(**other))
            .count();
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    }

    /// The printed window of a case: a fixed one; else the reach of the use that stood in the way, else its own.
    pub(crate) fn printed(&self, policy: usize, rank: usize, standing: Option<usize>) -> PrintedWindow {
        let own = self.own(policy, rank);
        match standing {
            Some(standing) if own.fixed.is_none() => self.print(policy, self.own(policy, standing)),
            _ => self.print(policy, own),
        }
    }

    fn print(&self, policy: usize, own: Own) -> PrintedWindow {
        own.fixed
            .unwrap_or_else(|| window::print_reach(&self.rules.policies()[policy], own.span))
    }
}
