//! What a sighting of a plate would come to, asked before anybody writes it down: the stored ledger and one imagined
//! sighting, judged as any other. Nothing is stored, and nobody is told.
//!
//! The sighting is imagined to be good evidence: seen as often and as long as the policy wants, by an approved device,
//! and confirmed. So the answer is about the plate's past, not about a picture.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use engine::case::{Case, Outcome};
use engine::fact::{Body, DeviceKind, Fact, FactId, Observation, RawPlate, Review, Verdict};
use engine::ids::CaseId;
use engine::judge;
use engine::ledger::Ledger;
use engine::notice::NoticeState;
use engine::place::Place;
use engine::plate::{self, ClassReading};
use engine::rules::Rules;
use engine::time::Timestamp;
use formats::case_line::{self, Because, CaseLine, WindowLine};
use formats::ledger;
use ports::read::NoticeFilter;
use serde::Serialize;

use crate::access::{self, Caller};
use crate::app::App;
use crate::problem::Problem;
use crate::query::Parameters;

/// No sender's: real ones begin with a word of their own, and the binary's own facts with `/console`.
const SOURCE: &str = "/imagined";
/// Observations that are imagined at most, where a policy wants several.
const MOST: u32 = 100;
/// Latest cases whose messages are looked at.
const CASES: usize = 8;

#[derive(Serialize)]
struct Eligibility {
    plate: String,
    class: Option<String>,
    zone: String,
    at: String,
    /// Null: a person or an earlier case decides first.
    first: Option<bool>,
    outcome: String,
    proposal: Option<String>,
    ordinal: Option<u32>,
    window: Option<WindowLine>,
    policy: Option<String>,
    reasons: Vec<String>,
    because: Because,
    last: Option<Last>,
    open_notice: Option<OpenNotice>,
}

/// The latest offence before.
#[derive(Serialize)]
struct Last {
    case: String,
    from: String,
    zone: String,
    outcome: String,
}

/// A message that has not come to its end.
#[derive(Serialize)]
struct OpenNotice {
    notice: String,
    case: String,
    kind: &'static str,
    state: &'static str,
}

/// What is asked.
struct Question {
    number: Arc<str>,
    class: Option<Arc<str>>,
    zone: Arc<str>,
    at: Timestamp,
}

pub(crate) async fn ask(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Response, Problem> {
    let question = Question::read(&app, &uri)?;
    let authority = app.parts.rules.authority_of(Some(&question.zone));
    if !caller.may_see(authority.as_deref()) {
        return Err(access::forbidden("the zone is not one of the token's authority"));
    }
    let stored = app
        .parts
        .intake
        .ledgers(std::slice::from_ref(&question.number))
        .await?;
    let document = stored
        .first()
        .map(|stored| &stored.document[..])
        .unwrap_or_default();
    let ledger = match document {
        [] => Ledger::default(),
        document => ledger::decode(document)
            .map_err(|error| Problem::unreadable(format!("the ledger of the plate: {error}")))?,
    };
    let imagined = question.imagine(&app.parts.rules, ledger.clone(), app.parts.now.now());
    let Some((case, before)) = imagined else {
        let detail = "such a sighting would stand in no case; see the policy's admission";
        return Err(Problem::parameter("at", detail));
    };
    let open_notice = open_notice(&app, &ledger).await?;
    let line = line(&case)?;
    let last = before.map(|case| last(&ledger, &case)).transpose()?;
    let answer = Eligibility {
        plate: question.number.to_string(),
        class: line
            .subject
            .split('/')
            .nth(1)
            .filter(|class| *class != "-")
            .map(str::to_owned),
        zone: line.zone,
        at: question.at.to_string(),
        first: first(&case),
        outcome: line.outcome,
        proposal: line.proposal,
        ordinal: line.ordinal,
        window: line.window,
        policy: line.policy,
        reasons: line.reasons,
        because: line.because,
        last,
        open_notice,
    };
    Ok(Json(answer).into_response())
}

impl Question {
    fn read(app: &App, uri: &Uri) -> Result<Self, Problem> {
        let parameters = Parameters::read(uri, &["plate", "class", "zone", "at"])?;
        let need = |name: &'static str| {
            let found = parameters.get(name);
            found.ok_or_else(|| Problem::parameter(name, "missing"))
        };
        let grammar = app.parts.rules.grammar();
        let class = parameters.get("class");
        let read = plate::read(grammar, Some(need("plate")?), class, None, None)
            .map_err(|_| Problem::parameter("plate", "not a plate that there can be"))?;
        if class.is_some() && read.class_reading == ClassReading::Unknown {
            return Err(Problem::parameter("class", "no class that a vehicle can have"));
        }
        let at = match parameters.get("at") {
            None => app.parts.now.now(),
            Some(text) => text
                .parse::<jiff::Timestamp>()
                .map_err(|_| Problem::parameter("at", "write it like 2026-03-01T08:00:00+08:00"))?
                .into(),
        };
        Ok(Self {
            number: read.number,
            class: class.map(Into::into),
            zone: need("zone")?.into(),
            at,
        })
    }

    /// The case of the imagined sighting, and the offence of its subject before it.
    fn imagine(&self, rules: &Rules, mut ledger: Ledger, now: Timestamp) -> Option<(Case, Option<Case>)> {
        let authority = rules.authority_of(Some(&self.zone));
        let mut versions = rules.policies().iter();
        let policy = versions.find(|policy| policy.authority == authority && policy.in_force(self.at));
        let admission = policy.map(|policy| policy.admission(DeviceKind::Camera));
        let count = admission.map_or(1, |it| it.min_observations.clamp(1, MOST));
        let dwell = admission.map_or(0, |it| it.min_dwell.max(0));
        let count = count.max(if dwell > 0 { 2 } else { 1 });
        let code = policy.and_then(|policy| policy.codes.as_ref()?.first().cloned());
        for number in 0..count {
            let share = i64::from(number) * dwell.max(i64::from(count)) / i64::from((count - 1).max(1));
            let seen = self.sighting(
                rules,
                code.clone(),
                self.at.plus(if count == 1 { 0 } else { share }),
            );
            add_confirmed(number, seen, &mut ledger);
        }
        let ours = |id: &FactId| id.source() == SOURCE;
        let until = self.at.plus(dwell.max(i64::from(count)));
        let mut judged = judge::judge(rules, &self.number, &ledger, now.max(until)).cases;
        let at = judged.iter().position(|case| case.facts.iter().any(ours))?;
        let case = judged.swap_remove(at);
        let before = judged.into_iter().filter(|other| {
            other.subject == case.subject && other.from < case.from && other.outcome != Outcome::Voided
        });
        let before = before.max_by_key(|other| other.from);
        Some((case, before))
    }

    fn sighting(&self, rules: &Rules, code: Option<Arc<str>>, at: Timestamp) -> Observation {
        Observation {
            plate: RawPlate {
                number: Some(self.number.clone()),
                class: self.class.clone(),
                ..RawPlate::default()
            },
            captured_at: at,
            precision: engine::fact::Precision::Second,
            device: rules
                .approved_device(at)
                .cloned()
                .unwrap_or_else(|| SOURCE.into()),
            device_kind: DeviceKind::Camera,
            mode: engine::fact::Mode::Live,
            place: Place {
                zone: Some(self.zone.clone()).filter(|zone| **zone != *"unknown"),
                ..Place::default()
            },
            code,
            vehicle_kind: None,
            vehicle_color: None,
            ticket: None,
            session: None,
            track: None,
            driver: None,
            obstructing: None,
            flags: Vec::new(),
            officers: Vec::new(),
            images: None,
            corrected: false,
        }
    }
}

/// Adds a sighting and a person's word that it is good.
fn add_confirmed(number: u32, seen: Observation, ledger: &mut Ledger) {
    let at = seen.captured_at;
    let id = FactId::new(SOURCE, &number.to_string());
    let review = Review {
        about: id.clone(),
        verdict: Verdict::Confirmed,
        reason: None,
        reviewer: SOURCE.into(),
        at,
    };
    let fact = |id, body| Fact {
        id,
        known: at,
        digest: [0; 16],
        // Behind everything that is there.
        position: u64::MAX,
        body,
    };
    ledger.add(fact(id, Body::Observation(Box::new(seen))));
    let id = FactId::new(SOURCE, &format!("{number}-review"));
    ledger.add(fact(id, Body::Review(Box::new(review))));
}

/// Whether it gets what the first of a window gets; none: that is not certain.
fn first(case: &Case) -> Option<bool> {
    match case.outcome {
        Outcome::Waived | Outcome::Warned | Outcome::Reminded => Some(true),
        Outcome::PenaltyProposed | Outcome::PenaltyDecided => Some(false),
        Outcome::Corrected
        | Outcome::Voided
        | Outcome::Held
        | Outcome::NotPunishable
        | Outcome::Inadmissible => None,
    }
}

fn line(case: &Case) -> Result<CaseLine, Problem> {
    let mut text = Vec::new();
    case_line::write(&CaseId::from_text(""), case, &mut text);
    CaseLine::parse(&text).map_err(|_| Problem::unreadable("a case that was just written"))
}

fn last(ledger: &Ledger, case: &Case) -> Result<Last, Problem> {
    let line = line(case)?;
    let members = &case.facts;
    let known = ledger
        .memo
        .cases
        .iter()
        .find(|memo| memo.members.iter().any(|member| members.contains(member)));
    Ok(Last {
        case: known.map(|memo| memo.id.to_string()).unwrap_or_default(),
        from: line.from,
        zone: line.zone,
        outcome: line.outcome,
    })
}

/// The latest message about the plate that has not come to its end.
async fn open_notice(app: &App, ledger: &Ledger) -> Result<Option<OpenNotice>, Problem> {
    let mut cases: Vec<_> = ledger
        .memo
        .cases
        .iter()
        .filter(|case| !case.notices.is_empty())
        .collect();
    cases.sort_by_key(|case| std::cmp::Reverse(case.from));
    for case in cases.into_iter().take(CASES) {
        let filter = NoticeFilter {
            case: Some(case.id.clone()),
            newest_first: true,
            ..NoticeFilter::default()
        };
        let notices = app.parts.store.notices(&filter, CASES).await?;
        let is_open = |state| {
            matches!(
                state,
                NoticeState::Queued
                    | NoticeState::Leased
                    | NoticeState::Submitted
                    | NoticeState::Accepted
                    | NoticeState::Held
                    | NoticeState::Unknown
            )
        };
        if let Some(open) = notices.into_iter().find(|notice| is_open(notice.state)) {
            return Ok(Some(OpenNotice {
                notice: open.id.to_string(),
                case: open.case.to_string(),
                kind: open.kind.as_str(),
                state: open.state.as_str(),
            }));
        }
    }
    Ok(None)
}
