//! `[episode]` and `[admission]`: what one stay is, and what counts as evidence of it.

use engine::fact::DeviceKind;
use engine::policy::{Admission, EpisodeRule, ReviewRule};
use engine::time::Length;

use crate::plan::{Table, is_zero};

const REVIEWS: [(ReviewRule, &str); 3] = [
    (ReviewRule::None, "none"),
    (ReviewRule::Penalties, "penalties"),
    (ReviewRule::All, "all"),
];
/// In the order of [`DeviceKind`].
const DEVICES: [(DeviceKind, &str); 3] = [
    (DeviceKind::Camera, "camera"),
    (DeviceKind::Patrol, "patrol"),
    (DeviceKind::Citizen, "citizen"),
];
const ADMISSION: [&str; 9] = [
    "review",
    "review_within",
    "min_confidence",
    "min_char_confidence",
    "min_observations",
    "min_dwell",
    "future_tolerance",
    "lateness",
    "oldest",
];

pub(super) fn episode(table: Option<&Table<'_>>) -> EpisodeRule {
    let standard = EpisodeRule::default();
    let Some(table) = table else {
        return standard;
    };
    table.only(
        &["merge_gap", "merge_distance", "min_absence", "doubt", "cap"],
        &[],
    );
    let cap = table.exact("cap");
    if cap == Some(0) {
        table.wrong(
            "cap",
            "must be more than nothing; it is the longest stay that is one case",
        );
    }
    EpisodeRule {
        merge_gap: table.exact("merge_gap").unwrap_or(standard.merge_gap),
        merge_distance_mm: table
            .millimetres("merge_distance")
            .unwrap_or(standard.merge_distance_mm),
        min_absence: table.exact("min_absence").unwrap_or(standard.min_absence),
        doubt: table.exact("doubt").unwrap_or(standard.doubt),
        cap: cap.unwrap_or(standard.cap),
    }
}

/// In the order of [`DeviceKind`]: what a kind does not say, `[admission]` does.
pub(super) fn admission(table: Option<&Table<'_>>) -> [Admission; 3] {
    let Some(table) = table else {
        return DEVICES.map(|_| Admission::default());
    };
    let mut keys = ADMISSION.to_vec();
    keys.extend(DEVICES.map(|(_, word)| word));
    table.only(&keys, &[]);
    let base = one(table, &Admission::default());
    DEVICES.map(|(_, word)| {
        table.table(word).map_or_else(
            || base.clone(),
            |table| {
                table.only(&ADMISSION, &[]);
                one(&table, &base)
            },
        )
    })
}

fn one(table: &Table<'_>, base: &Admission) -> Admission {
    let min_observations = table.count("min_observations");
    if min_observations == Some(0) {
        table.wrong(
            "min_observations",
            "must be at least 1: without an observation there is no case",
        );
    }
    Admission {
        review: table.choice("review", &REVIEWS, &[]).unwrap_or(base.review),
        review_within: positive(table, "review_within").unwrap_or(base.review_within),
        min_confidence: table.millionths("min_confidence").unwrap_or(base.min_confidence),
        min_char_confidence: table
            .millionths("min_char_confidence")
            .unwrap_or(base.min_char_confidence),
        min_observations: min_observations.unwrap_or(base.min_observations),
        min_dwell: table.exact("min_dwell").unwrap_or(base.min_dwell),
        future_tolerance: table.exact("future_tolerance").unwrap_or(base.future_tolerance),
        lateness: table.length("lateness").unwrap_or(base.lateness),
        oldest: positive(table, "oldest").unwrap_or(base.oldest),
    }
}

fn positive(table: &Table<'_>, key: &str) -> Option<Length> {
    let length = table.length(key)?;
    if is_zero(length) {
        table.wrong(
            key,
            "must be more than nothing, or no record would ever be in time",
        );
    }
    Some(length)
}
