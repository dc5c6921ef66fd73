//! A person has a message said again: a new notice of the same kind, made by the ledger of its case, where it is still true.

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use engine::ids::NoticeId;
use engine::notice::NoticeState;
use formats::inner::Inner;
use ports::dispatch::Acted;
use ports::read::NewAudit;
use serde::Serialize;

use crate::access::Caller;
use crate::app::App;
use crate::body::{self, Members};
use crate::hands;
use crate::notices;
use crate::problem::Problem;
use crate::sms;

#[derive(Serialize)]
struct Again {
    /// The one that is said again.
    notice: String,
    /// The new one.
    resent_as: String,
    /// Null: the ledger has not made it yet.
    state: Option<&'static str>,
}

pub(crate) async fn resend(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let request = Members::read(&body::read(&headers, body).await?, &["reason", "evidence"])?;
    let Some(reason) = sms::reason(&request)? else {
        return Err(Problem::member("reason", "missing; say why"));
    };
    // What the person knows that the service does not, where it is unknown whether the message went out.
    let evidence = request.line("evidence", sms::LONGEST_REASON)?;
    let stored = notices::find(&app, &caller, id).await?;
    let id = stored.id.clone();
    if stored.state == NoticeState::Unknown && evidence.is_none() {
        let detail =
            "missing; nobody knows whether this message went out, so say how you know that it did not";
        return Err(Problem::member("evidence", detail));
    }
    let wish = Inner::once_more(&stored.plate, &stored.case, stored.kind, stored.revision);
    let now = app.parts.now.now();
    if let Acted::Refused(state) = app.parts.dispatch.resend(now, &id, wish.encode().into()).await? {
        let detail = format!(
            "the notice is {}, or was said again already: resend is not possible",
            state.as_str()
        );
        let title = "Not possible in this state";
        return Err(Problem::new(StatusCode::CONFLICT, "wrong_state", title, detail));
    }
    let new = NoticeId::new(&stored.case, stored.kind, stored.revision + 1);
    let entry = NewAudit {
        at: now,
        actor: caller.name.clone(),
        action: "notice.resend".into(),
        object: id.as_str().into(),
        before: Some(stored.state.as_str().into()),
        after: Some(match evidence {
            Some(evidence) => format!("{new}: {reason}; evidence: {evidence}").into(),
            None => format!("{new}: {reason}").into(),
        }),
    };
    app.parts.store.append_audit(&entry).await?;
    // The ledger makes it, perhaps in another process.
    let made = hands::in_time(|| async { Ok(app.parts.store.notice(&new).await?) }).await?;
    let status = if made.is_some() {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    let again = Again {
        notice: id.to_string(),
        resent_as: new.to_string(),
        state: made.map(|made| made.state.as_str()),
    };
    Ok((status, Json(again)).into_response())
}
