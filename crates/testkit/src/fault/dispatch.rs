//! Leases, the submit wall, outcomes and pauses.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use engine::ids::{AttemptId, NoticeId};
use engine::notice::{AttemptClass, NoticeState};
use engine::time::Timestamp;
use formats::inner::Inner;
use ports::dispatch::{
    ALL_PROVIDERS, Acted, DispatchStore, DueNotice, Finished, Grant, Look, NoticeAct, Pause, ProviderState,
    Submission, UnknownAttempt,
};
use ports::read::NoticeFilter;
use ports::store::StoreError;

use super::{Entry, FaultyStore, Wall};
use crate::defect::Defect;

#[async_trait]
impl DispatchStore for FaultyStore {
    async fn tidy(&self) -> Result<(), StoreError> {
        self.turn("tidy", self.inner.tidy()).await
    }

    async fn lease(&self, now: Timestamp, limit: usize) -> Result<Vec<DueNotice>, StoreError> {
        let lease = async {
            let mut leased = self.inner.lease(now, limit).await?;
            if self.has(Defect::LeaseTwice) {
                let mut before = self.leased.lock().expect("no holder panics");
                let room = limit.saturating_sub(leased.len());
                leased.extend(before.drain(..).take(room));
                before.clone_from(&leased);
            }
            let tokens = leased.iter().map(|it| (it.id.clone(), it.token));
            self.journal.note(Entry::Leased(self.opening, tokens.collect()));
            Ok(leased)
        };
        self.turn("lease", lease).await
    }

    async fn release(&self, notices: &[(NoticeId, u64)]) -> Result<(), StoreError> {
        self.turn("release", self.inner.release(notices)).await
    }

    async fn submit(&self, now: Timestamp, submissions: &[Submission]) -> Result<Vec<Grant>, StoreError> {
        self.turn("submit", self.wall(now, submissions)).await
    }

    async fn finish(&self, now: Timestamp, outcomes: &[Finished]) -> Result<(), StoreError> {
        let finish = async {
            let written: Vec<Finished> = outcomes.iter().cloned().map(|it| self.bent(it)).collect();
            self.inner.finish(now, &written).await?;
            self.journal.note(Entry::Finished(outcomes.to_vec()));
            Ok(())
        };
        self.turn("finish", finish).await
    }

    async fn set_aside(
        &self,
        now: Timestamp,
        notices: &[(NoticeId, u64, NoticeState, Arc<str>)],
    ) -> Result<(), StoreError> {
        self.turn("set_aside", self.inner.set_aside(now, notices)).await
    }

    async fn defer(&self, notices: &[(NoticeId, u64, Timestamp)]) -> Result<(), StoreError> {
        self.turn("defer", self.inner.defer(notices)).await
    }

    async fn act(
        &self,
        now: Timestamp,
        notice: &NoticeId,
        act: NoticeAct,
        reason: &str,
    ) -> Result<Acted, StoreError> {
        let acting = async {
            let acted = if self.has(Defect::HoldForgotten) && act == NoticeAct::Hold {
                Acted::Done {
                    from: NoticeState::Queued,
                    to: NoticeState::Held,
                }
            } else {
                self.inner.act(now, notice, act, reason).await?
            };
            if let Acted::Done { to, .. } = acted {
                self.journal.note(Entry::Acted(notice.clone(), to));
            }
            Ok(acted)
        };
        self.turn("act", acting).await
    }

    async fn expire_submissions(&self, now: Timestamp) -> Result<Vec<(Arc<str>, u32)>, StoreError> {
        self.turn("expire_submissions", self.inner.expire_submissions(now))
            .await
    }

    async fn unknowns(&self, now: Timestamp, limit: usize) -> Result<Vec<UnknownAttempt>, StoreError> {
        self.turn("unknowns", self.inner.unknowns(now, limit)).await
    }

    async fn unknown_total(&self) -> Result<(u64, Option<Timestamp>), StoreError> {
        self.turn("unknown_total", self.inner.unknown_total()).await
    }

    async fn newest_attempt(&self, provider: &str) -> Result<Option<AttemptId>, StoreError> {
        self.turn("newest_attempt", self.inner.newest_attempt(provider))
            .await
    }

    async fn looked(&self, attempt: &AttemptId, look: Look) -> Result<(), StoreError> {
        self.turn("looked", self.inner.looked(attempt, look)).await
    }

    async fn prove_absent(
        &self,
        now: Timestamp,
        attempt: &AttemptId,
        again: Option<Bytes>,
    ) -> Result<bool, StoreError> {
        self.turn("prove_absent", self.inner.prove_absent(now, attempt, again))
            .await
    }

    async fn resend(&self, now: Timestamp, notice: &NoticeId, wish: Bytes) -> Result<Acted, StoreError> {
        self.turn("resend", self.inner.resend(now, notice, wish)).await
    }

    async fn due_count(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.turn("due_count", self.inner.due_count(now)).await
    }

    async fn providers(&self) -> Result<Vec<ProviderState>, StoreError> {
        self.turn("providers", self.inner.providers()).await
    }

    async fn pause(&self, provider: &str, pause: &Pause) -> Result<(), StoreError> {
        self.turn("pause", self.inner.pause(provider, pause)).await
    }

    async fn resume(&self, provider: &str, by: &str, at: Timestamp) -> Result<bool, StoreError> {
        self.turn("resume", self.inner.resume(provider, by, at)).await
    }
}

impl FaultyStore {
    /// The submit wall, with what was true before it.
    async fn wall(&self, now: Timestamp, submissions: &[Submission]) -> Result<Vec<Grant>, StoreError> {
        let providers = self.inner.providers().await?;
        let notices = self
            .inner
            .notices(&NoticeFilter::default(), usize::MAX >> 1)
            .await?;
        let is_paused = |name: &str| {
            let of = |state: &&ProviderState| &*state.name == name && state.paused.is_some();
            providers.iter().any(|state| of(&state))
        };
        let granted = self.let_through(now, submissions, &providers).await?;
        let walls = submissions
            .iter()
            .zip(&granted)
            .map(|(submission, granted)| Wall {
                attempt: submission.attempt.to_string(),
                notice: submission.notice.clone(),
                at: now,
                granted: *granted == Grant::Granted,
                is_capped: matches!(granted, Grant::Capped(_)),
                recipient: submission.recipient.clone(),
                was_paused: is_paused(&submission.provider) || is_paused(ALL_PROVIDERS),
                before: notices.iter().find(|it| it.id == submission.notice).cloned(),
                told: submission.told.clone(),
            });
        self.journal.note(Entry::Submitted(walls.collect()));
        Ok(granted)
    }

    async fn let_through(
        &self,
        now: Timestamp,
        submissions: &[Submission],
        providers: &[ProviderState],
    ) -> Result<Vec<Grant>, StoreError> {
        match self.defect {
            Some(Defect::OpenWall) => {
                self.inner.submit(now, submissions).await?;
                Ok(vec![Grant::Granted; submissions.len()])
            }
            Some(Defect::ToldLost) => {
                let mut silent = submissions.to_vec();
                for submission in &mut silent {
                    submission.told = Bytes::from(Inner::Wake { plates: Vec::new() }.encode());
                }
                self.inner.submit(now, &silent).await
            }
            Some(Defect::PauseIgnored) => {
                for state in providers {
                    self.inner.resume(&state.name, "nobody", now).await?;
                }
                let granted = self.inner.submit(now, submissions).await;
                for state in providers {
                    if let Some(pause) = &state.paused {
                        self.inner.pause(&state.name, pause).await?;
                    }
                }
                granted
            }
            _ => self.inner.submit(now, submissions).await,
        }
    }

    /// An outcome as it is written.
    fn bent(&self, mut outcome: Finished) -> Finished {
        match self.defect {
            Some(Defect::NotTakenBack) => outcome.told = None,
            Some(Defect::UnknownRequeued) if outcome.class == AttemptClass::Unknown => {
                outcome.class = AttemptClass::NotSent;
                outcome.next = NoticeState::Queued;
            }
            _ => {}
        }
        outcome
    }
}
