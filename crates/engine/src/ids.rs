//! Ids made by hashing what they stand for, so that SQL never makes one and a replay makes the same.

use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use crate::case::Case;
use crate::fact::{FactId, NoticeKind};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text as it is.
            pub fn from_text(text: &str) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// A public case number: the day of the offence and twelve characters of a hash.
    CaseId
}
text_id! {
    /// A notice: a hash of case, kind and revision.
    NoticeId
}
text_id! {
    /// One attempt to send a notice; what providers see as `client_ref`.
    AttemptId
}

impl CaseId {
    /// The id of the case that begins on `day` with the observation `anchor` of `plate`.
    pub fn new(day: Date, authority: Option<&str>, plate: &str, anchor: &FactId) -> Self {
        let digest = hash(&[
            authority.unwrap_or("").as_bytes(),
            plate.as_bytes(),
            anchor.as_str().as_bytes(),
        ]);
        let (year, month, day) = (day.year().rem_euclid(100), day.month(), day.day());
        Self(format!("{year:02}{month:02}{day:02}-{}", base32(&digest, 12)).into())
    }
}

impl CaseId {
    /// The id that a case gets when it is first decided. `zone` is used where no policy names one.
    pub fn of(case: &Case, zone: &TimeZone) -> Self {
        let zone = case.policy.as_ref().map_or(zone, |policy| &policy.time_zone);
        Self::new(
            case.from.date_in(zone),
            case.authority.as_deref(),
            &case.subject.number,
            &case.anchor,
        )
    }
}

/// The source of tellings that our own sending makes; their ids begin with the attempt's.
pub const TELLER: &str = "/clearwalk/dispatch";

impl NoticeId {
    /// The notice that a telling of our own sending is about; none: somebody else says so.
    pub fn of_telling(id: &FactId) -> Option<&str> {
        let attempt = id.as_str().strip_prefix(TELLER)?.strip_prefix('#')?;
        let (attempt, _) = attempt.split_once('/')?;
        let (notice, _) = attempt.rsplit_once('-')?;
        Some(notice)
    }

    /// The id of one message about one case.
    pub fn new(case: &CaseId, kind: NoticeKind, revision: u32) -> Self {
        let digest = hash(&[
            case.as_str().as_bytes(),
            kind.as_str().as_bytes(),
            &revision.to_be_bytes(),
        ]);
        Self(format!("n-{}", base32(&digest, 20)).into())
    }

    /// The id of the `number`th attempt, from 1.
    pub fn attempt(&self, number: u32) -> AttemptId {
        AttemptId(format!("{}-{number}", self.0).into())
    }
}

/// SHA-256 over parts, each led by its length, so that no two lists of parts hash alike.
pub fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// Crockford's alphabet, which has no letters that read like digits.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The first `count` groups of five bits.
fn base32(bytes: &[u8; 32], count: usize) -> String {
    let bit = |at: usize| usize::from(bytes[at / 8] >> (7 - at % 8) & 1);
    (0..count.min(51))
        .map(|group| {
            let value = (0..5).fold(0, |value, offset| value << 1 | bit(group * 5 + offset));
            char::from(ALPHABET[value])
        })
        .collect()
}
