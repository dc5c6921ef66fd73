//! Messages: the list, newest first, each with the text as sent or as it would be sent, and one of them with what is known
//! of its attempts. Phones are masked.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use engine::ids::NoticeId;
use engine::notice::{AttemptClass, NoticeState};
use engine::time::Timestamp;
use ports::contact::{self, Phone};
use ports::read::{AttemptEvidence, NoticeFilter, ReceiptEvidence, StoredNotice};
use serde::Serialize;

use crate::app::App;
use crate::cursor::{self, Of, Page};
use crate::problem::Problem;
use crate::query::Parameters;
use crate::tag;

/// A message as exports name its fields, with its masked recipient.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct NoticeItem {
    pub(crate) notice: String,
    pub(crate) case: String,
    pub(crate) kind: &'static str,
    pub(crate) revision: u32,
    pub(crate) state: &'static str,
    pub(crate) reason: Option<String>,
    /// Null: it was never sent and cannot be rendered.
    pub(crate) text: Option<String>,
    /// Whether the text is the one that would be sent now, not one that was.
    pub(crate) preview: bool,
    pub(crate) segments: Option<u32>,
    pub(crate) recipient: Option<String>,
    pub(crate) not_before: String,
    pub(crate) expires_at: String,
    pub(crate) attempts: u32,
    pub(crate) queued_at: String,
    pub(crate) submitted_at: Option<String>,
    pub(crate) accepted_at: Option<String>,
    pub(crate) final_at: Option<String>,
}

impl NoticeItem {
    pub(crate) fn new(stored: &StoredNotice, app: &App) -> Self {
        let preview = stored.text.is_none();
        let (text, segments) = match &stored.text {
            Some(text) => (Some(text.clone()), stored.segments),
            None => (app.parts.render_text)(stored)
                .map_or((None, None), |(text, segments)| (Some(text), Some(segments))),
        };
        let printed = |at: Option<Timestamp>| at.map(|at| at.to_string());
        Self {
            notice: stored.id.to_string(),
            case: stored.case.to_string(),
            kind: stored.kind.as_str(),
            revision: stored.revision,
            state: stored.state.as_str(),
            reason: stored.reason.as_deref().map(str::to_owned),
            text,
            preview,
            segments,
            recipient: stored.recipient.as_ref().map(Phone::reveal).map(contact::mask),
            not_before: stored.not_before.to_string(),
            expires_at: stored.expires_at.to_string(),
            attempts: stored.attempts,
            queued_at: stored.queued_at.to_string(),
            submitted_at: printed(stored.submitted_at),
            accepted_at: printed(stored.accepted_at),
            final_at: printed(stored.final_at),
        }
    }
}

pub(crate) async fn list(State(app): State<App>, uri: Uri) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, &["state", "cursor", "limit"])?;
    let limit = parameters.limit()?;
    let filter = NoticeFilter {
        state: parameters.word("state", &NoticeState::ALL)?,
        newest_first: true,
        after: parameters.cursor(Of::Notices)?,
        ..NoticeFilter::default()
    };
    // One more than asked for tells whether there is a next page.
    let mut found = app.parts.store.notices(&filter, limit + 1).await?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next = found
        .last()
        .filter(|_| has_more)
        .map(|last| cursor::encode(Of::Notices, last.sequence));
    let items = found.iter().map(|stored| NoticeItem::new(stored, &app)).collect();
    Ok(Json(Page { items, next }).into_response())
}

/// A message with the evidence that a person needs who must decide about it.
#[derive(Serialize)]
struct WholeNotice {
    #[serde(flatten)]
    item: NoticeItem,
    attempt_list: Vec<AttemptItem>,
    receipts: Vec<ReceiptItem>,
}

#[derive(Serialize)]
struct AttemptItem {
    attempt: String,
    provider: String,
    submitted_at: String,
    finished_at: Option<String>,
    /// Null: the call is in flight.
    class: Option<&'static str>,
    code: Option<String>,
    provider_id: Option<String>,
    /// Look-ups that found nothing.
    looks: u32,
    next_look: Option<String>,
    /// Since when the provider says that it never had it.
    absent_since: Option<String>,
}

#[derive(Serialize)]
struct ReceiptItem {
    received_at: String,
    state: &'static str,
    code: Option<String>,
    at: String,
}

impl AttemptItem {
    fn new(it: &AttemptEvidence) -> Self {
        let printed = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let text = |text: Option<&str>| text.map(str::to_owned);
        Self {
            attempt: it.attempt.id.to_string(),
            provider: it.attempt.provider.to_string(),
            submitted_at: it.attempt.submitted_at.to_string(),
            finished_at: printed(it.finished_at),
            class: it.attempt.class.map(AttemptClass::as_str),
            code: text(it.attempt.code.as_deref()),
            provider_id: text(it.attempt.provider_id.as_deref()),
            looks: it.looks,
            // The end of time stands for never.
            next_look: printed(it.next_look.filter(|next| *next != Timestamp::MAX)),
            absent_since: printed(it.absent_since),
        }
    }
}

pub(crate) async fn one(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = NoticeId::from_text(&id);
    let Some(stored) = app.parts.store.notice(&id).await? else {
        return Err(Problem::not_found(format!("there is no notice {id}")));
    };
    let evidence = app.parts.store.evidence(&id).await?;
    let receipt = |it: &ReceiptEvidence| ReceiptItem {
        received_at: it.received_at.to_string(),
        state: it.state.as_str(),
        code: it.code.as_deref().map(str::to_owned),
        at: it.at.to_string(),
    };
    let whole = WholeNotice {
        item: NoticeItem::new(&stored, &app),
        attempt_list: evidence.attempts.iter().map(AttemptItem::new).collect(),
        receipts: evidence.receipts.iter().map(receipt).collect(),
    };
    let body = serde_json::to_vec(&whole).expect("strings and numbers always serialise");
    Ok(tag::answer(&headers, None, body, "application/json", "no-store"))
}
