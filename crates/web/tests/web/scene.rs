//! A service with a few cases and messages, and how to ask it.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use engine::case::Disposition;
use engine::fact::NoticeKind;
use engine::ids::{CaseId, NoticeId};
use engine::notice::{AttemptClass, NoticeState};
use engine::plate::Grammar;
use engine::rules::Rules;
use engine::time::{SECOND, Timestamp};
use formats::case_line::{Because, CaseLine};
use formats::rules_files::{self, RulesFiles};
use ports::clock::Clock;
use ports::contact::Phone;
use ports::read::{StoredCase, StoredNotice, StoredRecord};
use serde_json::Value;
use testkit::MemoryStore;
use tower::ServiceExt as _;
use web::{Health, Parts, Readiness};

use crate::contract;
use crate::fake::Fake;

/// The phone that must never be seen.
pub(crate) const PHONE: &str = "+8613812345678";
/// The text that tries to break out.
pub(crate) const HOSTILE: &str = "<script>alert('x')</script>\"&<img src=x onerror=y>";

/// The store and the routes over it.
pub(crate) struct Scene {
    pub(crate) store: Arc<Fake>,
    /// The stream, and what intake remembers.
    pub(crate) lane: MemoryStore,
    pub(crate) router: Router,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        at(0)
    }
}

struct Fit(bool);

#[async_trait]
impl Health for Fit {
    async fn readiness(&self) -> Vec<Readiness> {
        let item = |name: &str, ok, detail: &str| Readiness {
            name: name.to_owned(),
            ok,
            detail: detail.to_owned(),
        };
        vec![
            item("schema", true, "right"),
            item("stream", self.0, "the disk is full"),
        ]
    }
}

/// `seconds` after noon of 2 March 2026 in China.
pub(crate) fn at(seconds: i64) -> Timestamp {
    let noon: jiff::Timestamp = "2026-03-02T12:00:00+08:00".parse().unwrap();
    Timestamp::from(noon).plus(seconds * SECOND)
}

pub(crate) fn empty() -> Scene {
    scene_of(Fake::default(), true)
}

/// Not ready.
pub(crate) fn unfit() -> Scene {
    scene_of(Fake::default(), false)
}

/// Twelve records of which four are set aside, five cases of which one has two versions, and three messages.
pub(crate) fn scene() -> Scene {
    let store = Fake::default();
    let dispositions = [
        Disposition::Decided,
        Disposition::Quarantined,
        Disposition::Merged,
    ];
    *store.records.lock().unwrap() = (1..=12)
        .map(|position| record(position, dispositions[position as usize % 3]))
        .collect();
    *store.appended.lock().unwrap() = 15;
    *store.cases.lock().unwrap() = vec![
        case(1, "260301-A", 1, "湘K12345/02", "held"),
        case(2, "260301-A", 2, "湘K12345/02", "waived"),
        case(3, "260301-B", 1, "湘K12345/01", "penalty_proposed"),
        case(4, "260302-C", 1, "湘K67890/02", "waived"),
        case(5, "260302-D", 1, "湘K12345/02/2026-02-01", "voided"),
        case(6, "260302-E", 1, "京AD12345/52", "penalty_proposed"),
    ];
    store.cases.lock().unwrap()[0].effective = false;
    *store.notices.lock().unwrap() = vec![
        notice(
            1,
            "260301-A",
            NoticeKind::Waived,
            NoticeState::Delivered,
            Some("您的车辆首次违停"),
        ),
        notice(
            2,
            "260301-B",
            NoticeKind::PenaltyProposed,
            NoticeState::Queued,
            None,
        ),
        notice(
            3,
            "260302-C",
            NoticeKind::Waived,
            NoticeState::Unknown,
            Some("text as sent"),
        ),
    ];
    *store.attempts.lock().unwrap() = vec![(AttemptClass::Accepted, 1), (AttemptClass::Unknown, 1)];
    scene_of(store, true)
}

fn scene_of(store: Fake, is_fit: bool) -> Scene {
    scene_with(store, is_fit, |_| ())
}

/// A scene whose parts are changed first.
pub(crate) fn scene_with(store: Fake, is_fit: bool, change: impl FnOnce(&mut Parts)) -> Scene {
    let (store, lane) = (Arc::new(store), MemoryStore::new());
    let mut parts = Parts {
        store: store.clone(),
        quarantine: store.clone(),
        stream: Arc::new(lane.clone()),
        intake: Arc::new(lane.clone()),
        rules: Arc::new(rules()),
        tokens: None,
        backlog: None,
        dispatch: store.clone(),
        gateways: Vec::new(),
        health: Arc::new(Fit(is_fit)),
        metrics: Arc::new(|| "clearwalk_up 1\n".to_owned()),
        render_text: Arc::new(|notice| (notice.sequence == 2).then(|| ("as it would be sent".to_owned(), 2))),
        now: Arc::new(Noon),
        version: "9.8.7",
        grammar: Grammar::Cn,
        providers: vec!["primary".into(), "second".into()],
    };
    change(&mut parts);
    let router = web::router(parts);
    Scene { store, lane, router }
}

const POLICY: &str = r#"
[policy]
id = "loudi"
version = "1"
authority = "loudi"
codes = ["1039"]
effective = { from = "2020-01-01T00:00:00+08:00" }
time_zone = "Asia/Shanghai"
[window]
kind = "calendar-year"
[outcome]
first = "waived"
otherwise = "penalty_proposed"
fine_minor = 10000
currency = "CNY"
[admission]
min_observations = 2
min_dwell = "5m"
review = "penalties"
"#;

const ZONES: &str = r#"
[zones.Z1]
kind = "sidewalk"
authority = "loudi"
[zones.X1]
kind = "sidewalk"
authority = "xupu"
"#;

fn rules() -> Rules {
    let files = RulesFiles {
        policies: vec![("policy.toml".to_owned(), POLICY.to_owned())],
        zones: Some(("zones.toml".to_owned(), ZONES.to_owned())),
        calendar: None,
    };
    rules_files::load(&files).unwrap()
}

fn record(position: u64, disposition: Disposition) -> StoredRecord {
    StoredRecord {
        position,
        source: Some("/devices/1".into()),
        id: Some(format!("id-{position}").into()),
        disposition,
        reason: disposition.is_set_aside().then(|| "invalid_plate".into()),
        detail: None,
        known: at(position as i64),
    }
}

pub(crate) fn line(id: &str, subject: &str, outcome: &str) -> CaseLine {
    CaseLine {
        case: id.to_owned(),
        subject: subject.to_owned(),
        zone: "Z1".to_owned(),
        zones: vec!["Z1".to_owned()],
        from: "2026-03-02T10:00:05+08:00".to_owned(),
        to: "2026-03-02T10:10:05+08:00".to_owned(),
        facts: vec!["/devices/1#a".to_owned(), "/devices/1#b".to_owned()],
        outcome: outcome.to_owned(),
        ordinal: Some(1),
        window: None,
        policy: Some("loudi@1".to_owned()),
        fine_minor: None,
        currency: None,
        reasons: vec!["first_in_window".to_owned()],
        deadline: None,
        because: Because {
            zh: format!("{id}的理由。"),
            en: format!("Why {id}."),
        },
        proposal: None,
        authority: None,
        place: Some("乐坪大道".to_owned()),
        live: true,
        reviewed: false,
    }
}

pub(crate) fn case(sequence: u64, id: &str, version: u32, subject: &str, outcome: &str) -> StoredCase {
    let number = subject.split('/').next().unwrap();
    StoredCase {
        sequence,
        id: CaseId::from_text(id),
        version,
        effective: true,
        plate: number.into(),
        decided_at: at(sequence as i64),
        body: serde_json::to_vec(&line(id, subject, outcome)).unwrap().into(),
    }
}

pub(crate) fn notice(
    sequence: u64,
    case: &str,
    kind: NoticeKind,
    state: NoticeState,
    text: Option<&str>,
) -> StoredNotice {
    StoredNotice {
        sequence,
        id: NoticeId::from_text(&format!("n-{sequence}")),
        case: CaseId::from_text(case),
        kind,
        revision: 0,
        plate: "湘K12345".into(),
        state,
        reason: None,
        parameters: bytes::Bytes::new(),
        text: text.map(str::to_owned),
        segments: text.map(|_| 1),
        recipient: text.and_then(|_| Phone::parse(PHONE)),
        not_before: at(0),
        expires_at: at(86_400),
        attempts: u32::from(text.is_some()),
        queued_at: at(0),
        submitted_at: text.map(|_| at(1)),
        accepted_at: None,
        final_at: None,
    }
}

impl Scene {
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (method, address) = (request.method().to_string(), request.uri().to_string());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 10 << 20).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            text,
        };
        let (status, media) = (answer.status.as_u16(), answer.header(header::CONTENT_TYPE));
        contract::check(&method, &address, status, media, &answer.text).await;
        answer
    }

    pub(crate) async fn get(&self, address: &str) -> Answer {
        self.get_with(address, &[]).await
    }

    pub(crate) async fn get_with(&self, address: &str, headers: &[(header::HeaderName, &str)]) -> Answer {
        let mut request = Request::get(address).header(header::HOST, "127.0.0.1:8080");
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, address: &str, body: &str) -> Answer {
        let request = Request::post(address)
            .header(header::HOST, "localhost:8080")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_owned()))
            .unwrap();
        self.send(request).await
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The answer as a problem of this status.
    pub(crate) fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header(header::CONTENT_TYPE), "application/problem+json");
        let problem: Value = serde_json::from_str(&self.text).unwrap();
        assert_eq!(problem["status"], status);
        for key in ["type", "title", "code", "detail"] {
            assert!(
                problem[key].as_str().is_some_and(|text| !text.is_empty()),
                "{key} of {problem}"
            );
        }
        problem
    }
}
