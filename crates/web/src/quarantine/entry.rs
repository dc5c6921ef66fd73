//! One record that was set aside, with its bytes and what was done about it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use engine::fact::Body;
use engine::time::Timestamp;
use formats::event::{self, Known};
use ports::quarantine::{Handling, Outcome};
use ports::read::StoredRecord;
use serde::Serialize;

use super::Standing;
use super::plan::{self, Refusal};
use crate::access::Caller;
use crate::app::App;
use crate::problem::Problem;

/// So much of a record is shown; the door takes none that is longer.
const SHOWN: usize = 256 * 1024;

/// A record as exports name its fields, and what was done about it.
#[derive(Serialize)]
pub(super) struct Item {
    offset: u64,
    source: Option<String>,
    id: Option<String>,
    disposition: &'static str,
    reason: Option<String>,
    detail: Option<String>,
    received_at: String,
    state: &'static str,
    handling: Option<HandlingItem>,
}

/// What a person did about a record.
#[derive(Serialize)]
struct HandlingItem {
    at: String,
    by: String,
    reason: String,
    /// Where the record stands in the stream since then; null: it was dropped.
    redriven_as: Option<u64>,
    corrected: bool,
}

/// Everything about one record.
#[derive(Serialize)]
pub(super) struct Whole {
    #[serde(flatten)]
    item: Item,
    /// The member that was at fault; null: none in particular.
    pointer: Option<String>,
    bytes: usize,
    /// Null: the token may not see it.
    raw: Option<Raw>,
    now: Now,
    /// How the re-driven record was read; null: it was not re-driven, or nobody has read it yet.
    became: Option<Became>,
}

/// The bytes of a record.
#[derive(Serialize)]
struct Raw {
    encoding: &'static str,
    text: String,
    /// Whether there is more than is shown.
    is_cut: bool,
}

/// What the same bytes would come to if they were sent into the stream today.
#[derive(Serialize)]
struct Now {
    redrive: &'static str,
    pointer: Option<String>,
    detail: Option<String>,
}

/// How a re-driven record was read.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Became {
    offset: u64,
    disposition: &'static str,
    reason: Option<String>,
    detail: Option<String>,
}

impl Item {
    pub(super) fn new(record: &StoredRecord, handling: Option<&Handling>) -> Self {
        Self {
            offset: record.position,
            source: record.source.as_deref().map(str::to_owned),
            id: record.id.as_deref().map(str::to_owned),
            disposition: record.disposition.as_str(),
            reason: record.reason.as_deref().map(str::to_owned),
            detail: record.detail.as_deref().map(str::to_owned),
            received_at: record.known.to_string(),
            state: Standing::of(handling).word(),
            handling: handling.map(HandlingItem::from),
        }
    }
}

impl From<&Handling> for HandlingItem {
    fn from(handling: &Handling) -> Self {
        let (redriven_as, corrected) = match handling.outcome {
            Outcome::Redriven {
                position,
                is_corrected,
            } => (Some(position), is_corrected),
            Outcome::Dropped => (None, false),
        };
        Self {
            at: handling.at.to_string(),
            by: handling.by.to_string(),
            reason: handling.reason.to_string(),
            redriven_as,
            corrected,
        }
    }
}

/// A record that was set aside.
pub(super) struct Entry {
    pub(super) record: StoredRecord,
    pub(super) payload: Bytes,
    pub(super) handling: Option<Handling>,
}

impl Entry {
    /// The entry at a place; what the caller may not see is none.
    pub(super) async fn find(app: &App, caller: &Caller, position: u64) -> Result<Self, Problem> {
        let none = || Problem::not_found("no record that was set aside has this offset");
        let before = position.checked_sub(1).ok_or_else(none)?;
        // Positions beyond what the store can count hold nothing, and could not be asked for.
        if i64::try_from(position).is_err() {
            return Err(none());
        }
        let found = app.parts.quarantine.aside(before, 1).await?;
        let record = found.into_iter().find(|record| record.position == position);
        let record = record.ok_or_else(none)?;
        if !is_visible(app, caller, position).await? {
            app.note_foreign(caller, "quarantine", &position.to_string())
                .await;
            return Err(none());
        }
        let payload = payload(app, position).await?;
        let payload =
            payload.ok_or_else(|| Problem::unreadable(format!("record {position} is not in the stream")))?;
        let handlings = app.parts.quarantine.handlings(position, position).await?;
        Ok(Self {
            record,
            payload,
            handling: handlings.into_iter().next(),
        })
    }

    /// It has two: open, and handled.
    pub(super) fn version(&self) -> u32 {
        if self.handling.is_some() { 2 } else { 1 }
    }

    pub(super) fn item(&self) -> Item {
        Item::new(&self.record, self.handling.as_ref())
    }

    pub(super) async fn whole(&self, app: &App, caller: &Caller) -> Result<Whole, Problem> {
        let position = self.handling.as_ref().and_then(redriven_as);
        Ok(Whole {
            item: self.item(),
            pointer: self.pointer(),
            bytes: self.payload.len(),
            raw: caller.sees_bytes.then(|| raw(&self.payload)),
            now: now(app, &self.payload).await?,
            became: match position {
                Some(position) => became(app, position).await?,
                None => None,
            },
        })
    }

    /// Intake writes `POINTER: what is wrong` where it could not read a record.
    fn pointer(&self) -> Option<String> {
        let (pointer, _) = self.record.detail.as_deref()?.split_once(": ")?;
        pointer.starts_with('/').then(|| pointer.to_owned())
    }
}

/// Where a re-driven record stands.
pub(super) fn redriven_as(handling: &Handling) -> Option<u64> {
    match handling.outcome {
        Outcome::Redriven { position, .. } => Some(position),
        Outcome::Dropped => None,
    }
}

/// How the record at a place was read; none: not yet.
pub(super) async fn became(app: &App, position: u64) -> Result<Option<Became>, Problem> {
    let found = app.parts.store.records(position.saturating_sub(1), 1).await?;
    let found = found.into_iter().find(|record| record.position == position);
    Ok(found.map(|record| Became {
        offset: position,
        disposition: record.disposition.as_str(),
        reason: record.reason.as_deref().map(str::to_owned),
        detail: record.detail.as_deref().map(str::to_owned),
    }))
}

/// A token of one authority sees sightings in that authority's zones; what nobody can read belongs to no authority.
pub(super) async fn is_visible(app: &App, caller: &Caller, position: u64) -> Result<bool, Problem> {
    if caller.authority.is_none() {
        return Ok(true);
    }
    let payload = payload(app, position).await?;
    let authority = payload.and_then(|payload| authority(app, &payload));
    Ok(authority.is_some() && caller.may_see(authority.as_deref()))
}

async fn payload(app: &App, position: u64) -> Result<Option<Bytes>, Problem> {
    let read = app.parts.stream.read(position, 1).await?;
    let found = read.into_iter().find(|record| record.position == position);
    Ok(found.map(|record| record.payload))
}

/// Whose zone a sighting names.
fn authority(app: &App, payload: &[u8]) -> Option<Arc<str>> {
    let known = Known::At(Timestamp::from_micros(0));
    let decoded = event::decode(payload, known, 0).ok()?;
    let zone = match &decoded.fact.body {
        Body::Observation(seen) => seen.place.zone.as_deref(),
        Body::Departure(gone) => gone.place.zone.as_deref(),
        _ => return None,
    };
    app.parts.rules.authority_of(zone)
}

fn raw(payload: &[u8]) -> Raw {
    let is_cut = payload.len() > SHOWN;
    match std::str::from_utf8(payload) {
        Ok(text) => Raw {
            encoding: "utf-8",
            text: text[..text.floor_char_boundary(SHOWN)].to_owned(),
            is_cut,
        },
        Err(_) => Raw {
            encoding: "base64",
            text: STANDARD.encode(payload.get(..SHOWN).unwrap_or(payload)),
            is_cut,
        },
    }
}

async fn now(app: &App, payload: &Bytes) -> Result<Now, Problem> {
    let plan = plan::plan(&*app.parts.intake, app.parts.now.now(), payload, None);
    let (redrive, pointer, detail) = match plan.await? {
        Ok(plan) => (plan.word(), None, None),
        Err(refusal) => {
            let pointer = match &refusal {
                Refusal::Unreadable { pointer, .. } => Some(pointer.clone()),
                Refusal::OtherContent | Refusal::NotTaken => None,
            };
            (refusal.word(), pointer, Some(refusal.to_string()))
        }
    };
    Ok(Now {
        redrive,
        pointer,
        detail,
    })
}
