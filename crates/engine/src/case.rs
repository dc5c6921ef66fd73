//! What comes out of a judgement: cases, their outcomes and the words that give the reasons.

use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;

use crate::explain::Trace;
use crate::fact::{FactId, NoticeKind, Subject, VoidReason};
use crate::policy::{Fine, Policy, WindowKind};
use crate::time::Timestamp;

/// What a case comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// 不予处罚: administrative penalty law art. 33.
    Waived,
    /// 警告: a formal penalty.
    Warned,
    /// 提醒: move the car.
    Reminded,
    /// 已改正: left in time.
    Corrected,
    /// 拟处罚.
    PenaltyProposed,
    /// Two officers decided.
    PenaltyDecided,
    /// Taken away by a person.
    Voided,
    /// Waits for a review, an earlier case or a clock.
    Held,
    /// Stale, handled elsewhere, exempt, or no policy.
    NotPunishable,
    /// Below the evidence threshold.
    Inadmissible,
}

impl Outcome {
    /// Every outcome with its word.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::Waived, "waived"),
        (Self::Warned, "warned"),
        (Self::Reminded, "reminded"),
        (Self::Corrected, "corrected"),
        (Self::PenaltyProposed, "penalty_proposed"),
        (Self::PenaltyDecided, "penalty_decided"),
        (Self::Voided, "voided"),
        (Self::Held, "held"),
        (Self::NotPunishable, "not_punishable"),
        (Self::Inadmissible, "inadmissible"),
    ];

    /// The outcome of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, text)| *text == word)
            .map(|(outcome, _)| *outcome)
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(outcome, _)| *outcome == self)
            .map_or("", |(_, word)| word)
    }

    /// How heavy it is for the person; `held` has no weight of its own and counts as the lightest.
    pub fn weight(self) -> u8 {
        match self {
            Self::Voided | Self::NotPunishable | Self::Inadmissible | Self::Held => 0,
            Self::Corrected => 1,
            Self::Reminded => 2,
            Self::Waived => 3,
            Self::Warned => 4,
            Self::PenaltyProposed => 5,
            Self::PenaltyDecided => 6,
        }
    }

    /// Whether it uses up "first" in its window.
    pub fn is_first(self) -> bool {
        matches!(self, Self::Waived | Self::Warned | Self::Reminded)
    }

    /// The message that this outcome owes.
    pub fn notice(self) -> Option<NoticeKind> {
        match self {
            Self::Waived => Some(NoticeKind::Waived),
            Self::Warned => Some(NoticeKind::Warned),
            Self::Reminded => Some(NoticeKind::Reminded),
            Self::PenaltyProposed => Some(NoticeKind::PenaltyProposed),
            Self::Corrected
            | Self::PenaltyDecided
            | Self::Voided
            | Self::Held
            | Self::NotPunishable
            | Self::Inadmissible => None,
        }
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// Why a case or a record came out as it did.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[$doc])* $name,)*
            /// A person took it away; the void reason.
            Void(VoidReason),
        }

        impl Reason {
            /// Every reason but the void reasons, with its word.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$name, $word),)*];

            /// The word.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                    Self::Void(reason) => reason.as_str(),
                }
            }

            /// The reason of a word of [`Self::as_str`].
            pub fn parse(word: &str) -> Option<Self> {
                let void = || VoidReason::ALL.iter().find(|(_, text)| *text == word).map(|(it, _)| Self::Void(*it));
                Self::ALL.iter().find(|(_, text)| *text == word).map(|(it, _)| *it).or_else(void)
            }
        }
    };
}

reasons! {
    /// No earlier offence counts in its window.
    FirstInWindow = "first_in_window",
    /// The allowance of its window is used.
    AllowanceUsed = "allowance_used",
    /// An exclusion of the policy matches.
    Excluded = "excluded",
    /// The person was told so.
    Told = "told",
    /// A person decided otherwise.
    Discretion = "discretion",
    /// Another agency has dealt with it.
    HandledElsewhere = "handled_elsewhere",
    /// No policy governs the place, code and time.
    NoPolicy = "no_policy",
    /// Older than the policy's `oldest` on arrival.
    TooOld = "too_old",
    /// Embassy, armed police, military.
    OutsideJurisdiction = "outside_jurisdiction",
    /// A temporary plate.
    UnstablePlate = "unstable_plate",
    /// Not a motor vehicle.
    NotAMotorVehicle = "not_a_motor_vehicle",
    /// The plate class is not certain.
    ClassUnknown = "class_unknown",
    /// Colour or vehicle kind contradict the class.
    ClassMismatch = "class_mismatch",
    /// Confidence too low.
    PlateUncertain = "plate_uncertain",
    /// Known too long after capture.
    Late = "late",
    /// The zones file does not know the zone at that time.
    ZoneUnknown = "zone_unknown",
    /// A letter was read as a digit and a penalty would follow.
    PlateRepaired = "plate_repaired",
    /// A review is asked for and missing.
    ReviewRequired = "review_required",
    /// Perhaps the same stay as the former one.
    PossibleContinuation = "possible_continuation",
    /// Two stays of one subject at one time.
    Overlap = "overlap",
    /// Still there long after being told.
    ContinuedAfterNotice = "continued_after_notice",
    /// An earlier case is not decided yet.
    EarlierUndecided = "earlier_undecided",
    /// No review came in time.
    ReviewLapsed = "review_lapsed",
    /// An earlier case lapsed, so that this one is decided.
    EarlierLapsed = "earlier_lapsed",
    /// Only a later case that was told has the waiver.
    LaterCaseWasTold = "later_case_was_told",
    /// Every observation was rejected.
    ReviewRejected = "review_rejected",
    /// The objection was right.
    ObjectionUpheld = "objection_upheld",
    /// The objection led to the first outcome.
    ObjectionLighter = "objection_lighter",
    /// A later version of the policy is lighter.
    LighterLaw = "lighter_law",
    /// Not readable, or a required field is missing.
    Schema = "schema",
    /// No plate.
    UnidentifiedVehicle = "unidentified_vehicle",
    /// Not a plate of the grammar.
    InvalidPlate = "invalid_plate",
    /// Captured later than known.
    ClockSkew = "clock_skew",
    /// A device clock that fell back by years.
    ClockReset = "clock_reset",
    /// Test mode.
    TestMode = "test_mode",
    /// The device is not approved, published or live.
    DeviceNotApproved = "device_not_approved",
    /// Below `min_observations` or `min_dwell`.
    TooShort = "too_short",
    /// The same device, instant and images under another id.
    ContentDuplicate = "content_duplicate",
    /// Accepted, and without effect yet.
    NoEffectYet = "no_effect_yet",
    /// A correction gave the observation to another plate.
    PlateCorrected = "plate_corrected",
    /// Same source and id, same content.
    SameContent = "same_content",
    /// Same source and id, other content.
    OtherContent = "other_content",
    /// The observation that it is about is not known.
    AboutUnknown = "about_unknown",
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a record was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Disposition {
    /// Begins a case.
    Decided,
    /// Joins one.
    Merged,
    /// A fact about cases, applied.
    Applied,
    /// Its observation is not known yet.
    Waiting,
    /// Handed to the right lane.
    Routed,
    /// Same id, same content.
    Duplicate,
    /// Same id, other content.
    Conflict,
    /// Kept aside with a reason.
    Quarantined,
    /// Below the evidence threshold.
    Inadmissible,
}

impl Disposition {
    /// Every disposition with its word; the order is the stored number.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::Decided, "decided"),
        (Self::Merged, "merged"),
        (Self::Applied, "applied"),
        (Self::Waiting, "waiting"),
        (Self::Routed, "routed"),
        (Self::Duplicate, "duplicate"),
        (Self::Conflict, "conflict"),
        (Self::Quarantined, "quarantined"),
        (Self::Inadmissible, "inadmissible"),
    ];

    /// The word.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(it, _)| *it == self)
            .map_or("", |(_, word)| word)
    }

    /// The disposition of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, text)| *text == word)
            .map(|(it, _)| *it)
    }

    /// A fact that takes no part in any case and never will unless a person corrects it.
    pub fn is_set_aside(self) -> bool {
        matches!(self, Self::Conflict | Self::Quarantined | Self::Inadmissible)
    }
}

/// One bound of a printed window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// A civil date in the policy's zone.
    Day(Date),
    /// An instant, for `boundary = "instant"`.
    Instant(Timestamp),
}

/// The span in which a case's ordinal counts; the end is not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrintedWindow {
    /// Which kind of window.
    pub kind: WindowKind,
    /// From when; none: open.
    pub from: Option<Edge>,
    /// Until when, not included; none: open.
    pub to: Option<Edge>,
}

/// An episode that a policy governs, judged.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that a reader asks for by name"
)]
#[derive(Clone, Debug)]
pub struct Case {
    /// Who it counts for.
    pub subject: Subject,
    /// Whose it is; none: the installation's only authority.
    pub authority: Option<Arc<str>>,
    /// The strictest zone among the sightings, then the first; `unknown` where nobody knows.
    pub zone: Arc<str>,
    /// The place in words, as the first sighting that has them says.
    pub place: Option<Arc<str>>,
    /// All zones in order of first sighting.
    pub zones: Vec<Arc<str>>,
    /// First sighting that has force.
    pub from: Timestamp,
    /// Last sighting that has force.
    pub to: Timestamp,
    /// Whether a sighting is exact to the day only.
    pub day_only: bool,
    /// All members in order of (captured_at, id).
    pub facts: Vec<FactId>,
    /// Records of the same pictures under other ids; they stand in no case of their own.
    pub doubles: Vec<FactId>,
    /// The member with the lowest position in the log, else the first by (captured_at, id): what the id is made of.
    pub anchor: FactId,
    /// The outcome.
    pub outcome: Outcome,
    /// Place among the counted offences of its window, from 1; none unless the outcome has one.
    pub ordinal: Option<u32>,
    /// The window.
    pub window: Option<PrintedWindow>,
    /// The version that decided it; none: no policy.
    pub policy: Option<Arc<Policy>>,
    /// What it costs, when it costs something.
    pub fine: Option<Fine>,
    /// The deciding one first.
    pub reasons: Vec<Reason>,
    /// The instant at which time alone would change the outcome.
    pub deadline: Option<Timestamp>,
    /// The heavier outcome that waits for a person.
    pub proposal: Option<Outcome>,
    /// What the explanation is made of.
    pub trace: Trace,
    /// Whether a member was seen live: only then is anybody told.
    pub live: bool,
    /// Whether a person confirmed it: until then messages speak of a suspicion.
    pub reviewed: bool,
    /// Latest state of each kind that the subject was told, in order of kind.
    pub told: Vec<ToldKind>,
    /// Whether the latest answer to an objection was `rejected`, which is owed an answer of its own.
    pub objection_rejected: bool,
}

/// One kind of message that the subject of a case was told, as it now stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToldKind {
    /// Which kind.
    pub kind: NoticeKind,
    /// When it was last handed over.
    pub at: Timestamp,
}
