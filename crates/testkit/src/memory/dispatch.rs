//! Leases, the submit wall, outcomes and pauses.

mod outcome;
mod wall;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use engine::ids::{AttemptId, NoticeId};
use engine::notice::{AttemptClass, NoticeState};
use engine::time::{MINUTE, Timestamp};
use ports::dispatch::{
    Acted, DispatchStore, DueNotice, Finished, Grant, Look, NoticeAct, PROVED_NOT_RECEIVED, Pause,
    ProviderState, Submission, UnknownAttempt, may_be_said_again,
};
use ports::read::StoredNotice;
use ports::store::StoreError;

use self::outcome::{finish, refuse_restored, set_pause};
use self::wall::{is_superseded, submit};
use super::{Attempt, Books, MemoryStore};

const LONGEST_LEASE: i64 = 2 * MINUTE;

#[async_trait]
impl DispatchStore for MemoryStore {
    async fn lease(&self, now: Timestamp, limit: usize) -> Result<Vec<DueNotice>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let (mut books, mut leases) = (self.books(), self.leases());
        let before = leases.by_notice.len();
        leases.by_notice.retain(|_, (_, until)| *until > now);
        leases.ended += (before - leases.by_notice.len()) as u64;
        for notice in &mut books.notices {
            let is_due = notice.state == NoticeState::Queued && notice.not_before <= now;
            if is_due && notice.expires_at <= now {
                notice.state = NoticeState::Expired;
                notice.reason = Some("not_sent_in_time".into());
                notice.final_at = Some(now);
            }
        }
        let mut due: Vec<_> = books
            .notices
            .iter()
            .filter(|notice| notice.state == NoticeState::Queued && notice.not_before <= now)
            .filter(|notice| !leases.by_notice.contains_key(&notice.id))
            .collect();
        due.sort_by_key(|notice| (notice.not_before, notice.sequence));
        let mut leased = Vec::new();
        for notice in due.into_iter().take(limit) {
            leases.tokens += 1;
            let token = leases.tokens;
            leases
                .by_notice
                .insert(notice.id.clone(), (token, now.plus(LONGEST_LEASE)));
            leased.push(DueNotice {
                id: notice.id.clone(),
                case: notice.case.clone(),
                kind: notice.kind,
                plate: notice.plate.clone(),
                parameters: notice.parameters.clone(),
                not_before: notice.not_before,
                expires_at: notice.expires_at,
                attempts: notice.attempts,
                token,
            });
        }
        Ok(leased)
    }

    fn leases_ended(&self) -> u64 {
        self.leases().ended
    }

    async fn release(&self, notices: &[(NoticeId, u64)]) -> Result<(), StoreError> {
        for (id, token) in notices {
            self.leases().end_if(id, *token);
        }
        Ok(())
    }

    async fn submit(&self, now: Timestamp, submissions: &[Submission]) -> Result<Vec<Grant>, StoreError> {
        let (mut books, mut leases) = (self.books(), self.leases());
        let granted = submissions.iter().map(|submission| {
            if leases.end_if(&submission.notice, submission.token) {
                submit(&mut books, now, submission)
            } else {
                Grant::Refused
            }
        });
        Ok(granted.collect())
    }

    async fn finish(&self, now: Timestamp, outcomes: &[Finished]) -> Result<(), StoreError> {
        let mut books = self.books();
        let mut after = books.clone();
        for outcome in outcomes {
            finish(&mut after, now, outcome)?;
        }
        *books = after;
        Ok(())
    }

    async fn set_aside(
        &self,
        now: Timestamp,
        notices: &[(NoticeId, u64, NoticeState, Arc<str>)],
    ) -> Result<(), StoreError> {
        let (mut books, mut leases) = (self.books(), self.leases());
        if let Some((id, ..)) = notices.iter().find(|(_, _, state, _)| !state.is_unsent()) {
            return Err(StoreError::Conflict(format!("notice {id} was not sent")));
        }
        for (id, token, state, reason) in notices {
            if leases.end_if(id, *token)
                && let Some(notice) = books.notice(id)
            {
                notice.state = *state;
                notice.reason = Some(reason.clone());
                notice.final_at = state.is_final().then_some(now);
            }
        }
        Ok(())
    }

    async fn defer(&self, notices: &[(NoticeId, u64, Timestamp)]) -> Result<(), StoreError> {
        let (mut books, mut leases) = (self.books(), self.leases());
        for (id, token, until) in notices {
            if leases.end_if(id, *token)
                && let Some(notice) = books.notice(id)
            {
                notice.not_before = *until;
            }
        }
        Ok(())
    }

    async fn act(
        &self,
        now: Timestamp,
        notice: &NoticeId,
        act: NoticeAct,
        reason: &str,
    ) -> Result<Acted, StoreError> {
        let (mut books, mut leases) = (self.books(), self.leases());
        let live = books.has_live_attempt(notice);
        let row = books.notice(notice);
        let row = row.ok_or_else(|| StoreError::NotFound(format!("notice {notice}")))?;
        let from = row.state;
        let Some(to) = act.leads_to(from).filter(|_| !live) else {
            return Ok(Acted::Refused(from));
        };
        leases.by_notice.remove(notice);
        row.state = to;
        row.reason = (to != NoticeState::Queued).then(|| reason.into());
        row.final_at = (to == NoticeState::Cancelled).then_some(now);
        Ok(Acted::Done { from, to })
    }

    async fn expire_submissions(&self, now: Timestamp) -> Result<Vec<(Arc<str>, u32)>, StoreError> {
        let mut books = self.books();
        let mut by_provider: BTreeMap<Arc<str>, u32> = BTreeMap::new();
        let mut notices = Vec::new();
        for attempt in &mut books.attempts {
            if attempt.class.is_none() && attempt.deadline < now {
                attempt.class = Some(AttemptClass::Unknown);
                attempt.code = Some("no_outcome".into());
                *by_provider.entry(attempt.provider.clone()).or_default() += 1;
                notices.push(attempt.notice.clone());
            }
        }
        for id in notices {
            if let Some(notice) = books.notice(&id) {
                notice.state = NoticeState::Unknown;
                notice.reason = Some("no_outcome".into());
            }
        }
        Ok(by_provider.into_iter().collect())
    }

    async fn unknowns(&self, now: Timestamp, limit: usize) -> Result<Vec<UnknownAttempt>, StoreError> {
        let books = self.books();
        let look = |attempt: &Attempt| attempt.next_look.unwrap_or(attempt.submitted_at);
        let mut unknown: Vec<_> = books
            .attempts
            .iter()
            .filter(|attempt| attempt.class == Some(AttemptClass::Unknown) && attempt.live)
            .filter(|attempt| look(attempt) <= now)
            .collect();
        unknown.sort_by_key(|attempt| look(attempt));
        let to_unknown = |attempt: &Attempt| {
            let notice = books.notices.iter().find(|notice| notice.id == attempt.notice)?;
            Some(UnknownAttempt {
                attempt: attempt.id.clone(),
                notice: attempt.notice.clone(),
                case: notice.case.clone(),
                kind: notice.kind,
                plate: notice.plate.clone(),
                parameters: notice.parameters.clone(),
                provider: attempt.provider.clone(),
                submitted_at: attempt.submitted_at,
                looks: attempt.looks,
                next_look: attempt.next_look,
                absent_since: attempt.absent_since,
                is_proved_absent: attempt.code.as_deref() == Some(PROVED_NOT_RECEIVED),
                expires_at: notice.expires_at,
            })
        };
        Ok(unknown.into_iter().take(limit).filter_map(to_unknown).collect())
    }

    async fn unknown_total(&self) -> Result<(u64, Option<Timestamp>), StoreError> {
        let books = self.books();
        let unknown = || {
            let attempts = books.attempts.iter();
            attempts.filter(|attempt| attempt.class == Some(AttemptClass::Unknown))
        };
        let oldest = unknown().map(|attempt| attempt.submitted_at).min();
        Ok((unknown().count() as u64, oldest))
    }

    async fn newest_attempt(&self, provider: &str) -> Result<Option<AttemptId>, StoreError> {
        let books = self.books();
        let newest = books
            .attempts
            .iter()
            .rfind(|attempt| *attempt.provider == *provider);
        Ok(newest.map(|attempt| attempt.id.clone()))
    }

    async fn prove_absent(
        &self,
        now: Timestamp,
        attempt: &AttemptId,
        again: Option<Bytes>,
    ) -> Result<bool, StoreError> {
        let mut books = self.books();
        let found = books.attempts.iter().position(|known| known.id == *attempt);
        let is_unknown = |it: &Attempt| it.class == Some(AttemptClass::Unknown) && it.live;
        let Some(at) = found.filter(|at| is_unknown(&books.attempts[*at])) else {
            return Ok(false);
        };
        let notice = books.attempts[at].notice.clone();
        let had_its_chance = books.attempts.iter().any(|other| {
            other.notice == notice
                && other.id != *attempt
                && other.code.as_deref() == Some(PROVED_NOT_RECEIVED)
        });
        let is_superseded = is_superseded(&books, &notice);
        let row = books.notice(&notice);
        let row = row.ok_or_else(|| StoreError::Corrupt(format!("there is no notice {notice}")))?;
        let again = again.filter(|_| row.expires_at > now && !had_its_chance && !is_superseded);
        row.reason = Some(PROVED_NOT_RECEIVED.into());
        if again.is_some() {
            row.state = NoticeState::Queued;
            row.not_before = now;
        }
        books.attempts[at].code = Some(PROVED_NOT_RECEIVED.into());
        books.attempts[at].live = again.is_none();
        books.append_inner(now, again.as_slice());
        Ok(true)
    }

    async fn resend(&self, now: Timestamp, notice: &NoticeId, wish: Bytes) -> Result<Acted, StoreError> {
        let mut books = self.books();
        let row = books.notice(notice);
        let row = row
            .ok_or_else(|| StoreError::NotFound(format!("notice {notice}")))?
            .clone();
        if is_superseded(&books, notice) || !may_be_said_again(row.state) {
            return Ok(Acted::Refused(row.state));
        }
        books.append_inner(now, &[wish]);
        Ok(Acted::Done {
            from: row.state,
            to: row.state,
        })
    }

    async fn due_count(&self, now: Timestamp) -> Result<u64, StoreError> {
        let books = self.books();
        let due = |notice: &&StoredNotice| notice.state == NoticeState::Queued && notice.not_before <= now;
        Ok(books.notices.iter().filter(due).count() as u64)
    }

    async fn looked(&self, attempt: &AttemptId, look: Look) -> Result<(), StoreError> {
        let mut books = self.books();
        let found = books.attempts.iter_mut().find(|known| known.id == *attempt);
        let found = found.ok_or_else(|| StoreError::NotFound(format!("attempt {attempt}")))?;
        if found.class == Some(AttemptClass::Unknown) {
            found.looks += 1;
            found.next_look = Some(look.next);
            found.absent_since = look.absent_since;
        }
        Ok(())
    }

    async fn providers(&self) -> Result<Vec<ProviderState>, StoreError> {
        Ok(self.books().providers.values().cloned().collect())
    }

    async fn pause(&self, provider: &str, pause: &Pause) -> Result<(), StoreError> {
        let mut books = self.books();
        let state = books.provider(provider);
        refuse_restored(state)?;
        set_pause(state, pause.clone());
        Ok(())
    }

    async fn resume(&self, provider: &str, _by: &str, _at: Timestamp) -> Result<bool, StoreError> {
        let mut books = self.books();
        let Some(state) = books.providers.get_mut(provider) else {
            return Ok(false);
        };
        refuse_restored(state)?;
        state.unknowns = 0;
        Ok(state.paused.take().is_some())
    }
}

impl Books {
    pub(super) fn provider(&mut self, name: &str) -> &mut ProviderState {
        self.providers
            .entry(name.into())
            .or_insert_with(|| ProviderState {
                name: name.into(),
                ..ProviderState::default()
            })
    }
}
