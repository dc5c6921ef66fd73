//! Leases: who prepares a notice now. They live in memory, end with the process or after a while, and are fenced by a
//! token; on the disk a leased notice is queued.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use engine::fact::NoticeKind;
use engine::ids::{CaseId, NoticeId};
use engine::notice::NoticeState;
use engine::time::{MINUTE, Timestamp};
use ports::dispatch::DueNotice;
use ports::store::StoreError;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use crate::error::{Fault, corrupt};
use crate::heads::{Count, Tally};
use crate::words::Word as _;
use crate::writer::Job;

/// A lease that was never given back ends by itself: preparing a notice asks the registry once and takes seconds.
const LONGEST: i64 = 2 * MINUTE;
/// Why a notice past its time was not sent.
const NOT_SENT_IN_TIME: &str = "not_sent_in_time";

/// Leases by notice.
#[derive(Default)]
pub(crate) struct Leases {
    by_notice: HashMap<String, Lent>,
    tokens: u64,
    /// How many ended by themselves.
    ended: u64,
}

struct Lent {
    token: u64,
    until: Timestamp,
}

impl Leases {
    /// Ends a lease, whoever has it.
    pub(crate) fn end(&mut self, id: &str) {
        self.by_notice.remove(id);
    }

    /// Ends a lease if it is still this one; says so.
    pub(super) fn end_if(&mut self, id: &str, token: u64) -> bool {
        let is_this = self.by_notice.get(id).is_some_and(|lent| lent.token == token);
        if is_this {
            self.by_notice.remove(id);
        }
        is_this
    }

    /// Whether a notice is leased.
    pub(crate) fn holds(&self, id: &str) -> bool {
        self.by_notice.contains_key(id)
    }

    /// The notices that are leased.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.by_notice.keys().map(String::as_str)
    }

    fn lend(&mut self, id: &str, until: Timestamp) -> u64 {
        self.tokens += 1;
        let token = self.tokens;
        self.by_notice.insert(id.to_owned(), Lent { token, until });
        token
    }

    fn end_overdue(&mut self, now: Timestamp) {
        let before = self.by_notice.len();
        self.by_notice.retain(|_, lent| lent.until > now);
        self.ended += (before - self.by_notice.len()) as u64;
    }

    /// How many ended by themselves.
    pub(super) fn ended(&self) -> u64 {
        self.ended
    }
}

pub(crate) fn lock(leases: &Mutex<Leases>) -> Result<MutexGuard<'_, Leases>, StoreError> {
    leases
        .lock()
        .map_err(|_| StoreError::Unavailable("a task that held the leases panicked".to_owned()))
}

pub(super) async fn is_anything_due(conn: &mut SqliteConnection, now: Timestamp) -> Result<bool, Fault> {
    let query = sqlx::query(
        "SELECT EXISTS (SELECT 1 FROM notice INDEXED BY notice_due WHERE state = 0 AND not_before <= ?1)",
    );
    let row = query.bind(now.as_micros()).fetch_one(conn).await?;
    Ok(row.try_get(0)?)
}

pub(super) async fn due_count(conn: &mut SqliteConnection, now: Timestamp) -> Result<u64, Fault> {
    let query =
        sqlx::query("SELECT count(*) FROM notice INDEXED BY notice_due WHERE state = 0 AND not_before <= ?1");
    Ok(query.bind(now.as_micros()).fetch_one(conn).await?.try_get(0)?)
}

pub(super) struct Lease {
    pub(super) now: Timestamp,
    pub(super) limit: usize,
    pub(super) leases: Arc<Mutex<Leases>>,
}

#[async_trait]
impl Job for Lease {
    type Output = Vec<DueNotice>;

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<Self::Output, Fault> {
        let taken = {
            let mut leases = lock(&self.leases)?;
            leases.end_overdue(self.now);
            leases.by_notice.len()
        };
        expire(conn, self.now).await?;
        let query = sqlx::query(
            "SELECT id, case_id, kind, plate, parameters, expires_at, attempts, not_before FROM notice INDEXED BY notice_due
             WHERE state = 0 AND not_before <= ?1 ORDER BY not_before, sequence LIMIT ?2",
        );
        let query = query.bind(self.now.as_micros()).bind((self.limit + taken) as i64);
        let rows = query.fetch_all(conn).await?;
        let mut leases = lock(&self.leases)?;
        let mut due = Vec::with_capacity(self.limit);
        for row in rows {
            if due.len() == self.limit {
                break;
            }
            let mut notice = to_due(&row)?;
            if !leases.holds(notice.id.as_str()) {
                notice.token = leases.lend(notice.id.as_str(), self.now.plus(LONGEST));
                due.push(notice);
            }
        }
        Ok(due)
    }
}

fn to_due(row: &SqliteRow) -> Result<DueNotice, Fault> {
    Ok(DueNotice {
        id: NoticeId::from_text(row.try_get(0)?),
        case: CaseId::from_text(row.try_get(1)?),
        kind: NoticeKind::of(row.try_get(2)?)?,
        plate: row.try_get::<&str, _>(3)?.into(),
        parameters: row.try_get::<Vec<u8>, _>(4)?.into(),
        expires_at: Timestamp::from_micros(row.try_get(5)?),
        attempts: row.try_get(6)?,
        not_before: Timestamp::from_micros(row.try_get(7)?),
        token: 0,
    })
}

/// What is due and too late is not sent any more. A lease on it ends at the submit wall.
async fn expire(conn: &mut SqliteConnection, now: Timestamp) -> Result<(), Fault> {
    let expired = sqlx::query(
        "UPDATE notice INDEXED BY notice_expiry SET state = ?1, reason = ?2, final_at = ?3
         WHERE state = 0 AND not_before <= ?3 AND expires_at <= ?3",
    )
    .bind(NoticeState::Expired.number())
    .bind(NOT_SENT_IN_TIME)
    .bind(now.as_micros())
    .execute(&mut *conn)
    .await?
    .rows_affected();
    let mut tally = Tally::default();
    tally.add(Count::Notice, NoticeState::Queued.number(), -(expired as i64));
    tally.add(Count::Notice, NoticeState::Expired.number(), expired as i64);
    tally.write(conn).await
}

pub(super) struct SetAside {
    pub(super) now: Timestamp,
    pub(super) notices: Vec<(NoticeId, u64, NoticeState, Arc<str>)>,
    pub(super) leases: Arc<Mutex<Leases>>,
}

#[async_trait]
impl Job for SetAside {
    type Output = ();

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<(), Fault> {
        let mut tally = Tally::default();
        for (id, token, state, reason) in &self.notices {
            if !state.is_unsent() {
                let state = state.as_str();
                return Err(
                    StoreError::Conflict(format!("notice {id} was not sent and cannot be {state}")).into(),
                );
            }
            if !lock(&self.leases)?.end_if(id.as_str(), *token) {
                continue;
            }
            let changed = sqlx::query(
                "UPDATE notice SET state = ?1, reason = ?2, final_at = ?3 WHERE id = ?4 AND state = 0",
            )
            .bind(state.number())
            .bind(&**reason)
            .bind(state.is_final().then_some(self.now.as_micros()))
            .bind(id.as_str())
            .execute(&mut *conn)
            .await?
            .rows_affected();
            one(id, changed)?;
            tally.shift(Count::Notice, NoticeState::Queued.number(), state.number());
        }
        tally.write(conn).await
    }
}

pub(super) struct Defer {
    pub(super) notices: Vec<(NoticeId, u64, Timestamp)>,
    pub(super) leases: Arc<Mutex<Leases>>,
}

#[async_trait]
impl Job for Defer {
    type Output = ();

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<(), Fault> {
        for (id, token, until) in &self.notices {
            if !lock(&self.leases)?.end_if(id.as_str(), *token) {
                continue;
            }
            let query = sqlx::query("UPDATE notice SET not_before = ?1 WHERE id = ?2 AND state = 0");
            let query = query.bind(until.as_micros()).bind(id.as_str());
            one(id, query.execute(&mut *conn).await?.rows_affected())?;
        }
        Ok(())
    }
}

/// A notice under a valid lease is queued: every other change of it ends the lease.
fn one(id: &NoticeId, changed: u64) -> Result<(), Fault> {
    if changed == 1 {
        Ok(())
    } else {
        Err(corrupt(format!("notice {id} is leased and not queued")))
    }
}
