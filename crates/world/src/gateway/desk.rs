//! The desk: takes one request, lets the plan decide, writes the ledger, and says what the
//! client may see.
//!
//! The order is the promise: nothing leaves here before its line is with the system.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::fmt::strtime;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};

use super::control;
use super::fault::{Fault, Manner, Setting};
use super::generic::{self, Asked, Refusal, Send};
use super::http::{Malformed, Request, Response};
use super::ledger::{Call, Ledger, Verdict};
use super::plan::{Course, Plan};
use super::post::{Parcel, Post};
use super::receipts::{About, ReceiptFault, Receipts};

/// How far a clock is off that is wrong, in seconds: more than any provider forgives.
pub(super) const SKEW: i64 = 16 * 60;

/// What the connections share.
pub(super) struct Desk {
    books: Mutex<Books>,
    token: Option<String>,
    pub(super) post: Post,
    /// For how long no connection is taken, from when that is said.
    hole: watch::Sender<Option<Duration>>,
}

/// Plan and ledger under one lock, so that a decision and its line are one step.
pub(super) struct Books {
    pub(super) course: Course,
    pub(super) ledger: Ledger,
}

/// How long things take, as the plan in force says.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    pub(super) slow_by: Duration,
    pub(super) drip: Duration,
    pub(super) hang_limit: Duration,
}

impl Desk {
    pub(super) fn new(ledger: Ledger, plan: Plan, token: Option<String>, post: Post) -> Desk {
        let hole = plan.connections.black_hole.map(|length| length.0);
        Desk {
            books: Mutex::new(Books {
                course: Course::new(plan),
                ledger,
            }),
            token,
            post,
            hole: watch::Sender::new(hole),
        }
    }

    pub(super) fn books(&self) -> MutexGuard<'_, Books> {
        // A panic elsewhere leaves the books whole: each change is one insertion.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn pace(&self) -> Pace {
        let books = self.books();
        let plan = books.course.plan();
        Pace {
            slow_by: plan.slow_by.0,
            drip: plan.drip.0,
            hang_limit: plan.hang_limit.0,
        }
    }

    /// The time by the gateway's own clock.
    fn time(&self) -> Timestamp {
        time_of(self.books().course.plan())
    }

    /// The `Date` of an answer that leaves now.
    pub(super) fn date(&self) -> String {
        http_date(self.time())
    }

    /// Puts a plan in force; its counts begin anew.
    pub(super) fn obey(&self, plan: Plan) {
        let hole = plan.connections.black_hole.map(|length| length.0);
        self.books().course = Course::new(plan);
        self.hole.send_replace(hole);
    }

    /// Follows how long no connection is to be taken from now on.
    pub(super) fn holes(&self) -> watch::Receiver<Option<Duration>> {
        self.hole.subscribe()
    }

    /// Takes a request; the ledger has its line when this returns.
    pub(super) fn receive(&self, request: &Request) -> Manner {
        if request.path == "/_control" || request.path.starts_with("/_control/") {
            return Manner::Answer(control::answer(self, request));
        }
        match generic::read(request, self.token.as_deref()) {
            Ok(Asked::Send(send)) => self.take(request, send),
            Ok(Asked::LookUp { client_ref }) => self.look_up(request, client_ref),
            Err(refusal) => self.refuse(request, refusal),
        }
    }

    /// Notes bytes that were no request.
    pub(super) fn note_malformed(&self, malformed: &Malformed) -> Response {
        let call = Call {
            request: json!({"malformed": malformed.detail}),
            ..blank(Verdict::None)
        };
        let answer = Response::problem(malformed.status, "invalid_request", &malformed.detail);
        record(&mut self.books(), &call).unwrap_or(answer)
    }

    fn take(&self, request: &Request, send: Send) -> Manner {
        let mut books = self.books();
        if let Some(answer) = over_a_limit(&books, &send.to) {
            let refusal = Refusal {
                answer,
                is_send: true,
            };
            drop(books);
            return self.refuse(request, refusal);
        }
        let fault = books.course.fault_of_send(&send.client_ref, &send.to);
        let verdict = fault.map_or(Verdict::Accepted, Fault::verdict);
        let message_id = books.ledger.next_id();
        let manner = match fault {
            None => Manner::Answer(Response::taken(200, &message_id)),
            Some(fault) => manner_of(fault, &books, request, &message_id),
        };
        let about = About {
            client_ref: send.client_ref.clone(),
            message_id: message_id.clone(),
        };
        let to = send.to.clone();
        let call = Call {
            request: describe(request),
            client_ref: Some(send.client_ref),
            to: Some(send.to),
            text: send.text,
            fault,
            message_id: (verdict == Verdict::Accepted).then_some(message_id),
            ..blank(verdict)
        };
        if let Some(answer) = record(&mut books, &call) {
            return Manner::Answer(answer);
        }
        if verdict != Verdict::Accepted {
            return manner;
        }
        books.course.count_accepted();
        match books.course.receipts_of(&about.client_ref, &to) {
            Some((receipts, fault)) => match self.push(books.course.plan(), receipts, fault, &about) {
                Some(pushed) => Manner::After(pushed, Box::new(manner)),
                None => manner,
            },
            None => manner,
        }
    }

    /// Hands the receipts of a message to the post; gives what to wait for before anything is answered.
    pub(super) fn push(
        &self,
        plan: &Plan,
        receipts: &Receipts,
        fault: Option<ReceiptFault>,
        about: &About,
    ) -> Option<oneshot::Receiver<()>> {
        let ahead = SignedDuration::from_secs(plan.clock_ahead);
        if fault.is_none() && receipts.is_batched() {
            self.post.send_with_others(receipts, about.clone());
            return None;
        }
        let (done, pushed) = (fault == Some(ReceiptFault::BeforeAnswer))
            .then(oneshot::channel)
            .unzip();
        self.post.send(Parcel {
            receipts: receipts.clone(),
            about: about.clone(),
            fault,
            pushes: receipts.pushes(fault, about, now() + ahead),
            done,
        });
        pushed
    }

    fn look_up(&self, request: &Request, client_ref: String) -> Manner {
        let mut books = self.books();
        let fault = books.course.fault_of_look_up();
        let manner = match fault {
            None => Manner::Answer(found(&books, &client_ref)),
            Some(fault) => manner_of(fault, &books, request, "none"),
        };
        let call = Call {
            request: describe(request),
            client_ref: Some(client_ref),
            fault,
            ..blank(Verdict::None)
        };
        record(&mut books, &call).map_or(manner, Manner::Answer)
    }

    fn refuse(&self, request: &Request, refusal: Refusal) -> Manner {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let text_of = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
        let call = Call {
            request: describe(request),
            client_ref: text_of("client_ref"),
            to: text_of("to"),
            ..blank(if refusal.is_send {
                Verdict::Refused
            } else {
                Verdict::None
            })
        };
        Manner::Answer(record(&mut self.books(), &call).unwrap_or(refusal.answer))
    }
}

/// What a send is answered that a vendor's own count forbids.
fn over_a_limit(books: &Books, to: &str) -> Option<Response> {
    if books.course.is_revoked() {
        return Some(Response::problem(401, "unauthorized", "the key was revoked"));
    }
    if books.course.is_broke() {
        return Some(Response::problem(403, "balance", "the balance has run out"));
    }
    let wait = books
        .ledger
        .windows
        .wait(&books.course.plan().limits, to, now())?;
    let answer = Response::problem(429, "throttled", "a limit of this number is reached");
    Some(answer.header("Retry-After", &wait.to_string()))
}

fn manner_of(fault: Fault, books: &Books, request: &Request, message_id: &str) -> Manner {
    let retry_after = books.course.plan().retry_after.0;
    let now = time_of(books.course.plan());
    // Rounded up, since an HTTP date knows no fractions and must not lie in the past.
    let seconds = retry_after.as_millis().div_ceil(1000) as u64;
    let date = http_date(now + SignedDuration::from_secs(seconds as i64 + 1));
    fault.manner(&Setting {
        message_id,
        last_id: &books.ledger.last_id(),
        elsewhere: &books.course.plan().elsewhere,
        path: &request.path,
        retry_after_seconds: seconds,
        retry_after_date: &date,
        dates: [-SKEW, SKEW].map(|off| http_date(now + SignedDuration::from_secs(off))),
        retry_after_date_ahead: http_date(now + SignedDuration::from_secs(SKEW + seconds as i64)),
    })
}

/// The time by the clock that a plan gives the gateway.
fn time_of(plan: &Plan) -> Timestamp {
    now() + SignedDuration::from_secs(plan.clock_ahead)
}

/// As HTTP writes times.
fn http_date(at: Timestamp) -> String {
    strtime::format("%a, %d %b %Y %H:%M:%S GMT", &at.to_zoned(jiff::tz::TimeZone::UTC))
        .expect("every part of the pattern is there in a zoned time")
}

fn found(books: &Books, client_ref: &str) -> Response {
    let Some(taken) = books.ledger.find(client_ref) else {
        return Response::problem(404, "not_found", "no message was taken under this client_ref");
    };
    let waited = now().duration_since(taken.at).unsigned_abs();
    if waited < books.course.plan().look_up_lag.0 {
        return Response::problem(404, "not_found", "no message was taken under this client_ref");
    }
    let delivered = waited >= books.course.plan().receipt_delay.0;
    let state = if delivered { "delivered" } else { "accepted" };
    Response::json(200, &json!({"message_id": taken.message_id, "state": state}))
}

/// Writes the line; when that fails nothing counts as taken, and the answer is this 500.
fn record(books: &mut Books, call: &Call) -> Option<Response> {
    match books.ledger.record(call) {
        Ok(()) => None,
        Err(error) => Some(Response::problem(500, "ledger", &error.to_string())),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the gateway is the outside world, with a clock of its own"
)]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}

fn blank(verdict: Verdict) -> Call {
    Call {
        at: format!("{:.6}", now()),
        request: Value::Null,
        client_ref: None,
        to: None,
        text: None,
        verdict,
        fault: None,
        message_id: None,
    }
}

/// The request as the ledger keeps it; headers, and so tokens, are left out.
fn describe(request: &Request) -> Value {
    let mut told = json!({"method": request.method, "path": request.path});
    if !request.query.is_empty() {
        let pairs = request
            .query
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        told["query"] = pairs.collect::<serde_json::Map<_, _>>().into();
    }
    if !request.body.is_empty() {
        told["body"] = serde_json::from_slice(&request.body)
            .unwrap_or_else(|_| String::from_utf8_lossy(&request.body).into());
    }
    told
}
