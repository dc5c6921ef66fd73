//! Dispatch step by step, with a store, providers and a registry that a test commands.

mod fakes;

use engine::fact::ToldState;
use engine::time::{HOUR, MINUTE};
use proptest::prelude::*;

use bytes::Bytes;
use engine::notice::NoticeState;
use engine::time::SECOND;
use formats::notice_parameters::NoticeParameters;
use ports::dispatch::{ALL_PROVIDERS, Pause, ProviderState};

use super::*;
use fakes::{Phones, Provider, Store, answer};

/// 2026-03-02, 10:00 in Shanghai.
fn start() -> Timestamp {
    Timestamp::from_micros(1_772_416_800 * SECOND)
}

/// Parameters that can be read, as a store would keep them.
pub(crate) fn parameters() -> Bytes {
    let case = engine::ids::CaseId::from_text("260302-000000000000");
    fakes::parameters(&case).encode().into()
}

struct Scene {
    store: Arc<Store>,
    providers: Vec<Arc<Provider>>,
    dispatch: Dispatch,
    now: Timestamp,
}

impl Scene {
    fn new(providers: Vec<Provider>) -> Self {
        Self::with(providers, Phones(Some(vec!["+8613800000001"])))
    }

    fn with(providers: Vec<Provider>, phones: Phones) -> Self {
        let store = Arc::new(Store::default());
        let providers: Vec<_> = providers.into_iter().map(Arc::new).collect();
        let route = providers
            .iter()
            .map(|it| Arc::clone(it) as Arc<dyn Gateway>)
            .collect();
        let texts = Arc::new(Texts::built_in());
        let dispatch = Dispatch::new(
            Arc::clone(&store) as Arc<dyn DispatchStore>,
            route,
            Arc::new(phones),
            texts,
        );
        Self {
            store,
            providers,
            dispatch,
            now: start(),
        }
    }

    fn queue(&self, count: u32) -> Vec<NoticeId> {
        (0..count)
            .map(|number| self.store.queue(number, |_| ()))
            .collect()
    }

    async fn step(&mut self) -> StepReport {
        self.dispatch.step(self.now).await.unwrap()
    }

    /// Steps, and lets calls end, until nothing happens at this time any more.
    async fn settle(&mut self) {
        loop {
            let report = self.step().await;
            while self.dispatch.in_flight() > 0 {
                self.dispatch.landed().await;
            }
            if report == StepReport::default() && self.dispatch.landed.is_empty() {
                return;
            }
        }
    }

    fn sent(&self) -> usize {
        self.providers.iter().map(|provider| provider.sent().len()).sum()
    }
}

/// Waits until the calls that have begun stand at the gate.
async fn at_the_gate(scene: &Scene, count: usize) {
    while scene.sent() < count {
        tokio::task::yield_now().await;
    }
}

use AttemptClass::{
    Accepted, AccountBlocked, NotSent, PermanentContent, PermanentRecipient, ThrottledAccount, Unknown,
};

#[tokio::test(start_paused = true)]
async fn a_due_notice_is_told_committed_sent_and_recorded_in_this_order() {
    let mut scene = Scene::new(vec![Provider::new("primary").gated()]);
    let notice = scene.queue(1).remove(0);
    assert_eq!(scene.step().await.submitted, 1);
    at_the_gate(&scene, 1).await;
    let attempt = notice.attempt(1);
    assert_eq!(
        scene.store.state(&notice),
        NoticeState::Submitted,
        "committed before the answer"
    );
    assert_eq!(
        scene.store.told(),
        [(format!("{attempt}/handed_over"), ToldState::HandedOver)]
    );
    let sent = &scene.providers[0].sent()[0];
    assert!(
        sent.starts_with(&format!("{attempt} +8613800000001 您的湘K12345")),
        "{sent}"
    );
    scene.providers[0].gate.add_permits(1);
    scene.settle().await;
    assert_eq!(scene.store.state(&notice), NoticeState::Accepted);
    assert_eq!(scene.store.books().finished[0].provider_id.as_deref(), Some("m1"));
    assert_eq!(scene.sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_definite_not_sent_takes_the_telling_back_and_is_tried_again_later() {
    let mut scene = Scene::new(vec![Provider::new("primary").answering(&[NotSent, NotSent])]);
    let notice = scene.queue(1).remove(0);
    scene.settle().await;
    assert_eq!(scene.store.state(&notice), NoticeState::Queued);
    assert_eq!(scene.store.row(&notice).not_before, start().plus(2 * SECOND));
    assert_eq!(
        scene.store.told().last().unwrap(),
        &(format!("{}/not_sent", notice.attempt(1)), ToldState::NotSent)
    );
    scene.now = start().plus(2 * SECOND);
    scene.settle().await;
    assert_eq!(
        scene.store.row(&notice).not_before,
        scene.now.plus(10 * SECOND),
        "longer each time"
    );
    scene.now = scene.now.plus(10 * SECOND);
    scene.settle().await;
    assert_eq!(
        (scene.store.state(&notice), scene.sent()),
        (NoticeState::Accepted, 3)
    );
    assert_eq!(
        scene.store.told().last().unwrap().0,
        format!("{}/handed_over", notice.attempt(3))
    );
}

#[tokio::test(start_paused = true)]
async fn only_a_definite_not_sent_goes_on_to_the_next_provider() {
    for (class, second, state) in [
        (NotSent, 1, NoticeState::Accepted),
        (ThrottledAccount, 1, NoticeState::Accepted),
        (AccountBlocked, 1, NoticeState::Accepted),
        (PermanentContent, 0, NoticeState::Refused),
        (PermanentRecipient, 0, NoticeState::Refused),
        (AttemptClass::Suppressed, 0, NoticeState::Suppressed),
        (Unknown, 0, NoticeState::Unknown),
        (Accepted, 0, NoticeState::Accepted),
    ] {
        let mut scene = Scene::new(vec![
            Provider::new("first").answering(&[class]),
            Provider::new("second"),
        ]);
        let notice = scene.queue(1).remove(0);
        scene.settle().await;
        let sent: Vec<_> = scene
            .providers
            .iter()
            .map(|provider| provider.sent().len())
            .collect();
        assert_eq!(
            (sent, scene.store.state(&notice)),
            (vec![1, second], state),
            "{class:?}"
        );
        let taken_back = scene
            .store
            .told()
            .iter()
            .any(|(_, state)| *state == ToldState::NotSent);
        assert_eq!(taken_back, class.is_not_sent(), "{class:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn when_the_last_provider_fails_too_the_notice_waits_and_begins_at_the_first_again() {
    let providers = ["first", "second"].map(|name| Provider::new(name).answering(&[NotSent]));
    let mut scene = Scene::new(providers.into());
    let notice = scene.queue(1).remove(0);
    scene.settle().await;
    assert_eq!(
        (scene.sent(), scene.store.state(&notice)),
        (2, NoticeState::Queued)
    );
    scene.now = scene.store.row(&notice).not_before;
    assert!(scene.now > start());
    scene.settle().await;
    assert_eq!(
        (scene.providers[0].sent().len(), scene.providers[1].sent().len()),
        (2, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn an_unknown_is_never_sent_again() {
    let mut scene = Scene::new(vec![Provider::new("primary").answering(&[Unknown])]);
    let notice = scene.queue(1).remove(0);
    for hour in 0..200 {
        scene.now = start().plus(hour * HOUR);
        scene.settle().await;
    }
    assert_eq!(
        (scene.sent(), scene.store.state(&notice)),
        (1, NoticeState::Unknown)
    );
}

#[tokio::test(start_paused = true)]
async fn a_number_that_cannot_be_reached_gives_way_to_the_next_owner() {
    let phones = Phones(Some(vec!["+8613800000001", "+8613800000002"]));
    let classes = [PermanentRecipient, PermanentRecipient];
    let mut scene = Scene::with(vec![Provider::new("primary").answering(&classes)], phones);
    let notice = scene.queue(1).remove(0);
    scene.settle().await;
    let sent = scene.providers[0].sent();
    assert!(
        sent[0].contains("+8613800000001") && sent[1].contains("+8613800000002"),
        "{sent:?}"
    );
    assert_eq!(
        (sent.len(), scene.store.state(&notice)),
        (2, NoticeState::Refused)
    );
    assert_eq!(
        scene.store.row(&notice).reason.as_deref(),
        Some("permanent_recipient")
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_to_write_to_ends_the_notice_without_an_attempt() {
    let mut scene = Scene::with(vec![Provider::new("primary")], Phones(Some(Vec::new())));
    let notice = scene.queue(1).remove(0);
    scene.settle().await;
    assert_eq!(
        (scene.sent(), scene.store.state(&notice)),
        (0, NoticeState::NoContact)
    );
    assert!(scene.store.told().is_empty(), "nobody was told");
    assert_eq!(scene.dispatch.desks[0].in_flight(), 0, "the slot is free again");
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_does_not_answer_only_delays() {
    let mut scene = Scene::with(vec![Provider::new("primary")], Phones(None));
    let notice = scene.queue(1).remove(0);
    assert_eq!(scene.step().await.deferred, 1);
    let row = scene.store.row(&notice);
    assert_eq!(
        (row.state, row.not_before),
        (NoticeState::Queued, start().plus(30 * SECOND))
    );
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_keeps_the_phones_is_given_the_plate() {
    let mut edge = Provider::new("edge");
    edge.by_plate = true;
    let mut scene = Scene::with(vec![edge], Phones(None));
    scene.queue(1);
    scene.settle().await;
    assert!(scene.providers[0].sent()[0].contains(" plate:湘K12345/02 "));
}

#[tokio::test(start_paused = true)]
async fn quiet_hours_move_a_notice_to_their_end() {
    let mut scene = Scene::new(vec![Provider::new("primary")]);
    let notice = scene.store.queue(1, |parameters| {
        parameters.quiet_hours = Some(("21:00:00".to_owned(), "08:00:00".to_owned()));
    });
    scene.now = start().plus(11 * HOUR);
    scene.settle().await;
    assert_eq!(
        (scene.sent(), scene.store.row(&notice).not_before),
        (0, start().plus(22 * HOUR))
    );
    scene.now = start().plus(22 * HOUR);
    scene.settle().await;
    assert_eq!(scene.sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_broken_notice_ends_and_holds_up_no_other() {
    let mut scene = Scene::new(vec![Provider::new("primary")]);
    let broken = scene
        .store
        .queue(1, |parameters| parameters.about = "no fact".to_owned());
    let whole = scene.store.queue(2, |_| ());
    scene.settle().await;
    assert_eq!(scene.store.state(&broken), NoticeState::Refused);
    assert_eq!(
        scene.store.row(&broken).reason.as_deref(),
        Some("parameters_unreadable")
    );
    assert_eq!(scene.store.state(&whole), NoticeState::Accepted);
}

#[tokio::test(start_paused = true)]
async fn exactly_as_many_are_leased_as_have_a_slot() {
    let mut primary = Provider::new("primary").gated();
    primary.concurrency = 2;
    let mut scene = Scene::new(vec![primary]);
    let notices = scene.queue(5);
    assert_eq!(scene.step().await.leased, 2);
    assert_eq!(scene.step().await, StepReport::default(), "both slots are taken");
    let waiting = notices
        .iter()
        .filter(|id| scene.store.state(id) == NoticeState::Queued)
        .count();
    assert_eq!(waiting, 3, "the others are not even leased");
    scene.providers[0].gate.add_permits(1);
    scene.dispatch.landed().await;
    let report = scene.step().await;
    assert_eq!(
        (report.recorded, report.leased, scene.dispatch.in_flight()),
        (1, 1, 2)
    );
}

#[tokio::test(start_paused = true)]
async fn the_rate_of_a_provider_is_kept_and_a_waiting_notice_goes_with_the_next_permit() {
    let mut primary = Provider::new("primary");
    primary.rate = Some(10);
    let mut scene = Scene::new(vec![primary]);
    scene.queue(30);
    for tenth in 1..=20 {
        scene.settle().await;
        assert_eq!(scene.sent(), tenth);
        assert_eq!(scene.dispatch.permit_in(), Some(Duration::from_millis(100)));
        scene.now = scene.now.plus(SECOND / 10);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_leased_while_everything_is_paused() {
    for name in ["primary", ALL_PROVIDERS] {
        let mut scene = Scene::new(vec![Provider::new("primary")]);
        let notice = scene.queue(1).remove(0);
        let pause = Pause {
            reason: "person: holiday".into(),
            by: "li".into(),
            at: start(),
        };
        scene.store.pause(name, &pause).await.unwrap();
        assert_eq!(scene.step().await, StepReport::default());
        assert_eq!(scene.store.state(&notice), NoticeState::Queued);
        scene.store.books().providers.clear();
        scene.settle().await;
        assert_eq!(scene.store.state(&notice), NoticeState::Accepted);
    }
}

#[tokio::test(start_paused = true)]
async fn a_blocked_account_pauses_its_provider_and_keeps_the_notices() {
    let mut scene = Scene::new(vec![Provider::new("primary").answering(&[AccountBlocked; 8])]);
    let notices = scene.queue(20);
    scene.settle().await;
    assert_eq!(scene.sent(), 8, "no more than were in flight");
    assert!(
        notices
            .iter()
            .all(|id| scene.store.state(id) == NoticeState::Queued)
    );
    let pause = scene.store.books().providers[0].paused.clone().unwrap();
    assert!(pause.reason.starts_with("account_blocked"), "{pause:?}");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_wants_a_rest_gets_it() {
    let primary = Provider::new("primary");
    primary.script.lock().unwrap().push_back(Answer {
        retry_after: Some(90),
        ..answer(ThrottledAccount)
    });
    let mut scene = Scene::new(vec![primary]);
    scene.queue(1);
    scene.settle().await;
    let other = scene.store.queue(7, |_| ());
    scene.now = start().plus(89 * SECOND);
    scene.settle().await;
    assert_eq!(
        (scene.sent(), scene.store.state(&other)),
        (1, NoticeState::Queued)
    );
    scene.now = start().plus(90 * SECOND);
    scene.settle().await;
    assert_eq!(scene.sent(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_dead_address_is_tried_less_and_less() {
    let mut scene = Scene::new(vec![Provider::new("primary").answering(&[NotSent; 1000])]);
    scene.queue(200);
    for second in 0..600 {
        scene.now = start().plus(second * SECOND);
        scene.settle().await;
    }
    assert!(scene.sent() < 30, "{} calls in ten minutes", scene.sent());
}

#[tokio::test(start_paused = true)]
async fn calls_that_fail_together_count_as_one_and_what_comes_back_is_trusted_little_by_little() {
    let mut scene = Scene::new(vec![Provider::new("primary").answering(&[NotSent; 8]).gated()]);
    scene.queue(40);
    assert_eq!(scene.step().await.submitted, 8);
    at_the_gate(&scene, 8).await;
    scene.providers[0].gate.add_permits(8);
    while scene.dispatch.in_flight() > 0 {
        scene.dispatch.landed().await;
    }
    assert_eq!(scene.step().await.recorded, 8);
    // One rest of the first length, not one for each of the calls.
    scene.now = start().plus(2 * SECOND);
    let mut width = Vec::new();
    for _ in 0..4 {
        let begun = scene.step().await.submitted;
        width.push(begun);
        scene.providers[0].gate.add_permits(begun);
        while scene.dispatch.in_flight() > 0 {
            scene.dispatch.landed().await;
        }
    }
    assert_eq!(width, [1, 2, 4, 8]);
}

#[tokio::test(start_paused = true)]
async fn what_the_night_kept_goes_out_one_after_the_other() {
    let quiet = |parameters: &mut NoticeParameters| {
        parameters.quiet_hours = Some(("09:00:00".to_owned(), "10:00:00".to_owned()));
    };
    let mut scene = Scene::new(vec![Provider::new("primary")]);
    for number in 0..5 {
        scene.store.queue(number, quiet);
    }
    scene.store.books().kept = 30 * 60;
    scene.settle().await;
    assert_eq!(scene.sent(), 1, "the end of quiet hours is now");
    let mut sent = Vec::new();
    for tenth in 1..6 {
        scene.now = start().plus(tenth * SECOND / 10);
        scene.settle().await;
        sent.push(scene.sent());
    }
    assert_eq!(sent, [2, 3, 4, 5, 5]);
}

#[tokio::test(start_paused = true)]
async fn a_call_does_not_begin_when_quiet_hours_have_begun_meanwhile() {
    let mut scene = Scene::new(vec![Provider::new("primary")]);
    let notice = scene.store.queue(0, |parameters| {
        parameters.quiet_hours = Some(("10:00:01".to_owned(), "10:30:00".to_owned()));
    });
    scene.store.books().submit_takes = Duration::from_millis(1_100);
    scene.settle().await;
    assert_eq!(scene.sent(), 0);
    assert_eq!(scene.store.state(&notice), NoticeState::Queued);
}

#[tokio::test(start_paused = true)]
async fn a_sick_provider_is_not_given_more_than_are_missing_to_its_pause() {
    let mut scene = Scene::new(vec![Provider::new("primary").gated()]);
    scene.queue(20);
    scene.store.books().providers.push(ProviderState {
        name: "primary".into(),
        paused: None,
        unknowns: 7,
    });
    assert_eq!(scene.step().await.submitted, 3);
}

#[tokio::test(start_paused = true)]
async fn a_notice_that_was_cancelled_in_the_meantime_is_not_sent() {
    let mut scene = Scene::new(vec![Provider::new("primary")]);
    let notice = scene.queue(1).remove(0);
    scene.store.books().cancel.push(notice.clone());
    scene.settle().await;
    assert_eq!(
        (scene.sent(), scene.store.state(&notice)),
        (0, NoticeState::Cancelled)
    );
    assert!(scene.store.told().is_empty());
    assert_eq!(scene.dispatch.desks[0].in_flight(), 0, "the slot is free again");
}

#[tokio::test(start_paused = true)]
async fn without_the_commits_answer_nothing_is_sent() {
    let mut scene = Scene::new(vec![Provider::new("primary")]);
    let notice = scene.queue(1).remove(0);
    scene.store.books().failures.insert("submit", 1);
    scene.dispatch.step(scene.now).await.unwrap_err();
    assert_eq!((scene.sent(), scene.dispatch.in_flight()), (0, 0));
    assert_eq!(
        scene.store.state(&notice),
        NoticeState::Queued,
        "the lease was given back"
    );
    scene.settle().await;
    assert_eq!(
        (scene.sent(), scene.store.state(&notice)),
        (1, NoticeState::Accepted)
    );
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_took_too_long_is_not_followed_by_a_call() {
    let mut scene = Scene::new(vec![Provider::new("primary")]);
    let notice = scene.queue(1).remove(0);
    scene.store.books().submit_takes = BEGINS_WITHIN;
    scene.step().await;
    scene.dispatch.landed().await;
    scene.store.books().submit_takes = Duration::ZERO;
    scene.step().await;
    let outcome = scene.store.books().finished[0].clone();
    assert_eq!(
        (scene.sent(), outcome.class, outcome.code.as_deref()),
        (0, NotSent, Some("given_up"))
    );
    assert_eq!(scene.store.state(&notice), NoticeState::Queued);
    assert_eq!(scene.store.told().last().unwrap().1, ToldState::NotSent);
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_cannot_be_written_is_kept_and_nothing_is_sent_twice() {
    let mut scene = Scene::new(vec![Provider::new("primary").gated()]);
    let notice = scene.queue(1).remove(0);
    scene.step().await;
    scene.providers[0].gate.add_permits(1);
    scene.dispatch.landed().await;
    scene.store.books().failures.insert("finish", 3);
    for _ in 0..3 {
        scene.dispatch.step(scene.now).await.unwrap_err();
        assert_eq!(scene.store.state(&notice), NoticeState::Submitted);
    }
    assert_eq!(scene.step().await.recorded, 1);
    assert_eq!(
        (scene.sent(), scene.store.state(&notice)),
        (1, NoticeState::Accepted)
    );
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_the_store_refuses_holds_up_no_other() {
    let primary = Provider::new("primary");
    primary.script.lock().unwrap().push_back(Answer {
        code: Some("poison".into()),
        ..answer(Unknown)
    });
    let mut scene = Scene::new(vec![primary]);
    let notices = scene.queue(3);
    scene.settle().await;
    let states: Vec<_> = notices.iter().map(|id| scene.store.state(id)).collect();
    assert_eq!(
        states
            .iter()
            .filter(|state| **state == NoticeState::Accepted)
            .count(),
        2,
        "{states:?}"
    );
    assert_eq!(
        states
            .iter()
            .filter(|state| **state == NoticeState::Submitted)
            .count(),
        1,
        "{states:?}"
    );
}

struct Clumsy(Provider);

#[async_trait]
impl Gateway for Clumsy {
    fn name(&self) -> &Arc<str> {
        &self.0.name
    }

    fn deadline(&self) -> Duration {
        self.0.deadline()
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

    fn render(&self, message: &ports::gateway::Message) -> Result<Bytes, ports::gateway::RenderError> {
        self.0.render(message)
    }

    async fn send(&self, request: Bytes) -> Answer {
        if self.0.sent().is_empty() {
            self.0.send(request).await;
            panic!("a bug of the provider's code")
        }
        std::future::pending().await
    }

    async fn look_up(&self, _client_ref: &AttemptId) -> ports::gateway::LookUp {
        ports::gateway::LookUp::Nothing
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_panics_or_never_ends_is_unknown_and_frees_its_slot() {
    let mut scene = Scene::new(Vec::new());
    scene
        .dispatch
        .desks
        .push(Desk::new(Arc::new(Clumsy(Provider::new("clumsy")))));
    let notices = scene.queue(2);
    scene.settle().await;
    assert!(
        notices
            .iter()
            .all(|id| scene.store.state(id) == NoticeState::Unknown)
    );
    let mut codes: Vec<_> = scene
        .store
        .books()
        .finished
        .iter()
        .filter_map(|it| it.code.clone())
        .collect();
    codes.sort();
    assert_eq!(codes, ["panicked".into(), Arc::from("timeout")]);
}

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        start().plus(MINUTE)
    }
}

#[tokio::test(start_paused = true)]
async fn when_the_service_stops_calls_in_flight_end_and_their_outcomes_are_written() {
    let mut scene = Scene::new(vec![Provider::new("primary").gated()]);
    let notices = scene.queue(12);
    assert_eq!(scene.step().await.submitted, 8);
    at_the_gate(&scene, 8).await;
    scene.store.books().failures.insert("finish", 2);
    let primary = Arc::clone(&scene.providers[0]);
    let answers = async {
        pause(Duration::from_secs(3)).await;
        primary.gate.add_permits(100);
    };
    tokio::join!(scene.dispatch.finish(&Still), answers);
    let count = |state| notices.iter().filter(|id| scene.store.state(id) == state).count();
    assert_eq!(
        (count(NoticeState::Accepted), count(NoticeState::Queued)),
        (8, 4),
        "and no new call was begun"
    );
    assert!(
        Step::finish_within(&scene.dispatch) < Duration::from_secs(15),
        "the longest deadline and five seconds"
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_provider_nothing_is_leased() {
    let mut scene = Scene::new(Vec::new());
    scene.queue(1);
    assert_eq!(scene.step().await, StepReport::default());
}

fn any_class() -> impl Strategy<Value = AttemptClass> {
    proptest::sample::select(AttemptClass::ALL.map(|(class, _)| class).to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever providers answer and whenever the store is away: after an answer that may have reached a person, the
    /// notice is never sent again, by anybody.
    #[test]
    fn at_most_one_message_may_have_reached_a_person(
        first in proptest::collection::vec(any_class(), 0..40),
        second in proptest::collection::vec(any_class(), 0..40),
        away in proptest::collection::vec((proptest::sample::select(vec!["lease", "submit", "finish", "providers"]), 0_u32..3), 0..20),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut scene = Scene::new(vec![
                Provider::new("first").answering(&first),
                Provider::new("second").answering(&second),
            ]);
            let notices = scene.queue(6);
            let mut away = away.into_iter();
            for _ in 0..40 {
                if let Some((what, times)) = away.next() {
                    scene.store.books().failures.insert(what, times);
                }
                let _may_fail = scene.dispatch.step(scene.now).await;
                while scene.dispatch.in_flight() > 0 {
                    scene.dispatch.landed().await;
                }
                scene.now = scene.now.plus(MINUTE);
            }
            let books = scene.store.books();
            for notice in &notices {
                let own: Vec<_> = books.attempts.iter().filter(|(id, _)| {
                    (1..100).any(|number| notice.attempt(number) == *id)
                }).collect();
                let reached = own.iter().filter(|(_, class)| class.is_none_or(|class| !class.is_not_sent())).count();
                assert!(reached <= 1, "{notice}: {own:?}");
                let last = own.last().map(|(_, class)| *class);
                if reached == 1 {
                    assert!(last.is_some_and(|class| class.is_none_or(|class| !class.is_not_sent())), "{own:?}");
                }
            }
        });
    }
}
