//! Where a fact lives: the key of its ledger.

use std::sync::Arc;

use crate::fact::{Body, FactId, RawPlate};
use crate::judge;
use crate::plate;
use crate::rules::Rules;

/// Where a fact lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// In the ledger of a plate, or in that of an observation whose plate cannot be read.
    Ledger(Arc<str>),
    /// Where the observation lives that it is about.
    With(FactId),
    /// In no ledger: it speaks of no plate.
    Nowhere,
}

/// The key under which an unreadable observation and facts that wait for it live. No plate begins with `?`.
pub fn waiting_key(observation: &FactId) -> Arc<str> {
    format!("?{}", observation.as_str()).into()
}

/// Whether a key is one of [`waiting_key`].
pub fn is_waiting_key(key: &str) -> bool {
    key.starts_with('?')
}

/// Where a fact lives.
pub fn home(rules: &Rules, id: &FactId, body: &Body) -> Home {
    let of_plate = |raw: &RawPlate| {
        let read = plate::read(
            rules.grammar(),
            raw.number.as_deref(),
            raw.class.as_deref(),
            raw.color.as_deref(),
            None,
        );
        match (read, raw.number.as_deref()) {
            (Ok(read), _) => Home::Ledger(read.number),
            (Err(_), Some(number)) => match plate::normalise(rules.grammar(), number) {
                empty if empty.is_empty() => Home::Nowhere,
                number => Home::Ledger(number.into()),
            },
            (Err(_), None) => Home::Nowhere,
        }
    };
    match body {
        Body::Observation(seen) => {
            Home::Ledger(judge::ledger_key(rules, seen).unwrap_or_else(|| waiting_key(id)))
        }
        Body::Departure(it) => of_plate(&it.plate),
        Body::Registration(it) => of_plate(&it.plate),
        Body::VehicleStatus(it) => of_plate(&it.plate),
        Body::VehicleRecord(it) => of_plate(&it.plate),
        Body::Permit(it) => it.plate.as_ref().map_or(Home::Nowhere, of_plate),
        Body::DeviceSpan(_) | Body::Published(_) => Home::Nowhere,
        Body::Review(_)
        | Body::PlateCorrection(_)
        | Body::Void(_)
        | Body::Told(_)
        | Body::HandledElsewhere(_)
        | Body::Objection(_)
        | Body::ObjectionResult(_)
        | Body::Discretion(_)
        | Body::PenaltyDecision(_)
        | Body::Payment(_)
        | Body::Application(_)
        | Body::Reattribution(_) => body
            .about()
            .map_or(Home::Nowhere, |about| Home::With(about.clone())),
    }
}
