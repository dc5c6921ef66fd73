//! Script, style and icon of the page, built in: nothing is fetched from elsewhere.

use axum::http::HeaderMap;
use axum::response::Response;

use crate::tag;

const SCRIPT: &str = include_str!("assets/app.js");
const ICON: &str = include_str!("assets/icon.svg");
const STYLE: &str = include_str!("assets/app.css");

pub(crate) async fn script(headers: HeaderMap) -> Response {
    tag::answer(
        &headers,
        None,
        SCRIPT.into(),
        "text/javascript; charset=utf-8",
        "no-cache",
    )
}

pub(crate) async fn icon(headers: HeaderMap) -> Response {
    tag::answer(&headers, None, ICON.into(), "image/svg+xml", "no-cache")
}

pub(crate) async fn style(headers: HeaderMap) -> Response {
    tag::answer(
        &headers,
        None,
        STYLE.into(),
        "text/css; charset=utf-8",
        "no-cache",
    )
}
