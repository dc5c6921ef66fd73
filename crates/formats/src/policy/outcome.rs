//! `[outcome]` and `[[exclude]]`: what follows, and what is never waived.

use engine::case::Outcome;
use engine::policy::{Exclude, Fine, OutcomeRule};
use engine::zone::ZoneKind;

use crate::plan::Table;

const FIRST: [(Outcome, &str); 3] = [
    (Outcome::Waived, "waived"),
    (Outcome::Warned, "warned"),
    (Outcome::Reminded, "reminded"),
];
const OTHERWISE: [(Outcome, &str); 2] = [
    (Outcome::PenaltyProposed, "penalty_proposed"),
    (Outcome::Warned, "warned"),
];
/// Conditions of the format that nothing decides by yet.
const LATER: [&str; 5] = [
    "when",
    "vehicle_kind",
    "event_period",
    "registration_area",
    "unpaid_prior",
];

pub(super) fn read(table: &Table<'_>) -> Option<OutcomeRule> {
    table.only(
        &["first", "otherwise", "fine_minor", "currency"],
        &["ladder", "at_most"],
    );
    table.need("first", "write waived, warned or reminded");
    table.need("otherwise", "write penalty_proposed or warned");
    let first = table.choice("first", &FIRST, &[]);
    let otherwise = table.choice("otherwise", &OTHERWISE, &[]);
    let fine = fine(table);
    Some(OutcomeRule {
        first: first?,
        otherwise: otherwise?,
        fine,
    })
}

fn fine(table: &Table<'_>) -> Option<Fine> {
    match (table.has("fine_minor"), table.has("currency")) {
        (true, false) => table.wrong(
            "fine_minor",
            "is a sum without `currency`; add one, such as \"CNY\"",
        ),
        (false, true) => {
            table.wrong(
                "currency",
                "stands without `fine_minor`; add the sum in the minor unit, or remove it",
            );
        }
        (true, true) | (false, false) => {}
    }
    let minor = table.whole("fine_minor");
    let currency = table.text("currency");
    if let Some(currency) = &currency
        && !(currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase()))
    {
        table.wrong(
            "currency",
            format!("`{currency}` is no currency; write three capital letters, such as CNY"),
        );
    }
    Some(Fine {
        minor: minor?,
        currency: currency?.into(),
    })
}

pub(super) fn exclude(table: &Table<'_>) -> Exclude {
    table.only(&["zone_kind", "same_day_repeat", "counts"], &LATER);
    let zone_kinds = table.choices("zone_kind", &ZoneKind::ALL);
    let same_day_repeat = table.boolean("same_day_repeat");
    let asks = table.has("zone_kind") || same_day_repeat != Some(false) && table.has("same_day_repeat");
    if !asks && !LATER.iter().any(|key| table.has(key)) {
        table.wrong(
            "",
            "has no condition, so that nothing would be waived; give zone_kind or same_day_repeat = true",
        );
    }
    Exclude {
        zone_kinds: zone_kinds.unwrap_or_default(),
        same_day_repeat: same_day_repeat.unwrap_or(false),
        counts: table.boolean("counts").unwrap_or(true),
    }
}
