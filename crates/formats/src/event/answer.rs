//! Facts about an observation: what people and offices say, and what was told.

use std::sync::Arc;

use engine::case::Outcome;
use engine::fact::{
    Application, Discretion, HandledElsewhere, NoticeKind, Objection, ObjectionResult, ObjectionVerdict,
    Payment, PenaltyDecision, PlateCorrection, Reattribution, Review, Told, ToldState, Verdict, Void,
    VoidReason,
};

use super::fields::{Fault, Object};

const VERDICTS: [(Verdict, &str); 2] = [(Verdict::Confirmed, "confirmed"), (Verdict::Rejected, "rejected")];
const STATES: [(ToldState, &str); 4] = [
    (ToldState::HandedOver, "handed_over"),
    (ToldState::Delivered, "delivered"),
    (ToldState::Undelivered, "undelivered"),
    (ToldState::NotSent, "not_sent"),
];
const RESULTS: [(ObjectionVerdict, &str); 3] = [
    (ObjectionVerdict::Upheld, "upheld"),
    (ObjectionVerdict::Rejected, "rejected"),
    (ObjectionVerdict::Lighter, "lighter"),
];

pub(super) fn review(data: Object<'_>) -> Result<Review, Fault> {
    Ok(Review {
        about: data.need_about()?,
        verdict: data.need_word("verdict", &VERDICTS)?,
        reason: data.kept("reason")?,
        reviewer: data.need_kept("reviewer")?,
        at: data.need_time("at")?,
    })
}

pub(super) fn plate_correction(data: Object<'_>) -> Result<PlateCorrection, Fault> {
    Ok(PlateCorrection {
        about: data.need_about()?,
        plate: data.need_plate()?,
        by: data.need_kept("by")?,
        at: data.need_time("at")?,
    })
}

pub(super) fn void(data: Object<'_>) -> Result<Void, Fault> {
    let text = data.need_kept("reason")?;
    Ok(Void {
        about: data.need_about()?,
        reason: VoidReason::parse(&text),
        text,
        by: data.need_kept("by")?,
        at: data.need_time("at")?,
    })
}

pub(super) fn told(data: Object<'_>) -> Result<Told, Fault> {
    let about = data.need_about()?;
    let plate = match data.plate()? {
        None => None,
        Some(plate) => {
            let plate_at = data.need_object("plate", "/data/plate")?;
            let number: Arc<str> = plate.number.ok_or_else(|| plate_at.fault("number", "required"))?;
            Some((number, plate.class))
        }
    };
    Ok(Told {
        about,
        plate,
        kind: data.need_word("kind", &NoticeKind::ALL)?,
        at: data.need_time("at")?,
        state: data.need_word("state", &STATES)?,
    })
}

pub(super) fn handled_elsewhere(data: Object<'_>) -> Result<HandledElsewhere, Fault> {
    Ok(HandledElsewhere {
        about: data.need_about()?,
        agency: data.need_kept("agency")?,
        reference: data.kept("reference")?,
        at: data.need_time("at")?,
    })
}

pub(super) fn objection(data: Object<'_>) -> Result<Objection, Fault> {
    Ok(Objection {
        about: data.need_about()?,
        ground: data.kept("ground")?,
        statement: data.kept("statement")?,
        at: data.need_time("at")?,
    })
}

pub(super) fn objection_result(data: Object<'_>) -> Result<ObjectionResult, Fault> {
    Ok(ObjectionResult {
        about: data.need_about()?,
        result: data.need_word("result", &RESULTS)?,
        by: data.need_kept("by")?,
        at: data.need_time("at")?,
    })
}

pub(super) fn discretion(data: Object<'_>) -> Result<Discretion, Fault> {
    Ok(Discretion {
        about: data.need_about()?,
        outcome: data.need_word("outcome", &Outcome::ALL)?,
        reason: data.need_kept("reason")?,
        by: data.need_kept("by")?,
        at: data.need_time("at")?,
    })
}

pub(super) fn penalty_decision(data: Object<'_>) -> Result<PenaltyDecision, Fault> {
    let about = data.need_about()?;
    let officers = data.texts("officers")?;
    let others = officers.iter().any(|officer| *officer != officers[0]);
    if !others {
        return Err(data.fault("officers", "two different officers are required"));
    }
    Ok(PenaltyDecision {
        about,
        officers,
        fine_minor: data.need_amount("fine_minor")?,
        at: data.need_time("at")?,
    })
}

pub(super) fn payment(data: Object<'_>) -> Result<Payment, Fault> {
    Ok(Payment {
        about: data.need_about()?,
        amount_minor: data.need_amount("amount_minor")?,
        at: data.need_time("at")?,
    })
}

pub(super) fn application(data: Object<'_>) -> Result<Application, Fault> {
    Ok(Application {
        about: data.need_about()?,
        kind: data.need_kept_word("kind", &["photos", "owner-confirms", "study"])?,
        verdict: data.need_kept("verdict")?,
        by: data.kept("by")?,
        at: data.need_time("at")?,
    })
}

pub(super) fn reattribution(data: Object<'_>) -> Result<Reattribution, Fault> {
    Ok(Reattribution {
        about: data.need_about()?,
        to_owner_id: data.need_kept("to_owner_id")?,
        proof: data.kept("proof")?,
        by: data.need_kept("by")?,
        at: data.need_time("at")?,
    })
}
