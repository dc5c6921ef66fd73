//! The switch that stops sending: of one provider or of all, with a reason, written to the audit log.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use ports::dispatch::{ALL_PROVIDERS, Pause, ProviderState};
use ports::read::NewAudit;
use serde::Serialize;

use crate::access::Caller;
use crate::app::App;
use crate::body::{self, Members};
use crate::problem::Problem;

/// Room for a sentence or two.
pub(crate) const LONGEST_REASON: usize = 500;

const MEMBERS: [&str; 2] = ["provider", "reason"];

#[derive(Serialize)]
struct Status {
    /// Whether everything is paused.
    paused: Option<PauseItem>,
    providers: Vec<ProviderItem>,
}

/// A provider's switch.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ProviderItem {
    pub(crate) provider: String,
    /// Null: it runs.
    pub(crate) paused: Option<PauseItem>,
    pub(crate) unknowns_in_a_row: u32,
}

/// Why nothing is sent.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PauseItem {
    pub(crate) reason: String,
    pub(crate) by: String,
    pub(crate) at: String,
}

#[derive(Serialize)]
struct Switched {
    provider: String,
    paused: Option<PauseItem>,
    /// Whether it was paused before.
    was_paused: bool,
}

impl From<&Pause> for PauseItem {
    fn from(pause: &Pause) -> Self {
        Self {
            reason: pause.reason.to_string(),
            by: pause.by.to_string(),
            at: pause.at.to_string(),
        }
    }
}

impl From<&ProviderState> for ProviderItem {
    fn from(state: &ProviderState) -> Self {
        Self {
            provider: state.name.to_string(),
            paused: state.paused.as_ref().map(PauseItem::from),
            unknowns_in_a_row: state.unknowns,
        }
    }
}

/// Every configured provider and every one that the store knows, then the pause of everything.
pub(crate) async fn providers(app: &App) -> Result<(Vec<ProviderItem>, Option<PauseItem>), Problem> {
    let states = app.parts.dispatch.providers().await?;
    let (all, known): (Vec<_>, Vec<_>) = states.iter().partition(|state| &*state.name == ALL_PROVIDERS);
    let mut items: Vec<ProviderItem> = known.into_iter().map(ProviderItem::from).collect();
    for name in &app.parts.providers {
        if !items.iter().any(|item| item.provider == **name) {
            items.push(ProviderItem {
                provider: name.to_string(),
                paused: None,
                unknowns_in_a_row: 0,
            });
        }
    }
    let everything = all
        .iter()
        .find_map(|state| state.paused.as_ref())
        .map(PauseItem::from);
    Ok((items, everything))
}

pub(crate) async fn status(State(app): State<App>) -> Result<Response, Problem> {
    let (providers, paused) = providers(&app).await?;
    Ok(Json(Status { paused, providers }).into_response())
}

pub(crate) async fn pause(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let switch = Members::read(&body::read(&headers, body).await?, &MEMBERS)?;
    let provider = provider(&app, switch.text("provider")?)?;
    let Some(said) = reason(&switch)? else {
        return Err(Problem::member(
            "reason",
            "missing; say why nothing is to be sent",
        ));
    };
    let before = paused_now(&app, &provider).await?;
    let now = app.parts.now.now();
    let pause = Pause {
        reason: format!("person: {said}").into(),
        by: caller.name.clone(),
        at: now,
    };
    app.parts.dispatch.pause(&provider, &pause).await?;
    let entry = NewAudit {
        at: now,
        actor: caller.name.clone(),
        action: "sms.pause".into(),
        object: provider.clone(),
        before: Some(
            before
                .as_ref()
                .map_or_else(|| "runs".into(), |pause| pause.reason.clone()),
        ),
        after: Some(pause.reason.clone()),
    };
    audit(&app, &entry, "paused").await?;
    let paused = Some(PauseItem::from(&pause));
    Ok(Json(Switched {
        provider: provider.to_string(),
        paused,
        was_paused: before.is_some(),
    })
    .into_response())
}

pub(crate) async fn resume(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let switch = Members::read(&body::read(&headers, body).await?, &MEMBERS)?;
    let provider = provider(&app, switch.text("provider")?)?;
    let said = reason(&switch)?;
    let now = app.parts.now.now();
    let mut was_paused = false;
    for state in app.parts.dispatch.providers().await? {
        // Everything goes on only when no provider stays paused for a reason of its own.
        let is_meant = *provider == *ALL_PROVIDERS || state.name == provider;
        let Some(before) = state.paused.filter(|_| is_meant) else {
            continue;
        };
        if !app.parts.dispatch.resume(&state.name, &caller.name, now).await? {
            continue;
        }
        was_paused = true;
        let runs = said.as_ref().map(|said| format!("runs: {said}").into());
        let entry = NewAudit {
            at: now,
            actor: caller.name.clone(),
            action: "sms.resume".into(),
            object: state.name,
            before: Some(before.reason),
            after: runs.or_else(|| Some("runs".into())),
        };
        audit(&app, &entry, "resumed").await?;
    }
    Ok(Json(Switched {
        provider: provider.to_string(),
        paused: None,
        was_paused,
    })
    .into_response())
}

async fn paused_now(app: &App, provider: &str) -> Result<Option<Pause>, Problem> {
    let states = app.parts.dispatch.providers().await?;
    Ok(states
        .into_iter()
        .find(|state| &*state.name == provider)
        .and_then(|state| state.paused))
}

/// The switch comes first, since stopping must not depend on the log; so a failure here says that it is done.
async fn audit(app: &App, entry: &NewAudit, done: &str) -> Result<(), Problem> {
    app.parts.store.append_audit(entry).await.map_err(|error| {
        Problem::unavailable(format!(
            "{} is {done}, but the audit log was not written: {error}",
            entry.object
        ))
    })
}

fn provider(app: &App, given: Option<String>) -> Result<Arc<str>, Problem> {
    let Some(name) = given.filter(|name| name != ALL_PROVIDERS) else {
        return Ok(ALL_PROVIDERS.into());
    };
    let configured = &app.parts.providers;
    if name.trim().is_empty() || !(configured.is_empty() || configured.iter().any(|known| **known == name)) {
        let known = configured.join(", ");
        return Err(Problem::member(
            "provider",
            format!("not configured; configured are: {known}; leave it out for all"),
        ));
    }
    Ok(name.into())
}

/// One line of some length; none: nothing was said.
pub(crate) fn reason(given: &Members) -> Result<Option<String>, Problem> {
    let said = given.text("reason")?.map(|reason| reason.trim().to_owned());
    if said.as_ref().is_none_or(String::is_empty) {
        return Ok(None);
    }
    let said = given.line("reason", LONGEST_REASON)?;
    Ok(said.map(|reason| reason.trim().to_owned()))
}
