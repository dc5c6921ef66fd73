//! Requests to the service: its routes in this process over a store in memory, and intake behind them.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use anyhow::Result;
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use bytes::Bytes;
use engine::plate::Grammar;
use engine::rules::Rules;
use engine::time::Timestamp;
use formats::rules_files::{self, RulesFiles};
use pipeline::intake::{Intake, JudgeBy};
use ports::log::{NewEnvelope, Stream as _};
use ports::read::{NoticeFilter, ReadStore as _, Store};
use serde_json::Value;
use testkit::{FixedClock, MemoryStore};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;
use web::{Health, Parts, Readiness};

use super::{EVENTS, facts, tells_nothing};
use crate::run::{Check, Target};

/// Requests, beside those that are made of every fact.
const REQUESTS: &str = include_str!("../../corpus/requests.txt");
/// Between two requests in that file.
const BETWEEN: &str = "\n=====\n";
/// Answers that are looked at are far smaller.
const LARGEST: usize = 4 << 20;

pub(super) fn targets() -> Result<Vec<Target>> {
    let requests: Vec<Vec<u8>> = REQUESTS
        .split(BETWEEN)
        .map(|request| request.trim_start().as_bytes().to_vec())
        .collect();
    let mut sent = Vec::new();
    for (number, fact) in EVENTS.lines().enumerate() {
        let pack = ["", "x-pack: gzip\n", "x-pack: zstd\n"][number % 3];
        sent.push(format!("content-type: application/cloudevents+json\n{pack}\n{fact}").into_bytes());
    }
    let lines = EVENTS.lines().collect::<Vec<_>>();
    for pack in ["", "x-pack: gzip\n", "idempotency-key: k-1\n"] {
        let mut text = String::new();
        write!(
            text,
            "content-type: application/cloudevents-batch+json\n{pack}\n[{}]",
            lines.join(",")
        )?;
        sent.push(text.into_bytes());
        sent.push(format!("content-type: application/x-ndjson\n{pack}\n{EVENTS}").into_bytes());
    }
    Ok(vec![
        Target {
            name: "requests",
            corpus: requests,
            words: WORDS,
            longest: 4096,
            prepare: Box::new(|| service(None)),
        },
        Target {
            name: "door",
            corpus: sent,
            words: facts::WORDS,
            longest: 12 * 1024,
            prepare: Box::new(|| service(Some("POST /v1/facts"))),
        },
    ])
}

const WORDS: &[&str] = &[
    "GET ",
    "POST ",
    "/v1/cases/{case}",
    "/v1/notices/{notice}",
    "/v1/quarantine/{entry}",
    "/v1/cases?subject=",
    "?cursor=c",
    "&limit=",
    "&cursor=c0",
    "&outcome=waived",
    "%",
    "%E6%B9%98K12345",
    "%ff",
    "%00",
    "if-match: \"v1\"\n",
    "if-match: *\n",
    "if-match: W/\"v1\", \"\n",
    "if-none-match: \"v1\"\n",
    "idempotency-key: k\n",
    "idempotency-key: \n",
    "content-type: text/plain\n",
    "content-encoding: gzip\n",
    "content-encoding: zstd\n",
    "content-length: 18446744073709551615\n",
    "x-pack: gzip\n",
    "last-event-id: 99999999999999999999\n",
    "accept-language: en;q=nan\n",
    "authorization: Bearer cwt_\n",
    "host: evil.example\n",
    "\"reason\":\"other\"",
    "\"by\":\"lin\"",
    "\"fact\":\"/devices/LD-0132#7f3a\"",
    "\"verdict\":\"confirmed\"",
    "\"plate\":",
    "\"at\":",
    "2026-03-01T08:00:00+08:00",
    "9999-12-31T23:59:59Z",
    "-009999-01-02T00:00:00Z",
    "湘K12345",
    "{",
    "}",
    "\"",
    ",",
    "\n",
    "\n\n",
];

const POLICY: &str = include_str!("../../../../deploy/policies/generic-first-waived.toml");

fn rules() -> Rules {
    let files = RulesFiles {
        policies: vec![("policy.toml".to_owned(), POLICY.to_owned())],
        zones: None,
        calendar: None,
    };
    rules_files::load(&files).expect("the shipped policy is right")
}

struct Well;

#[async_trait]
impl Health for Well {
    async fn readiness(&self) -> Vec<Readiness> {
        Vec::new()
    }
}

/// A service with some decided cases.
struct Service {
    runtime: Runtime,
    store: MemoryStore,
    router: Router,
    intake: Intake,
    now: Timestamp,
    /// What stands for `{case}`, `{notice}` and `{entry}` in a request.
    names: [(&'static str, String); 3],
}

impl Service {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime without a network");
        let now: jiff::Timestamp = "2026-04-02T08:00:00Z".parse().expect("a time");
        let now = Timestamp::from(now);
        let (store, rules) = (MemoryStore::new(), Arc::new(rules()));
        let lane: Arc<dyn Store> = Arc::new(store.clone());
        let (intake, case, notice) = runtime.block_on(fill(&store, lane, &rules, now));
        let kept = Arc::new(store.clone());
        let router = web::router(Parts {
            store: kept.clone(),
            stream: kept.clone(),
            quarantine: kept.clone(),
            intake: kept.clone(),
            rules,
            tokens: None,
            backlog: None,
            dispatch: kept,
            gateways: Vec::new(),
            health: Arc::new(Well),
            metrics: Arc::new(String::new),
            render_text: Arc::new(|_| None),
            now: Arc::new(FixedClock::at(now)),
            version: "0",
            grammar: Grammar::Generic,
            providers: vec!["primary".into()],
        });
        let end = runtime.block_on(store.end()).expect("memory does not fail");
        let names = [
            ("{case}", case),
            ("{notice}", notice),
            ("{entry}", end.saturating_sub(1).to_string()),
        ];
        Self {
            runtime,
            store,
            router,
            intake,
            now,
            names,
        }
    }

    /// Sends a request; then intake must get over whatever was taken.
    fn ask(&mut self, head: &str, body: &[u8], fixed: Option<&str>) -> Result<(), String> {
        let Some(request) = self.request(head, body, fixed) else {
            return Ok(());
        };
        let router = self.router.clone();
        let (status, text) = self.runtime.block_on(async {
            let answer = router
                .oneshot(request)
                .await
                .unwrap_or_else(|never| match never {});
            let (parts, body) = answer.into_parts();
            let media = parts.headers.get(header::CONTENT_TYPE).cloned();
            let is_endless = media.is_some_and(|media| media.as_bytes().starts_with(b"text/event-stream"));
            let bytes = if is_endless {
                Ok(Bytes::new())
            } else {
                axum::body::to_bytes(body, LARGEST).await
            };
            (parts.status, bytes)
        });
        let text = text.map_err(|error| format!("an answer has no end: {error}"))?;
        judge(status, &text)?;
        self.runtime.block_on(async {
            let end = self.store.end().await.map_err(|error| error.to_string())?;
            while self.intake.progress().next < end {
                let step = self.intake.advance(self.now).await;
                step.map_err(|error| format!("intake cannot get over what was taken: {error}"))?;
            }
            Ok(())
        })
    }

    /// The request of a text; none where HTTP has no such.
    fn request(&self, head: &str, body: &[u8], fixed: Option<&str>) -> Option<Request<Body>> {
        let mut head = head.to_owned();
        for (name, value) in &self.names {
            head = head.replace(name, value);
        }
        let mut lines = head.lines();
        let first = match fixed {
            Some(first) => first.to_owned(),
            None => lines.next()?.to_owned(),
        };
        let (method, path) = first.split_once(' ')?;
        let mut request = Request::new(Body::empty());
        *request.method_mut() = Method::from_bytes(method.as_bytes()).ok()?;
        *request.uri_mut() = path.trim().parse::<Uri>().ok()?;
        let headers = request.headers_mut();
        headers.insert(header::HOST, HeaderValue::from_static("localhost:8080"));
        let mut packed = None;
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
            let value = HeaderValue::from_bytes(value.trim().as_bytes()).ok()?;
            if name == "x-pack" {
                packed = pack(value.as_bytes(), body);
                headers.insert(header::CONTENT_ENCODING, value);
            } else {
                headers.append(name, value);
            }
        }
        *request.body_mut() = Body::from(packed.unwrap_or_else(|| body.to_vec()));
        Some(request)
    }
}

/// Decides the sample facts, and one that nobody can read.
async fn fill(
    store: &MemoryStore,
    lane: Arc<dyn Store>,
    rules: &Arc<Rules>,
    now: Timestamp,
) -> (Intake, String, String) {
    const NEVER: &str = "memory does not fail";
    let record = |payload: &[u8]| NewEnvelope {
        known: now,
        payload: Bytes::copy_from_slice(payload),
    };
    let wanted =
        |line: &&str| !line.contains(".void.") && !line.contains(".permit.") && !line.contains("-status.");
    let mut records: Vec<NewEnvelope> = EVENTS
        .lines()
        .filter(wanted)
        .map(|line| record(line.as_bytes()))
        .collect();
    records.push(record(b"{\"specversion\":\"1.0\""));
    store.append(&records).await.expect(NEVER);
    let mut intake = Intake::claim(lane, rules.clone(), JudgeBy::WallClock, "fuzz")
        .await
        .expect(NEVER);
    while !intake
        .advance(now)
        .await
        .expect("the samples are decided")
        .is_idle()
    {}
    let case = store
        .cases(&ports::read::CaseFilter::default(), 1)
        .await
        .expect(NEVER);
    let notice = store.notices(&NoticeFilter::default(), 1).await.expect(NEVER);
    let case = case
        .first()
        .map(|case| case.id.to_string())
        .expect("there is a case");
    let notice = notice
        .first()
        .map(|notice| notice.id.to_string())
        .expect("there is a message");
    (intake, case, notice)
}

fn pack(how: &[u8], body: &[u8]) -> Option<Vec<u8>> {
    match how {
        b"gzip" => {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packer.write_all(body).ok()?;
            packer.finish().ok()
        }
        b"zstd" => zstd::bulk::compress(body, 1).ok(),
        _ => None,
    }
}

/// Every request has an answer, whoever sends what; a refusal is a problem that quotes nothing of a person.
fn judge(status: StatusCode, body: &[u8]) -> Result<(), String> {
    if status.is_server_error() {
        return Err(format!("{status}: {}", String::from_utf8_lossy(body)));
    }
    if !status.is_client_error() || body.is_empty() {
        return Ok(());
    }
    let problem: Value =
        serde_json::from_slice(body).map_err(|error| format!("{status} without a problem: {error}"))?;
    let detail = |value: &Value| tells_nothing(&value["detail"].as_str().unwrap_or_default());
    detail(&problem)?;
    let rejected = problem["rejected"].as_array();
    rejected.into_iter().flatten().try_for_each(detail)
}

/// A request line unless one is fixed, headers, a blank line, and the body.
fn service(fixed: Option<&'static str>) -> Check {
    let mut service = Service::new();
    Box::new(move |input| {
        let end = input
            .windows(2)
            .position(|pair| pair == b"\n\n")
            .unwrap_or(input.len());
        let head = String::from_utf8_lossy(&input[..end]).into_owned();
        service.ask(&head, input.get(end + 2..).unwrap_or_default(), fixed)
    })
}
