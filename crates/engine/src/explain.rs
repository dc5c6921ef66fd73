//! One sentence per case, in Chinese and English, made from the trace that the judgement left. It decides nothing.

use std::sync::Arc;

use crate::case::Outcome;
use crate::fact::NoticeKind;
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
