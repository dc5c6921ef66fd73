//! A store that was put back in time.

use async_trait::async_trait;
use engine::ids::{AttemptId, NoticeId};
use engine::notice::{AttemptClass, NoticeState};
use engine::time::Timestamp;
use ports::dispatch::{ALL_PROVIDERS, Pause, ProviderState};
use ports::restore::{Adopted, Doubtful, LostSpan, RESTORED, RestoreStore, StrayReceipt, is_restored};
use ports::store::StoreError;

use super::{Attempt, Books, MemoryStore};

impl MemoryStore {
    /// These books as a copy that was put back: everything is paused, and what was sent since is unknown.
    #[must_use]
    pub fn put_back(&self, at: Timestamp) -> Self {
        let store = Self {
            books: std::sync::Arc::new(std::sync::Mutex::new(self.books().clone())),
            ..self.reopened()
        };
        let mut books = store.books();
        let last = books.attempts.last().map(|attempt| attempt.submitted_at);
        books.lost_since = Some(last.unwrap_or(Timestamp::MIN));
        books.restored_at = Some(at);
        let state = ProviderState {
            name: ALL_PROVIDERS.into(),
            paused: Some(Pause {
                reason: RESTORED.into(),
                by: "clearwalk".into(),
                at,
            }),
            unknowns: 0,
        };
        books.providers.insert(ALL_PROVIDERS.into(), state);
        drop(books);
        store
    }
}

#[async_trait]
impl RestoreStore for MemoryStore {
    async fn lost_span(&self) -> Result<Option<LostSpan>, StoreError> {
        let books = self.books();
        let span = |since| LostSpan {
            since,
            cleared: books.cleared.len() as u64,
        };
        Ok(books.lost_since.map(span))
    }

    async fn restored_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.books().restored_at)
    }

    async fn doubtful(
        &self,
        since: Timestamp,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Doubtful>, StoreError> {
        let books = self.books();
        let notices = books.notices.iter().filter(|notice| notice.sequence > after);
        let notices = notices.filter(|notice| !books.cleared.contains(&notice.id));
        let doubtful = notices.filter_map(|notice| {
            let live = live(&books, &notice.id);
            let is_open = live.is_some_and(|live| live.submitted_at >= since && is_unsure(live));
            let may = match notice.state {
                NoticeState::Queued | NoticeState::Held => live.is_none(),
                NoticeState::Submitted | NoticeState::Unknown => is_open,
                _ => false,
            };
            may.then(|| Doubtful {
                sequence: notice.sequence,
                notice: notice.id.clone(),
                kind: notice.kind,
                plate: notice.plate.clone(),
                state: notice.state,
                parameters: notice.parameters.clone(),
                attempts: notice.attempts,
                live: live.map(|live| (live.id.clone(), live.provider.clone())),
            })
        });
        Ok(doubtful.take(limit).collect())
    }

    async fn stray_receipts(&self, attempts: &[AttemptId]) -> Result<Vec<StrayReceipt>, StoreError> {
        let books = self.books();
        let is_known = |id: &AttemptId| books.attempts.iter().any(|attempt| attempt.id == *id);
        let stray = books.receipts.iter().filter_map(|receipt| {
            let attempt = receipt.news.client_ref.clone()?;
            (attempts.contains(&attempt) && !is_known(&attempt)).then(|| StrayReceipt {
                attempt,
                provider: receipt.news.provider.clone(),
                state: receipt.news.state,
                provider_id: receipt.news.message_id.clone(),
                code: receipt.news.code.clone(),
            })
        });
        Ok(stray.collect())
    }

    async fn adopt_sent(&self, now: Timestamp, by: &str, sent: &[Adopted]) -> Result<Vec<bool>, StoreError> {
        let mut books = self.books();
        let adopted = sent.iter().map(|sent| {
            let is_adopted = adopt(&mut books, now, sent);
            if is_adopted {
                books.append_action(&sent.entry(now, &by.into()));
            }
            is_adopted
        });
        Ok(adopted.collect())
    }

    async fn clear(&self, notices: &[NoticeId]) -> Result<(), StoreError> {
        self.books().cleared.extend(notices.iter().cloned());
        Ok(())
    }

    async fn release_restored(&self) -> Result<bool, StoreError> {
        let mut books = self.books();
        books.lost_since = None;
        books.cleared.clear();
        let Some(state) = books.providers.get_mut(ALL_PROVIDERS) else {
            return Ok(false);
        };
        Ok(state.paused.take_if(|pause| is_restored(&pause.reason)).is_some())
    }
}

fn live<'b>(books: &'b Books, notice: &NoticeId) -> Option<&'b Attempt> {
    books
        .attempts
        .iter()
        .find(|attempt| attempt.notice == *notice && attempt.live)
}

fn is_unsure(attempt: &Attempt) -> bool {
    matches!(attempt.class, None | Some(AttemptClass::Unknown))
}

fn adopt(books: &mut Books, now: Timestamp, sent: &Adopted) -> bool {
    let is_known = books.attempts.iter().any(|attempt| attempt.id == sent.attempt);
    let before = live(books, &sent.notice).map(|live| (live.id.clone(), is_unsure(live)));
    let Some(notice) = books.notices.iter_mut().find(|notice| notice.id == sent.notice) else {
        return false;
    };
    let may = match (&before, notice.state) {
        (None, NoticeState::Queued | NoticeState::Held) => true,
        (Some((_, is_unsure)), NoticeState::Submitted | NoticeState::Unknown) => *is_unsure,
        _ => false,
    };
    if !may || is_known {
        return false;
    }
    notice.state = sent.state;
    notice.reason = Some("found_after_restore".into());
    notice.attempts = notice.attempts.max(sent.number);
    notice.submitted_at = Some(now);
    notice.accepted_at = Some(now);
    notice.final_at = Some(now);
    let superseded = before.map(|(id, _)| id);
    for attempt in &mut books.attempts {
        if Some(&attempt.id) == superseded.as_ref() {
            attempt.class = Some(AttemptClass::NotSent);
            attempt.code = Some("superseded".into());
            attempt.live = false;
            attempt.recipient = None;
        }
    }
    books.attempts.push(Attempt {
        id: sent.attempt.clone(),
        notice: sent.notice.clone(),
        provider: sent.provider.clone(),
        live: true,
        submitted_at: now,
        deadline: now,
        class: Some(AttemptClass::Accepted),
        code: sent.code.clone(),
        provider_id: sent.provider_id.clone(),
        looks: 0,
        next_look: None,
        absent_since: None,
        recipient: None,
    });
    for receipt in &mut books.receipts {
        if receipt.news.client_ref.as_ref() == Some(&sent.attempt) {
            receipt.look_at = Some(now);
        }
    }
    books.append_inner(now, std::slice::from_ref(&sent.told));
    true
}
