//! What providers push: checked, kept, answered. Nothing is applied here, so that a provider never waits for that.

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use ports::gateway::{Gateway, Push, PushError};

use crate::app::App;
use crate::guard;
use crate::problem::Problem;
use crate::query;

/// Ten thousand receipts with long ids.
pub(crate) const LARGEST: usize = 8 << 20;
/// So many unreadable items of one push are named in the log.
const NAMED: usize = 5;

pub(crate) async fn take(
    State(app): State<App>,
    provider: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let provider = query::text_of(provider, "provider")?;
    let gateway = gateway(&app, &provider)?;
    let body = axum::body::to_bytes(body, LARGEST)
        .await
        .map_err(|_| guard::too_large(LARGEST))?;
    let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
    let push = Push {
        header: &header,
        body: &body,
    };
    let now = app.parts.now.now();
    let pushed = gateway.read_push(push, now).map_err(|error| refusal(&error))?;
    for (number, what) in pushed.unreadable.iter().take(NAMED) {
        tracing::warn!(%provider, number, what, "a receipt cannot be read and is left out");
    }
    if pushed.receipts.is_empty()
        && let Some((number, what)) = pushed.unreadable.first()
    {
        return Err(Problem::bad_request(format!("receipt {number}: {what}")));
    }
    app.parts.dispatch.keep_receipts(now, &pushed.receipts).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// By its configured name, else by its kind while only one provider has that.
fn gateway<'a>(app: &'a App, provider: &str) -> Result<&'a dyn Gateway, Problem> {
    let gateways = &app.parts.gateways;
    let named = gateways.iter().find(|(_, gateway)| **gateway.name() == *provider);
    if let Some((_, gateway)) = named {
        return Ok(&**gateway);
    }
    let mut of_kind = gateways.iter().filter(|(kind, _)| *kind == provider);
    match (of_kind.next(), of_kind.next()) {
        (Some((_, gateway)), None) => Ok(&**gateway),
        (Some(_), Some(_)) => Err(Problem::not_found(
            "several providers are of this kind; use the configured name",
        )),
        (None, _) => Err(Problem::not_found("no such provider")),
    }
}

fn refusal(error: &PushError) -> Problem {
    match error {
        PushError::NotTaken(_) | PushError::Unsigned(_) => {
            let title = "The receipt is not taken";
            Problem::new(StatusCode::UNAUTHORIZED, "unsigned", title, error.to_string())
        }
        PushError::Malformed(_) => Problem::bad_request(error.to_string()),
    }
}
