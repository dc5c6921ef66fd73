//! The table itself: which routes there are, what each wants and what it answers.

use axum::handler::Handler;

use super::Route;
use crate::access::Needs;
use crate::app::App;
use crate::{
    acts, assets, cases, eligibility, facts, hands, health, live, notices, openapi, page, quarantine,
    receipts, resend, reviews, sms, stats,
};

/// All routes.
pub(crate) fn table() -> Vec<Route> {
    let mut routes = open();
    routes.extend(reading());
    routes.extend(changing());
    routes.extend(queues());
    routes
}

/// What shows nothing of anybody.
fn open() -> Vec<Route> {
    use Needs::Nothing;
    vec![
        Route::get("/livez", Nothing, "livez", health::livez)
            .says("Whether the process answers")
            .json("Live"),
        Route::get("/readyz", Nothing, "readyz", health::readyz)
            .says("Whether the service can do its work")
            .json("Ready")
            .answer(
                503,
                "Not ready; items says why.",
                "application/json",
                Some("Ready"),
            ),
        Route::get("/metrics", Nothing, "metrics", health::metrics)
            .says("Metrics for Prometheus")
            .text("text/plain", "The metrics."),
        Route::get("/openapi.json", Nothing, "openapi", openapi::document)
            .says("This description")
            .answer(200, "This.", "application/json", None),
        Route::get("/assets/app.js", Nothing, "script", assets::script)
            .says("The page's script")
            .text("text/javascript", "The script.")
            .tagged()
            .unchanged(),
        Route::get("/assets/app.css", Nothing, "style", assets::style)
            .says("The page's style")
            .text("text/css", "The style.")
            .tagged()
            .unchanged(),
        Route::get("/assets/icon.svg", Nothing, "icon", assets::icon)
            .says("The page's icon")
            .text("image/svg+xml", "The icon.")
            .tagged()
            .unchanged(),
    ]
}

fn reading() -> Vec<Route> {
    use Needs::Read;
    vec![
        Route::get("/", Read, "page", page::index)
            .says("The page for operators")
            .taking(&["lang"])
            .text("text/html", "The page.")
            .answer(503, "The page, which says that the store cannot be read.", "text/html", None),
        Route::get("/live", Read, "live", live::stream)
            .says("Changes of the page's parts, as server-sent events")
            .taking(&["lang"])
            .text("text/event-stream", "Events: changes, trouble."),
        Route::get("/v1/stats", Read, "stats", stats::stats)
            .says("Counts by stage, from one snapshot, with the sums that must hold")
            .json("Stats"),
        Route::get("/v1/cases", Read, "listCases", cases::list)
            .says("Cases in force, the latest decided first")
            .taking(&["subject", "outcome", "cursor", "limit"])
            .minding_authority()
            .json("Cases"),
        Route::get("/v1/cases/{id}", Read, "getCase", cases::one)
            .says("Everything about one case")
            .taking(&["id", "If-None-Match"])
            .minding_authority()
            .json("WholeCase")
            .tagged()
            .unchanged(),
        Route::get("/v1/reviews", Read, "listReviews", reviews::list)
            .says("Cases that wait for a review, in the order in which they came to wait")
            .taking(&["cursor", "limit"])
            .minding_authority()
            .json("Cases"),
        Route::get("/v1/eligibility", Read, "eligibility", eligibility::ask)
            .says("What a sighting of this plate would come to: whether it would be the first of its window, and why")
            .taking(&["plate", "class", "zone", "at"])
            .minding_authority()
            .json("Eligibility"),
        Route::get("/v1/notices", Read, "listNotices", notices::list)
            .says("Messages, the newest first")
            .taking(&["state", "cursor", "limit"])
            .minding_authority()
            .json("Notices"),
        Route::get("/v1/notices/{id}", Read, "getNotice", notices::one)
            .says("A message with its attempts, look-ups and receipts")
            .taking(&["notice"])
            .minding_authority()
            .json("WholeNotice")
            .tagged()
            .unchanged(),
        Route::get("/v1/quarantine", Read, "listQuarantine", quarantine::list)
            .says("Records that were set aside, in order of arrival. A page may hold fewer than limit and still have a next.")
            .taking(&["set-aside-reason", "set-aside-as", "entry-state", "cursor", "limit"])
            .minding_authority()
            .json("Records"),
        Route::get("/v1/quarantine/{id}", Read, "getQuarantined", quarantine::one)
            .says("One record that was set aside, with its bytes for tokens that may also act, and what it would come to today")
            .taking(&["offset", "If-None-Match"])
            .minding_authority()
            .json("WholeRecord")
            .tagged()
            .unchanged(),
        Route::get("/v1/sms", Read, "smsStatus", sms::status)
            .says("The switches of the SMS providers")
            .json("Sms"),
    ]
}

fn changing() -> Vec<Route> {
    use Needs::{Admin, Ingest};
    vec![
        Route::post("/v1/facts", Ingest, "sendFacts", facts::take)
            .says("Takes facts; answers once they are durable in the stream")
            .taking(&["Content-Encoding", "facts-Idempotency-Key"])
            .body(&[
                ("application/cloudevents+json", "Fact"),
                ("application/cloudevents-batch+json", "Facts"),
                ("application/x-ndjson", "Lines"),
            ])
            .up_to(facts::LARGEST_SENT)
            .minding_authority()
            .answer(202, "In the stream.", "application/json", Some("Taken")),
        hand("/v1/cases/{id}/void", "voidCase", hands::void)
            .says("Takes a case away")
            .body(&[("application/json", "VoidRequest")]),
        hand("/v1/cases/{id}/review", "reviewCase", hands::review)
            .says("Confirms or rejects the evidence of a case")
            .body(&[("application/json", "ReviewRequest")]),
        hand("/v1/cases/{id}/plate", "correctPlate", hands::plate)
            .says("Says which plate one of a case's observations really shows")
            .body(&[("application/json", "PlateRequest")]),
        hand("/v1/cases/{id}/discretion", "decideOtherwise", hands::discretion)
            .says("Decides otherwise than the rule")
            .body(&[("application/json", "DiscretionRequest")]),
        hand("/v1/cases/{id}/objection", "objectToCase", hands::objection)
            .says("Files the party's objection")
            .body(&[("application/json", "ObjectionRequest")]),
        Route::post(
            "/receipts/{provider}",
            Needs::Nothing,
            "takeReceipts",
            receipts::take,
        )
        .says("Keeps what an SMS provider pushes, which must be signed")
        .taking(&["provider", "webhook-id", "webhook-timestamp", "webhook-signature"])
        .body(&[("application/json", "Receipts")])
        .up_to(receipts::LARGEST)
        .empty(204, "Kept."),
        Route::post("/v1/sms/pause", Admin, "pauseSms", sms::pause)
            .says("Stops sending, of one provider or of all, until it is resumed")
            .body(&[("application/json", "PauseRequest")])
            .json("Switched"),
        Route::post("/v1/sms/resume", Admin, "resumeSms", sms::resume)
            .says("Lets sending go on")
            .body(&[("application/json", "ResumeRequest")])
            .json("Switched"),
    ]
}

/// What people do with messages and with records that were set aside.
fn queues() -> Vec<Route> {
    vec![
        on_notice("/v1/notices/{id}/hold", "holdNotice", acts::hold)
            .says("Stops a queued message until it is released"),
        on_notice("/v1/notices/{id}/release", "releaseNotice", acts::release)
            .says("Lets a held message go on"),
        on_notice("/v1/notices/{id}/cancel", "cancelNotice", acts::cancel)
            .says("Ends a message that was not sent, for good"),
        Route::post(
            "/v1/notices/{id}/resend",
            Needs::Act,
            "resendNotice",
            resend::resend,
        )
        .says("Has a message said again that did not arrive, where it is still true")
        .taking(&["notice"])
        .minding_authority()
        .body(&[("application/json", "ResendRequest")])
        .json("Resent")
        .answer(
            202,
            "Asked for, and not queued yet.",
            "application/json",
            Some("Resent"),
        ),
        on_record(
            "/v1/quarantine/{id}/redrive",
            "redriveRecord",
            quarantine::redrive,
        )
        .says("Sends a record that was set aside into the stream once more, as it is or corrected")
        .body(&[("application/json", "RedriveRequest")])
        .up_to(quarantine::LARGEST)
        .answer(
            202,
            "In the stream, and not decided on yet.",
            "application/json",
            Some("HandledRecord"),
        ),
        on_record("/v1/quarantine/{id}/drop", "dropRecord", quarantine::drop)
            .says("Lets a record go that was set aside; nobody waits for it any longer")
            .body(&[("application/json", "DropRequest")])
            .up_to(quarantine::LARGEST),
    ]
}

/// What a person does with a message.
fn on_notice<H: Handler<T, App>, T: 'static>(path: &'static str, name: &'static str, handler: H) -> Route {
    Route::post(path, Needs::Act, name, handler)
        .taking(&["notice"])
        .minding_authority()
        .body(&[("application/json", "ReasonRequest")])
        .json("Acted")
}

/// What a person does about a record that was set aside.
fn on_record<H: Handler<T, App>, T: 'static>(path: &'static str, name: &'static str, handler: H) -> Route {
    Route::post(path, Needs::Act, name, handler)
        .taking(&["offset", "Idempotency-Key", "entry-If-Match"])
        .minding_authority()
        .json("HandledRecord")
        .tagged()
}

/// What a person says about a case.
fn hand<H: Handler<T, App>, T: 'static>(path: &'static str, name: &'static str, handler: H) -> Route {
    Route::post(path, Needs::Act, name, handler)
        .taking(&["id", "Idempotency-Key", "If-Match"])
        .minding_authority()
        .json("Said")
        .tagged()
        .answer(
            202,
            "In the stream, and not decided on yet.",
            "application/json",
            Some("Said"),
        )
}
