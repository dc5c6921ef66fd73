//! What people decide about a case: each of it is a fact like any other, which goes into the stream and acts when intake
//! has read it. The answer waits for that, within a bound.
//!
//! A request names the version that the person looked at, and carries a key of its own: sent again it changes nothing and
//! is answered alike, also after a restart.

mod keys;
mod saying;

use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use engine::fact::{Body as Content, FactId};
use engine::ids::{self, CaseId};
use engine::time::Timestamp;
use formats::event::{self, Known};
use formats::ledger;
use ports::log::NewEnvelope;
use ports::read::NewAudit;
use serde::Serialize;

use self::saying::{Discretion, Objection, Plate, Review, Saying, Void};
use crate::access::Caller;
use crate::app::App;
use crate::body::{self, Members};
use crate::cases::{self, CaseItem};
use crate::problem::Problem;
use crate::tag;

pub(crate) use self::keys::{Answer, Keys, Stand, other_body};

/// How long an answer waits for intake. Most facts are decided on within a tenth of a second; after this long something
/// is in the way, and the person had better be told.
const WAIT: Duration = Duration::from_secs(3);
/// How often it is asked how far intake has come; it may run in another process, which rings no bell here.
const LOOK: Duration = Duration::from_millis(15);
const LONGEST_KEY: usize = 255;
/// Facts of people at this door.
const SOURCE: &str = "/console/http";

#[derive(Serialize)]
struct Said<'s> {
    fact: &'s str,
    decided: bool,
    case: &'s CaseItem,
}

macro_rules! hands {
    ($($name:ident: $said:ty,)*) => {$(
        pub(crate) async fn $name(
            State(app): State<App>,
            Extension(caller): Extension<Caller>,
            id: Result<Path<String>, PathRejection>,
            headers: HeaderMap,
            body: Body,
        ) -> Result<Response, Problem> {
            say::<$said>(&app, &caller, &cases::id(id)?, &headers, body).await
        }
    )*};
}

hands! {
    void: Void,
    review: Review,
    plate: Plate,
    discretion: Discretion,
    objection: Objection,
}

async fn say<S: Saying>(
    app: &App,
    caller: &Caller,
    id: &CaseId,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let key = key(caller, headers)?;
    let bytes = body::read(headers, body).await?;
    let said = S::read(&Members::read(&bytes, S::MEMBERS)?)?;
    said.check(app.parts.grammar)?;
    let by = by(caller, said.by())?;
    // The same key for another case or another deed is another request.
    let print = ids::hash(&[S::ACTION.as_bytes(), id.as_str().as_bytes(), &bytes]);
    let held = match app.keys.take(key, print)? {
        Stand::Answered(answer) => return Ok(answer.into_response()),
        Stand::Ours(held) => held,
    };
    let fact = FactId::new(SOURCE, &hex::encode(&key[..16]));
    let (_, case) = cases::versions(app, caller, id).await?;
    let until = match held.position() {
        Some(position) => Some(position),
        None if was_said(app, &said, &fact, &by).await? => None,
        None => {
            if_match(headers, &case)?;
            let position = write(app, &said, &case, &fact, &by).await?;
            held.written(position);
            Some(position)
        }
    };
    let decided = match until {
        Some(position) => wait(app, position).await?,
        None => true,
    };
    let (_, case) = cases::versions(app, caller, id).await?;
    let answer = answer(&fact, decided, &case);
    // What is not decided on yet is asked about again with the same key.
    if decided {
        held.answered(answer.clone());
    }
    Ok(answer.into_response())
}

/// What a request is known by: its key, and who sent it.
pub(crate) fn key(caller: &Caller, headers: &HeaderMap) -> Result<[u8; 32], Problem> {
    let detail = "missing; give each deed a key of its own, and the same one when it is sent again";
    let missing = || Problem::parameter("Idempotency-Key", detail);
    key_if_any(caller, headers)?.ok_or_else(missing)
}

/// The same, where a request does without one.
pub(crate) fn key_if_any(caller: &Caller, headers: &HeaderMap) -> Result<Option<[u8; 32]>, Problem> {
    let given = headers
        .get("idempotency-key")
        .map(|value| value.to_str().unwrap_or(""));
    let Some(key) = given else { return Ok(None) };
    if key.is_empty() || key.len() > LONGEST_KEY {
        let detail = format!("1 to {LONGEST_KEY} visible characters are wanted");
        return Err(Problem::parameter("Idempotency-Key", detail));
    }
    Ok(Some(ids::hash(&[caller.name.as_bytes(), key.as_bytes()])))
}

/// Who says so.
pub(crate) fn by(caller: &Caller, given: Option<&str>) -> Result<String, Problem> {
    match given {
        Some(_) if caller.has_token => Err(Problem::member("by", "the token says who you are; leave it out")),
        Some(name) if name.trim().is_empty() || name.len() > 64 || name.chars().any(char::is_control) => {
            Err(Problem::member("by", "one line of at most 64 bytes is wanted"))
        }
        Some(name) => Ok(name.trim().to_owned()),
        None => Ok(caller.name.to_string()),
    }
}

fn if_match(headers: &HeaderMap, case: &CaseItem) -> Result<(), Problem> {
    match tag::matches(headers, case.version) {
        Some(true) => Ok(()),
        Some(false) => Err(Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "changed_meanwhile",
            "The case has changed since you looked",
            format!("it is at version {} now; look again", case.version),
        )
        .of("If-Match")),
        None => Err(Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            "if_match_missing",
            "Say which version you looked at",
            "send the case's ETag as If-Match",
        )
        .of("If-Match")),
    }
}

/// Whether intake has already read this very deed, sent before this process began.
async fn was_said<S: Saying>(app: &App, said: &S, fact: &FactId, by: &str) -> Result<bool, Problem> {
    // What an earlier process appended is known once intake has read as far as the stream reached then.
    let began = *app.began.get_or_try_init(|| app.parts.stream.end()).await?;
    if !wait(app, began - 1).await? {
        return Err(Problem::unavailable(
            "facts of earlier are still to be decided on",
        ));
    }
    let found = app.parts.intake.identities(std::slice::from_ref(fact)).await?;
    let Some(identity) = found.into_iter().flatten().next() else {
        return Ok(false);
    };
    let stored = app.parts.intake.ledgers(&[identity.plate]).await?;
    let document = stored
        .first()
        .map(|stored| &stored.document[..])
        .unwrap_or_default();
    let ledger = ledger::decode(document)
        .map_err(|error| Problem::unreadable(format!("the ledger of the fact: {error}")))?;
    let about = ledger.guests().iter().flat_map(|guest| &guest.about);
    let earlier = ledger
        .fact(fact)
        .or_else(|| about.clone().find(|other| other.id == *fact));
    let same = earlier.is_some_and(|earlier| {
        let Some(about) = earlier.body.about() else {
            return false;
        };
        let payload = saying::event(said, fact, about.as_str(), None, by, said_at(&earlier.body));
        event::decode(payload.as_bytes(), Known::At(earlier.known), 0)
            .is_ok_and(|decoded| decoded.fact.body == earlier.body)
    });
    if same { Ok(true) } else { Err(other_body()) }
}

/// When a person said it.
fn said_at(body: &Content) -> Option<Timestamp> {
    match body {
        Content::Void(it) => Some(it.at),
        Content::Review(it) => Some(it.at),
        Content::PlateCorrection(it) => Some(it.at),
        Content::Discretion(it) => Some(it.at),
        Content::Objection(it) => Some(it.at),
        _ => None,
    }
}

/// Writes the deed down, then appends its fact; says where it stands.
async fn write<S: Saying>(
    app: &App,
    said: &S,
    case: &CaseItem,
    fact: &FactId,
    by: &str,
) -> Result<u64, Problem> {
    let now = app.parts.now.now();
    let about = saying::about(said, &case.line)?;
    let payload = saying::event(said, fact, about, Some(&case.line.subject), by, Some(now));
    event::decode(payload.as_bytes(), Known::At(now), 0).map_err(|rejected| {
        let pointer = rejected.pointer.trim_start_matches("/data");
        let member = pointer.trim_start_matches("/plate").trim_start_matches('/');
        Problem::member(if member.is_empty() { "number" } else { member }, rejected.detail)
    })?;
    let entry = NewAudit {
        at: now,
        actor: by.into(),
        action: format!("case.{}", S::ACTION).into(),
        object: case.line.case.as_str().into(),
        before: Some(case.line.outcome.as_str().into()),
        after: Some(fact.as_str().into()),
    };
    app.parts.store.append_audit(&entry).await?;
    let record = NewEnvelope {
        known: now,
        payload: Bytes::from(payload),
    };
    Ok(app.parts.stream.append(&[record]).await?)
}

/// Whether everything up to `position` has been decided on before the wait was over.
pub(crate) async fn wait(app: &App, position: u64) -> Result<bool, Problem> {
    let reached = || async {
        let next = app.parts.intake.progress().await?.next;
        Ok((next > position).then_some(()))
    };
    Ok(in_time(reached).await?.is_some())
}

/// Looks again and again until something is there; none: it was not within the bound.
pub(crate) async fn in_time<T, F>(look: impl Fn() -> F) -> Result<Option<T>, Problem>
where
    F: Future<Output = Result<Option<T>, Problem>>,
{
    let found = async {
        let mut clock = tokio::time::interval(LOOK);
        loop {
            clock.tick().await;
            if let Some(found) = look().await? {
                return Ok(found);
            }
        }
    };
    match tokio::time::timeout(WAIT, found).await {
        Ok(found) => found.map(Some),
        Err(_) => Ok(None),
    }
}

fn answer(fact: &FactId, decided: bool, case: &CaseItem) -> Answer {
    let said = Said {
        fact: fact.as_str(),
        decided,
        case,
    };
    Answer {
        status: if decided {
            StatusCode::OK
        } else {
            StatusCode::ACCEPTED
        },
        body: serde_json::to_vec(&said)
            .expect("strings and numbers always serialise")
            .into(),
        tag: Some(tag::of_version(case.version)),
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let media = [(header::CONTENT_TYPE, "application/json")];
        let mut response = (self.status, media, self.body).into_response();
        if let Some(tag) = self.tag {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}
