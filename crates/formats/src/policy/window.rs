//! `[window]`: within what an offence is the first.

use engine::policy::{Boundary, Per, Scope, Since, Window, WindowKind};
use engine::time::Length;

use crate::plan::{Table, is_zero};

const BOUNDARIES: [(Boundary, &str); 2] = [(Boundary::CivilDay, "civil-day"), (Boundary::Instant, "instant")];
const SINCE: [(Since, &str); 2] = [
    (Since::LastWaived, "last-waived"),
    (Since::LastCounted, "last-counted"),
];
const PER: [(Per, &str); 4] = [
    (Per::Subject, "subject"),
    (Per::Plate, "plate"),
    (Per::SubjectZone, "subject-zone"),
    (Per::SubjectDevice, "subject-device"),
];
const SCOPES: [(Scope, &str); 2] = [(Scope::Any, "any"), (Scope::SameCode, "same-code")];
const KEYS: [&str; 9] = [
    "kind",
    "start",
    "length",
    "boundary",
    "since",
    "per",
    "allowance",
    "scope",
    "known_first",
];

pub(super) fn read(table: &Table<'_>) -> Option<Window> {
    table.only(&KEYS, &[]);
    table.need("kind", &format!("write one of {}", kinds()));
    let kind = kind(table);
    table.choice("known_first", &[((), "none")], &["sent", "delivered"]);
    let start = table.month_and_day("start");
    let boundary = table.choice("boundary", &BOUNDARIES, &[]).unwrap_or_default();
    let length = table.length("length");
    if let Some(kind) = kind {
        fits(table, kind);
        if kind == WindowKind::Rolling
            && let Some(length) = length
        {
            reaches(table, length, boundary);
        }
    }
    let since = table.choice("since", &SINCE, &[]).unwrap_or_default();
    let per = table.choice("per", &PER, &["owner"]).unwrap_or_default();
    let scope = table
        .choice("scope", &SCOPES, &["same-group"])
        .unwrap_or_default();
    let allowance = table.count("allowance").unwrap_or(1);
    Some(Window {
        kind: kind?,
        start: start.unwrap_or((1, 1)),
        length: length.unwrap_or(Length::Months(12)),
        boundary,
        since,
        per,
        allowance,
        scope,
    })
}

fn kind(table: &Table<'_>) -> Option<WindowKind> {
    table.choice("kind", &WindowKind::ALL, &["since-device-live"])
}

fn kinds() -> String {
    WindowKind::ALL.map(|(_, word)| word).join(", ")
}

/// What the kind needs is there, and what it would ignore is not.
fn fits(table: &Table<'_>, kind: WindowKind) {
    match kind {
        WindowKind::FiscalYear => table.need(
            "start",
            "write the day on which the year begins, such as \"07-01\"",
        ),
        WindowKind::Rolling => table.need("length", "write how far one use reaches, such as \"12 months\""),
        WindowKind::CalendarYear
        | WindowKind::CalendarMonth
        | WindowKind::SameDay
        | WindowKind::SincePolicy
        | WindowKind::Lifetime => {}
    }
    for (key, of) in [
        ("start", WindowKind::FiscalYear),
        ("length", WindowKind::Rolling),
        ("boundary", WindowKind::Rolling),
        ("since", WindowKind::Rolling),
    ] {
        if table.has(key) && kind != of {
            let message = format!(
                "has no meaning in a window of kind {}, only in {}; remove it",
                kind.as_str(),
                of.as_str()
            );
            table.wrong(key, message);
        }
    }
}

fn reaches(table: &Table<'_>, length: Length, boundary: Boundary) {
    if is_zero(length) {
        table.wrong(
            "length",
            "must be more than nothing; with an allowance of 0 nothing is first",
        );
        return;
    }
    match length {
        Length::WorkingDays(_) => {
            table.wrong(
                "length",
                "cannot count working days; write days, months or years, such as \"365 days\"",
            );
        }
        Length::Exact(_) if boundary == Boundary::CivilDay => table.wrong(
            "length",
            "counts hours, which end within a day; write days, months or years, or boundary = \"instant\"",
        ),
        Length::Exact(_) | Length::Days(_) | Length::Months(_) => {}
    }
}
