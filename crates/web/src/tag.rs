//! Entity tags: an answer that the caller has already is not sent again.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::ids;

/// The body with a strong tag, or 304 where `If-None-Match` names it.
pub(crate) fn answer(
    headers: &HeaderMap,
    body: Vec<u8>,
    media: &'static str,
    caching: &'static str,
) -> Response {
    let tag = tag(&body);
    let cached = [
        (
            header::ETAG,
            HeaderValue::from_str(&tag).expect("hexadecimal digits in quotes"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static(caching)),
    ];
    if has_it(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, cached).into_response();
    }
    (cached, [(header::CONTENT_TYPE, media)], body).into_response()
}

/// The first 16 bytes of a hash of the body.
fn tag(body: &[u8]) -> String {
    let digest = ids::hash(&[body]);
    let half: [u8; 16] = std::array::from_fn(|index| digest[index]);
    format!("\"{:032x}\"", u128::from_be_bytes(half))
}

fn has_it(headers: &HeaderMap, tag: &str) -> bool {
    let given = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut tags = given.flat_map(|list| list.split(',')).map(str::trim);
    tags.any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}
