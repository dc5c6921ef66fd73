//! Leases, the submit wall, outcomes and pauses.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use engine::ids::{AttemptId, NoticeId};
use engine::notice::{AttemptClass, NoticeState};
use engine::time::{HOUR, MINUTE, Timestamp};
use formats::inner::Inner;
use formats::notice_parameters::NoticeParameters;
use ports::dispatch::{
    ALL_PROVIDERS, Acted, Caps, DispatchStore, DueNotice, Finished, Grant, Look, NoticeAct, Pause,
    ProviderState, Submission, UnknownAttempt,
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
            let now = if self.has(Defect::ExpiryUnchecked) {
                now.plus(-LONG_AGO)
            } else {
                now
            };
            let mut leased = self.inner.lease(now, limit).await?;
            if self.has(Defect::QuietHoursIgnored) {
                leased.iter_mut().for_each(wake_up);
            }
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

    fn leases_ended(&self) -> u64 {
        self.inner.leases_ended()
    }

    async fn release(&self, notices: &[(NoticeId, u64)]) -> Result<(), StoreError> {
        self.turn("release", self.inner.release(notices)).await
    }

    async fn submit(&self, now: Timestamp, submissions: &[Submission]) -> Result<Vec<Grant>, StoreError> {
        self.turn("submit", self.wall(now, submissions)).await
    }

    async fn finish(&self, now: Timestamp, outcomes: &[Finished]) -> Result<(), StoreError> {
        let finish = async {
            let written: Vec<Finished> = outcomes.iter().cloned().map(|it| self.bent(it, now)).collect();
            if !self.has(Defect::LostOutcome) {
                self.inner.finish(now, &written).await?;
            }
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
        let expire = async {
            let expired = self.inner.expire_submissions(now).await?;
            if self.has(Defect::OverdueRequeued) {
                for attempt in self.inner.unknowns(now, usize::MAX >> 1).await? {
                    self.inner
                        .finish(now, &[back_into_the_queue(attempt, now)])
                        .await?;
                }
            }
            Ok(expired)
        };
        self.turn("expire_submissions", expire).await
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
        let looked = async {
            if self.has(Defect::AbsenceBelieved) && look.absent_since.is_some() {
                let unknowns = self.inner.unknowns(look.next, usize::MAX >> 1).await?;
                if let Some(found) = unknowns.into_iter().find(|it| it.attempt == *attempt) {
                    let now = look.absent_since.unwrap_or(look.next);
                    return self.inner.finish(now, &[back_into_the_queue(found, now)]).await;
                }
            }
            self.inner.looked(attempt, look).await
        };
        self.turn("looked", looked).await
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
        if self.has(Defect::PauseForgotten) {
            return Ok(());
        }
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
            Some(Defect::ExpiryUnchecked) => self.inner.submit(now.plus(-LONG_AGO), submissions).await,
            Some(Defect::CapIgnored) => {
                let mut uncapped = submissions.to_vec();
                for submission in &mut uncapped {
                    submission.caps = Caps::default();
                }
                self.inner.submit(now, &uncapped).await
            }
            Some(Defect::ToldForRefused) => {
                let granted = self.inner.submit(now, submissions).await?;
                for (submission, _) in refused(submissions, &granted) {
                    self.inner
                        .append_inner(now, std::slice::from_ref(&submission.told))
                        .await?;
                }
                Ok(granted)
            }
            _ => self.inner.submit(now, submissions).await,
        }
    }

    /// An outcome as it is written.
    fn bent(&self, mut outcome: Finished, now: Timestamp) -> Finished {
        match self.defect {
            Some(Defect::NotTakenBack) => outcome.told = None,
            Some(Defect::RetryAfterIgnored) if outcome.not_before.is_some() => {
                outcome.not_before = Some(now);
            }
            Some(Defect::UnknownRequeued) if outcome.class == AttemptClass::Unknown => {
                outcome.class = AttemptClass::NotSent;
                outcome.next = NoticeState::Queued;
            }
            _ => {}
        }
        outcome
    }
}

/// A little less than a notice waits.
const LONG_AGO: i64 = 5 * HOUR + 50 * MINUTE;

/// Submissions that may not be sent.
fn refused<'a>(
    submissions: &'a [Submission],
    granted: &'a [Grant],
) -> impl Iterator<Item = (&'a Submission, &'a Grant)> {
    let all = submissions.iter().zip(granted);
    all.filter(|(_, grant)| **grant == Grant::Refused)
}

/// Takes the quiet hours out of what dispatch reads.
fn wake_up(notice: &mut DueNotice) {
    if let Ok(mut parameters) = NoticeParameters::decode(&notice.parameters) {
        parameters.quiet_hours = None;
        notice.parameters = parameters.encode().into();
    }
}

/// As if it were certain that nothing was sent.
fn back_into_the_queue(attempt: UnknownAttempt, now: Timestamp) -> Finished {
    Finished {
        attempt: attempt.attempt,
        notice: attempt.notice,
        class: AttemptClass::NotSent,
        code: None,
        provider_id: None,
        next: NoticeState::Queued,
        reason: None,
        not_before: Some(now),
        told: None,
    }
}
