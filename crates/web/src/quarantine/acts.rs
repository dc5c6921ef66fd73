//! What a person does about one record that was set aside: sends it into the stream once more, or lets it go.

use axum::Extension;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use engine::ids;
use ports::quarantine::{Deed, Handled, Handling, NewHandling};
use serde::Serialize;

use super::entry::{self, Became, Entry, Item};
use super::plan::{self, Plan, Refusal};
use super::position;
use crate::access::Caller;
use crate::app::App;
use crate::body::{self, Members};
use crate::facts;
use crate::hands;
use crate::problem::Problem;
use crate::tag;

/// A corrected record with what stands around it.
pub(crate) const LARGEST: usize = 272 * 1024;
/// Room for a sentence or two.
const LONGEST_REASON: usize = 500;

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    item: Item,
    /// Whether the re-driven record has been decided on; of a dropped one nothing is awaited.
    decided: bool,
    became: Option<Became>,
}

pub(crate) async fn redrive(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let asked = Asked::read("redrive", &caller, position(id)?, &headers, body).await?;
    asked.act(&app, &caller, &headers).await
}

pub(crate) async fn drop(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let asked = Asked::read("drop", &caller, position(id)?, &headers, body).await?;
    asked.act(&app, &caller, &headers).await
}

/// A request as it was sent.
struct Asked {
    position: u64,
    verb: &'static str,
    reason: String,
    by: String,
    /// The corrected record.
    record: Option<Bytes>,
    key: [u8; 32],
    print: [u8; 32],
}

impl Asked {
    async fn read(
        verb: &'static str,
        caller: &Caller,
        position: u64,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Self, Problem> {
        let key = hands::key(caller, headers)?;
        let bytes = body::read_up_to(LARGEST, headers, body).await?;
        let known: &[&str] = if verb == "redrive" {
            &["reason", "by", "record"]
        } else {
            &["reason", "by"]
        };
        let members = Members::read(&bytes, known)?;
        let reason = members.need_line("reason", LONGEST_REASON)?;
        let by = hands::by(caller, members.text("by")?.as_deref())?;
        let record = members.get("record");
        if record.is_some_and(|record| !record.get().starts_with('{')) {
            return Err(Problem::member("record", "an event is wanted, as an object"));
        }
        // The same key for another record or another deed is another request.
        let print = ids::hash(&[verb.as_bytes(), &position.to_be_bytes(), &bytes]);
        Ok(Self {
            position,
            verb,
            reason: reason.trim().to_owned(),
            by,
            record: record.map(|record| Bytes::from(record.get().to_owned())),
            key,
            print,
        })
    }

    async fn act(self, app: &App, caller: &Caller, headers: &HeaderMap) -> Result<Response, Problem> {
        let entry = Entry::find(app, caller, self.position).await?;
        if let Some(before) = &entry.handling {
            self.is_again(before)?;
            return answer(app, entry).await;
        }
        if_match(headers, &entry)?;
        let deed = if self.verb == "redrive" {
            self.plan(app, caller, &entry).await?.deed
        } else {
            Deed::Drop
        };
        let new = NewHandling {
            position: self.position,
            deed,
            at: app.parts.now.now(),
            by: self.by.as_str().into(),
            reason: self.reason.as_str().into(),
            key: self.key,
            print: self.print,
        };
        let handling = match app.parts.quarantine.handle(&new).await? {
            Handled::Done(handling) => handling,
            Handled::Before(before) => {
                self.is_again(&before)?;
                before
            }
        };
        let handling = Some(handling);
        answer(app, Entry { handling, ..entry }).await
    }

    /// Whether what was done before is this very request.
    fn is_again(&self, before: &Handling) -> Result<(), Problem> {
        if before.key != self.key {
            let became = match entry::redriven_as(before) {
                Some(position) => format!("was sent into the stream once more as record {position}"),
                None => "was dropped".to_owned(),
            };
            let detail = format!("it {became}, by {} at {}", before.by, before.at);
            let title = "Somebody has seen to it";
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "already_handled",
                title,
                detail,
            ));
        }
        if before.print == self.print {
            Ok(())
        } else {
            Err(hands::other_body())
        }
    }

    async fn plan(&self, app: &App, caller: &Caller, entry: &Entry) -> Result<Plan, Problem> {
        let now = app.parts.now.now();
        if let Some(record) = &self.record {
            facts::check_one(app, caller, now, record)
                .map_err(|(pointer, detail)| Problem::within("record", &pointer, detail))?;
        }
        let store = &*app.parts.intake;
        let planned = plan::plan(store, now, &entry.payload, self.record.as_ref()).await?;
        planned.map_err(|refusal| {
            let title = "Sending it once more would come to nothing";
            let detail = match &refusal {
                Refusal::Unreadable { .. } => format!("{refusal}; send a corrected `record`"),
                Refusal::OtherContent | Refusal::NotTaken => refusal.to_string(),
            };
            Problem::new(StatusCode::CONFLICT, "no_use", title, detail)
        })
    }
}

fn if_match(headers: &HeaderMap, entry: &Entry) -> Result<(), Problem> {
    match tag::matches(headers, entry.version()) {
        Some(true) => Ok(()),
        Some(false) => Err(Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "changed_meanwhile",
            "The entry has changed since you looked",
            "look again; its ETag is another one now",
        )
        .of("If-Match")),
        None => Err(Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            "if_match_missing",
            "Say which version you looked at",
            "send the entry's ETag as If-Match",
        )
        .of("If-Match")),
    }
}

/// Once the re-driven record has been decided on, or the wait for that is over.
async fn answer(app: &App, entry: Entry) -> Result<Response, Problem> {
    let position = entry.handling.as_ref().and_then(entry::redriven_as);
    let (decided, became) = match position {
        Some(position) => (
            hands::wait(app, position).await?,
            entry::became(app, position).await?,
        ),
        None => (true, None),
    };
    let status = if decided {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    let body = Answer {
        item: entry.item(),
        decided,
        became,
    };
    let headers = [(header::ETAG, tag::of_version(entry.version()))];
    Ok((status, headers, axum::Json(body)).into_response())
}
