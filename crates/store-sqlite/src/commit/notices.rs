//! What a batch does to notices. The row is the barrier between rule and send: one that has been submitted cannot be
//! cancelled any more, and then nothing of the batch is written.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use bytes::Bytes;
use engine::notice::NoticeState;
use engine::time::Timestamp;
use ports::commit::{Commit, NewNotice, NoticeChange};
use sqlx::{Row as _, SqliteConnection};

use crate::dispatch::{Leases, lock};
use crate::error::{Fault, conflict, corrupt};
use crate::heads::{Count, Head, Tally};
use crate::ladder::{Binds, Ladder};
use crate::words::Word as _;

/// Why a notice about history only is not sent.
const HISTORY: &str = "history";

/// A notice that is there already, as a batch finds and leaves it.
struct Row {
    found: NoticeState,
    state: NoticeState,
    reason: Option<String>,
    /// Whether it may have been sent: an attempt lives.
    live: bool,
    parameters: Option<Bytes>,
    not_before: i64,
    expires_at: i64,
    final_at: Option<i64>,
    changed: bool,
}

/// Writes the changes of a batch.
pub(super) async fn write(
    conn: &mut SqliteConnection,
    batch: &Commit,
    leases: &Mutex<Leases>,
    tally: &mut Tally,
) -> Result<(), Fault> {
    if batch.notices.is_empty() {
        return Ok(());
    }
    queue(conn, batch, tally).await?;
    let mut rows = load(conn, &batch.notices).await?;
    for change in &batch.notices {
        apply(&mut rows, change, batch.at)?;
    }
    rows.retain(|_, row| row.changed);
    {
        // Whoever prepares one of these has read what no longer holds.
        let mut leases = lock(leases)?;
        for id in rows.keys() {
            leases.end(id);
        }
    }
    for row in rows.values().filter(|row| row.found != row.state) {
        tally.shift(Count::Notice, row.found.number(), row.state.number());
    }
    update(conn, rows).await
}

async fn queue(conn: &mut SqliteConnection, batch: &Commit, tally: &mut Tally) -> Result<(), Fault> {
    static INSERT: LazyLock<Ladder> = LazyLock::new(|| {
        Ladder::new(
            "INSERT INTO notice (sequence, id, case_id, kind, revision, plate, state, reason, parameters,
                not_before, expires_at, queued_at, final_at) VALUES",
            "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            "",
        )
    });
    let new = batch.notices.iter().filter_map(|change| match change {
        NoticeChange::Queue(new) => Some(new),
        _ => None,
    });
    let new: Vec<&NewNotice> = new.collect();
    if new.is_empty() {
        return Ok(());
    }
    let first = Head::Notice.take(conn, new.len()).await?;
    let rows: Vec<(i64, &NewNotice)> = (first..).zip(new).collect();
    let at = batch.at.as_micros();
    let bind = |binds: &mut Binds, (sequence, new): &(i64, &NewNotice)| {
        let (state, reason) = standing(new.history);
        binds
            .add(*sequence)
            .add(new.id.as_str())
            .add(new.case.as_str())
            .add(new.kind.number())
            .add(new.revision)
            .add(new.plate.clone())
            .add(state.number())
            .add(reason)
            .add(&new.parameters[..])
            .add(new.not_before.as_micros())
            .add(new.expires_at.as_micros())
            .add(at)
            .add(new.history.then_some(at));
    };
    INSERT.execute(conn, &rows, bind).await?;
    for (_, new) in &rows {
        tally.add(Count::Notice, standing(new.history).0.number(), 1);
    }
    Ok(())
}

fn standing(history: bool) -> (NoticeState, Option<&'static str>) {
    if history {
        (NoticeState::Suppressed, Some(HISTORY))
    } else {
        (NoticeState::Queued, None)
    }
}

async fn load(conn: &mut SqliteConnection, changes: &[NoticeChange]) -> Result<BTreeMap<String, Row>, Fault> {
    static ASK: LazyLock<Ladder> = LazyLock::new(|| {
        Ladder::new(
            "SELECT id, state, reason, not_before, expires_at, final_at,
                EXISTS (SELECT 1 FROM attempt WHERE attempt.notice = notice.id AND live = 1)
             FROM notice WHERE id IN (",
            "?",
            ")",
        )
    });
    let ids = changes.iter().filter_map(|change| match change {
        NoticeChange::Queue(_) => None,
        NoticeChange::Update { id, .. } | NoticeChange::Cancel(id) => Some(id.as_str()),
        NoticeChange::Requeue(new) => Some(new.id.as_str()),
    });
    let mut ids: Vec<&str> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    let bind = |binds: &mut Binds, id: &&str| {
        binds.add(*id);
    };
    let mut rows = BTreeMap::new();
    for row in ASK.fetch(conn, |_| {}, &ids, bind).await? {
        let state = NoticeState::of(row.try_get(1)?)?;
        let found = Row {
            found: state,
            state,
            reason: row.try_get(2)?,
            not_before: row.try_get(3)?,
            expires_at: row.try_get(4)?,
            final_at: row.try_get(5)?,
            live: row.try_get(6)?,
            parameters: None,
            changed: false,
        };
        rows.insert(row.try_get(0)?, found);
    }
    Ok(rows)
}

fn apply(rows: &mut BTreeMap<String, Row>, change: &NoticeChange, at: Timestamp) -> Result<(), Fault> {
    let id = match change {
        NoticeChange::Queue(_) => return Ok(()),
        NoticeChange::Update { id, .. } | NoticeChange::Cancel(id) => id,
        NoticeChange::Requeue(new) => &new.id,
    };
    let row = rows
        .get_mut(id.as_str())
        .ok_or_else(|| corrupt(format!("there is no notice {id}, which a batch changes")))?;
    match change {
        NoticeChange::Queue(_) => {}
        NoticeChange::Update {
            parameters,
            history,
            not_before,
            expires_at,
            ..
        } => {
            if !row.is_unsent() {
                return Ok(());
            }
            row.changed = true;
            row.parameters = Some(parameters.clone());
            let was_history = row.state == NoticeState::Suppressed && row.reason.as_deref() == Some(HISTORY);
            let turns = if *history {
                row.state == NoticeState::Queued
            } else {
                was_history
            };
            if turns {
                row.stand(*history, *not_before, *expires_at, at);
            }
        }
        NoticeChange::Cancel(_) => {
            if !row.is_unsent() {
                return Err(Fault::NoticeSent);
            }
            row.changed = true;
            row.state = NoticeState::Cancelled;
            row.reason = None;
            row.final_at = Some(at.as_micros());
        }
        NoticeChange::Requeue(new) => {
            if row.state != NoticeState::Cancelled {
                let state = row.state.as_str();
                return Err(conflict(format!(
                    "notice {id} is to be queued again and is {state}"
                )));
            }
            row.changed = true;
            row.parameters = Some(new.parameters.clone());
            row.stand(new.history, new.not_before, new.expires_at, at);
        }
    }
    Ok(())
}

impl Row {
    /// Whether it is certain that nothing was sent. An expired one was perhaps sent once.
    fn is_unsent(&self) -> bool {
        !self.live && (self.state.is_unsent() || self.state == NoticeState::Expired)
    }

    fn stand(&mut self, history: bool, not_before: Timestamp, expires_at: Timestamp, at: Timestamp) {
        let (state, reason) = standing(history);
        self.state = state;
        self.reason = reason.map(str::to_owned);
        self.not_before = not_before.as_micros();
        self.expires_at = expires_at.as_micros();
        self.final_at = history.then_some(at.as_micros());
    }
}

async fn update(conn: &mut SqliteConnection, rows: BTreeMap<String, Row>) -> Result<(), Fault> {
    static UPDATE: LazyLock<Ladder> = LazyLock::new(|| {
        Ladder::new(
            "WITH new (id, found, state, reason, parameters, not_before, expires_at, final_at) AS (VALUES",
            "(?, ?, ?, ?, ?, ?, ?, ?)",
            ") UPDATE notice SET state = new.state, reason = new.reason,
                 parameters = COALESCE(new.parameters, notice.parameters), not_before = new.not_before,
                 expires_at = new.expires_at, final_at = new.final_at
             FROM new WHERE notice.id = new.id AND notice.state = new.found",
        )
    });
    let rows: Vec<(String, Row)> = rows.into_iter().collect();
    let bind = |binds: &mut Binds, (id, row): &(String, Row)| {
        binds
            .add(&**id)
            .add(row.found.number())
            .add(row.state.number())
            .add(row.reason.as_deref())
            .add(row.parameters.as_deref())
            .add(row.not_before)
            .add(row.expires_at)
            .add(row.final_at);
    };
    let changed = UPDATE.execute(conn, &rows, bind).await?;
    if changed == rows.len() as u64 {
        Ok(())
    } else {
        Err(corrupt("a notice changed under the transaction that changes it"))
    }
}
