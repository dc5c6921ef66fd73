//! A policy version as the rule reads it. Text files become these types in `formats`; nothing here parses.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Time;
use jiff::tz::TimeZone;

use crate::case::Outcome;
use crate::fact::{DeviceKind, NoticeKind};
use crate::plate::Grammar;
use crate::time::{DAY, HOUR, Length, MINUTE, SECOND, Timestamp};
use crate::zone::ZoneKind;

/// One version of one policy; its text never changes.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The policy's id; versions of one id follow each other.
    pub id: Arc<str>,
    /// The version's name.
    pub version: Arc<str>,
    /// Whose policy it is; none: of every zone without an authority.
    pub authority: Option<Arc<str>>,
    /// Violation codes; none: all.
    pub codes: Option<BTreeSet<Arc<str>>>,
    /// In force from this instant.
    pub from: Timestamp,
    /// Until this one, not included.
    pub to: Option<Timestamp>,
    /// The zone in which days, months and years are counted.
    pub time_zone: TimeZone,
    /// Its IANA name.
    pub time_zone_name: Arc<str>,
    /// Which plates exist.
    pub plates: Grammar,
    /// Why an offence may be waived, as messages and pages cite it.
    pub basis_waive: Option<Arc<str>>,
    /// Why it may be punished.
    pub basis_penalise: Option<Arc<str>>,
    /// Within what "first" is counted.
    pub window: Window,
    /// What one stay is.
    pub episode: EpisodeRule,
    /// What counts as evidence, by kind of device in the order of [`DeviceKind`].
    pub admission: [Admission; 3],
    /// What is never waived.
    pub excludes: Vec<Exclude>,
    /// What follows.
    pub outcome: OutcomeRule,
    /// How messages leave, by kind in the order of [`NoticeKind::ALL`].
    pub notice: [NoticeRule; 7],
    /// SHA-256 of the file's text.
    pub text_hash: [u8; 32],
}

impl Policy {
    /// `id@version`.
    pub fn name(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }

    /// Evidence rules for one kind of device.
    pub fn admission(&self, kind: DeviceKind) -> &Admission {
        &self.admission[kind as usize]
    }

    /// How one kind of message leaves.
    pub fn notice(&self, kind: NoticeKind) -> &NoticeRule {
        &self.notice[kind as usize]
    }

    /// Whether this version speaks of offences with `code`; one without a code falls under policies for all codes.
    pub fn covers(&self, code: Option<&str>) -> bool {
        self.codes
            .as_ref()
            .is_none_or(|codes| code.is_some_and(|code| codes.contains(code)))
    }

    /// What an outcome costs: only a penalty costs something.
    pub fn fine_of(&self, outcome: Outcome) -> Option<&Fine> {
        let is_penalty = matches!(outcome, Outcome::PenaltyProposed | Outcome::PenaltyDecided);
        self.outcome.fine.as_ref().filter(|_| is_penalty)
    }

    /// Whether this version is in force at `at`.
    pub fn in_force(&self, at: Timestamp) -> bool {
        self.from <= at && self.to.is_none_or(|to| at < to)
    }
}

/// Kinds of windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowKind {
    /// 1 January to 1 January.
    CalendarYear,
    /// First to first.
    CalendarMonth,
    /// One civil day.
    SameDay,
    /// A year that starts on [`Window::start`].
    FiscalYear,
    /// From each use for [`Window::length`].
    Rolling,
    /// Since the first version of an unbroken run of the policy.
    SincePolicy,
    /// For ever.
    Lifetime,
}

impl WindowKind {
    /// Every kind with its word.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::CalendarYear, "calendar-year"),
        (Self::CalendarMonth, "calendar-month"),
        (Self::SameDay, "same-day"),
        (Self::FiscalYear, "fiscal-year"),
        (Self::Rolling, "rolling"),
        (Self::SincePolicy, "since-policy"),
        (Self::Lifetime, "lifetime"),
    ];

    /// The word.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("", |(_, word)| word)
    }

    /// The kind of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, text)| *text == word)
            .map(|(kind, _)| *kind)
    }
}

/// Where a rolling reach ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Boundary {
    /// 24:00 of the corresponding day.
    #[default]
    CivilDay,
    /// The instant itself, not included.
    Instant,
}

/// What a rolling window rolls from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Since {
    /// The last first outcome.
    #[default]
    LastWaived,
    /// The last counted offence, whatever came of it.
    LastCounted,
}

/// Who shares an allowance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Per {
    /// One subject.
    #[default]
    Subject,
    /// All classes and epochs of a number.
    Plate,
    /// One subject in one zone.
    SubjectZone,
    /// One subject at one device.
    SubjectDevice,
}

/// Which offences share an allowance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// All of the authority.
    #[default]
    Any,
    /// Those of the same violation code.
    SameCode,
}

/// Within what "first" is counted.
#[derive(Clone, Debug)]
pub struct Window {
    /// Which kind.
    pub kind: WindowKind,
    /// Month and day on which a fiscal year starts.
    pub start: (i8, i8),
    /// How far a rolling use reaches.
    pub length: Length,
    /// Where that reach ends.
    pub boundary: Boundary,
    /// What it rolls from.
    pub since: Since,
    /// Who shares it.
    pub per: Per,
    /// How many are first; 0 is allowed.
    pub allowance: u32,
    /// Which offences share it.
    pub scope: Scope,
}

/// What one stay is. Lengths in microseconds, the distance in millimetres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpisodeRule {
    /// Sightings at most this far apart are one stay.
    pub merge_gap: i64,
    /// Points at most this far apart are one place.
    pub merge_distance_mm: i64,
    /// A departure counts when nothing is seen for this long.
    pub min_absence: i64,
    /// Up to this gap a return may be the same stay.
    pub doubt: i64,
    /// Beyond this a told stay becomes a second case.
    pub cap: i64,
}

impl Default for EpisodeRule {
    fn default() -> Self {
        Self {
            merge_gap: 60 * MINUTE,
            merge_distance_mm: 30_000,
            min_absence: 2 * MINUTE,
            doubt: 36 * HOUR,
            cap: DAY,
        }
    }
}

/// Whose record a person must see first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReviewRule {
    /// Nobody's.
    #[default]
    None,
    /// A case that would be penalised, and the earlier ones that used up its allowance.
    Penalties,
    /// Every case.
    All,
}

/// What counts as evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Whose record a person must see first.
    pub review: ReviewRule,
    /// Within this time of becoming known.
    pub review_within: Length,
    /// In millionths; equal passes.
    pub min_confidence: u32,
    /// In millionths; equal passes.
    pub min_char_confidence: u32,
    /// Fewer are no evidence.
    pub min_observations: u32,
    /// A shorter stay is no evidence; microseconds.
    pub min_dwell: i64,
    /// How far a clock may run ahead; microseconds.
    pub future_tolerance: i64,
    /// Older than this on arrival is held.
    pub lateness: Length,
    /// Older than this on arrival is not punishable.
    pub oldest: Length,
}

impl Default for Admission {
    fn default() -> Self {
        Self {
            review: ReviewRule::None,
            review_within: Length::WorkingDays(5),
            min_confidence: 900_000,
            min_char_confidence: 800_000,
            min_observations: 1,
            min_dwell: 0,
            future_tolerance: 60 * SECOND,
            lateness: Length::WorkingDays(5),
            oldest: Length::Months(24),
        }
    }
}

/// What is never waived: every condition that is given must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclude {
    /// In a zone of one of these kinds; empty: not asked.
    pub zone_kinds: Vec<ZoneKind>,
    /// Another counted case began earlier on that civil day.
    pub same_day_repeat: bool,
    /// Whether an excluded offence still uses up "first".
    pub counts: bool,
}

/// A sum of money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fine {
    /// In the minor unit.
    pub minor: u64,
    /// ISO 4217.
    pub currency: Arc<str>,
}

/// What follows an offence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutcomeRule {
    /// Of a first one: waived, warned or reminded.
    pub first: Outcome,
    /// Of any other: a proposed penalty or a warning.
    pub otherwise: Outcome,
    /// What a penalty costs.
    pub fine: Option<Fine>,
}

/// How one kind of message leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeRule {
    /// How long it waits before it may be sent; microseconds.
    pub hold: i64,
    /// Civil times between which it is not sent; the first may be later than the second.
    pub quiet_hours: Option<(Time, Time)>,
    /// After this it is not sent any more.
    pub expires: Length,
    /// The template's id; none: the built-in text.
    pub template: Option<Arc<str>>,
}

impl NoticeRule {
    /// The rule of a kind that a policy says nothing about.
    pub fn standard(kind: NoticeKind) -> Self {
        Self {
            hold: if kind == NoticeKind::Reminded {
                0
            } else {
                10 * MINUTE
            },
            quiet_hours: None,
            expires: Length::WorkingDays(5),
            template: None,
        }
    }
}
