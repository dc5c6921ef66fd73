//! Where sequences go on, and the counts that pages ask for.

use std::collections::BTreeMap;

use sqlx::{Row as _, SqliteConnection};

use crate::error::Fault;

/// A sequence.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Head {
    Log,
    Inner,
    Source,
    Batch,
    Case,
    Notice,
    Attempt,
    Policy,
    Receipt,
}

impl Head {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Inner => "inner",
            Self::Source => "source",
            Self::Batch => "batch",
            Self::Case => "case",
            Self::Notice => "notice",
            Self::Attempt => "attempt",
            Self::Policy => "policy",
            Self::Receipt => "receipt",
        }
    }

    /// Takes the next `count` numbers; says the first.
    pub(crate) async fn take(self, conn: &mut SqliteConnection, count: usize) -> Result<i64, Fault> {
        let query = sqlx::query("UPDATE head SET next = next + ?1 WHERE name = ?2 RETURNING next - ?1");
        let row = query.bind(count as i64).bind(self.name()).fetch_one(conn).await?;
        Ok(row.try_get(0)?)
    }

    /// The number that is taken next.
    pub(crate) async fn next(self, conn: &mut SqliteConnection) -> Result<i64, Fault> {
        let query = sqlx::query("SELECT next FROM head WHERE name = ?1");
        Ok(query.bind(self.name()).fetch_one(conn).await?.try_get(0)?)
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Count {
    /// Records read, by disposition.
    Record,
    /// Effective cases, by outcome.
    Case,
    /// Notices, by state.
    Notice,
    /// Finished attempts, by class.
    Attempt,
    /// Attempts without an outcome.
    InFlight,
    /// Ledgers.
    Ledger,
    /// Ledgers with facts that wait.
    Waiting,
}

impl Count {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Case => "case",
            Self::Notice => "notice",
            Self::Attempt => "attempt",
            Self::InFlight => "in_flight",
            Self::Ledger => "ledger",
            Self::Waiting => "waiting",
        }
    }
}

/// How the counts change by one job.
#[derive(Default)]
pub(crate) struct Tally(BTreeMap<(Count, i64), i64>);

impl Tally {
    pub(crate) fn add(&mut self, what: Count, key: i64, by: i64) {
        *self.0.entry((what, key)).or_default() += by;
    }

    /// One thing goes from one key to another.
    pub(crate) fn shift(&mut self, what: Count, from: i64, to: i64) {
        self.add(what, from, -1);
        self.add(what, to, 1);
    }

    pub(crate) async fn write(self, conn: &mut SqliteConnection) -> Result<(), Fault> {
        for ((what, key), by) in self.0.into_iter().filter(|(_, by)| *by != 0) {
            sqlx::query(
                "INSERT INTO counter (kind, key, n) VALUES (?1, ?2, ?3)
                 ON CONFLICT (kind, key) DO UPDATE SET n = n + excluded.n",
            )
            .bind(what.name())
            .bind(key)
            .bind(by)
            .execute(&mut *conn)
            .await?;
        }
        Ok(())
    }
}
