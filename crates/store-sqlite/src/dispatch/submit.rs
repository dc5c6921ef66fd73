//! The submit wall: before the first byte is sent, the attempt, its exact request and what the person may now know are
//! on the disk.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use engine::ids::{AttemptId, NoticeId};
use engine::notice::NoticeState;
use engine::time::Timestamp;
use ports::dispatch::{ALL_PROVIDERS, Submission};
use sqlx::SqliteConnection;

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
    type Output = Vec<bool>;

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<Vec<bool>, Fault> {
        let providers = provider::load(conn).await?;
        let is_paused = |name: &str| providers.get(name).is_some_and(|state| state.paused.is_some());
        let all_paused = is_paused(ALL_PROVIDERS);
        let mut granted = Vec::with_capacity(self.sealed.len());
        let mut told = Vec::with_capacity(self.sealed.len());
        for submission in &self.sealed {
            let is_leased = lease::lock(&self.leases)?.end_if(submission.notice.as_str(), submission.token);
            let may = is_leased
                && !all_paused
                && !is_paused(&submission.provider)
                && write(conn, self.now, submission).await?;
            if may {
                told.push(submission.told.clone());
            }
            granted.push(may);
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

/// Writes an attempt, if its notice is queued, in time, and has no live attempt; says so.
async fn write(conn: &mut SqliteConnection, now: Timestamp, submission: &Sealed) -> Result<bool, Fault> {
    let sequence = Head::Attempt.next(conn).await?;
    let inserted = sqlx::query(
        "INSERT INTO attempt (sequence, id, notice, provider, live, submitted_at, deadline, request)
         SELECT ?1, ?2, notice.id, ?3, 1, ?4, ?5, ?6 FROM notice
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
