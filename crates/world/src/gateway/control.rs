//! The control API under `/_control`, on the same port; it never appears in the ledger.

use serde::Deserialize;
use serde_json::{Value, json};

use super::desk::Desk;
use super::http::{Request, Response};
use super::plan::{Format, Plan};
use super::receipts::{About, ReceiptFault};

pub(super) fn answer(desk: &Desk, request: &Request) -> Response {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/_control/calls") => calls(desk, request),
        ("GET", "/_control/stats") => stats(desk),
        ("GET", "/_control/plan") => Response::json(200, &json!(desk.books().course.plan())),
        ("PUT", "/_control/plan") => put_plan(desk, request),
        ("POST", "/_control/clear-plan") => {
            let calm = desk.books().course.plan().without_faults();
            desk.obey(calm);
            Response::json(200, &json!(desk.books().course.plan()))
        }
        ("GET", "/_control/pushes") => Response::json(200, &json!(desk.post.pushed())),
        ("POST", "/_control/push") => push(desk, request),
        (_, "/_control/calls" | "/_control/stats" | "/_control/pushes") => wrong_method("GET"),
        (_, "/_control/plan") => wrong_method("GET, PUT"),
        (_, "/_control/push" | "/_control/clear-plan") => wrong_method("POST"),
        _ => error(
            404,
            "there are calls, stats, plan, clear-plan, pushes and push under /_control",
        ),
    }
}

/// All ledger lines, or with `?limit=N` the last N.
fn calls(desk: &Desk, request: &Request) -> Response {
    let limit = match request.parameter("limit").map(str::parse::<usize>) {
        None => usize::MAX,
        Some(Ok(limit)) => limit,
        Some(Err(_)) => return error(400, "limit is not a number"),
    };
    let reader = desk.books().ledger.reader();
    match reader.calls() {
        Ok(calls) => Response::json(200, &json!(calls[calls.len().saturating_sub(limit)..])),
        Err(fault) => error(500, &fault.to_string()),
    }
}

fn stats(desk: &Desk) -> Response {
    let books = desk.books();
    let mut told = json!(books.ledger.stats());
    told["duplicates"] = books
        .ledger
        .duplicates()
        .map(|(client_ref, times)| (client_ref.to_owned(), times.into()))
        .collect::<serde_json::Map<String, Value>>()
        .into();
    Response::json(200, &told)
}

fn put_plan(desk: &Desk, request: &Request) -> Response {
    let Ok(text) = std::str::from_utf8(&request.body) else {
        return error(422, "plan: not UTF-8");
    };
    let is_toml = request
        .header("content-type")
        .is_some_and(|kind| kind.contains("toml"));
    match Plan::parse(text, if is_toml { Format::Toml } else { Format::Json }, "plan") {
        Ok(plan) => {
            desk.obey(plan);
            Response::json(200, &json!(desk.books().course.plan()))
        }
        Err(fault) => error(422, &fault.to_string()),
    }
}

/// What `POST /_control/push` asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    client_ref: String,
    fault: Option<ReceiptFault>,
}

/// Pushes receipts of a message again, or for the first time, as asked.
fn push(desk: &Desk, request: &Request) -> Response {
    let wanted: Wanted = match serde_json::from_slice(&request.body) {
        Ok(wanted) => wanted,
        Err(fault) => return error(422, &format!("push: {fault}")),
    };
    let books = desk.books();
    let Some(receipts) = &books.course.plan().receipts else {
        return error(409, "the plan in force has no `receipts`");
    };
    let Some(taken) = books.ledger.find(&wanted.client_ref) else {
        return error(404, "no message was taken under this client_ref");
    };
    let about = About {
        client_ref: wanted.client_ref,
        message_id: taken.message_id.clone(),
    };
    // Nobody waits here for the push: `pushes` tells what came of it.
    let _unwatched = desk.push(books.course.plan(), receipts, wanted.fault, &about);
    Response::json(202, &json!({"message_id": about.message_id}))
}

fn wrong_method(allowed: &str) -> Response {
    error(405, &format!("use {allowed}")).header("Allow", allowed)
}

fn error(status: u16, detail: &str) -> Response {
    Response::json(status, &json!({"error": detail}))
}
