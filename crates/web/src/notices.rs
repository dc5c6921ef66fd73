//! Messages: the list, newest first, each with the text as sent or as it would be sent, and one of them with what is known
//! of its attempts. Phones are masked.

use std::collections::HashMap;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use engine::ids::{CaseId, NoticeId};
use engine::notice::{AttemptClass, NoticeState};
use engine::time::Timestamp;
use ports::contact::{self, Phone};
use ports::read::{AttemptEvidence, NoticeFilter, ReceiptEvidence, StoredNotice};
use serde::Serialize;

use crate::access::Caller;
use crate::app::App;
use crate::cases;
use crate::cursor::{self, Of, Page};
use crate::problem::Problem;
use crate::query::{self, Parameters};
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

/// Messages looked at for one answer where a token sees only those of one authority; the answer may then hold fewer items
/// than asked for, and still a `next`.
const LOOK: usize = 2_000;

pub(crate) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, &["state", "cursor", "limit"])?;
    let limit = parameters.limit()?;
    let mut filter = NoticeFilter {
        state: parameters.word("state", &NoticeState::ALL)?,
        newest_first: true,
        after: parameters.cursor(Of::Notices)?,
        ..NoticeFilter::default()
    };
    let mut authorities = HashMap::new();
    let (mut items, mut looked) = (Vec::new(), 0);
    // One more than asked for tells whether there is a next page.
    let chunk = limit + 1;
    let has_more = 'all: loop {
        let found = app.parts.store.notices(&filter, chunk).await?;
        for stored in &found {
            if is_visible(&app, &caller, stored, &mut authorities).await? {
                if items.len() == limit {
                    break 'all true;
                }
                items.push(NoticeItem::new(stored, &app));
            }
            filter.after = Some(stored.sequence);
        }
        looked += found.len();
        if found.len() < chunk {
            break false;
        }
        if looked >= LOOK {
            break true;
        }
    };
    let next = filter.after.filter(|_| has_more);
    let next = next.map(|after| cursor::encode(Of::Notices, after));
    Ok(Json(Page { items, next }).into_response())
}

/// Whether the caller may see a message: as its case. What was found out of cases is kept for the rest of the list.
async fn is_visible(
    app: &App,
    caller: &Caller,
    stored: &StoredNotice,
    authorities: &mut HashMap<CaseId, Option<String>>,
) -> Result<bool, Problem> {
    if caller.authority.is_none() {
        return Ok(true);
    }
    if !authorities.contains_key(&stored.case) {
        let authority = cases::authority(app, &stored.case).await?;
        authorities.insert(stored.case.clone(), authority);
    }
    let authority = authorities.get(&stored.case);
    Ok(caller.may_see(authority.and_then(|it| it.as_deref())))
}

/// The message of the address. One of a case of another authority is none.
pub(crate) async fn find(
    app: &App,
    caller: &Caller,
    given: Result<Path<String>, PathRejection>,
) -> Result<StoredNotice, Problem> {
    let id = query::text_of(given, "id")?;
    let none = || Problem::not_found("no notice has this id");
    let found = app.parts.store.notice(&NoticeId::from_text(&id)).await?;
    let stored = found.ok_or_else(none)?;
    if is_visible(app, caller, &stored, &mut HashMap::new()).await? {
        return Ok(stored);
    }
    app.note_foreign(caller, "notice", stored.id.as_str()).await;
    Err(none())
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
    Extension(caller): Extension<Caller>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let stored = find(&app, &caller, id).await?;
    let evidence = app.parts.store.evidence(&stored.id).await?;
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
