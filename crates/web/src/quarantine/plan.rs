//! What sending a record into the stream once more would come to, before anything is written.

use std::sync::Arc;

use bytes::Bytes;
use engine::fact::Body;
use engine::time::Timestamp;
use formats::event::{self, Known};
use formats::inner::Inner;
use ports::log::NewEnvelope;
use ports::quarantine::Deed;
use ports::store::{IntakeStore, StoreError};
use thiserror::Error;

/// Why sending it once more is no use.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It would be set aside again at once.
    #[error("{}{detail}", place(.pointer))]
    Unreadable {
        /// A JSON pointer to what is wrong; empty: the whole record.
        pointer: String,
        /// What is wrong.
        detail: String,
    },
    /// Its id is known with other content.
    #[error(
        "its source and id are known with other content, so that it would be a conflict; give the record an id of its own, \
         or correct what is known with a plate-correction, a void or a review"
    )]
    OtherContent,
    /// Only the service itself writes such.
    #[error("is written by the service itself")]
    NotTaken,
}

fn place(pointer: &str) -> String {
    if pointer.is_empty() {
        String::new()
    } else {
        format!("{pointer}: ")
    }
}

impl Refusal {
    /// The word of the API.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "unreadable",
            Self::OtherContent => "conflict",
            Self::NotTaken => "not_taken",
        }
    }
}

/// What is to be written.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The record, and whom it wakes.
    pub deed: Deed,
    is_known: bool,
}

impl Plan {
    /// The word of the API: `fresh` for a fact that nobody knows yet, `judged_again` for one that a ledger holds.
    pub fn word(&self) -> &'static str {
        if self.is_known { "judged_again" } else { "fresh" }
    }
}

/// Looks at a record that was set aside, and at the corrected one where there is one.
///
/// The record is known from now on: that is when the city has it in a form that can be judged, and the spans in which people
/// must act run from then. A fact that a ledger holds already becomes a duplicate; that ledger is then judged anew, by the
/// rules of today.
pub async fn plan(
    store: &dyn IntakeStore,
    now: Timestamp,
    original: &Bytes,
    corrected: Option<&Bytes>,
) -> Result<Result<Plan, Refusal>, StoreError> {
    let payload = corrected.unwrap_or(original);
    let fact = match event::decode(payload, Known::At(now), 0) {
        Ok(decoded) => decoded.fact,
        Err(rejected) => {
            let (pointer, detail) = (rejected.pointer, rejected.detail);
            return Ok(Err(Refusal::Unreadable { pointer, detail }));
        }
    };
    if matches!(fact.body, Body::Told(_) | Body::Published(_)) {
        return Ok(Err(Refusal::NotTaken));
    }
    let known = store.identities(std::slice::from_ref(&fact.id)).await?;
    let known = known.into_iter().flatten().next();
    if known.as_ref().is_some_and(|known| known.digest != fact.digest) {
        return Ok(Err(Refusal::OtherContent));
    }
    // What lives in no ledger is remembered under an empty name.
    let ledger = known.as_ref().filter(|known| !known.plate.is_empty());
    let wake = ledger.map(|known| {
        let plates: Vec<Arc<str>> = vec![known.plate.clone()];
        Bytes::from(Inner::Wake { plates }.encode())
    });
    let deed = Deed::Redrive {
        record: NewEnvelope {
            known: now,
            payload: payload.clone(),
        },
        is_corrected: corrected.is_some(),
        wake,
    };
    let is_known = known.is_some();
    Ok(Ok(Plan { deed, is_known }))
}
