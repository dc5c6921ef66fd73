//! Facts: the immutable inputs of the rule, parsed. Unknown fields of the wire have no place here; their bytes count
//! in the content digest only.

mod answer;
mod observation;
mod vehicle;

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;

use crate::time::Timestamp;

pub use answer::{
    Application, Discretion, HandledElsewhere, NoticeKind, Objection, ObjectionResult, ObjectionVerdict,
    Payment, PenaltyDecision, PlateCorrection, Reattribution, Review, Told, ToldState, Verdict, Void,
    VoidReason,
};
pub use observation::{Departure, DeviceKind, Mode, Observation, Precision, RawPlate};
pub use vehicle::{DeviceSpan, Permit, Published, Registration, VehicleRecord, VehicleStatus};

/// `source#id`: what identifies a fact for ever. Ordered by the bytes of that text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactId {
    text: Arc<str>,
}

impl FactId {
    /// Joins `source`, which must not contain `#`, and `id`.
    pub fn new(source: &str, id: &str) -> Self {
        let mut text = String::with_capacity(source.len() + id.len() + 1);
        text.push_str(source);
        text.push('#');
        text.push_str(id);
        Self { text: text.into() }
    }

    /// Reads `SOURCE#ID`, cut at the first `#`; none when there is no `#` or one side is empty.
    pub fn parse(text: &str) -> Option<Self> {
        let (source, id) = text.split_once('#')?;
        (!source.is_empty() && !id.is_empty()).then(|| Self { text: text.into() })
    }

    /// The sender.
    pub fn source(&self) -> &str {
        self.text.split_once('#').map_or("", |(source, _)| source)
    }

    /// The sender's own id.
    pub fn id(&self) -> &str {
        self.text.split_once('#').map_or("", |(_, id)| id)
    }

    /// `source#id`.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// First 16 bytes of the SHA-256 of the canonical JSON of `type` and `data`: equal digests mean equal content.
pub type ContentDigest = [u8; 16];

/// One accepted or quarantined input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Who it is.
    pub id: FactId,
    /// When it became known to the city.
    pub known: Timestamp,
    /// What it says, as a digest.
    pub digest: ContentDigest,
    /// Where it stands in the log; 0 where there is no log.
    pub position: u64,
    /// What it says.
    pub body: Body,
}

/// What a fact says. Boxed, so that a ledger moves and compares its facts cheaply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A device saw a vehicle.
    Observation(Box<Observation>),
    /// A vehicle was seen to be gone from a place.
    Departure(Box<Departure>),
    /// A person checked the evidence of an observation.
    Review(Box<Review>),
    /// A person says which plate an observation really shows.
    PlateCorrection(Box<PlateCorrection>),
    /// A person took a case, a paper or an observation away.
    Void(Box<Void>),
    /// What a person was told.
    Told(Box<Told>),
    /// A plate got a new owner or vehicle.
    Registration(Box<Registration>),
    /// Another agency has dealt with the same act.
    HandledElsewhere(Box<HandledElsewhere>),
    /// The party objects.
    Objection(Box<Objection>),
    /// What became of an objection.
    ObjectionResult(Box<ObjectionResult>),
    /// A person decides otherwise.
    Discretion(Box<Discretion>),
    /// Two officers decided the penalty. No effect yet.
    PenaltyDecision(Box<PenaltyDecision>),
    /// Money came in. No effect yet.
    Payment(Box<Payment>),
    /// The party applied for a waiver. No effect yet.
    Application(Box<Application>),
    /// Somebody else was the user. No effect yet.
    Reattribution(Box<Reattribution>),
    /// A plate or a zone is exempt for a time. No effect yet.
    Permit(Box<Permit>),
    /// Stolen, on duty, exempt. No effect yet.
    VehicleStatus(Box<VehicleStatus>),
    /// What the registry says a vehicle looks like. No effect yet.
    VehicleRecord(Box<VehicleRecord>),
    /// A span in which a device is not to be trusted. No effect yet.
    DeviceSpan(Box<DeviceSpan>),
    /// A policy version or a zones file was published. Recorded; the store's own table of policies is what counts.
    Published(Box<Published>),
}

impl Body {
    /// The observation that this fact is about, if it is about one.
    pub fn about(&self) -> Option<&FactId> {
        match self {
            Self::Review(it) => Some(&it.about),
            Self::PlateCorrection(it) => Some(&it.about),
            Self::Void(it) => Some(&it.about),
            Self::Told(it) => Some(&it.about),
            Self::HandledElsewhere(it) => Some(&it.about),
            Self::Objection(it) => Some(&it.about),
            Self::ObjectionResult(it) => Some(&it.about),
            Self::Discretion(it) => Some(&it.about),
            Self::PenaltyDecision(it) => Some(&it.about),
            Self::Payment(it) => Some(&it.about),
            Self::Application(it) => Some(&it.about),
            Self::Reattribution(it) => Some(&it.about),
            Self::Observation(_)
            | Self::Departure(_)
            | Self::Registration(_)
            | Self::Permit(_)
            | Self::VehicleStatus(_)
            | Self::VehicleRecord(_)
            | Self::DeviceSpan(_)
            | Self::Published(_) => None,
        }
    }

    /// Whether the rule reads this kind of fact; the others are kept and say that they have no effect yet.
    pub fn has_effect(&self) -> bool {
        match self {
            Self::Observation(_)
            | Self::Departure(_)
            | Self::Review(_)
            | Self::PlateCorrection(_)
            | Self::Void(_)
            | Self::Told(_)
            | Self::Registration(_)
            | Self::HandledElsewhere(_)
            | Self::Objection(_)
            | Self::ObjectionResult(_)
            | Self::Discretion(_)
            | Self::Published(_) => true,
            Self::PenaltyDecision(_)
            | Self::Payment(_)
            | Self::Application(_)
            | Self::Reattribution(_)
            | Self::Permit(_)
            | Self::VehicleStatus(_)
            | Self::VehicleRecord(_)
            | Self::DeviceSpan(_) => false,
        }
    }

    /// The observation itself, if this is one.
    pub fn observation(&self) -> Option<&Observation> {
        if let Self::Observation(it) = self {
            Some(it)
        } else {
            None
        }
    }
}

/// Who the rule counts for: plate number, plate class and registration epoch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// Normalised number.
    pub number: Arc<str>,
    /// Class; `-` where unknown.
    pub class: Arc<str>,
    /// The day on which its registration epoch began; none in the first.
    pub epoch: Option<Date>,
}

impl Subject {
    /// The order of the texts, in bytes.
    pub fn text_order(&self, other: &Self) -> Ordering {
        if self.number == other.number && self.class == other.class && self.epoch == other.epoch {
            return Ordering::Equal;
        }
        let tail = |subject: &Self| subject.epoch.map_or_else(String::new, |day| format!("/{day}"));
        self.text_bytes(&tail(self)).cmp(other.text_bytes(&tail(other)))
    }

    fn text_bytes<'s>(&'s self, tail: &'s str) -> impl Iterator<Item = u8> + 's {
        let head = self.number.bytes().chain(*b"/").chain(self.class.bytes());
        head.chain(tail.bytes())
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.class)?;
        self.epoch.map_or(Ok(()), |day| write!(f, "/{day}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_stand_in_the_order_of_their_texts() {
        let epochs = [
            None,
            Some("2026-01-02"),
            Some("2026-01-10"),
            Some("-000300-01-01"),
        ];
        let mut subjects = Vec::new();
        for number in ["A", "AB", "A-", "湘K12345", "湘KD12345"] {
            for class in ["-", "0", "02", "02-"] {
                subjects.extend(epochs.map(|epoch| Subject {
                    number: number.into(),
                    class: class.into(),
                    epoch: epoch.map(|day| day.parse().unwrap()),
                }));
            }
        }
        for a in &subjects {
            for b in &subjects {
                assert_eq!(a.text_order(b), a.to_string().cmp(&b.to_string()), "{a} and {b}");
            }
        }
    }
}
