//! Doubts: stays that may be one, and stays that cannot both be true. A person decides; until then they count nothing.

use super::episode::{Episode, Ground};
use crate::case::Reason;
use crate::fact::Precision;
use crate::place::Nearness;
use crate::time::Timestamp;

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
            ground.later(with_point, former.last),
        )
}
