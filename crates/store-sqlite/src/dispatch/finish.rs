//! Outcomes of attempts. An attempt that is in flight or unknown takes any outcome; one that was accepted takes later
//! news of the same message; one that certainly was not sent takes nothing any more.

use async_trait::async_trait;
use engine::notice::{AttemptClass, NoticeState};
use engine::time::Timestamp;
use ports::dispatch::Finished;
use sqlx::{Row as _, SqliteConnection};

use super::provider::Streaks;
use crate::error::{Fault, corrupt};
use crate::heads::{Count, Tally};
use crate::intake::insert_inner;
use crate::words::Word as _;
use crate::writer::Job;

pub(super) struct Finish {
    pub(super) now: Timestamp,
    pub(super) outcomes: Vec<Finished>,
}

#[async_trait]
impl Job for Finish {
    type Output = ();

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<(), Fault> {
        let mut tally = Tally::default();
        let mut streaks = Streaks::load(conn).await?;
        let mut told = Vec::new();
        for outcome in &self.outcomes {
            let Some(before) = load(conn, outcome).await? else {
                return Err(corrupt(format!("there is no attempt {}", outcome.attempt)));
            };
            if !before.takes(outcome.class) {
                let (was, is) = (before.class.map(AttemptClass::as_str), outcome.class.as_str());
                tracing::warn!(attempt = %outcome.attempt, was, is, "an outcome came after a final one and is dropped");
                continue;
            }
            write_attempt(conn, self.now, outcome, &before).await?;
            match before.class {
                None => tally.add(Count::InFlight, 0, -1),
                Some(class) => tally.add(Count::Attempt, class.number(), -1),
            }
            tally.add(Count::Attempt, outcome.class.number(), 1);
            if before.class.is_none() || outcome.class == AttemptClass::Accepted {
                streaks.note(&before.provider, outcome, self.now);
            }
            if outcome.class.is_not_sent() || before.is_freed {
                told.extend(outcome.told.clone());
            }
            if let Some(from) = write_notice(conn, self.now, outcome, before.state).await? {
                tally.shift(Count::Notice, from.number(), outcome.next.number());
            }
        }
        streaks.write(conn).await?;
        insert_inner(conn, self.now, &told).await?;
        tally.write(conn).await
    }
}

/// An attempt and its notice before an outcome.
struct Before {
    provider: String,
    class: Option<AttemptClass>,
    state: NoticeState,
    /// Its provider had said that it never had it, and the notice was queued again.
    is_freed: bool,
}

impl Before {
    fn takes(&self, class: AttemptClass) -> bool {
        match self.class {
            None | Some(AttemptClass::Unknown) => true,
            Some(AttemptClass::Accepted) => class == AttemptClass::Accepted,
            Some(_) => false,
        }
    }
}

/// Whether nothing but news changes a notice in this state.
pub(super) fn is_final(state: NoticeState) -> bool {
    !matches!(
        state,
        NoticeState::Queued
            | NoticeState::Leased
            | NoticeState::Submitted
            | NoticeState::Held
            | NoticeState::Unknown
    )
}

async fn load(conn: &mut SqliteConnection, outcome: &Finished) -> Result<Option<Before>, Fault> {
    let query = sqlx::query(
        "SELECT provider, class, state, class = 10 AND live IS NULL FROM attempt JOIN notice ON notice.id = attempt.notice
         WHERE attempt.id = ?1 AND notice.id = ?2",
    );
    let query = query.bind(outcome.attempt.as_str()).bind(outcome.notice.as_str());
    let Some(row) = query.fetch_optional(conn).await? else {
        return Ok(None);
    };
    Ok(Some(Before {
        provider: row.try_get(0)?,
        class: row
            .try_get::<Option<i64>, _>(1)?
            .map(AttemptClass::of)
            .transpose()?,
        state: NoticeState::of(row.try_get(2)?)?,
        is_freed: row.try_get::<Option<bool>, _>(3)?.unwrap_or(false),
    }))
}

async fn write_attempt(
    conn: &mut SqliteConnection,
    now: Timestamp,
    outcome: &Finished,
    before: &Before,
) -> Result<(), Fault> {
    let changed = sqlx::query(
        "UPDATE attempt SET class = ?1, code = COALESCE(?2, code), provider_id = COALESCE(?3, provider_id),
            finished_at = ?4, live = CASE WHEN ?5 THEN live END, recipient = CASE WHEN ?5 THEN recipient END
         WHERE id = ?6 AND class IS ?7",
    )
    .bind(outcome.class.number())
    .bind(outcome.code.as_deref())
    .bind(outcome.provider_id.as_deref())
    .bind(now.as_micros())
    .bind(!outcome.class.is_not_sent())
    .bind(outcome.attempt.as_str())
    .bind(before.class.map(AttemptClass::number))
    .execute(conn)
    .await?
    .rows_affected();
    if changed == 1 {
        Ok(())
    } else {
        Err(corrupt(format!(
            "attempt {} changed under its outcome",
            outcome.attempt
        )))
    }
}

/// Moves the notice on; says from which state, if it moved. Only a definite not-sent leads back; other news never
/// overwrites news of a higher rank.
async fn write_notice(
    conn: &mut SqliteConnection,
    now: Timestamp,
    outcome: &Finished,
    state: NoticeState,
) -> Result<Option<NoticeState>, Fault> {
    let next = outcome.next;
    if outcome.class.is_not_sent() {
        let waits = matches!(state, NoticeState::Submitted | NoticeState::Unknown);
        // An earlier attempt, which its provider had said it never had, turned up while this one was on its way.
        if !waits && state.rank() >= NoticeState::Accepted.rank() {
            return Ok(None);
        }
        if !waits || !next.is_unsent() {
            let (from, to) = (state.as_str(), next.as_str());
            return Err(corrupt(format!(
                "notice {} was not sent and cannot go from {from} to {to}",
                outcome.notice
            )));
        }
    } else if next.rank() <= state.rank() {
        return Ok(None);
    }
    let accepted = (outcome.class == AttemptClass::Accepted).then_some(now.as_micros());
    let changed = sqlx::query(
        "UPDATE notice SET state = ?1, reason = ?2, not_before = COALESCE(?3, not_before),
            accepted_at = COALESCE(accepted_at, ?4), final_at = ?5
         WHERE id = ?6 AND state = ?7",
    )
    .bind(next.number())
    .bind(outcome.reason.as_deref())
    .bind(outcome.not_before.map(Timestamp::as_micros))
    .bind(accepted)
    .bind(is_final(next).then_some(now.as_micros()))
    .bind(outcome.notice.as_str())
    .bind(state.number())
    .execute(conn)
    .await?
    .rows_affected();
    if changed == 1 {
        Ok(Some(state))
    } else {
        Err(corrupt(format!(
            "notice {} changed under its outcome",
            outcome.notice
        )))
    }
}
