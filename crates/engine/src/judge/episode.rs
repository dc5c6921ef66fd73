//! Episodes: one walk over a subject's sightings in order of time, so that the order of arrival cannot matter.
//!
//! Grouping never looks at voids or rejections. When it is in doubt whether there was one stay or two, the second is
//! marked for a person.

use std::collections::BTreeMap;
use std::iter::once;
use std::sync::Arc;

use super::admission::Sighting;
use crate::case::Reason;
use crate::fact::Departure;
use crate::place::{Nearness, Place};
use crate::policy::EpisodeRule;
use crate::rules::Rules;
use crate::time::Timestamp;

/// One continuous stay. Members are numbers of sightings, which stand in order of (captured_at, id).
#[derive(Clone, Debug)]
pub(crate) struct Episode {
    pub(crate) members: Vec<usize>,
    /// One member for each place that differs from the others, by zone and point.
    places: Vec<usize>,
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

    fn take(&mut self, members: impl Iterator<Item = usize>, sightings: &[Sighting<'_>]) {
        let end = self.members.len();
        self.members.extend(members);
        let interleaved = end > 0
            && self
                .members
                .get(end)
                .is_some_and(|next| self.members[end - 1] > *next);
        for &member in &self.members[end..] {
            let place = &*sightings[member].place;
            // The latest place is nearly always the one that matches.
            let known = |other: &usize| is_one_place(&sightings[*other].place, place);
            if !self.places.iter().rev().any(known) {
                self.places.push(member);
            }
        }
        if interleaved {
            self.members.sort_unstable();
        }
        self.start = sightings[self.first()].at();
        self.last = sightings[self.final_member()].at();
    }

    /// Leaves the first `count` members here and gives the others back.
    fn split_off(&mut self, count: usize, sightings: &[Sighting<'_>]) -> Vec<usize> {
        let rest = self.members.split_off(count);
        let kept = std::mem::take(&mut self.members);
        self.places.clear();
        self.take(kept.into_iter(), sightings);
        rest
    }
}

/// Whether two places are the same in everything that their nearness looks at.
fn is_one_place(a: &Place, b: &Place) -> bool {
    a.point == b.point && a.zone == b.zone
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

    pub(crate) fn place(&self, sighting: usize) -> &Place {
        &self.sightings[sighting].place
    }

    fn same_place(&self, episode: &Episode, mut item: impl Iterator<Item = usize>) -> bool {
        let distance = episode.rule.merge_distance_mm;
        item.any(|other| {
            let place = self.place(other);
            let same = |member: &usize| self.place(*member).nearness(place, distance) == Nearness::Same;
            episode.places.iter().rev().any(same)
        })
    }

    /// The sightings of `with_point`, which stand in order of time, that are later than `at`.
    pub(crate) fn later<'p>(&self, with_point: &'p [usize], at: Timestamp) -> &'p [usize] {
        &with_point[with_point.partition_point(|sighting| self.sightings[*sighting].at() <= at)..]
    }

    /// Whether the vehicle was away from `place` between two sightings there. `later_points` are the sightings with
    /// coordinates that are later than the first of the two, in order of time.
    pub(crate) fn away(
        &self,
        class: &str,
        place: &Place,
        rule: &EpisodeRule,
        (from, to): (Timestamp, Timestamp),
        later_points: &[usize],
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
        later_points
            .iter()
            .take_while(|sighting| self.sightings[**sighting].at() < to)
            .any(|sighting| {
                self.place(*sighting).nearness(place, rule.merge_distance_mm) == Nearness::Elsewhere
            })
    }
}

/// Tickets, sessions and single sightings, in order of their first member.
struct Item {
    first: usize,
    /// Most have none, and then this costs nothing.
    others: Vec<usize>,
    ticket: bool,
}

impl Item {
    fn members(&self) -> impl Iterator<Item = usize> + '_ {
        once(self.first).chain(self.others.iter().copied())
    }
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
                items[at].others.push(index);
                continue;
            }
        } else if let Some(session) = sighting.seen.session.as_deref() {
            let cap = ground.rule(index).cap;
            let entry = sessions
                .entry((source, session))
                .or_insert_with(|| (items.len(), sighting.at()));
            if entry.0 < items.len() && sighting.at().since(entry.1) <= cap {
                items[entry.0].others.push(index);
                continue;
            }
            *entry = (items.len(), sighting.at());
        }
        items.push(Item {
            first: index,
            others: Vec::new(),
            ticket,
        });
    }
    items
}

/// A stay that the next sighting may belong to.
struct Open<'p> {
    /// Which episode.
    at: usize,
    /// The last instant at which a sighting may still belong to it.
    until: Timestamp,
    /// Sightings with coordinates that are later than its last, in order of time.
    later_points: &'p [usize],
}

/// The walk over the sightings of one class and one state of record.
fn walk(ground: &Ground<'_, '_>, indices: &[usize], record: Option<Reason>, episodes: &mut Vec<Episode>) {
    let mut with_point = Vec::with_capacity(indices.len());
    with_point.extend(
        indices
            .iter()
            .filter(|index| ground.place(**index).point.is_some()),
    );
    let mut open: Vec<Open<'_>> = Vec::new();
    for item in items(ground, indices) {
        let start = ground.sightings[item.first].at();
        open.retain(|it| start <= it.until);
        let best = open
            .iter()
            .enumerate()
            .filter(|(_, it)| fits(ground, &episodes[it.at], it.later_points, &item))
            .max_by_key(|(_, it)| (episodes[it.at].last, episodes[it.at].start, it.at))
            .map(|(slot, _)| slot);
        let slot = best.unwrap_or_else(|| {
            open.push(Open {
                at: episodes.len(),
                until: start,
                later_points: &[],
            });
            episodes.push(Episode {
                members: Vec::new(),
                places: Vec::new(),
                start,
                last: start,
                ticket: None,
                record,
                doubt: None,
                rule: ground.rule(item.first),
            });
            open.len() - 1
        });
        let episode = &mut episodes[open[slot].at];
        episode.take(item.members(), ground.sightings);
        if item.ticket {
            episode.ticket = Some(item.first);
        }
        open[slot].until = episode.last.plus(episode.rule.merge_gap);
        open[slot].later_points = ground.later(&with_point, episode.last);
    }
}

/// Whether an item continues a stay; `later_points` are later than the stay's last sighting.
fn fits(ground: &Ground<'_, '_>, episode: &Episode, later_points: &[usize], item: &Item) -> bool {
    let first = &ground.sightings[item.first];
    !(item.ticket && episode.ticket.is_some())
        && ground.same_place(episode, item.members())
        && !ground.away(
            &first.class,
            &first.place,
            &episode.rule,
            (episode.last, first.at()),
            later_points,
        )
}

/// All episodes of the sightings `indices`, which are of one class: first those that stand, then those that are held
/// for their record.
pub(crate) fn episodes(ground: &Ground<'_, '_>, indices: &[usize]) -> Vec<Episode> {
    let sightings = ground.sightings;
    let settled = settled_with_another(ground, indices);
    by_record(ground, indices, |index| {
        sightings[index].record.filter(|_| !settled.contains(&index))
    })
}

/// Sightings whose hold a confirmed review of another one of their stay has settled: one confirmed confirms the case.
fn settled_with_another(ground: &Ground<'_, '_>, indices: &[usize]) -> Vec<usize> {
    let sightings = ground.sightings;
    if indices.iter().all(|index| sightings[*index].settled.is_none()) {
        return Vec::new();
    }
    let before = by_record(ground, indices, |index| {
        sightings[index].record.or(sightings[index].settled)
    });
    let confirmed = before.iter().filter(|episode| {
        let mut members = episode.members.iter();
        episode.record.is_some() && members.any(|member| sightings[*member].settled.is_some())
    });
    confirmed
        .flat_map(|episode| episode.members.iter().copied())
        .collect()
}

/// Episodes by what keeps each sighting out of the count.
fn by_record(
    ground: &Ground<'_, '_>,
    indices: &[usize],
    record: impl Fn(usize) -> Option<Reason>,
) -> Vec<Episode> {
    let (clear, others): (Vec<usize>, Vec<usize>) = indices
        .iter()
        .copied()
        .partition(|index| record(*index).is_none());
    let mut episodes = Vec::new();
    walk(ground, &clear, None, &mut episodes);
    let made = episodes.len();
    let mut rest: BTreeMap<Reason, Vec<usize>> = BTreeMap::new();
    for index in others {
        let reason = record(index).unwrap_or(Reason::Late);
        let host = matches!(reason, Reason::Late | Reason::PlateUncertain)
            .then(|| host_of(ground, &episodes[..made], index))
            .flatten();
        match host {
            Some(at) => episodes[at].take(once(index), ground.sightings),
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
            && ground.same_place(episode, once(index))
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
                let rest = episodes[at].split_off(kept, ground.sightings);
                let mut second = Episode {
                    members: Vec::new(),
                    places: Vec::new(),
                    ticket: None,
                    doubt: Some(Reason::ContinuedAfterNotice),
                    ..episodes[at].clone()
                };
                second.take(rest.into_iter(), ground.sightings);
                episodes.push(second);
            }
        }
        at += 1;
    }
}
