//! What a person does with one message that was not sent: hold, release, cancel.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use engine::ids::NoticeId;
use ports::dispatch::{Acted, NoticeAct};
use ports::read::NewAudit;
use serde::{Deserialize, Serialize};

use crate::access::Caller;
use crate::app::App;
use crate::body;
use crate::problem::Problem;
use crate::sms;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    reason: Option<String>,
}

#[derive(Serialize)]
struct Done {
    notice: String,
    /// The state that it had.
    before: &'static str,
    state: &'static str,
}

pub(crate) async fn hold(
    state: State<App>,
    caller: Extension<Caller>,
    id: Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    act(&state.0, &caller.0, id.0, &headers, body, NoticeAct::Hold, "hold").await
}

pub(crate) async fn release(
    state: State<App>,
    caller: Extension<Caller>,
    id: Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let act_of = NoticeAct::Release;
    act(&state.0, &caller.0, id.0, &headers, body, act_of, "release").await
}

pub(crate) async fn cancel(
    state: State<App>,
    caller: Extension<Caller>,
    id: Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let act_of = NoticeAct::Cancel;
    act(&state.0, &caller.0, id.0, &headers, body, act_of, "cancel").await
}

async fn act(
    app: &App,
    caller: &Caller,
    id: String,
    headers: &HeaderMap,
    body: Body,
    act: NoticeAct,
    verb: &str,
) -> Result<Response, Problem> {
    let request: Request = body::parse(&body::read(headers, body).await?)?;
    let Some(reason) = sms::reason(request.reason)? else {
        return Err(Problem::parameter("reason", "missing; say why"));
    };
    let (now, notice) = (app.parts.now.now(), NoticeId::from_text(&id));
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
        object: id.as_str().into(),
        before: Some(from.as_str().into()),
        after: Some(format!("{}: {reason}", to.as_str()).into()),
    };
    app.parts.store.append_audit(&entry).await?;
    let (before, state) = (from.as_str(), to.as_str());
    Ok(Json(Done {
        notice: id,
        before,
        state,
    })
    .into_response())
}
