//! What stands around every request: who may ask, how large and how long, the headers of every answer, and the log.
//! The log names the route, never the address: addresses hold case numbers and plates.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::problem::Problem;
use crate::receipts;

/// An answer that takes longer is given up; reads of the store take milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

const REQUESTS: &str = "clearwalk_http_requests_total";
const SECONDS: &str = "clearwalk_http_request_seconds";

const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/// Headers of every answer.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Puts the guard around all routes.
pub(crate) fn around(routes: Router<App>, app: &App) -> Router<App> {
    metrics::describe_counter!(REQUESTS, "Requests by route and status");
    metrics::describe_histogram!(SECONDS, metrics::Unit::Seconds, "Time to answer, by route");
    receipts::describe();
    routes.layer(middleware::from_fn_with_state(app.clone(), guard))
}

pub(crate) async fn no_such_page() -> Problem {
    Problem::not_found("no such page; /openapi.json lists what there is")
}

pub(crate) async fn wrong_method() -> Problem {
    let detail = "the Allow header lists the methods of this address";
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "Another method is wanted",
        detail,
    )
}

async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str)
        .to_owned();
    let mut response = match refuse(&request, app.parts.tokens.is_some()) {
        Some(problem) => problem.into_response(),
        None => tokio::time::timeout(PATIENCE, next.run(request))
            .await
            .unwrap_or_else(|_| {
                Problem::unavailable(format!("no answer within {} s", PATIENCE.as_secs())).into_response()
            }),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let status = response.status().as_u16();
    let taken = began.elapsed();
    metrics::counter!(REQUESTS, "route" => route.clone(), "status" => status.to_string()).increment(1);
    metrics::histogram!(SECONDS, "route" => route.clone()).record(taken);
    tracing::info!(%method, route, status, millis = taken.as_millis() as u64, "request answered");
    response
}

/// Where tokens are used, no page can make a browser send one, so that the service may have any name.
fn refuse(request: &Request, has_tokens: bool) -> Option<Problem> {
    let headers = request.headers();
    if !has_tokens && !names_this_machine(request.uri(), headers) {
        let detail = "the host must be localhost, 127.0.0.1 or [::1]: other names could point here from a foreign page";
        return Some(Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "foreign_host",
            "Not the name of this service",
            detail,
        ));
    }
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if changes && comes_from_a_foreign_page(headers, has_tokens) {
        let detail = "a change must come from this service's own page or from no page at all";
        return Some(Problem::new(
            StatusCode::FORBIDDEN,
            "foreign_page",
            "Sent by another page",
            detail,
        ));
    }
    None
}

pub(crate) fn too_large(largest: usize) -> Problem {
    too_large_as(format!("at most {largest} bytes are taken"))
}

pub(crate) fn too_large_as(detail: String) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        "The body is too large",
        detail,
    )
}

/// A page anywhere can have its own name resolve to 127.0.0.1; its requests then carry that name.
fn names_this_machine(uri: &Uri, headers: &HeaderMap) -> bool {
    let named = headers.get(header::HOST).map(|host| host.to_str().unwrap_or(""));
    let authority = uri.authority().map(axum::http::uri::Authority::as_str);
    let mut given = named.into_iter().chain(authority).peekable();
    given.peek().is_some() && given.all(is_loopback)
}

fn is_loopback(host: &str) -> bool {
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| {
        let Some((start, rest)) = host.split_at_checked(name.len()) else {
            return false;
        };
        let port = rest
            .strip_prefix(':')
            .map(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
        start.eq_ignore_ascii_case(name) && (rest.is_empty() || port == Some(true))
    })
}

fn comes_from_a_foreign_page(headers: &HeaderMap, has_tokens: bool) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let site = headers
        .get("sec-fetch-site")
        .map(|value| value.to_str().unwrap_or(""));
    let origin = headers
        .get(header::ORIGIN)
        .map(|value| value.to_str().unwrap_or(""));
    site.is_some_and(|site| !matches!(site, "same-origin" | "none"))
        || origin.is_some_and(|origin| {
            let scheme = origin
                .strip_prefix("http://")
                .or_else(|| origin.strip_prefix("https://"));
            let is_own = |name: &str| is_loopback(name) || (has_tokens && host == Some(name));
            !scheme.is_some_and(is_own)
        })
}
