//! A store, a provider and a registry that do what a test says, and remember what was asked of them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use bytes::Bytes;
use engine::fact::{Body, Fact, NoticeKind, ToldState};
use engine::ids::CaseId;
use engine::notice::NoticeState;
use formats::inner::Inner;
use formats::notice_parameters::NoticeParameters;
use ports::contact::Phone;
use ports::dispatch::{
    Acted, DueNotice, Grant, Look, NoticeAct, Pause, ProviderState, Submission, UnknownAttempt,
};
use ports::gateway::{LookUp, Message, RenderError};
use ports::registry::{Owner, OwnerQuery, RegistryError};
use tokio::sync::Semaphore;

use super::super::*;

#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) state: NoticeState,
    pub(super) reason: Option<Arc<str>>,
    pub(super) not_before: Timestamp,
    expires_at: Timestamp,
    parameters: Bytes,
    attempts: u32,
    token: u64,
}

/// A store in memory with the walls of a real one.
#[derive(Default)]
pub(super) struct Store(Mutex<Books>);

#[derive(Default)]
pub(super) struct Books {
    pub(super) notices: BTreeMap<NoticeId, Row>,
    pub(super) attempts: Vec<(AttemptId, Option<AttemptClass>)>,
    pub(super) finished: Vec<Finished>,
    pub(super) inner: Vec<Bytes>,
    pub(super) providers: Vec<ProviderState>,
    /// How often the next calls of a function fail.
    pub(super) failures: BTreeMap<&'static str, u32>,
    /// How long a submit takes.
    pub(super) submit_takes: Duration,
    /// How many are due, as far as anybody counts.
    pub(super) kept: u64,
    /// Cancelled as soon as they are leased.
    pub(super) cancel: Vec<NoticeId>,
    tokens: u64,
}

impl Store {
    pub(super) fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.0.lock().unwrap()
    }

    pub(super) fn queue(&self, number: u32, change: impl FnOnce(&mut NoticeParameters)) -> NoticeId {
        let case = CaseId::from_text(&format!("260302-{number:012}"));
        let mut parameters = parameters(&case);
        change(&mut parameters);
        let id = parameters.notice();
        let row = Row {
            state: NoticeState::Queued,
            reason: None,
            not_before: super::start(),
            expires_at: super::start().plus(engine::time::DAY),
            parameters: parameters.encode().into(),
            attempts: 0,
            token: 0,
        };
        self.books().notices.insert(id.clone(), row);
        id
    }

    pub(super) fn row(&self, id: &NoticeId) -> Row {
        self.books().notices[id].clone()
    }

    pub(super) fn state(&self, id: &NoticeId) -> NoticeState {
        self.row(id).state
    }

    /// States told so far, with the attempt that they are about.
    pub(super) fn told(&self) -> Vec<(String, ToldState)> {
        let told = |payload: &Bytes| match Inner::decode(payload).unwrap() {
            Inner::Fact {
                fact:
                    Fact {
                        id,
                        body: Body::Told(told),
                        ..
                    },
                ..
            } => (id.id().to_owned(), told.state),
            other => panic!("not a telling: {other:?}"),
        };
        self.books().inner.iter().map(told).collect()
    }

    fn may(&self, what: &'static str) -> Result<(), StoreError> {
        let mut books = self.books();
        match books.failures.get_mut(what) {
            Some(left) if *left > 0 => {
                *left -= 1;
                Err(StoreError::Unavailable(format!("{what} fails as the test says")))
            }
            _ => Ok(()),
        }
    }
}

pub(super) fn parameters(case: &CaseId) -> NoticeParameters {
    NoticeParameters {
        case: case.to_string(),
        kind: NoticeKind::Waived.as_str().to_owned(),
        revision: 0,
        number: "湘K12345".to_owned(),
        class: "02".to_owned(),
        about: "/devices/LD-0132#7f3a".to_owned(),
        place: Some("乐坪大道".to_owned()),
        from: super::start().as_micros(),
        day_only: false,
        time_zone: "Asia/Shanghai".to_owned(),
        window: Some(("calendar-year".to_owned(), 0)),
        ordinal: Some(1),
        fine: None,
        basis: None,
        reviewed: true,
        restored: false,
        respond_by: None,
        template: None,
        authority: None,
        quiet_hours: None,
        policy: None,
        chinese: true,
    }
}

#[async_trait]
impl DispatchStore for Store {
    async fn lease(&self, now: Timestamp, limit: usize) -> Result<Vec<DueNotice>, StoreError> {
        self.may("lease")?;
        let mut books = self.books();
        let books = &mut *books;
        let mut due: Vec<_> = books
            .notices
            .iter_mut()
            .filter(|(_, row)| row.state == NoticeState::Queued && row.not_before <= now)
            .collect();
        due.sort_by_key(|(_, row)| row.not_before);
        let mut leased = Vec::new();
        for (id, row) in due.into_iter().take(limit) {
            books.tokens += 1;
            row.token = books.tokens;
            row.state = NoticeState::Leased;
            leased.push(DueNotice {
                id: id.clone(),
                case: CaseId::from_text("case"),
                kind: NoticeKind::Waived,
                plate: "湘K12345".into(),
                parameters: row.parameters.clone(),
                not_before: row.not_before,
                expires_at: row.expires_at,
                attempts: row.attempts,
                token: row.token,
            });
            if books.cancel.contains(id) {
                row.state = NoticeState::Cancelled;
            }
        }
        Ok(leased)
    }

    async fn release(&self, notices: &[(NoticeId, u64)]) -> Result<(), StoreError> {
        self.may("release")?;
        for (id, token) in notices {
            self.leased(id, *token, |row| row.state = NoticeState::Queued);
        }
        Ok(())
    }

    async fn submit(&self, _now: Timestamp, submissions: &[Submission]) -> Result<Vec<Grant>, StoreError> {
        let takes = self.books().submit_takes;
        pause(takes).await;
        self.may("submit")?;
        let mut granted = Vec::new();
        for submission in submissions {
            let grant = self.leased(&submission.notice, submission.token, |row| {
                row.state = NoticeState::Submitted;
                row.attempts += 1;
            });
            if grant {
                let mut books = self.books();
                assert!(
                    books.attempts.iter().all(|(id, _)| *id != submission.attempt),
                    "an attempt is new"
                );
                books.attempts.push((submission.attempt.clone(), None));
                books.inner.push(submission.told.clone());
            }
            granted.push(if grant { Grant::Granted } else { Grant::Refused });
        }
        Ok(granted)
    }

    async fn finish(&self, _now: Timestamp, outcomes: &[Finished]) -> Result<(), StoreError> {
        self.may("finish")?;
        let mut books = self.books();
        if outcomes
            .iter()
            .any(|outcome| &*outcome.code.clone().unwrap_or_default() == "poison")
        {
            return Err(StoreError::Corrupt("as the test says".to_owned()));
        }
        for outcome in outcomes {
            let attempt = books
                .attempts
                .iter_mut()
                .find(|(id, _)| *id == outcome.attempt)
                .expect("a known attempt");
            attempt.1 = Some(outcome.class);
            let row = books.notices.get_mut(&outcome.notice).unwrap();
            row.state = outcome.next;
            row.reason.clone_from(&outcome.reason);
            row.not_before = outcome.not_before.unwrap_or(row.not_before);
            books.inner.extend(outcome.told.clone());
            books.finished.push(outcome.clone());
        }
        Ok(())
    }

    async fn set_aside(
        &self,
        _now: Timestamp,
        notices: &[(NoticeId, u64, NoticeState, Arc<str>)],
    ) -> Result<(), StoreError> {
        for (id, token, state, reason) in notices {
            self.leased(id, *token, |row| {
                row.state = *state;
                row.reason = Some(Arc::clone(reason));
            });
        }
        Ok(())
    }

    async fn defer(&self, notices: &[(NoticeId, u64, Timestamp)]) -> Result<(), StoreError> {
        for (id, token, until) in notices {
            self.leased(id, *token, |row| {
                row.state = NoticeState::Queued;
                row.not_before = *until;
            });
        }
        Ok(())
    }

    async fn act(
        &self,
        _now: Timestamp,
        notice: &NoticeId,
        _act: NoticeAct,
        _reason: &str,
    ) -> Result<Acted, StoreError> {
        Err(StoreError::NotFound(format!("notice {notice}")))
    }

    async fn expire_submissions(&self, _now: Timestamp) -> Result<Vec<(Arc<str>, u32)>, StoreError> {
        unimplemented_here()
    }

    async fn unknowns(&self, _now: Timestamp, _limit: usize) -> Result<Vec<UnknownAttempt>, StoreError> {
        unimplemented_here()
    }

    async fn unknown_total(&self) -> Result<(u64, Option<Timestamp>), StoreError> {
        unimplemented_here()
    }

    async fn newest_attempt(&self, _provider: &str) -> Result<Option<AttemptId>, StoreError> {
        unimplemented_here()
    }

    async fn prove_absent(
        &self,
        _now: Timestamp,
        _attempt: &AttemptId,
        _again: Option<Bytes>,
    ) -> Result<bool, StoreError> {
        unimplemented_here()
    }

    async fn resend(&self, _now: Timestamp, notice: &NoticeId, _wish: Bytes) -> Result<Acted, StoreError> {
        Err(StoreError::NotFound(format!("notice {notice}")))
    }

    async fn due_count(&self, _now: Timestamp) -> Result<u64, StoreError> {
        Ok(self.books().kept)
    }

    async fn looked(&self, _attempt: &AttemptId, _look: Look) -> Result<(), StoreError> {
        unimplemented_here()
    }

    async fn providers(&self) -> Result<Vec<ProviderState>, StoreError> {
        self.may("providers")?;
        Ok(self.books().providers.clone())
    }

    async fn pause(&self, provider: &str, pause: &Pause) -> Result<(), StoreError> {
        let mut books = self.books();
        books.providers.retain(|state| &*state.name != provider);
        books.providers.push(ProviderState {
            name: provider.into(),
            paused: Some(pause.clone()),
            unknowns: 0,
        });
        Ok(())
    }

    async fn resume(&self, _provider: &str, _by: &str, _at: Timestamp) -> Result<bool, StoreError> {
        unimplemented_here()
    }
}

impl Store {
    /// Changes a notice whose lease is still this one.
    fn leased(&self, id: &NoticeId, token: u64, change: impl FnOnce(&mut Row)) -> bool {
        let mut books = self.books();
        let row = books
            .notices
            .get_mut(id)
            .filter(|row| row.state == NoticeState::Leased && row.token == token);
        row.map(change).is_some()
    }
}

fn unimplemented_here<T>() -> Result<T, StoreError> {
    Err(StoreError::NotFound("dispatch does not ask for this".to_owned()))
}

/// A provider that answers from a script, then accepts.
pub(super) struct Provider {
    pub(super) name: Arc<str>,
    pub(super) script: Mutex<VecDeque<Answer>>,
    pub(super) sent: Mutex<Vec<String>>,
    pub(super) concurrency: usize,
    pub(super) rate: Option<u32>,
    pub(super) by_plate: bool,
    /// A call is answered once it gets a permit.
    pub(super) gate: Semaphore,
}

impl Provider {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            script: Mutex::default(),
            sent: Mutex::default(),
            concurrency: 8,
            rate: None,
            by_plate: false,
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        }
    }

    /// Answers these one after the other.
    pub(super) fn answering(self, classes: &[AttemptClass]) -> Self {
        self.script
            .lock()
            .unwrap()
            .extend(classes.iter().map(|class| answer(*class)));
        self
    }

    /// Answers nothing until the test adds permits.
    pub(super) fn gated(mut self) -> Self {
        self.gate = Semaphore::new(0);
        self
    }

    pub(super) fn sent(&self) -> Vec<String> {
        self.sent.lock().unwrap().clone()
    }
}

pub(super) fn answer(class: AttemptClass) -> Answer {
    Answer {
        class,
        code: None,
        provider_id: (class == AttemptClass::Accepted).then(|| "m1".into()),
        retry_after: None,
    }
}

#[async_trait]
impl Gateway for Provider {
    fn name(&self) -> &Arc<str> {
        &self.name
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(10)
    }

    fn concurrency(&self) -> usize {
        self.concurrency
    }

    fn rate(&self) -> Option<u32> {
        self.rate
    }

    fn recipient_is_plate(&self) -> bool {
        self.by_plate
    }

    fn render(&self, message: &Message) -> Result<Bytes, RenderError> {
        Ok(format!("{} {} {}", message.client_ref, message.to.reveal(), message.text).into())
    }

    async fn send(&self, request: Bytes) -> Answer {
        let text = String::from_utf8(request.to_vec()).unwrap();
        self.sent.lock().unwrap().push(text);
        self.gate.acquire().await.unwrap().forget();
        let next = self.script.lock().unwrap().pop_front();
        next.unwrap_or_else(|| answer(AttemptClass::Accepted))
    }

    async fn look_up(&self, _client_ref: &AttemptId) -> LookUp {
        LookUp::Nothing
    }
}

/// A registry with these phones for everybody; none: it does not answer.
pub(super) struct Phones(pub(super) Option<Vec<&'static str>>);

#[async_trait]
impl Registry for Phones {
    async fn owners(&self, _query: &OwnerQuery) -> Result<Vec<Owner>, RegistryError> {
        let phones = self
            .0
            .as_ref()
            .ok_or_else(|| RegistryError::Unavailable("it is asleep".to_owned()))?;
        let owner = |phone: &&str| Owner {
            phone: Phone::parse(phone).unwrap(),
            name: None,
            owner_id: None,
        };
        Ok(phones.iter().map(owner).collect())
    }
}
