//! What people and offices say about an observation, and what they were told.

use std::sync::Arc;

use super::{FactId, RawPlate};
use crate::case::Outcome;
use crate::time::Timestamp;

/// A reviewer's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The evidence holds.
    Confirmed,
    /// It does not.
    Rejected,
}

/// See [`super::Body::Review`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Which observation.
    pub about: FactId,
    /// The answer.
    pub verdict: Verdict,
    /// Why.
    pub reason: Option<Arc<str>>,
    /// Whose answer.
    pub reviewer: Arc<str>,
    /// When it was given.
    pub at: Timestamp,
}

/// See [`super::Body::PlateCorrection`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlateCorrection {
    /// Which observation.
    pub about: FactId,
    /// What the plate is.
    pub plate: RawPlate,
    /// Who says so.
    pub by: Arc<str>,
    /// When.
    pub at: Timestamp,
}

/// Why a case or record was taken away (MPS order art. 22, and ours).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VoidReason {
    /// An emergency vehicle on duty.
    EmergencyVehicle,
    /// A stolen or misused plate.
    StolenPlate,
    /// Rescue or necessity.
    Rescue,
    /// An officer dealt with it on the spot.
    HandledOnTheSpot,
    /// Signs contradicted each other.
    ConflictingSigns,
    /// The record is unclear.
    UnclearRecord,
    /// The plate does not match the picture.
    PlateMismatch,
    /// Exempt by rule.
    Exempt,
    /// The device was wrong.
    DeviceRecall,
    /// A double of another record: takes away just that record or paper.
    Merged,
    /// Anything else; the fact keeps its text.
    Other,
}

impl VoidReason {
    /// Every reason with its word.
    pub const ALL: [(Self, &'static str); 11] = [
        (Self::EmergencyVehicle, "emergency_vehicle"),
        (Self::StolenPlate, "stolen_plate"),
        (Self::Rescue, "rescue"),
        (Self::HandledOnTheSpot, "handled_on_the_spot"),
        (Self::ConflictingSigns, "conflicting_signs"),
        (Self::UnclearRecord, "unclear_record"),
        (Self::PlateMismatch, "plate_mismatch"),
        (Self::Exempt, "exempt"),
        (Self::DeviceRecall, "device_recall"),
        (Self::Merged, "merged"),
        (Self::Other, "other"),
    ];

    /// The reason of a word; an unknown one counts as `other`.
    pub fn parse(word: &str) -> Self {
        Self::ALL
            .iter()
            .find(|(_, text)| *text == word)
            .map_or(Self::Other, |(reason, _)| *reason)
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(reason, _)| *reason == self)
            .map_or("other", |(_, word)| word)
    }
}

/// See [`super::Body::Void`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Void {
    /// Which observation.
    pub about: FactId,
    /// Why.
    pub reason: VoidReason,
    /// The reason as it was written.
    pub text: Arc<str>,
    /// By whom.
    pub by: Arc<str>,
    /// When.
    pub at: Timestamp,
}

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoticeKind {
    /// No penalty, first offence.
    Waived,
    /// A formal warning.
    Warned,
    /// Move the car.
    Reminded,
    /// A penalty is proposed.
    PenaltyProposed,
    /// What was told before no longer stands.
    Withdrawn,
    /// The objection was right.
    ObjectionUpheld,
    /// The objection was not.
    ObjectionRejected,
}

impl NoticeKind {
    /// Every kind with its word.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Waived, "waived"),
        (Self::Warned, "warned"),
        (Self::Reminded, "reminded"),
        (Self::PenaltyProposed, "penalty_proposed"),
        (Self::Withdrawn, "withdrawn"),
        (Self::ObjectionUpheld, "objection_upheld"),
        (Self::ObjectionRejected, "objection_rejected"),
    ];

    /// The kind of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, text)| *text == word)
            .map(|(kind, _)| *kind)
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("", |(_, word)| word)
    }
}

/// How far a message got, as the rule needs to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToldState {
    /// Submission began: the person may know.
    HandedOver,
    /// The provider says it arrived.
    Delivered,
    /// The provider says it did not; the telling still binds.
    Undelivered,
    /// It is certain that nothing was sent: takes the telling back.
    NotSent,
}

/// See [`super::Body::Told`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Which observation's case.
    pub about: FactId,
    /// Number and class written to; none: the observation's own.
    pub plate: Option<(Arc<str>, Option<Arc<str>>)>,
    /// What it said.
    pub kind: NoticeKind,
    /// When.
    pub at: Timestamp,
    /// How far it got.
    pub state: ToldState,
}

/// See [`super::Body::HandledElsewhere`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandledElsewhere {
    /// Which observation.
    pub about: FactId,
    /// Who dealt with it.
    pub agency: Arc<str>,
    /// Their number.
    pub reference: Option<Arc<str>>,
    /// When.
    pub at: Timestamp,
}

/// See [`super::Body::Objection`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// Which observation.
    pub about: FactId,
    /// On what ground.
    pub ground: Option<Arc<str>>,
    /// In the party's words.
    pub statement: Option<Arc<str>>,
    /// When.
    pub at: Timestamp,
}

/// What became of an objection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectionVerdict {
    /// The case is void.
    Upheld,
    /// Nothing changes.
    Rejected,
    /// The first-offence outcome instead.
    Lighter,
}

/// See [`super::Body::ObjectionResult`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectionResult {
    /// Which observation.
    pub about: FactId,
    /// The result.
    pub result: ObjectionVerdict,
    /// By whom.
    pub by: Arc<str>,
    /// When.
    pub at: Timestamp,
}

/// See [`super::Body::Discretion`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discretion {
    /// Which observation.
    pub about: FactId,
    /// What it shall be.
    pub outcome: Outcome,
    /// Why.
    pub reason: Arc<str>,
    /// By whom.
    pub by: Arc<str>,
    /// When.
    pub at: Timestamp,
}

/// See [`super::Body::PenaltyDecision`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PenaltyDecision {
    /// Which observation.
    pub about: FactId,
    /// Two officers.
    pub officers: Vec<Arc<str>>,
    /// The fine in the minor unit.
    pub fine_minor: u64,
    /// When.
    pub at: Timestamp,
}

/// See [`super::Body::Payment`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Which observation.
    pub about: FactId,
    /// How much in the minor unit.
    pub amount_minor: u64,
    /// When.
    pub at: Timestamp,
}

/// See [`super::Body::Application`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Which observation.
    pub about: FactId,
    /// Photos, owner-confirms, study.
    pub kind: Arc<str>,
    /// The answer.
    pub verdict: Arc<str>,
    /// By whom.
    pub by: Option<Arc<str>>,
    /// When.
    pub at: Timestamp,
}

/// See [`super::Body::Reattribution`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reattribution {
    /// Which observation.
    pub about: FactId,
    /// To whom.
    pub to_owner_id: Arc<str>,
    /// What proves it.
    pub proof: Option<Arc<str>>,
    /// By whom.
    pub by: Arc<str>,
    /// When.
    pub at: Timestamp,
}
