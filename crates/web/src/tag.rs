//! Entity tags: an answer that the caller has already is not sent again.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::ids;

/// The tag of a version of a case, whatever else is shown with it.
pub(crate) fn of_version(version: u32) -> HeaderValue {
    HeaderValue::try_from(format!("\"v{version}\"")).expect("a letter and digits in quotes")
}

/// Whether `If-Match` names this version; none: there is no such header. What stands behind the version in a tag is about
/// the messages of the case, which change by themselves.
pub(crate) fn matches(headers: &HeaderMap, version: u32) -> Option<bool> {
    headers.contains_key(header::IF_MATCH).then(|| {
        let given = headers.get_all(header::IF_MATCH).iter();
        let mut tags = given
            .filter_map(|value| value.to_str().ok())
            .flat_map(|list| list.split(','))
            .map(str::trim);
        tags.any(|one| {
            let version_of = |tag: &str| {
                let inner = tag.strip_prefix("\"v")?.strip_suffix('"')?;
                inner.split('-').next()?.parse::<u32>().ok()
            };
            one == "*" || version_of(one) == Some(version)
        })
    })
}

/// The body with a strong tag, which begins with the version of the case where it is one, or 304 where `If-None-Match` names it.
pub(crate) fn answer(
    headers: &HeaderMap,
    version: Option<u32>,
    body: Vec<u8>,
    media: &'static str,
    caching: &'static str,
) -> Response {
    let tag = match version {
        Some(version) => format!("\"v{version}-{}\"", hash(&body)),
        None => format!("\"{}\"", hash(&body)),
    };
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
fn hash(body: &[u8]) -> String {
    let digest = ids::hash(&[body]);
    let half: [u8; 16] = std::array::from_fn(|index| digest[index]);
    format!("{:032x}", u128::from_be_bytes(half))
}

fn has_it(headers: &HeaderMap, tag: &str) -> bool {
    let given = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut tags = given.flat_map(|list| list.split(',')).map(str::trim);
    tags.any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}
