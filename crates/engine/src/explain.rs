//! One sentence per case, in Chinese and English, made from the trace that the judgement left. It decides nothing.

mod en;
mod zh;

use std::fmt::{self, Write as _};
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

/// Room for nearly every sentence.
const SENTENCE: usize = 256;

/// Why a case came out as it did, which other case counted, and which rule version said it.
pub fn sentences(case: &Case) -> Sentences {
    let mut sentences = Sentences {
        zh: String::with_capacity(SENTENCE),
        en: String::with_capacity(SENTENCE),
    };
    // A String takes whatever is written into it.
    let _: fmt::Result = write!(sentences.zh, "{}", zh::sentence(case));
    let _: fmt::Result = write!(sentences.en, "{}", en::sentence(case));
    sentences
}

/// `2026-03-02 10:00` in the zone of the case's policy.
fn minute(case: &Case, at: Timestamp) -> impl fmt::Display + use<> {
    let at = match &case.policy {
        Some(policy) => policy.time_zone.to_datetime(at.to_jiff()),
        None => TimeZone::UTC.to_datetime(at.to_jiff()),
    };
    fmt::from_fn(move |f| {
        let (year, month, day) = (at.year(), at.month(), at.day());
        write!(
            f,
            "{year:04}-{month:02}-{day:02} {:02}:{:02}",
            at.hour(),
            at.minute()
        )
    })
}

/// `id@version`.
fn policy_name(case: &Case) -> impl fmt::Display + '_ {
    fmt::from_fn(|f| match &case.policy {
        Some(policy) => write!(f, "{}@{}", policy.id, policy.version),
        None => f.write_str("-"),
    })
}

/// The first day or instant and the last, of windows with two ends.
fn days(window: &PrintedWindow) -> Option<(impl fmt::Display + use<>, impl fmt::Display + use<>)> {
    let last = match window.to? {
        Edge::Day(day) => Edge::Day(day.yesterday().unwrap_or(day)),
        Edge::Instant(at) => Edge::Instant(at),
    };
    Some((shown(window.from?), shown(last)))
}

fn shown(edge: Edge) -> impl fmt::Display {
    fmt::from_fn(move |f| match edge {
        Edge::Day(day) => write!(f, "{day}"),
        Edge::Instant(at) => write!(f, "{at}"),
    })
}

/// `150.00 CNY`.
fn money(fine: &Fine) -> impl fmt::Display + '_ {
    fmt::from_fn(|f| {
        write!(
            f,
            "{}.{:02} {}",
            fine.minor / 100,
            fine.minor % 100,
            fine.currency
        )
    })
}
