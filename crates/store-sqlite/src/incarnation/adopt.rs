//! Messages that were sent in the lost span become what they would be had nothing been lost: an attempt that the provider
//! took, the state that it named, and the fact that the person may know.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use engine::notice::{AttemptClass, NoticeState};
use engine::time::Timestamp;
use ports::restore::Adopted;
use sqlx::{Row as _, SqliteConnection};

use crate::dispatch::{Leases, lock};
use crate::error::{Fault, corrupt};
use crate::heads::{Count, Head, Tally};
use crate::intake::insert_inner;
use crate::read::append_audit;
use crate::seal::{Keys, Place};
use crate::words::Word as _;
use crate::writer::Job;

/// Why a notice is in the state that was found.
const REASON: &str = "found_after_restore";
/// Why an attempt of unknown fate was certainly not sent: only then is there a later one.
const SUPERSEDED: &str = "superseded";

pub(super) struct Adopt {
    now: Timestamp,
    by: Arc<str>,
    /// Each with its sealed request, which nobody knows any more.
    sent: Vec<(Adopted, Vec<u8>)>,
    leases: Arc<Mutex<Leases>>,
}

impl Adopt {
    pub(super) fn new(
        keys: &Keys,
        now: Timestamp,
        by: &str,
        sent: &[Adopted],
        leases: Arc<Mutex<Leases>>,
    ) -> Result<Self, Fault> {
        let seal = |sent: &Adopted| {
            let request = keys.seal(Place::Request, sent.attempt.as_str(), b"")?;
            Ok((sent.clone(), request))
        };
        let sent: Result<Vec<_>, Fault> = sent.iter().map(seal).collect();
        Ok(Self {
            now,
            by: by.into(),
            sent: sent?,
            leases,
        })
    }
}

#[async_trait]
impl Job for Adopt {
    type Output = Vec<bool>;

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<Vec<bool>, Fault> {
        let mut tally = Tally::default();
        let mut told = Vec::new();
        let mut adopted = Vec::with_capacity(self.sent.len());
        for (sent, request) in &self.sent {
            let Some(before) = load(conn, sent).await?.filter(Before::takes) else {
                adopted.push(false);
                continue;
            };
            // Whoever prepares it has read what no longer holds.
            lock(&self.leases)?.end(sent.notice.as_str());
            if let Some(live) = &before.live {
                supersede(conn, self.now, live, &mut tally).await?;
            }
            insert(conn, self.now, sent, request).await?;
            move_notice(conn, self.now, sent, before.state).await?;
            tally.add(Count::Attempt, AttemptClass::Accepted.number(), 1);
            tally.shift(Count::Notice, before.state.number(), sent.state.number());
            told.push(sent.told.clone());
            append_audit(conn, sent.entry(self.now, &self.by)).await?;
            adopted.push(true);
        }
        insert_inner(conn, self.now, &told).await?;
        tally.write(conn).await?;
        Ok(adopted)
    }
}

struct Before {
    state: NoticeState,
    /// Its live attempt: id and class.
    live: Option<(String, Option<AttemptClass>)>,
    /// Whether there is a row of the attempt already.
    is_known: bool,
}

impl Before {
    fn takes(&self) -> bool {
        let may = match &self.live {
            None => matches!(self.state, NoticeState::Queued | NoticeState::Held),
            Some((_, class)) => {
                matches!(self.state, NoticeState::Submitted | NoticeState::Unknown)
                    && matches!(class, None | Some(AttemptClass::Unknown))
            }
        };
        may && !self.is_known
    }
}

async fn load(conn: &mut SqliteConnection, sent: &Adopted) -> Result<Option<Before>, Fault> {
    let query = sqlx::query(
        "SELECT state, attempt.id, class, EXISTS (SELECT 1 FROM attempt WHERE id = ?2)
         FROM notice LEFT JOIN attempt ON attempt.notice = notice.id AND live = 1 WHERE notice.id = ?1",
    );
    let query = query.bind(sent.notice.as_str()).bind(sent.attempt.as_str());
    let Some(row) = query.fetch_optional(conn).await? else {
        return Ok(None);
    };
    let class = row
        .try_get::<Option<i64>, _>(2)?
        .map(AttemptClass::of)
        .transpose()?;
    Ok(Some(Before {
        state: NoticeState::of(row.try_get(0)?)?,
        live: row.try_get::<Option<String>, _>(1)?.map(|id| (id, class)),
        is_known: row.try_get(3)?,
    }))
}

async fn supersede(
    conn: &mut SqliteConnection,
    now: Timestamp,
    (id, class): &(String, Option<AttemptClass>),
    tally: &mut Tally,
) -> Result<(), Fault> {
    let changed = sqlx::query(
        "UPDATE attempt SET class = ?1, code = ?2, finished_at = ?3, live = NULL, recipient = NULL
         WHERE id = ?4 AND class IS ?5 AND live = 1",
    )
    .bind(AttemptClass::NotSent.number())
    .bind(SUPERSEDED)
    .bind(now.as_micros())
    .bind(id)
    .bind(class.map(AttemptClass::number))
    .execute(conn)
    .await?
    .rows_affected();
    if changed != 1 {
        return Err(corrupt(format!(
            "attempt {id} changed under the transaction that reads it"
        )));
    }
    match class {
        None => tally.add(Count::InFlight, 0, -1),
        Some(class) => tally.add(Count::Attempt, class.number(), -1),
    }
    tally.add(Count::Attempt, AttemptClass::NotSent.number(), 1);
    Ok(())
}

async fn insert(
    conn: &mut SqliteConnection,
    now: Timestamp,
    sent: &Adopted,
    request: &[u8],
) -> Result<(), Fault> {
    let sequence = Head::Attempt.take(conn, 1).await?;
    sqlx::query(
        "INSERT INTO attempt (sequence, id, notice, provider, live, submitted_at, deadline, class, code, provider_id,
            finished_at, request)
         VALUES (?1, ?2, ?3, ?4, 1, ?5, ?5, ?6, ?7, ?8, ?5, ?9)",
    )
    .bind(sequence)
    .bind(sent.attempt.as_str())
    .bind(sent.notice.as_str())
    .bind(&*sent.provider)
    .bind(now.as_micros())
    .bind(AttemptClass::Accepted.number())
    .bind(sent.code.as_deref())
    .bind(sent.provider_id.as_deref())
    .bind(request)
    .execute(&mut *conn)
    .await?;
    // News that was about nothing is now about this attempt.
    sqlx::query(
        "UPDATE receipt SET look_at = ?1, is_matched = NULL
         WHERE client_ref = ?2 AND client_ref IS NOT NULL AND is_matched = 0",
    )
    .bind(now.as_micros())
    .bind(sent.attempt.as_str())
    .execute(conn)
    .await?;
    Ok(())
}

async fn move_notice(
    conn: &mut SqliteConnection,
    now: Timestamp,
    sent: &Adopted,
    before: NoticeState,
) -> Result<(), Fault> {
    let changed = sqlx::query(
        "UPDATE notice SET state = ?1, reason = ?2, attempts = MAX(attempts, ?3), submitted_at = ?4,
            accepted_at = ?4, final_at = ?4
         WHERE id = ?5 AND state = ?6",
    )
    .bind(sent.state.number())
    .bind(REASON)
    .bind(sent.number)
    .bind(now.as_micros())
    .bind(sent.notice.as_str())
    .bind(before.number())
    .execute(conn)
    .await?
    .rows_affected();
    if changed == 1 {
        Ok(())
    } else {
        Err(corrupt(format!(
            "notice {} changed under the transaction that reads it",
            sent.notice
        )))
    }
}
