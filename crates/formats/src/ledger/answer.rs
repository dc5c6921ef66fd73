//! Facts about an observation, field by field.

use std::sync::Arc;

use engine::case::Outcome;
use engine::fact::{
    Application, Discretion, HandledElsewhere, NoticeKind, Objection, ObjectionResult, ObjectionVerdict,
    Payment, PenaltyDecision, PlateCorrection, Reattribution, Review, Told, ToldState, Verdict, Void,
    VoidReason,
};

use super::wire::{record, words};
use super::{DocumentError, Reader, Wire, Writer};

words! { Verdict { 0 => Confirmed, 1 => Rejected, } }
words! { ToldState { 0 => HandedOver, 1 => Delivered, 2 => Undelivered, 3 => NotSent, } }
words! { ObjectionVerdict { 0 => Upheld, 1 => Rejected, 2 => Lighter, } }

words! {
    VoidReason {
        0 => EmergencyVehicle,
        1 => StolenPlate,
        2 => Rescue,
        3 => HandledOnTheSpot,
        4 => ConflictingSigns,
        5 => UnclearRecord,
        6 => PlateMismatch,
        7 => Exempt,
        8 => DeviceRecall,
        9 => Merged,
        10 => Other,
    }
}

words! {
    NoticeKind {
        0 => Waived,
        1 => Warned,
        2 => Reminded,
        3 => PenaltyProposed,
        4 => Withdrawn,
        5 => ObjectionUpheld,
        6 => ObjectionRejected,
    }
}

words! {
    Outcome {
        0 => Waived,
        1 => Warned,
        2 => Reminded,
        3 => Corrected,
        4 => PenaltyProposed,
        5 => PenaltyDecided,
        6 => Voided,
        7 => Held,
        8 => NotPunishable,
        9 => Inadmissible,
    }
}

record! { Review { about: id, verdict: word, reason: maybe_text, reviewer: text, at: time, } }
record! { PlateCorrection { about: id, plate: plate, by: text, at: time, } }
record! { Void { about: id, reason: word, text: text, by: text, at: time, } }
record! { Told { about: id, plate: part, kind: word, at: time, state: word, } }
record! { HandledElsewhere { about: id, agency: text, reference: maybe_once, at: time, } }
record! { Objection { about: id, ground: maybe_text, statement: maybe_once, at: time, } }
record! { ObjectionResult { about: id, result: word, by: text, at: time, } }
record! { Discretion { about: id, outcome: word, reason: text, by: text, at: time, } }
record! { PenaltyDecision { about: id, officers: texts, fine_minor: number, at: time, } }
record! { Payment { about: id, amount_minor: number, at: time, } }
record! { Application { about: id, kind: text, verdict: text, by: maybe_text, at: time, } }
record! { Reattribution { about: id, to_owner_id: once, proof: maybe_once, by: text, at: time, } }

/// Number and class written to.
impl Wire for Option<(Arc<str>, Option<Arc<str>>)> {
    fn write<'a>(&'a self, to: &mut Writer<'a>) {
        to.flag(&self.is_some());
        if let Some((number, class)) = self {
            to.text(number);
            to.maybe_text(class);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DocumentError> {
        if from.flag()? {
            Ok(Some((from.text()?, from.maybe_text()?)))
        } else {
            Ok(None)
        }
    }
}
