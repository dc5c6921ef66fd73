//! Messages: the list, newest first, each with the text as sent or as it would be sent. Phones are masked.

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use engine::notice::NoticeState;
use engine::time::Timestamp;
use ports::contact::{self, Phone};
use ports::read::{NoticeFilter, StoredNotice};
use serde::Serialize;

use crate::app::App;
use crate::cursor::{self, Of, Page};
use crate::problem::Problem;
use crate::query::Parameters;

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
        case: None,
        state: parameters.word("state", &NoticeState::ALL)?,
        newest_first: true,
        after: parameters.cursor(Of::Notices)?,
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
