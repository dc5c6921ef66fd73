//! What a person does with one message that was not sent: hold, release, cancel.

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use ports::dispatch::{Acted, NoticeAct};
use ports::read::NewAudit;
use serde::Serialize;

use crate::access::Caller;
use crate::app::App;
use crate::body::{self, Members};
use crate::notices;
use crate::problem::Problem;
use crate::sms;

#[derive(Serialize)]
struct Done {
    notice: String,
    /// The state that it had.
    before: &'static str,
    state: &'static str,
}

/// One handler for each act: they differ in the act and its verb only.
macro_rules! acts {
    ($($name:ident: $act:expr,)*) => {$(
        pub(crate) async fn $name(
            State(app): State<App>,
            Extension(caller): Extension<Caller>,
            id: Result<Path<String>, PathRejection>,
            headers: HeaderMap,
            body: Body,
        ) -> Result<Response, Problem> {
            act(&app, &caller, id, &headers, body, $act, stringify!($name)).await
        }
    )*};
}

acts! {
    hold: NoticeAct::Hold,
    release: NoticeAct::Release,
    cancel: NoticeAct::Cancel,
}

async fn act(
    app: &App,
    caller: &Caller,
    id: Result<Path<String>, PathRejection>,
    headers: &HeaderMap,
    body: Body,
    act: NoticeAct,
    verb: &str,
) -> Result<Response, Problem> {
    let request = Members::read(&body::read(headers, body).await?, &["reason"])?;
    let Some(reason) = sms::reason(&request)? else {
        return Err(Problem::member("reason", "missing; say why"));
    };
    let (now, notice) = (app.parts.now.now(), notices::find(app, caller, id).await?.id);
    let kept = format!("person: {reason}");
    let (from, to) = match app.parts.dispatch.act(now, &notice, act, &kept).await? {
        Acted::Done { from, to } => (from, to),
        Acted::Refused(state) => {
            let detail = format!("the notice is {}: {verb} is not possible", state.as_str());
            let title = "Not possible in this state";
            return Err(Problem::new(StatusCode::CONFLICT, "wrong_state", title, detail));
        }
    };
    let entry = NewAudit {
        at: now,
        actor: caller.name.clone(),
        action: format!("notice.{verb}").into(),
        object: notice.as_str().into(),
        before: Some(from.as_str().into()),
        after: Some(format!("{}: {reason}", to.as_str()).into()),
    };
    app.parts.store.append_audit(&entry).await?;
    let (before, state) = (from.as_str(), to.as_str());
    Ok(Json(Done {
        notice: notice.to_string(),
        before,
        state,
    })
    .into_response())
}
