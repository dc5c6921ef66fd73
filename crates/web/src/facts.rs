//! The door for facts: what can be read goes into the stream in one append, and the sender is answered once it is durable.
//!
//! The door judges nothing. It refuses what cannot be read, what claims to come from the future and what only our own
//! work writes, and it holds senders back while too much waits to be decided on.

mod check;
mod recent;
mod unpack;

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use engine::fact::{Body as Content, ContentDigest, FactId};
use engine::ids;
use engine::route::{self, Home};
use engine::time::Timestamp;
use formats::event::{self, Known};
use ports::log::NewEnvelope;
use ports::read::NewAudit;
use ports::store::Identity;
use serde::Serialize;
use std::collections::HashMap;

use self::check::{Checked, Checker};
pub(crate) use self::recent::Recent;
use crate::access::Caller;
use crate::app::App;
use crate::guard;
use crate::hands::{self, Answer, Stand};
use crate::problem::Problem;

/// The largest body as it is sent: some ten thousand facts, packed or not.
pub(crate) const LARGEST_SENT: usize = 8 << 20;
/// Requests that are looked at at once. Each may hold its unpacked body in memory.
pub(crate) const TAKERS: usize = 16;
/// Facts that may wait to be decided on: at the pace of intake this is some ten seconds of work.
const BACKLOG: u64 = 200_000;

/// What became of the facts of one request.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Taken {
    pub(crate) accepted: usize,
    pub(crate) duplicate: usize,
    pub(crate) rejected: Vec<Refused>,
}

/// A fact that was not taken. Nothing of it is quoted.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Refused {
    pub(crate) index: usize,
    pub(crate) pointer: String,
    pub(crate) code: &'static str,
    pub(crate) detail: String,
}

pub(crate) async fn take(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let form = unpack::form(&headers)?;
    let packing = unpack::packing(&headers)?;
    let _permit = app
        .takers
        .try_acquire()
        .map_err(|_| Problem::too_many(format!("{TAKERS} requests with facts are looked at already"), 1))?;
    let undecided = hold_back(&app).await?;
    let sent = axum::body::to_bytes(body, LARGEST_SENT)
        .await
        .map_err(|_| guard::too_large(LARGEST_SENT))?;
    // What has no key is known by the facts in it, which are the same for ever.
    let held = match hands::key_if_any(&caller, &headers)? {
        None => None,
        Some(key) => match app.keys.take(key, ids::hash(&[b"facts", &sent]))? {
            Stand::Answered(answer) => return Ok(answer.into_response()),
            Stand::Ours(held) => Some(held),
        },
    };
    let now = app.parts.now.now();
    let checker = Checker {
        rules: app.parts.rules.clone(),
        authority: caller.authority.clone(),
        now,
    };
    // Unpacking and reading ten thousand facts takes a core for a while; other requests go on meanwhile.
    let read = tokio::task::spawn_blocking(move || {
        let pieces = unpack::split(form, &unpack::unpack(packing, sent)?)?;
        Ok::<_, Problem>(checker.check(pieces))
    });
    let (checked, rejected) = read
        .await
        .map_err(|error| Problem::unavailable(format!("reading was stopped: {error}")))??;
    let mut taken = Taken {
        rejected,
        ..Taken::default()
    };
    let records = sift(&app, checked, now, &mut taken).await?;
    append(&app, &caller, records, now, undecided).await?;
    if taken.accepted + taken.duplicate == 0 {
        return Err(Problem::nothing_taken(taken));
    }
    let answer = Answer {
        status: StatusCode::ACCEPTED,
        body: serde_json::to_vec(&taken)
            .expect("strings and numbers always serialise")
            .into(),
        tag: None,
    };
    if let Some(held) = held {
        held.answered(answer.clone());
    }
    Ok(answer.into_response())
}

/// Whether one fact may go into the stream; else where it is wrong, and why.
pub(crate) fn check_one(
    app: &App,
    caller: &Caller,
    now: Timestamp,
    payload: &[u8],
) -> Result<(), (String, String)> {
    let checker = Checker {
        rules: app.parts.rules.clone(),
        authority: caller.authority.clone(),
        now,
    };
    let checked = checker.one(payload);
    checked
        .map(|_| ())
        .map_err(|(pointer, _, detail)| (pointer, detail))
}

/// Senders wait while too much waits to be decided on. Says where intake reads on.
async fn hold_back(app: &App) -> Result<u64, Problem> {
    let end = app.parts.stream.end().await?;
    let next = app.parts.intake.progress().await?.next;
    let waiting = end.saturating_sub(next);
    if waiting > app.parts.backlog.unwrap_or(BACKLOG) {
        return Err(Problem::too_many(
            format!("{waiting} facts wait to be decided on"),
            5,
        ));
    }
    Ok(next)
}

/// A record of the stream, and what a fact about an observation said before its plate was filled in.
struct New {
    record: NewEnvelope,
    about: Option<(FactId, ContentDigest)>,
}

/// What is new, in order, with the plates that the door knows filled in.
async fn sift(
    app: &App,
    checked: Vec<Checked>,
    now: Timestamp,
    taken: &mut Taken,
) -> Result<Vec<New>, Problem> {
    let known = Knowledge::of(app, &checked).await?;
    let mut met: HashMap<FactId, Vec<ContentDigest>> = HashMap::with_capacity(checked.len());
    let mut records = Vec::with_capacity(checked.len());
    for fact in checked {
        let digests = met.entry(fact.decoded.fact.id.clone()).or_default();
        let digest = fact.decoded.fact.digest;
        let id = &fact.decoded.fact.id;
        if digests.contains(&digest) || app.recent.has(id, digest) || known.has(&fact, now) {
            taken.duplicate += 1;
            continue;
        }
        digests.push(digest);
        taken.accepted += 1;
        let record = NewEnvelope {
            known: now,
            payload: known.filled(&fact),
        };
        let about = fact.decoded.fact.body.about();
        records.push(New {
            record,
            about: about.map(|_| (id.clone(), digest)),
        });
    }
    Ok(records)
}

/// What the door knows of the facts of one request and of the observations that they are about.
struct Knowledge {
    identities: HashMap<FactId, Identity>,
    /// Ledgers of observations of this very request.
    here: HashMap<FactId, Arc<str>>,
}

impl Knowledge {
    async fn of(app: &App, checked: &[Checked]) -> Result<Self, Problem> {
        let mut ids: Vec<FactId> = Vec::with_capacity(checked.len());
        let mut here = HashMap::new();
        let says_about = checked
            .iter()
            .any(|fact| fact.decoded.fact.body.about().is_some());
        for fact in checked {
            let fact = &fact.decoded.fact;
            ids.push(fact.id.clone());
            ids.extend(fact.body.about().cloned());
            // Only facts about an observation ask where it lives.
            if says_about
                && matches!(fact.body, Content::Observation(_))
                && let Home::Ledger(plate) = route::home(&app.parts.rules, &fact.id, &fact.body)
            {
                here.insert(fact.id.clone(), plate);
            }
        }
        ids.sort_unstable();
        ids.dedup();
        let found = app.parts.intake.identities(&ids).await?;
        let identities = ids
            .into_iter()
            .zip(found)
            .filter_map(|(id, found)| Some((id, found?)))
            .collect();
        Ok(Self { identities, here })
    }

    /// Whether the stream holds it already, as it was sent or as the door filled it in then.
    fn has(&self, fact: &Checked, now: Timestamp) -> bool {
        let Some(identity) = self.identities.get(&fact.decoded.fact.id) else {
            return false;
        };
        let as_filled = |plate: &str| {
            fact.filled(plate)
                .and_then(|payload| event::decode(&payload, Known::At(now), 0).ok())
                .is_some_and(|decoded| decoded.fact.digest == identity.digest)
        };
        identity.digest == fact.decoded.fact.digest
            || as_filled(&identity.plate)
            || self.plate_of(fact).is_some_and(|plate| as_filled(plate))
    }

    /// The ledger of the observation that it is about.
    fn plate_of(&self, fact: &Checked) -> Option<&Arc<str>> {
        let about = fact.decoded.fact.body.about()?;
        let known = self.identities.get(about).map(|identity| &identity.plate);
        known
            .or_else(|| self.here.get(about))
            .filter(|plate| !route::is_waiting_key(plate))
    }

    /// The record as it goes into the stream.
    fn filled(&self, fact: &Checked) -> bytes::Bytes {
        self.plate_of(fact)
            .and_then(|plate| fact.filled(plate))
            .unwrap_or_else(|| fact.payload.clone())
    }
}

/// One append, and a line in the audit log beside it: both share one write to the disk.
async fn append(app: &App, caller: &Caller, new: Vec<New>, now: Timestamp, read: u64) -> Result<(), Problem> {
    if new.is_empty() {
        return Ok(());
    }
    let (records, about): (Vec<_>, Vec<_>) = new.into_iter().map(|new| (new.record, new.about)).unzip();
    let entry = NewAudit {
        at: now,
        actor: caller.name.clone(),
        action: "facts.append".into(),
        object: "stream".into(),
        before: None,
        after: Some(format!("{} facts", records.len()).into()),
    };
    let (appended, noted) = tokio::join!(
        app.parts.stream.append(&records),
        app.parts.store.append_audit(&entry)
    );
    let first = appended?;
    let about = (first..).zip(about);
    let about = about.filter_map(|(position, fact)| fact.map(|(id, digest)| (id, digest, position)));
    app.recent.add(about, read);
    // The facts are durable and must not be sent again for the sake of a log line.
    if let Err(error) = noted {
        tracing::error!(%error, "facts were taken and the audit log was not written");
    }
    Ok(())
}
