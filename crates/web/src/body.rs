//! Bodies of requests that are one JSON object.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::guard;
use crate::problem::Problem;
use crate::routes::LARGEST_BODY;

/// The bytes of a body that says it is JSON.
pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let media = given.split(';').next().unwrap_or("").trim();
    // Forms of foreign pages cannot send this type.
    if !media.eq_ignore_ascii_case("application/json") {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::new(
            status,
            "media_type",
            "Another media type is wanted",
            "send application/json",
        ));
    }
    axum::body::to_bytes(body, LARGEST_BODY)
        .await
        .map_err(|_| guard::too_large(LARGEST_BODY))
}

/// What the bytes say.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| Problem::bad_request(format!("body: {error}")))
}
