//! Upkeep step by step, with a store that knows unknown attempts and a provider that only looks up.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use engine::fact::NoticeKind;
use engine::ids::{AttemptId, CaseId, NoticeId};
use engine::notice::{AttemptClass, NoticeState};
use engine::time::{DAY, HOUR, MINUTE};
use ports::dispatch::{
    Acted, DispatchStore, DueNotice, Finished, Grant, Look, NoticeAct, Pause, ProviderState, Submission,
    UnknownAttempt,
};
use ports::gateway::{Answer, Message, RenderError};
use ports::receipt::{NewReceipt, PendingReceipt, ReceiptFate};

use super::*;

fn start() -> Timestamp {
    Timestamp::from_micros(1_772_416_800 * SECOND)
}

#[derive(Default)]
struct Books {
    overdue: Vec<(Arc<str>, u32)>,
    unknowns: Vec<UnknownAttempt>,
    finished: Vec<Finished>,
    providers: Vec<ProviderState>,
    /// Attempt and the time of its next look.
    looked: Vec<(AttemptId, Timestamp)>,
    tidied: u32,
    pending: Vec<PendingReceipt>,
    settled: Vec<(u64, ReceiptFate)>,
    newest: Option<AttemptId>,
    /// Attempts that were proved absent, and whether they are to be sent again.
    proved: Vec<(AttemptId, bool)>,
}

/// A store that knows unknown attempts and nothing else.
#[derive(Default)]
struct Store(Mutex<Books>);

#[async_trait]
impl ReceiptStore for Store {
    async fn keep_receipts(&self, _now: Timestamp, _receipts: &[NewReceipt]) -> Result<u64, StoreError> {
        unasked()
    }

    async fn pending_receipts(
        &self,
        _now: Timestamp,
        _limit: usize,
    ) -> Result<Vec<PendingReceipt>, StoreError> {
        Ok(std::mem::take(&mut self.0.lock().unwrap().pending))
    }

    async fn settle_receipts(&self, fates: &[(u64, ReceiptFate)]) -> Result<(), StoreError> {
        self.0.lock().unwrap().settled.extend(fates);
        Ok(())
    }
}

#[async_trait]
impl DispatchStore for Store {
    async fn tidy(&self) -> Result<(), StoreError> {
        self.0.lock().unwrap().tidied += 1;
        Ok(())
    }

    async fn lease(&self, _now: Timestamp, _limit: usize) -> Result<Vec<DueNotice>, StoreError> {
        unasked()
    }

    async fn release(&self, _notices: &[(NoticeId, u64)]) -> Result<(), StoreError> {
        unasked()
    }

    async fn submit(&self, _now: Timestamp, _submissions: &[Submission]) -> Result<Vec<Grant>, StoreError> {
        unasked()
    }

    async fn finish(&self, _now: Timestamp, outcomes: &[Finished]) -> Result<(), StoreError> {
        let mut books = self.0.lock().unwrap();
        for outcome in outcomes {
            books
                .unknowns
                .retain(|attempt| attempt.attempt != outcome.attempt);
            books.finished.push(outcome.clone());
        }
        Ok(())
    }

    async fn set_aside(
        &self,
        _now: Timestamp,
        _notices: &[(NoticeId, u64, NoticeState, Arc<str>)],
    ) -> Result<(), StoreError> {
        unasked()
    }

    async fn defer(&self, _notices: &[(NoticeId, u64, Timestamp)]) -> Result<(), StoreError> {
        unasked()
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
        Ok(std::mem::take(&mut self.0.lock().unwrap().overdue))
    }

    async fn unknowns(&self, now: Timestamp, limit: usize) -> Result<Vec<UnknownAttempt>, StoreError> {
        Ok(self
            .0
            .lock()
            .unwrap()
            .unknowns
            .iter()
            .filter(|attempt| attempt.next_look.is_none_or(|look| look <= now))
            .take(limit)
            .cloned()
            .collect())
    }

    async fn unknown_total(&self) -> Result<(u64, Option<Timestamp>), StoreError> {
        Ok((0, None))
    }

    async fn newest_attempt(&self, _provider: &str) -> Result<Option<AttemptId>, StoreError> {
        Ok(self.0.lock().unwrap().newest.clone())
    }

    async fn prove_absent(
        &self,
        _now: Timestamp,
        attempt: &AttemptId,
        again: Option<Bytes>,
    ) -> Result<bool, StoreError> {
        let mut books = self.0.lock().unwrap();
        books.proved.push((attempt.clone(), again.is_some()));
        for known in books
            .unknowns
            .iter_mut()
            .filter(|known| known.attempt == *attempt)
        {
            known.is_proved_absent = true;
        }
        Ok(true)
    }

    async fn resend(&self, _now: Timestamp, notice: &NoticeId, _wish: Bytes) -> Result<Acted, StoreError> {
        Err(StoreError::NotFound(format!("notice {notice}")))
    }

    async fn due_count(&self, _now: Timestamp) -> Result<u64, StoreError> {
        unasked()
    }

    async fn looked(&self, attempt: &AttemptId, look: Look) -> Result<(), StoreError> {
        let mut books = self.0.lock().unwrap();
        books.looked.push((attempt.clone(), look.next));
        let known = books
            .unknowns
            .iter_mut()
            .find(|known| known.attempt == *attempt)
            .unwrap();
        known.looks += 1;
        known.next_look = Some(look.next);
        known.absent_since = look.absent_since;
        Ok(())
    }

    async fn providers(&self) -> Result<Vec<ProviderState>, StoreError> {
        Ok(self.0.lock().unwrap().providers.clone())
    }

    async fn pause(&self, _provider: &str, _pause: &Pause) -> Result<(), StoreError> {
        unasked()
    }

    async fn resume(&self, provider: &str, by: &str, _at: Timestamp) -> Result<bool, StoreError> {
        assert_eq!(by, "look_up");
        let mut books = self.0.lock().unwrap();
        let state = books
            .providers
            .iter_mut()
            .find(|state| &*state.name == provider)
            .unwrap();
        Ok(state.paused.take().is_some())
    }
}

fn unasked<T>() -> Result<T, StoreError> {
    Err(StoreError::NotFound("upkeep does not ask for this".to_owned()))
}

type Answers = dyn Fn(&AttemptId) -> Option<LookUp> + Send + Sync;

/// A provider that only looks up; without an answer it says nothing for ever.
struct Desk {
    name: Arc<str>,
    answer: Box<Answers>,
}

impl Desk {
    fn answering(answer: impl Fn(&AttemptId) -> Option<LookUp> + Send + Sync + 'static) -> Self {
        Self {
            name: "primary".into(),
            answer: Box::new(answer),
        }
    }

    /// Answers from a script, then not at all.
    fn reading(script: &[LookUp]) -> Self {
        let script = Mutex::new(VecDeque::from(script.to_vec()));
        Self::answering(move |_| script.lock().unwrap().pop_front())
    }
}

#[async_trait]
impl Gateway for Desk {
    fn name(&self) -> &Arc<str> {
        &self.name
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(10)
    }

    fn concurrency(&self) -> usize {
        1
    }

    fn rate(&self) -> Option<u32> {
        None
    }

    fn recipient_is_plate(&self) -> bool {
        false
    }

    fn render(&self, _message: &Message) -> Result<Bytes, RenderError> {
        Ok(Bytes::new())
    }

    async fn send(&self, _request: Bytes) -> Answer {
        panic!("upkeep never sends")
    }

    async fn look_up(&self, client_ref: &AttemptId) -> LookUp {
        match (self.answer)(client_ref) {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }
}

fn found(state: NoticeState) -> LookUp {
    LookUp::Found {
        state,
        provider_id: Some("m1".into()),
        code: None,
    }
}

fn scene(answers: &[LookUp], unknowns: u32) -> (Arc<Store>, Upkeep) {
    let store = Arc::new(Store::default());
    let attempt = |number: u32| {
        let notice = NoticeId::from_text(&format!("n-{number}"));
        UnknownAttempt {
            attempt: notice.attempt(1),
            notice,
            case: CaseId::from_text("case"),
            kind: NoticeKind::Waived,
            plate: "湘K12345".into(),
            parameters: Bytes::new(),
            provider: "primary".into(),
            submitted_at: start(),
            looks: 0,
            next_look: None,
            absent_since: None,
            is_proved_absent: false,
            expires_at: start().plus(DAY),
        }
    };
    store.0.lock().unwrap().unknowns = (0..unknowns).map(attempt).collect();
    let desk = Desk::reading(answers);
    let upkeep = Upkeep::new(
        Arc::clone(&store) as Arc<dyn ReceiptStore>,
        vec![Arc::new(desk)],
        Resend::Never,
    );
    (store, upkeep)
}

#[tokio::test(start_paused = true)]
async fn an_unknown_attempt_that_is_found_takes_the_state_that_the_provider_names() {
    let (store, mut upkeep) = scene(&[found(NoticeState::Delivered)], 1);
    assert_eq!(
        upkeep.step(start().plus(14 * SECOND)).await.unwrap().looked_up,
        0,
        "too early"
    );
    assert_eq!(upkeep.step(start().plus(15 * SECOND)).await.unwrap().proved, 1);
    let books = store.0.lock().unwrap();
    let finished = &books.finished[0];
    assert_eq!(
        (finished.class, finished.next),
        (AttemptClass::Accepted, NoticeState::Delivered)
    );
    assert_eq!(
        (finished.provider_id.as_deref(), &finished.told),
        (Some("m1"), &None)
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_not_found_is_never_queued_and_looked_up_eight_times_in_three_days() {
    for answer in [Some(LookUp::Nothing), None] {
        let answers: Vec<_> = answer
            .iter()
            .flat_map(|answer| vec![answer.clone(); 100])
            .collect();
        let (store, mut upkeep) = scene(&answers, 1);
        let mut looks = Vec::new();
        let mut now = start();
        while now < start().plus(5 * DAY) {
            if upkeep.step(now).await.unwrap().looked_up > 0 {
                looks.push(now.since(start()));
            }
            now = now.plus(15 * SECOND);
        }
        let expected = [15, 60, 300, 900, 3_600, 21_600, 86_400, 259_200];
        assert_eq!(looks, expected.map(|seconds| seconds * SECOND), "{answer:?}");
        let books = store.0.lock().unwrap();
        assert!(books.finished.is_empty(), "{answer:?}");
        assert_eq!(books.looked.last().unwrap().1, Timestamp::MAX);
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_long_stop_each_is_looked_up_once_and_not_all_at_once() {
    let (store, mut upkeep) = scene(&vec![LookUp::Nothing; 200], 150);
    let now = start().plus(2 * HOUR);
    let mut steps = Vec::new();
    loop {
        let report = upkeep.step(now).await.unwrap();
        if report.looked_up == 0 {
            break;
        }
        steps.push(report.looked_up);
    }
    assert_eq!(steps, [16, 16, 16, 16, 16, 16, 16, 16, 16, 6]);
    assert!(
        store
            .0
            .lock()
            .unwrap()
            .unknowns
            .iter()
            .all(|attempt| attempt.looks == 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_answers_is_resumed_unless_a_person_paused_it() {
    for (reason, answer, resumed) in [
        ("unknowns", LookUp::NeverReceived, true),
        ("unknowns: 10 in a row", found(NoticeState::Accepted), true),
        ("unknowns", LookUp::Nothing, false),
        ("person: holiday", LookUp::NeverReceived, false),
        ("account_blocked: http_401", found(NoticeState::Accepted), false),
    ] {
        let (store, mut upkeep) = scene(&[answer], 1);
        let pause = Pause {
            reason: reason.into(),
            by: "store".into(),
            at: start(),
        };
        store.0.lock().unwrap().providers.push(ProviderState {
            name: "primary".into(),
            paused: Some(pause),
            unknowns: 10,
        });
        upkeep.step(start().plus(MINUTE)).await.unwrap();
        assert_eq!(
            store.0.lock().unwrap().providers[0].paused.is_none(),
            resumed,
            "{reason}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_of_a_provider_that_is_gone_is_kept() {
    let (store, mut upkeep) = scene(&[], 1);
    store.0.lock().unwrap().unknowns[0].provider = "former".into();
    upkeep.step(start().plus(MINUTE)).await.unwrap();
    let books = store.0.lock().unwrap();
    assert_eq!((books.unknowns.len(), books.looked.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_passed_its_deadline_is_counted() {
    let (store, mut upkeep) = scene(&[], 0);
    store.0.lock().unwrap().overdue = vec![("first".into(), 2), ("second".into(), 1)];
    assert_eq!(upkeep.step(start()).await.unwrap().overdue, 3);
}

#[tokio::test]
async fn the_store_is_tidied_every_three_seconds() {
    let (store, mut upkeep) = scene(&[], 0);
    for (seconds, tidied) in [(0, 1), (1, 1), (2, 1), (3, 2), (5, 2), (300, 3)] {
        upkeep.step(start().plus(seconds * SECOND)).await.unwrap();
        assert_eq!(store.0.lock().unwrap().tidied, tidied, "after {seconds} s");
    }
}

#[tokio::test]
async fn news_is_applied_to_its_attempt_and_waits_for_one_that_may_still_turn_up() {
    let (store, mut upkeep) = scene(&[], 0);
    let receipt = |sequence, attempt: Option<&str>, age: i64| PendingReceipt {
        sequence,
        provider: "primary".into(),
        received_at: start().plus(-age),
        state: NoticeState::Delivered,
        code: Some("DELIVRD".into()),
        message_id: Some("m1".into()),
        retold: None,
        has_our_name: sequence != 4,
        submitted_at: None,
        at: start(),
        attempt: attempt.map(|id| (AttemptId::from_text(id), NoticeId::from_text("n-1"))),
    };
    store.0.lock().unwrap().pending = vec![
        receipt(1, Some("n-1-1"), 0),
        receipt(2, None, 10 * MINUTE - 1),
        receipt(3, None, 10 * MINUTE),
        receipt(4, None, 10 * MINUTE),
    ];
    assert_eq!(upkeep.step(start()).await.unwrap().receipts, 4);
    let books = store.0.lock().unwrap();
    let again = start().plus(15 * SECOND);
    assert_eq!(
        books.settled,
        [
            (1, ReceiptFate::Applied),
            (2, ReceiptFate::Later(again)),
            (3, ReceiptFate::Unmatched),
            // It names the message as the provider does, and a look-up may still say which one that is.
            (4, ReceiptFate::Later(start().plus(HOUR)))
        ]
    );
    let [applied] = &books.finished[..] else {
        panic!("{:?}", books.finished)
    };
    assert_eq!(
        (applied.attempt.as_str(), applied.class, applied.next),
        ("n-1-1", AttemptClass::Accepted, NoticeState::Delivered)
    );
    assert_eq!(applied.provider_id.as_deref(), Some("m1"));
}

/// Looks until two days have passed; says after how many seconds each look was made.
async fn looks(upkeep: &mut Upkeep) -> Vec<i64> {
    let mut looks = Vec::new();
    let mut now = start();
    while now < start().plus(2 * DAY) {
        if upkeep.step(now).await.unwrap().looked_up > 0 {
            looks.push(now.since(start()) / SECOND);
        }
        now = now.plus(15 * SECOND);
    }
    looks
}

#[tokio::test(start_paused = true)]
async fn that_a_message_was_never_received_is_proved_by_two_words_ten_minutes_apart() {
    let (store, mut upkeep) = scene(&vec![LookUp::NeverReceived; 100], 1);
    // The first counts after a minute, the second ten minutes later; what is proved may still turn up.
    let expected = [15, 60, 300, 660, 900, 3_600, 21_600, 86_400];
    assert_eq!(looks(&mut upkeep).await, expected);
    let books = store.0.lock().unwrap();
    assert_eq!(books.proved, [(AttemptId::from_text("n-0-1"), false)]);
    assert!(books.finished.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_silent_look_between_two_words_takes_nothing_back_and_one_word_proves_nothing() {
    let silent = LookUp::Nothing;
    let (store, mut upkeep) = scene(
        &[vec![silent.clone(), LookUp::NeverReceived], vec![silent; 100]].concat(),
        1,
    );
    looks(&mut upkeep).await;
    assert!(store.0.lock().unwrap().proved.is_empty());
}

#[tokio::test(start_paused = true)]
async fn after_the_proof_it_is_sent_again_where_the_city_wants_that() {
    let (store, mut upkeep) = scene(&vec![LookUp::NeverReceived; 100], 1);
    upkeep.looks.resend = Resend::AfterProof;
    let parameters = crate::dispatch::tests::parameters();
    store.0.lock().unwrap().unknowns[0].parameters = parameters;
    looks(&mut upkeep).await;
    assert_eq!(
        store.0.lock().unwrap().proved,
        [(AttemptId::from_text("n-0-1"), true)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_paused_for_its_unknowns_is_asked_every_quarter_minute() {
    let answers = [LookUp::Nothing, LookUp::Nothing, LookUp::NeverReceived];
    let (store, mut upkeep) = scene(&answers, 0);
    {
        let mut books = store.0.lock().unwrap();
        books.newest = Some(AttemptId::from_text("n-7-1"));
        let paused = Some(Pause {
            reason: "unknowns".into(),
            by: "store".into(),
            at: start(),
        });
        books.providers.push(ProviderState {
            name: "primary".into(),
            paused,
            unknowns: 10,
        });
    }
    let is_paused = || store.0.lock().unwrap().providers[0].paused.is_some();
    for (seconds, stands) in [(0, true), (14, true), (15, true), (29, true), (30, false)] {
        upkeep.step(start().plus(seconds * SECOND)).await.unwrap();
        assert_eq!(is_paused(), stands, "after {seconds} s");
    }
}

/// Strong look-ups: the provider knows every second attempt and says so of the others, but one look-up of ten is not
/// answered.
fn strong(client_ref: &AttemptId, turn: u32) -> LookUp {
    // Spread without a pattern that the attempts share.
    let is_silent = turn.wrapping_mul(2_654_435_761) >> 16 & 0xff < 26;
    let number: u32 = client_ref.as_str().split('-').nth(1).unwrap().parse().unwrap();
    match number % 2 {
        _ if is_silent => LookUp::Nothing,
        0 => found(NoticeState::Delivered),
        _ => LookUp::NeverReceived,
    }
}

#[tokio::test(start_paused = true)]
async fn where_look_up_is_strong_an_hour_settles_nineteen_unknowns_of_twenty() {
    const COUNT: usize = 1_000;
    let (store, _) = scene(&[], COUNT as u32);
    let turn = std::sync::atomic::AtomicU32::new(0);
    let gateway = Desk::answering(move |client_ref| {
        Some(strong(
            client_ref,
            turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed),
        ))
    });
    let mut upkeep = Upkeep::new(
        Arc::clone(&store) as Arc<dyn ReceiptStore>,
        vec![Arc::new(gateway)],
        Resend::Never,
    );
    let mut now = start();
    while now <= start().plus(HOUR) {
        while upkeep.step(now).await.unwrap().looked_up > 0 {}
        now = now.plus(15 * SECOND);
    }
    let books = store.0.lock().unwrap();
    let (found, proved) = (books.finished.len(), books.proved.len());
    println!("{found} found and {proved} proved absent of {COUNT}");
    assert!(found + proved >= COUNT * 95 / 100, "{found} + {proved}");
    assert!(found < COUNT * 55 / 100 && proved > COUNT * 40 / 100);
}
