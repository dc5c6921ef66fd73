//! Script and style of the page, built in: nothing is fetched from elsewhere.

use axum::http::HeaderMap;
use axum::response::Response;

use crate::tag;

const SCRIPT: &str = include_str!("assets/app.js");
const STYLE: &str = include_str!("assets/app.css");

pub(crate) async fn script(headers: HeaderMap) -> Response {
    tag::answer(
        &headers,
        SCRIPT.into(),
        "text/javascript; charset=utf-8",
        "no-cache",
    )
}

pub(crate) async fn style(headers: HeaderMap) -> Response {
    tag::answer(&headers, STYLE.into(), "text/css; charset=utf-8", "no-cache")
}
