//! The description of the API, as OpenAPI 3.1. It is written by hand; tests hold it to the routes and the closed lists.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::app::App;

pub(crate) const DOCUMENT: &str = include_str!("openapi.json");

pub(crate) async fn document(State(app): State<App>) -> Response {
    let mut document: Value = serde_json::from_str(DOCUMENT).expect("a test reads it");
    document["info"]["version"] = app.parts.version.into();
    Json(document).into_response()
}
