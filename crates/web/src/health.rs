//! Whether the process lives, whether it can do its work, and its metrics.

use async_trait::async_trait;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::app::App;

/// Says whether the service can do its work. SMS providers and the registry are no part of it: they may be down.
#[async_trait]
pub trait Health: Send + Sync {
    /// Everything that must be right, whether it is or not.
    async fn readiness(&self) -> Vec<Readiness>;
}

/// One thing that must be right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// What: `schema`, `stream`, `role intake`.
    pub name: String,
    /// Whether it is right.
    pub ok: bool,
    /// For people, without personal data: what is wrong and what to do.
    pub detail: String,
}

#[derive(Serialize)]
struct Live {
    live: bool,
    version: &'static str,
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    items: Vec<Readiness>,
}

pub(crate) async fn livez(State(app): State<App>) -> Response {
    Json(Live {
        live: true,
        version: app.parts.version,
    })
    .into_response()
}

pub(crate) async fn readyz(State(app): State<App>) -> Response {
    let items = app.parts.health.readiness().await;
    let ready = items.iter().all(|item| item.ok);
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(Ready { ready, items })).into_response()
}

pub(crate) async fn metrics(State(app): State<App>) -> Response {
    let text = (app.parts.metrics)();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
