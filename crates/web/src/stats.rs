//! Counts by stage, with the sums that must hold between them.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use engine::case::{Disposition, Outcome};
use engine::notice::{AttemptClass, NoticeState};
use ports::read::Stats;
use serde::{Serialize, Serializer};

use crate::app::App;
use crate::problem::Problem;

/// A sum that must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Identity {
    /// In words.
    pub(crate) says: &'static str,
    pub(crate) left: u64,
    pub(crate) right: u64,
    pub(crate) holds: bool,
}

/// Counts by stage, every word of its list in the list's order, with zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) appended: u64,
    pub(crate) read: u64,
    pub(crate) records: Vec<(Disposition, u64)>,
    pub(crate) cases: Vec<(Outcome, u64)>,
    pub(crate) notices: Vec<(NoticeState, u64)>,
    pub(crate) attempts: Vec<(AttemptClass, u64)>,
    pub(crate) in_flight: u64,
    pub(crate) ledgers: u64,
}

impl From<Stats> for Counts {
    fn from(stats: Stats) -> Self {
        Self {
            appended: stats.appended,
            read: stats.read,
            records: in_order(&Disposition::ALL, &stats.records),
            cases: in_order(&Outcome::ALL, &stats.cases),
            notices: in_order(&NoticeState::ALL, &stats.notices),
            attempts: in_order(&AttemptClass::ALL, &stats.attempts),
            in_flight: stats.in_flight,
            ledgers: stats.ledgers,
        }
    }
}

impl Counts {
    pub(crate) fn unread(&self) -> u64 {
        self.appended.saturating_sub(self.read)
    }

    pub(crate) fn total_cases(&self) -> u64 {
        sum(&self.cases)
    }

    pub(crate) fn total_notices(&self) -> u64 {
        sum(&self.notices)
    }

    pub(crate) fn total_attempts(&self) -> u64 {
        sum(&self.attempts).saturating_add(self.in_flight)
    }

    /// Only the first two can fail: cases, notices and attempts are counted by their words and have no other total.
    pub(crate) fn identities(&self) -> [Identity; 5] {
        let identity = |says, left, right| Identity {
            says,
            left,
            right,
            holds: left == right,
        };
        let (cases, notices, attempts) = (self.total_cases(), self.total_notices(), self.total_attempts());
        [
            identity(
                "appended = read + unread",
                self.appended,
                self.read.saturating_add(self.unread()),
            ),
            identity("read = sum of dispositions", self.read, sum(&self.records)),
            identity("cases = sum of outcomes", cases, sum(&self.cases)),
            identity("notices = sum of states", notices, sum(&self.notices)),
            identity(
                "attempts = sum of classes + in flight",
                attempts,
                sum(&self.attempts).saturating_add(self.in_flight),
            ),
        ]
    }
}

#[derive(Serialize)]
struct Body {
    records: Records,
    cases: Cases,
    notices: Notices,
    attempts: Attempts,
    ledgers: u64,
    identities: [Identity; 5],
}

#[derive(Serialize)]
struct Records {
    appended: u64,
    read: u64,
    unread: u64,
    by_disposition: ByWord,
}

#[derive(Serialize)]
struct Cases {
    total: u64,
    by_outcome: ByWord,
}

#[derive(Serialize)]
struct Notices {
    total: u64,
    by_state: ByWord,
}

#[derive(Serialize)]
struct Attempts {
    total: u64,
    in_flight: u64,
    by_class: ByWord,
}

/// An object with a count for each word, in the order of its list.
struct ByWord(Vec<(&'static str, u64)>);

impl Serialize for ByWord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

impl ByWord {
    fn new<T: Copy>(counts: &[(T, u64)], word: fn(T) -> &'static str) -> Self {
        Self(
            counts
                .iter()
                .map(|(value, count)| (word(*value), *count))
                .collect(),
        )
    }
}

pub(crate) async fn stats(State(app): State<App>) -> Result<Response, Problem> {
    let counts = Counts::from(app.parts.store.stats().await?);
    let body = Body {
        records: Records {
            appended: counts.appended,
            read: counts.read,
            unread: counts.unread(),
            by_disposition: ByWord::new(&counts.records, Disposition::as_str),
        },
        cases: Cases {
            total: counts.total_cases(),
            by_outcome: ByWord::new(&counts.cases, Outcome::as_str),
        },
        notices: Notices {
            total: counts.total_notices(),
            by_state: ByWord::new(&counts.notices, NoticeState::as_str),
        },
        attempts: Attempts {
            total: counts.total_attempts(),
            in_flight: counts.in_flight,
            by_class: ByWord::new(&counts.attempts, AttemptClass::as_str),
        },
        ledgers: counts.ledgers,
        identities: counts.identities(),
    };
    Ok(Json(body).into_response())
}

fn in_order<T: Copy + PartialEq>(list: &[(T, &'static str)], counts: &[(T, u64)]) -> Vec<(T, u64)> {
    let count = |value: T| {
        counts
            .iter()
            .filter(|(other, _)| *other == value)
            .map(|(_, count)| count)
            .sum()
    };
    list.iter().map(|(value, _)| (*value, count(*value))).collect()
}

pub(crate) fn sum<T>(counts: &[(T, u64)]) -> u64 {
    counts.iter().map(|(_, count)| count).sum()
}
