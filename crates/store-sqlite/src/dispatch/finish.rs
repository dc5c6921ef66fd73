//! Outcomes of attempts. An attempt that is in flight or unknown takes any outcome; one that was accepted takes later
//! news of the same message; one that certainly was not sent takes nothing any more.

use std::collections::HashSet;
use std::sync::LazyLock;

use async_trait::async_trait;
use bytes::Bytes;
use engine::notice::{AttemptClass, NoticeState};
use engine::time::Timestamp;
use ports::dispatch::Finished;
use sqlx::{Row as _, SqliteConnection};

use super::provider::Streaks;
use crate::error::{Fault, corrupt};
use crate::heads::{Count, Tally};
use crate::intake::insert_inner;
use crate::ladder::{Binds, Ladder};
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
        let mut rest = &self.outcomes[..];
        while !rest.is_empty() {
            // News of one message builds on the news before.
            let mut seen = HashSet::new();
            let run = rest
                .iter()
                .take_while(|outcome| seen.insert(&outcome.notice))
                .count();
            let (now, later) = rest.split_at(run);
            let mut round = Round {
                now: self.now,
                attempts: Vec::with_capacity(now.len()),
                notices: Vec::with_capacity(now.len()),
            };
            let before = load(conn, now).await?;
            for (outcome, before) in now.iter().zip(before) {
                round.take(outcome, &before, &mut tally, &mut streaks, &mut told)?;
            }
            round.write(conn).await?;
            rest = later;
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

/// What stands before each of the outcomes.
async fn load(conn: &mut SqliteConnection, outcomes: &[Finished]) -> Result<Vec<Before>, Fault> {
    static BEFORE: LazyLock<Ladder> = LazyLock::new(|| {
        Ladder::new(
            "WITH new (at, attempt, notice) AS (VALUES",
            "(?, ?, ?)",
            ") SELECT new.at, provider, class, state, class = 10 AND live IS NULL
             FROM new JOIN attempt ON attempt.id = new.attempt JOIN notice ON notice.id = attempt.notice
             WHERE notice.id = new.notice",
        )
    });
    let numbered: Vec<(usize, &Finished)> = outcomes.iter().enumerate().collect();
    let bind = |binds: &mut Binds, (at, outcome): &(usize, &Finished)| {
        binds
            .add(*at as i64)
            .add(outcome.attempt.as_str())
            .add(outcome.notice.as_str());
    };
    let rows = BEFORE.fetch(conn, |_| {}, &numbered, bind).await?;
    let mut found: Vec<Option<Before>> = std::iter::repeat_with(|| None).take(outcomes.len()).collect();
    for row in &rows {
        let class = row
            .try_get::<Option<i64>, _>(2)?
            .map(AttemptClass::of)
            .transpose()?;
        found[row.try_get::<i64, _>(0)? as usize] = Some(Before {
            provider: row.try_get(1)?,
            class,
            state: NoticeState::of(row.try_get(3)?)?,
            is_freed: row.try_get::<Option<bool>, _>(4)?.unwrap_or(false),
        });
    }
    let missing = |outcome: &Finished| corrupt(format!("there is no attempt {}", outcome.attempt));
    let pairs = found.into_iter().zip(outcomes);
    pairs
        .map(|(before, outcome)| before.ok_or_else(|| missing(outcome)))
        .collect()
}

/// What is written of outcomes that have no message in common.
struct Round<'o> {
    now: Timestamp,
    /// With the class before.
    attempts: Vec<(&'o Finished, Option<AttemptClass>)>,
    /// With the state before.
    notices: Vec<(&'o Finished, NoticeState)>,
}

impl<'o> Round<'o> {
    fn take(
        &mut self,
        outcome: &'o Finished,
        before: &Before,
        tally: &mut Tally,
        streaks: &mut Streaks,
        told: &mut Vec<Bytes>,
    ) -> Result<(), Fault> {
        if !before.takes(outcome.class) {
            let (was, is) = (before.class.map(AttemptClass::as_str), outcome.class.as_str());
            tracing::warn!(attempt = %outcome.attempt, was, is, "an outcome came after a final one and is dropped");
            return Ok(());
        }
        self.attempts.push((outcome, before.class));
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
        if moves(outcome, before.state)? {
            self.notices.push((outcome, before.state));
            tally.shift(Count::Notice, before.state.number(), outcome.next.number());
        }
        Ok(())
    }

    async fn write(&self, conn: &mut SqliteConnection) -> Result<(), Fault> {
        static ATTEMPT: LazyLock<Ladder> = LazyLock::new(|| {
            Ladder::new(
                "WITH new (id, was, class, code, provider_id, at, lives) AS (VALUES",
                "(?, ?, ?, ?, ?, ?, ?)",
                ") UPDATE attempt SET class = new.class, code = COALESCE(new.code, attempt.code),
                    provider_id = COALESCE(new.provider_id, attempt.provider_id), finished_at = new.at,
                    live = CASE WHEN new.lives THEN live END, recipient = CASE WHEN new.lives THEN recipient END
                 FROM new WHERE attempt.id = new.id AND attempt.class IS new.was",
            )
        });
        static NOTICE: LazyLock<Ladder> = LazyLock::new(|| {
            Ladder::new(
                "WITH new (id, was, state, reason, not_before, accepted_at, final_at) AS (VALUES",
                "(?, ?, ?, ?, ?, ?, ?)",
                ") UPDATE notice SET state = new.state, reason = new.reason,
                    not_before = COALESCE(new.not_before, notice.not_before),
                    accepted_at = COALESCE(notice.accepted_at, new.accepted_at), final_at = new.final_at
                 FROM new WHERE notice.id = new.id AND notice.state = new.was",
            )
        });
        let now = self.now.as_micros();
        let bind = |binds: &mut Binds, (it, was): &(&Finished, Option<AttemptClass>)| {
            binds
                .add(it.attempt.as_str())
                .add(was.map(AttemptClass::number))
                .add(it.class.number())
                .add(it.code.as_deref())
                .add(it.provider_id.as_deref())
                .add(now)
                .add(!it.class.is_not_sent());
        };
        let attempts = ATTEMPT.execute(conn, &self.attempts, bind).await?;
        let bind = |binds: &mut Binds, (it, was): &(&Finished, NoticeState)| {
            binds
                .add(it.notice.as_str())
                .add(was.number())
                .add(it.next.number())
                .add(it.reason.as_deref())
                .add(it.not_before.map(Timestamp::as_micros))
                .add((it.class == AttemptClass::Accepted).then_some(now))
                .add(it.next.is_final().then_some(now));
        };
        let notices = NOTICE.execute(conn, &self.notices, bind).await?;
        if attempts == self.attempts.len() as u64 && notices == self.notices.len() as u64 {
            return Ok(());
        }
        Err(corrupt("an attempt or its notice changed under its outcome"))
    }
}

/// Whether an outcome moves its notice on. Only a definite not-sent leads back; other news never overwrites news of a
/// higher rank.
fn moves(outcome: &Finished, state: NoticeState) -> Result<bool, Fault> {
    let next = outcome.next;
    if !outcome.class.is_not_sent() {
        return Ok(next.rank() > state.rank());
    }
    let waits = matches!(state, NoticeState::Submitted | NoticeState::Unknown);
    // An earlier attempt, which its provider had said it never had, turned up while this one was on its way.
    if !waits && state.rank() >= NoticeState::Accepted.rank() {
        return Ok(false);
    }
    if waits && next.is_unsent() {
        return Ok(true);
    }
    let (notice, from, to) = (&outcome.notice, state.as_str(), next.as_str());
    Err(corrupt(format!(
        "notice {notice} was not sent and cannot go from {from} to {to}"
    )))
}
