//! One sentence per case, in Chinese and English, made from the trace that the judgement left. It decides nothing.

mod en;
mod zh;

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::case::{Case, Edge, Outcome, PrintedWindow};
use crate::fact::NoticeKind;
use crate::policy::Fine;
use crate::time::Timestamp;
use crate::zone::ZoneKind;

/// What a judgement looked at when it decided a case, as far as a reader needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The other case that made the difference: the one that used the allowance, that is undecided, or was told.
    pub other: Option<OtherCase>,
    /// Which exclusion matched.
    pub excluded: Option<ExcludedBy>,
    /// What the subject was told.
    pub told: Option<NoticeKind>,
    /// The version of the offence, where a later and lighter one decided.
    pub instead_of: Option<Arc<str>>,
    /// The agency that dealt with it, or the words of a person's reason.
    pub words: Option<Arc<str>>,
    /// How many are first in a window.
    pub allowance: u32,
}

/// Another case of the same ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherCase {
    /// When it began.
    pub from: Timestamp,
    /// In which zone.
    pub zone: Arc<str>,
    /// What it came to.
    pub outcome: Outcome,
}

/// Which exclusion matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExcludedBy {
    /// The kind of the zone.
    Zone(ZoneKind),
    /// An earlier counted case on the same civil day.
    SameDay,
}

/// One sentence in each language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentences {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// Why a case came out as it did, which other case counted, and which rule version said it.
pub fn sentences(case: &Case) -> Sentences {
    Sentences {
        zh: zh::sentence(case),
        en: en::sentence(case),
    }
}

/// `2026-03-02 10:00` in the zone of the case's policy.
fn minute(case: &Case, at: Timestamp) -> String {
    let zone = case
        .policy
        .as_ref()
        .map_or(TimeZone::UTC, |policy| policy.time_zone.clone());
    zone.to_datetime(at.to_jiff())
        .strftime("%Y-%m-%d %H:%M")
        .to_string()
}

fn policy_name(case: &Case) -> String {
    case.policy
        .as_ref()
        .map_or_else(|| "-".to_owned(), |policy| policy.name())
}

/// `1 Jan 2026 to 31 Dec 2026` as `2026-01-01` and the last day, for windows with two ends.
fn days(window: &PrintedWindow) -> Option<(String, String)> {
    let day = |edge: Edge, is_end: bool| match edge {
        Edge::Day(day) if is_end => day.yesterday().unwrap_or(day).to_string(),
        Edge::Day(day) => day.to_string(),
        Edge::Instant(at) => at.to_string(),
    };
    Some((day(window.from?, false), day(window.to?, true)))
}

/// `150.00 CNY`.
fn money(fine: &Fine) -> String {
    format!("{}.{:02} {}", fine.minor / 100, fine.minor % 100, fine.currency)
}
