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
/// News that was there already. Label `provider`.
const DUPLICATES: &str = "clearwalk_sms_receipts_duplicate_total";
/// Pushes and pieces of news that were not taken. Labels `provider`, `why`.
const REFUSED: &str = "clearwalk_sms_receipts_refused_total";

/// So many unreadable items of one push are named in the log.
const NAMED: usize = 5;

/// Tells the recorder what the metrics of this module mean.
pub(crate) fn describe() {
    metrics::describe_counter!(DUPLICATES, "News that was pushed before");
    metrics::describe_counter!(
        REFUSED,
        "Pushes and pieces of news that were not taken, by reason"
    );
}

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
    let name = gateway.name().to_string();
    let pushed = gateway.read_push(push, now).map_err(|error| {
        let why = match error {
            PushError::NotTaken(_) | PushError::Unsigned(_) => "unsigned",
            PushError::Malformed(_) => "malformed",
        };
        metrics::counter!(REFUSED, "provider" => name.clone(), "why" => why).increment(1);
        refusal(&error)
    })?;
    let unreadable = pushed.unreadable.len() as u64;
    metrics::counter!(REFUSED, "provider" => name.clone(), "why" => "unreadable").increment(unreadable);
    for (number, what) in pushed.unreadable.iter().take(NAMED) {
        tracing::warn!(%provider, number, what, "a receipt cannot be read and is left out");
    }
    if pushed.receipts.is_empty()
        && let Some((number, what)) = pushed.unreadable.first()
    {
        return Err(Problem::bad_request(format!("receipt {number}: {what}")));
    }
    let new = app.parts.dispatch.keep_receipts(now, &pushed.receipts).await?;
    let known = (pushed.receipts.len() as u64).saturating_sub(new);
    metrics::counter!(DUPLICATES, "provider" => name).increment(known);
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
