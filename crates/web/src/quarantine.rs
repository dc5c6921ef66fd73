//! Records that were set aside: unreadable, in conflict with an earlier one, or below the evidence threshold.

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use ports::read::StoredRecord;
use serde::Serialize;

use crate::app::App;
use crate::cursor::{self, Of, Page};
use crate::problem::Problem;
use crate::query::Parameters;

/// Records read from the store at a time.
const CHUNK: usize = 2_000;
/// Records looked at for one answer: with a healthy stream nearly all are passed over, and one request must not read
/// them all. The answer may then hold fewer items than asked for, and still a `next`.
const LOOK: usize = 100_000;

/// A record as exports name its fields.
#[derive(Serialize)]
struct RecordItem {
    offset: u64,
    source: Option<String>,
    id: Option<String>,
    disposition: &'static str,
    reason: Option<String>,
    detail: Option<String>,
    received_at: String,
}

impl From<&StoredRecord> for RecordItem {
    fn from(record: &StoredRecord) -> Self {
        Self {
            offset: record.position,
            source: record.source.as_deref().map(str::to_owned),
            id: record.id.as_deref().map(str::to_owned),
            disposition: record.disposition.as_str(),
            reason: record.reason.as_deref().map(str::to_owned),
            detail: record.detail.as_deref().map(str::to_owned),
            received_at: record.known.to_string(),
        }
    }
}

pub(crate) async fn list(State(app): State<App>, uri: Uri) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, &["cursor", "limit"])?;
    let limit = parameters.limit()?;
    let mut after = parameters.cursor(Of::Quarantine)?.unwrap_or(0);
    let mut items = Vec::new();
    let mut looked = 0;
    let is_end = loop {
        let records = app.parts.store.records(after, CHUNK).await?;
        if records.is_empty() {
            break true;
        }
        for record in &records {
            if items.len() == limit {
                break;
            }
            after = record.position;
            if record.disposition.is_set_aside() {
                items.push(RecordItem::from(record));
            }
        }
        looked += records.len();
        if items.len() == limit || looked >= LOOK {
            break false;
        }
    };
    let next = (!is_end).then(|| cursor::encode(Of::Quarantine, after));
    Ok(Json(Page { items, next }).into_response())
}
