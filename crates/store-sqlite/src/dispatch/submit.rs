//! The submit wall: before the first byte is sent, the attempt, its exact request and what the person may now know are
//! on the disk.

use std::sync::{Arc, LazyLock, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use engine::ids::{AttemptId, NoticeId};
use engine::notice::NoticeState;
use engine::time::Timestamp;
use ports::dispatch::{ALL_PROVIDERS, Caps, Grant, RECIPIENT_CAP, Submission};
use sqlx::{Row as _, SqliteConnection};

use super::lease::{self, Leases};
use super::provider;
use crate::error::{Fault, corrupt};
use crate::heads::{Count, Head, Tally};
use crate::intake::insert_inner;
use crate::ladder::{Binds, Ladder};
use crate::seal::{Keys, Place};
use crate::words::Word as _;
use crate::writer::Job;

/// A submission with what it holds about people sealed.
pub(super) struct Sealed {
    notice: NoticeId,
    token: u64,
    attempt: AttemptId,
    provider: Arc<str>,
    request: Vec<u8>,
    text: Vec<u8>,
    recipient: Vec<u8>,
    segments: u32,
    deadline: Timestamp,
    told: Bytes,
    caps: Caps,
    /// Tells recipients apart; none: nobody counts.
    recipient_key: Option<[u8; 16]>,
}

impl Sealed {
    pub(super) fn new(keys: &Keys, submission: &Submission) -> Result<Self, Fault> {
        let notice = submission.notice.as_str();
        let recipient = submission.recipient.reveal().as_bytes();
        Ok(Self {
            notice: submission.notice.clone(),
            token: submission.token,
            attempt: submission.attempt.clone(),
            provider: submission.provider.clone(),
            request: keys.seal(Place::Request, submission.attempt.as_str(), &submission.request)?,
            text: keys.seal(Place::Text, notice, submission.text.as_bytes())?,
            recipient: keys.seal(Place::Recipient, notice, recipient)?,
            segments: submission.segments,
            deadline: submission.deadline,
            told: submission.told.clone(),
            caps: submission.caps,
            recipient_key: (submission.caps != Caps::default())
                .then(|| keys.blind(recipient))
                .transpose()?,
        })
    }
}

pub(super) struct Submit {
    pub(super) now: Timestamp,
    pub(super) sealed: Vec<Sealed>,
    pub(super) leases: Arc<Mutex<Leases>>,
}

#[async_trait]
impl Job for Submit {
    type Output = Vec<Grant>;

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<Vec<Grant>, Fault> {
        let providers = provider::load(conn).await?;
        let is_paused = |name: &str| providers.get(name).is_some_and(|state| state.paused.is_some());
        let all_paused = is_paused(ALL_PROVIDERS);
        let mut granted = vec![Grant::Refused; self.sealed.len()];
        let mut open = Vec::with_capacity(self.sealed.len());
        for (at, submission) in self.sealed.iter().enumerate() {
            let is_leased = lease::lock(&self.leases)?.end_if(submission.notice.as_str(), submission.token);
            if is_leased && !all_paused && !is_paused(&submission.provider) {
                open.push(at);
            }
        }
        // Who counts what one person is sent must see each before the next.
        let at_once = if open.iter().any(|at| self.sealed[*at].recipient_key.is_some()) {
            1
        } else {
            open.len().max(1)
        };
        for run in open.chunks(at_once) {
            if let [at] = run
                && let Some(until) = capped(conn, self.now, &self.sealed[*at]).await?
            {
                granted[*at] = wait(conn, &self.sealed[*at], until).await?;
                continue;
            }
            for at in write(conn, self.now, &self.sealed, run).await? {
                granted[at] = Grant::Granted;
            }
        }
        let is_granted = |(_, grant): &(&Sealed, &Grant)| **grant == Grant::Granted;
        let pairs = self.sealed.iter().zip(&granted).filter(is_granted);
        let told: Vec<Bytes> = pairs.map(|(submission, _)| submission.told.clone()).collect();
        insert_inner(conn, self.now, &told).await?;
        let mut tally = Tally::default();
        let count = told.len() as i64;
        tally.add(Count::Notice, NoticeState::Queued.number(), -count);
        tally.add(Count::Notice, NoticeState::Submitted.number(), count);
        tally.add(Count::InFlight, 0, count);
        tally.write(conn).await?;
        Ok(granted)
    }
}

/// Until when the recipient has had enough, if it has.
async fn capped(
    conn: &mut SqliteConnection,
    now: Timestamp,
    submission: &Sealed,
) -> Result<Option<Timestamp>, Fault> {
    let Some(key) = &submission.recipient_key else {
        return Ok(None);
    };
    let mut until = None;
    for (most, window) in submission.caps.windows() {
        // The one that must leave the window before there is room.
        let query = sqlx::query(
            "SELECT deadline FROM attempt WHERE recipient = ?1 AND deadline > ?2
             ORDER BY deadline DESC LIMIT 1 OFFSET ?3",
        );
        let query = query
            .bind(&key[..])
            .bind(now.plus(-window).as_micros())
            .bind(i64::from(most.saturating_sub(1)));
        if let Some(row) = query.fetch_optional(&mut *conn).await? {
            let leaves = Timestamp::from_micros(row.try_get(0)?).plus(window);
            until = until.max(Some(leaves));
        }
    }
    Ok(until)
}

/// Leaves a notice queued until its recipient may have it.
async fn wait(conn: &mut SqliteConnection, submission: &Sealed, until: Timestamp) -> Result<Grant, Fault> {
    let waits = sqlx::query("UPDATE notice SET not_before = ?1, reason = ?2 WHERE id = ?3 AND state = 0")
        .bind(until.as_micros())
        .bind(RECIPIENT_CAP)
        .bind(submission.notice.as_str())
        .execute(conn)
        .await?
        .rows_affected();
    Ok(if waits == 1 {
        Grant::Capped(until)
    } else {
        Grant::Refused
    })
}

/// Writes the attempts of those notices that are queued, in time, and have no live attempt; says which.
async fn write(
    conn: &mut SqliteConnection,
    now: Timestamp,
    sealed: &[Sealed],
    run: &[usize],
) -> Result<Vec<usize>, Fault> {
    static ATTEMPT: LazyLock<Ladder> = LazyLock::new(|| {
        Ladder::new(
            "INSERT INTO attempt (sequence, id, notice, provider, live, submitted_at, deadline, request, recipient) VALUES",
            "(?, ?, ?, ?, 1, ?, ?, ?, ?)",
            "",
        )
    });
    static NOTICE: LazyLock<Ladder> = LazyLock::new(|| {
        Ladder::new(
            "WITH new (id, at, text, segments, recipient) AS (VALUES",
            "(?, ?, ?, ?, ?)",
            ") UPDATE notice SET state = 2, reason = NULL, attempts = attempts + 1, submitted_at = new.at, final_at = NULL,
                text = new.text, segments = new.segments, recipient = new.recipient
             FROM new WHERE notice.id = new.id AND state = 0",
        )
    });
    let may = may_be_sent(conn, now, sealed, run).await?;
    if may.is_empty() {
        return Ok(may);
    }
    let first = Head::Attempt.take(conn, may.len()).await?;
    let rows: Vec<(i64, &Sealed)> = (first..).zip(may.iter().map(|at| &sealed[*at])).collect();
    let bind = |binds: &mut Binds, (sequence, it): &(i64, &Sealed)| {
        binds
            .add(*sequence)
            .add(it.attempt.as_str())
            .add(it.notice.as_str())
            .add(&*it.provider)
            .add(now.as_micros())
            .add(it.deadline.as_micros())
            .add(&it.request[..])
            .add(it.recipient_key.as_ref().map(|key| &key[..]));
    };
    ATTEMPT.execute(conn, &rows, bind).await?;
    let bind = |binds: &mut Binds, (_, it): &(i64, &Sealed)| {
        binds
            .add(it.notice.as_str())
            .add(now.as_micros())
            .add(&it.text[..])
            .add(it.segments)
            .add(&it.recipient[..]);
    };
    let changed = NOTICE.execute(conn, &rows, bind).await?;
    if changed == may.len() as u64 {
        Ok(may)
    } else {
        Err(corrupt("a notice changed under its submission"))
    }
}

async fn may_be_sent(
    conn: &mut SqliteConnection,
    now: Timestamp,
    sealed: &[Sealed],
    run: &[usize],
) -> Result<Vec<usize>, Fault> {
    static MAY: LazyLock<Ladder> = LazyLock::new(|| {
        Ladder::new(
            "WITH new (at, notice, attempt, now) AS (VALUES",
            "(?, ?, ?, ?)",
            ") SELECT new.at FROM new JOIN notice ON notice.id = new.notice
             WHERE state = 0 AND not_before <= new.now AND expires_at > new.now
                AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.notice = new.notice AND live = 1)
                AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.id = new.attempt)",
        )
    });
    let bind = |binds: &mut Binds, at: &usize| {
        binds
            .add(*at as i64)
            .add(sealed[*at].notice.as_str())
            .add(sealed[*at].attempt.as_str())
            .add(now.as_micros());
    };
    let rows = MAY.fetch(conn, |_| {}, run, bind).await?;
    let mut may = Vec::with_capacity(rows.len());
    for row in rows {
        may.push(row.try_get::<i64, _>(0)? as usize);
    }
    may.sort_unstable();
    Ok(may)
}
