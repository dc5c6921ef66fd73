//! The submit wall: before the first byte is sent, the attempt, its exact request and what the person may now know are
//! on the disk.

use std::sync::{Arc, Mutex};

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
        let mut granted = Vec::with_capacity(self.sealed.len());
        let mut told = Vec::with_capacity(self.sealed.len());
        for submission in &self.sealed {
            let is_leased = lease::lock(&self.leases)?.end_if(submission.notice.as_str(), submission.token);
            let grant = if !is_leased || all_paused || is_paused(&submission.provider) {
                Grant::Refused
            } else if let Some(until) = capped(conn, self.now, submission).await? {
                wait(conn, submission, until).await?
            } else if write(conn, self.now, submission).await? {
                told.push(submission.told.clone());
                Grant::Granted
            } else {
                Grant::Refused
            };
            granted.push(grant);
        }
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

/// Writes an attempt, if its notice is queued, in time, and has no live attempt; says so.
async fn write(conn: &mut SqliteConnection, now: Timestamp, submission: &Sealed) -> Result<bool, Fault> {
    let sequence = Head::Attempt.next(conn).await?;
    let inserted = sqlx::query(
        "INSERT INTO attempt (sequence, id, notice, provider, live, submitted_at, deadline, request, recipient)
         SELECT ?1, ?2, notice.id, ?3, 1, ?4, ?5, ?6, ?8 FROM notice
         WHERE id = ?7 AND state = 0 AND not_before <= ?4 AND expires_at > ?4
         ON CONFLICT DO NOTHING",
    )
    .bind(sequence)
    .bind(submission.attempt.as_str())
    .bind(&*submission.provider)
    .bind(now.as_micros())
    .bind(submission.deadline.as_micros())
    .bind(&submission.request[..])
    .bind(submission.notice.as_str())
    .bind(submission.recipient_key.as_ref().map(|key| &key[..]))
    .execute(&mut *conn)
    .await?
    .rows_affected();
    if inserted == 0 {
        return Ok(false);
    }
    Head::Attempt.take(conn, 1).await?;
    let changed = sqlx::query(
        "UPDATE notice SET state = ?1, reason = NULL, attempts = attempts + 1, submitted_at = ?2, final_at = NULL,
            text = ?3, segments = ?4, recipient = ?5
         WHERE id = ?6 AND state = 0",
    )
    .bind(NoticeState::Submitted.number())
    .bind(now.as_micros())
    .bind(&submission.text[..])
    .bind(submission.segments)
    .bind(&submission.recipient[..])
    .bind(submission.notice.as_str())
    .execute(&mut *conn)
    .await?
    .rows_affected();
    if changed == 1 {
        Ok(true)
    } else {
        Err(corrupt(format!(
            "notice {} changed under its submission",
            submission.notice
        )))
    }
}
