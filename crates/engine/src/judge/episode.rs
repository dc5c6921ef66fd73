//! Episodes: one walk over a subject's sightings in order of time, so that the order of arrival cannot matter.
//!
//! Grouping never looks at voids or rejections. When it is in doubt whether there was one stay or two, the second is
//! marked for a person.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::admission::Sighting;
use crate::case::Reason;
use crate::fact::{Departure, Precision};
use crate::place::{Nearness, Place};
use crate::policy::EpisodeRule;
use crate::rules::Rules;
use crate::time::Timestamp;

/// One continuous stay. Members are numbers of sightings, which stand in order of (captured_at, id).
#[derive(Clone, Debug)]
pub(crate) struct Episode {
    pub(crate) members: Vec<usize>,
    pub(crate) start: Timestamp,
    pub(crate) last: Timestamp,
    /// A member that carries the paper of this stay.
    pub(crate) ticket: Option<usize>,
    pub(crate) record: Option<Reason>,
    /// A possible continuation, an overlap, or a stay that went on after a notice.
    pub(crate) doubt: Option<Reason>,
    pub(crate) rule: EpisodeRule,
}

impl Episode {
    pub(crate) fn first(&self) -> usize {
        self.members[0]
    }

    pub(crate) fn final_member(&self) -> usize {
        self.members[self.members.len() - 1]
    }

    fn take(&mut self, members: &[usize], sightings: &[Sighting<'_>]) {
        let interleaved = self
            .members
            .last()
            .zip(members.first())
            .is_some_and(|(last, first)| last > first);
        self.members.extend_from_slice(members);
        if interleaved {
            self.members.sort_unstable();
        }
        self.start = sightings[self.first()].at();
        self.last = sightings[self.final_member()].at();
    }
}

/// A vehicle seen to be gone.
pub(crate) struct Gone<'a> {
    pub(crate) departure: &'a Departure,
    /// Class; none: not certain, so it speaks of every class of the number.
    pub(crate) class: Option<Arc<str>>,
}

/// What the walk looks at beside the sightings themselves.
pub(crate) struct Ground<'r, 'a> {
    pub(crate) rules: &'r Rules,
    pub(crate) sightings: &'r [Sighting<'a>],
    /// In order of departure.
    pub(crate) departures: &'r [Gone<'a>],
}

impl Ground<'_, '_> {
    fn rule(&self, sighting: usize) -> EpisodeRule {
        let policy = self.sightings[sighting].policy;
        policy.map_or_else(EpisodeRule::default, |number| {
            self.rules.policies()[number].episode
        })
    }

    fn place(&self, sighting: usize) -> &Place {
        &self.sightings[sighting].place
    }

    fn same_place(&self, episode: &Episode, item: &[usize]) -> bool {
        let distance = episode.rule.merge_distance_mm;
        // The latest member is nearly always the one that matches.
        episode.members.iter().rev().any(|member| {
            item.iter()
                .any(|other| self.place(*member).nearness(self.place(*other), distance) == Nearness::Same)
        })
    }

    /// Whether the vehicle was away from `place` between two sightings there. `seen_elsewhere` are sightings with
    /// coordinates, in order of time.
    fn away(
        &self,
        class: &str,
        place: &Place,
        rule: &EpisodeRule,
        (from, to): (Timestamp, Timestamp),
        with_point: &[usize],
    ) -> bool {
        if to <= from {
            return false;
        }
        let start = self
            .departures
            .partition_point(|gone| gone.departure.departed_at < from);
        let left = self.departures[start..]
            .iter()
            .take_while(|gone| gone.departure.departed_at <= to)
            .filter(|gone| gone.class.as_deref().is_none_or(|of| of == class))
            .any(|gone| {
                to.since(gone.departure.departed_at) >= rule.min_absence
                    && gone.departure.place.nearness(place, rule.merge_distance_mm) == Nearness::Same
            });
        if left {
            return true;
        }
        let start = with_point.partition_point(|sighting| self.sightings[*sighting].at() <= from);
        with_point[start..]
            .iter()
            .take_while(|sighting| self.sightings[**sighting].at() < to)
            .any(|sighting| {
                self.place(*sighting).nearness(place, rule.merge_distance_mm) == Nearness::Elsewhere
            })
    }
}

/// Tickets, sessions and single sightings, in order of their first member.
struct Item {
    members: Vec<usize>,
    ticket: bool,
}

fn items(ground: &Ground<'_, '_>, indices: &[usize]) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::with_capacity(indices.len());
    let mut tickets: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut sessions: BTreeMap<(&str, &str), (usize, Timestamp)> = BTreeMap::new();
    for &index in indices {
        let sighting = &ground.sightings[index];
        let source = sighting.fact.id.source();
        let mut ticket = false;
        if let Some(number) = sighting.seen.ticket.as_deref() {
            ticket = true;
            let at = *tickets.entry((source, number)).or_insert(items.len());
            if at < items.len() {
                items[at].members.push(index);
                continue;
            }
        } else if let Some(session) = sighting.seen.session.as_deref() {
            let cap = ground.rule(index).cap;
            let entry = sessions
                .entry((source, session))
                .or_insert_with(|| (items.len(), sighting.at()));
            if entry.0 < items.len() && sighting.at().since(entry.1) <= cap {
                items[entry.0].members.push(index);
                continue;
            }
            *entry = (items.len(), sighting.at());
        }
        items.push(Item {
            members: vec![index],
            ticket,
        });
    }
    items
}

/// The walk over the sightings of one class and one state of record.
fn walk(ground: &Ground<'_, '_>, indices: &[usize], record: Option<Reason>, episodes: &mut Vec<Episode>) {
    let with_point: Vec<usize> = indices
        .iter()
        .copied()
        .filter(|index| ground.place(*index).point.is_some())
        .collect();
    let mut open: Vec<usize> = Vec::new();
    for item in items(ground, indices) {
        let first = item.members[0];
        let start = ground.sightings[first].at();
        open.retain(|at| start.since(episodes[*at].last) <= episodes[*at].rule.merge_gap);
        let class = &ground.sightings[first].class;
        let fits = |episode: &Episode| {
            !(item.ticket && episode.ticket.is_some())
                && ground.same_place(episode, &item.members)
                && !ground.away(
                    class,
                    ground.place(first),
                    &episode.rule,
                    (episode.last, start),
                    &with_point,
                )
        };
        let best = open
            .iter()
            .copied()
            .filter(|at| fits(&episodes[*at]))
            .max_by_key(|at| (episodes[*at].last, episodes[*at].start, *at));
        let at = best.unwrap_or_else(|| {
            episodes.push(Episode {
                members: Vec::new(),
                start,
                last: start,
                ticket: None,
                record,
                doubt: None,
                rule: ground.rule(first),
            });
            open.push(episodes.len() - 1);
            episodes.len() - 1
        });
        episodes[at].take(&item.members, ground.sightings);
        if item.ticket {
            episodes[at].ticket = Some(first);
        }
    }
}

/// All episodes of the sightings `indices`, which are of one class: first those that stand, then those that are held
/// for their record.
pub(crate) fn episodes(ground: &Ground<'_, '_>, indices: &[usize]) -> Vec<Episode> {
    let (clear, others): (Vec<usize>, Vec<usize>) = indices
        .iter()
        .copied()
        .partition(|index| ground.sightings[*index].record.is_none());
    let mut episodes = Vec::new();
    walk(ground, &clear, None, &mut episodes);
    let made = episodes.len();
    let mut rest: BTreeMap<Reason, Vec<usize>> = BTreeMap::new();
    for index in others {
        let reason = ground.sightings[index].record.unwrap_or(Reason::Late);
        let host = matches!(reason, Reason::Late | Reason::PlateUncertain)
            .then(|| host_of(ground, &episodes[..made], index))
            .flatten();
        match host {
            Some(at) => episodes[at].take(&[index], ground.sightings),
            None => rest.entry(reason).or_default().push(index),
        }
    }
    for (reason, indices) in rest {
        walk(ground, &indices, Some(reason), &mut episodes);
    }
    episodes
}

/// The episode of others at the place and within the span of which a late or doubtful sighting lies.
fn host_of(ground: &Ground<'_, '_>, episodes: &[Episode], index: usize) -> Option<usize> {
    let sighting = &ground.sightings[index];
    let same_paper = |episode: &Episode| {
        episode.ticket.is_none_or(|ticket| {
            let carrier = &ground.sightings[ticket];
            sighting.seen.ticket.as_ref().is_none_or(|number| {
                carrier.seen.ticket.as_ref() == Some(number)
                    && carrier.fact.id.source() == sighting.fact.id.source()
            })
        })
    };
    let fits = |episode: &Episode| {
        episode.start <= sighting.at()
            && sighting.at() <= episode.last
            && same_paper(episode)
            && ground.same_place(episode, &[index])
    };
    (0..episodes.len())
        .filter(|at| fits(&episodes[*at]))
        .max_by_key(|at| (episodes[*at].last, episodes[*at].start, *at))
}

/// Splits stays that were told and went on beyond the cap. `told_at` says when the subject was first told about one of
/// the members.
pub(crate) fn split_at_cap(
    ground: &Ground<'_, '_>,
    episodes: &mut Vec<Episode>,
    told_at: impl Fn(&[usize]) -> Option<Timestamp>,
) {
    let mut at = 0;
    while at < episodes.len() {
        let episode = &episodes[at];
        if episode.record.is_none()
            && episode.last.since(episode.start) > episode.rule.cap
            && let Some(told) = told_at(&episode.members)
        {
            let limit = told.max(episode.start.plus(episode.rule.cap));
            let kept = episode
                .members
                .partition_point(|member| ground.sightings[*member].at() <= limit);
            if kept > 0 && kept < episode.members.len() {
                let rest = episodes[at].members.split_off(kept);
                let mut second = Episode {
                    members: Vec::new(),
                    ticket: None,
                    doubt: Some(Reason::ContinuedAfterNotice),
                    ..episodes[at].clone()
                };
                second.take(&rest, ground.sightings);
                episodes[at].take(&[], ground.sightings);
                episodes.push(second);
            }
        }
        at += 1;
    }
}

/// Marks possible continuations and overlaps among the episodes of one class. `gone` says which episodes a person has
/// taken away: a void then judges like a stay that never happened. `epoch` tells subjects apart.
pub(crate) fn mark_doubts(
    ground: &Ground<'_, '_>,
    episodes: &mut [Episode],
    gone: impl Fn(&Episode) -> bool,
    epoch: impl Fn(&Episode) -> usize,
) {
    let mut order: Vec<usize> = (0..episodes.len())
        .filter(|at| episodes[*at].record.is_none() && !gone(&episodes[*at]))
        .collect();
    if order.len() < 2 {
        return;
    }
    order.sort_unstable_by_key(|at| episodes[*at].first());
    let with_point = points(ground, episodes);
    // The latest end so far of stays with a paper and of those without.
    let mut ends = [None::<Timestamp>; 2];
    let mut former: Option<usize> = None;
    for at in order {
        let episode = &episodes[at];
        if former.is_some_and(|former| epoch(&episodes[former]) != epoch(episode)) {
            (ends, former) = ([None; 2], None);
        }
        let papered = usize::from(episode.ticket.is_some());
        let exact = to_the_second(ground, episode);
        let mut doubt = None;
        if exact {
            let overlapped = if papered == 1 {
                ends[0]
            } else {
                ends[0].max(ends[1])
            };
            if overlapped.is_some_and(|end| episode.start <= end) {
                doubt = Some(Reason::Overlap);
            } else if former
                .is_some_and(|former| may_continue(ground, &episodes[former], episode, &with_point))
            {
                doubt = Some(Reason::PossibleContinuation);
            }
            ends[papered] = ends[papered].max(Some(episode.last));
        }
        former = Some(at);
        if episode.doubt.is_none() {
            episodes[at].doubt = doubt;
        }
    }
}

fn points(ground: &Ground<'_, '_>, episodes: &[Episode]) -> Vec<usize> {
    let mut with_point: Vec<usize> = episodes
        .iter()
        .filter(|episode| episode.record.is_none())
        .flat_map(|episode| episode.members.iter().copied())
        .filter(|index| ground.place(*index).point.is_some())
        .collect();
    with_point.sort_unstable();
    with_point
}

fn to_the_second(ground: &Ground<'_, '_>, episode: &Episode) -> bool {
    episode
        .members
        .iter()
        .all(|member| ground.sightings[*member].seen.precision == Precision::Second)
}

fn may_continue(ground: &Ground<'_, '_>, former: &Episode, episode: &Episode, with_point: &[usize]) -> bool {
    let gap = episode.start.since(former.last);
    let first = episode.first();
    let place = ground.place(first);
    gap > former.rule.merge_gap
        && gap <= former.rule.doubt
        && !(former.ticket.is_some() && episode.ticket.is_some())
        && to_the_second(ground, former)
        && place.nearness(ground.place(former.final_member()), former.rule.merge_distance_mm)
            == Nearness::Same
        && !ground.away(
            &ground.sightings[first].class,
            place,
            &former.rule,
            (former.last, episode.start),
            with_point,
        )
}
