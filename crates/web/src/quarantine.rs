//! The queue of records that were set aside: unreadable, in conflict with an earlier one, or below the evidence threshold.
//! A person sends one into the stream once more, as it is or corrected, or lets it go. The record itself stays as it was read.

mod acts;
mod entry;
mod plan;

use std::collections::HashMap;

use axum::extract::State;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, extract::Path};
use engine::case::{Disposition, Reason};
use ports::quarantine::{Handling, Outcome};
use ports::read::StoredRecord;

use self::entry::{Entry, Item};
use crate::access::Caller;
use crate::app::App;
use crate::cursor::{self, Of, Page};
use crate::problem::Problem;
use crate::query::{self, Parameters};
use crate::tag;

pub(crate) use self::acts::{LARGEST, drop, redrive};
pub use self::plan::{Plan, Refusal, plan};

/// Records read from the store at a time.
const CHUNK: usize = 500;
/// Records looked at for one answer: one request must not read them all. The answer may then hold fewer items than asked
/// for, and still a `next`.
const LOOK: usize = 20_000;
/// For a token of one authority each record's bytes are read too.
const LOOK_CLOSELY: usize = 2_000;

/// What became of an entry so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Open,
    Redriven,
    Dropped,
}

impl Standing {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Open, "open"),
        (Self::Redriven, "redriven"),
        (Self::Dropped, "dropped"),
    ];

    fn of(handling: Option<&Handling>) -> Self {
        match handling.map(|handling| handling.outcome) {
            None => Self::Open,
            Some(Outcome::Redriven { .. }) => Self::Redriven,
            Some(Outcome::Dropped) => Self::Dropped,
        }
    }

    fn word(self) -> &'static str {
        let found = Self::ALL.iter().find(|(it, _)| *it == self);
        found.map_or("", |(_, word)| word)
    }
}

/// Which entries.
struct Filter {
    reason: Option<Reason>,
    disposition: Option<Disposition>,
    standing: Option<Standing>,
}

impl Filter {
    fn read(parameters: &Parameters) -> Result<Self, Problem> {
        let aside: Vec<_> = Disposition::ALL
            .into_iter()
            .filter(|(it, _)| it.is_set_aside())
            .collect();
        Ok(Self {
            reason: parameters.word("reason", Reason::ALL)?,
            disposition: parameters.word("disposition", &aside)?,
            standing: parameters.word("state", &Standing::ALL)?,
        })
    }

    fn fits(&self, record: &StoredRecord, handling: Option<&Handling>) -> bool {
        self.reason
            .is_none_or(|reason| record.reason.as_deref() == Some(reason.as_str()))
            && self
                .disposition
                .is_none_or(|disposition| record.disposition == disposition)
            && self
                .standing
                .is_none_or(|standing| Standing::of(handling) == standing)
    }
}

pub(crate) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Response, Problem> {
    let known = ["reason", "disposition", "state", "cursor", "limit"];
    let parameters = Parameters::read(&uri, &known)?;
    let limit = parameters.limit()?;
    let filter = Filter::read(&parameters)?;
    let mut after = parameters.cursor(Of::Quarantine)?.unwrap_or(0);
    let most = if caller.authority.is_some() {
        LOOK_CLOSELY
    } else {
        LOOK
    };
    let (mut items, mut looked) = (Vec::new(), 0);
    let has_more = 'all: loop {
        let records = app.parts.quarantine.aside(after, CHUNK).await?;
        let handled = handlings(&app, &records).await?;
        for record in &records {
            let handling = handled.get(&record.position);
            if filter.fits(record, handling) && entry::is_visible(&app, &caller, record.position).await? {
                if items.len() == limit {
                    break 'all true;
                }
                items.push(Item::new(record, handling));
            }
            after = record.position;
        }
        looked += records.len();
        if records.len() < CHUNK {
            break false;
        }
        if looked >= most {
            break true;
        }
    };
    let next = has_more.then(|| cursor::encode(Of::Quarantine, after));
    Ok(Json(Page { items, next }).into_response())
}

/// What was done about these records, by position.
async fn handlings(app: &App, records: &[StoredRecord]) -> Result<HashMap<u64, Handling>, Problem> {
    let (Some(first), Some(last)) = (records.first(), records.last()) else {
        return Ok(HashMap::new());
    };
    let found = app
        .parts
        .quarantine
        .handlings(first.position, last.position)
        .await?;
    Ok(found.into_iter().map(|it| (it.position, it)).collect())
}

/// The place in the address.
fn position(given: Result<Path<String>, PathRejection>) -> Result<u64, Problem> {
    let text = query::text_of(given, "id")?;
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| is_number);
    number.ok_or_else(|| Problem::parameter("id", "the `offset` of a record that was set aside is wanted"))
}

pub(crate) async fn one(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    given: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let entry = Entry::find(&app, &caller, position(given)?).await?;
    let body = entry.whole(&app, &caller).await?;
    let body = serde_json::to_vec(&body).expect("strings and numbers always serialise");
    let (media, caching) = ("application/json", "private, no-cache");
    Ok(tag::answer(&headers, Some(entry.version()), body, media, caching))
}
