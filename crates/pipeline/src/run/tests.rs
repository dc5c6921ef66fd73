//! The loop, with roles that do what a script says, in a time that only passes when nobody works.

use std::sync::Mutex;

use engine::time::{SECOND, Timestamp};

use super::*;

/// The time of tests stands still.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(SECOND)
    }
}

#[derive(Default)]
struct Diary(Mutex<Vec<&'static str>>);

impl Diary {
    fn note(&self, what: &'static str) {
        self.0.lock().unwrap().push(what);
    }

    fn count(&self, what: &str) -> usize {
        self.0
            .lock()
            .unwrap()
            .iter()
            .filter(|entry| **entry == what)
            .count()
    }
}

/// Does what the script says, then is idle for ever.
struct Scripted {
    diary: Arc<Diary>,
    script: Vec<Result<Progressed, StepError>>,
    finish: Duration,
}

#[async_trait]
impl Step for Scripted {
    async fn step(&mut self, _now: Timestamp) -> Result<Progressed, StepError> {
        self.diary.note("step");
        if self.script.is_empty() {
            Ok(Progressed::Idle)
        } else {
            self.script.remove(0)
        }
    }

    async fn finish(&mut self, _clock: &dyn Clock) {
        self.diary.note("finish");
        pause(self.finish).await;
        self.diary.note("finished");
    }
}

struct Scene {
    diary: Arc<Diary>,
    shared: Shared,
    bell: Arc<Notify>,
}

impl Scene {
    fn new() -> Self {
        Self {
            diary: Arc::default(),
            shared: Shared {
                clock: Arc::new(Still),
                heart: Arc::new(Heart::new()),
                shutdown: CancellationToken::new(),
            },
            bell: Arc::default(),
        }
    }

    fn role(&self, name: &'static str, script: Vec<Result<Progressed, StepError>>) -> Role {
        Role {
            name,
            step: Box::new(Scripted {
                diary: Arc::clone(&self.diary),
                script,
                finish: Duration::ZERO,
            }),
            bell: Arc::clone(&self.bell),
            idle: Duration::from_secs(10),
        }
    }

    async fn until(&self, what: &str, count: usize) {
        while self.diary.count(what) < count {
            pause(Duration::from_millis(1)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_steps_on_while_there_is_work_and_then_waits_for_the_bell_or_its_time() {
    let scene = Scene::new();
    let role = scene.role("intake", vec![Ok(Progressed::Did(3)), Ok(Progressed::Did(1))]);
    let running = tokio::spawn(run(vec![role], scene.shared.clone()));
    let began = Instant::now();
    scene.until("step", 3).await;
    assert!(began.elapsed() < Duration::from_secs(1), "work does not wait");
    scene.bell.notify_one();
    scene.until("step", 4).await;
    assert!(began.elapsed() < Duration::from_secs(1), "neither does the bell");
    pause(Duration::from_secs(11)).await;
    assert_eq!(scene.diary.count("step"), 5, "nobody rang");
    scene.shared.shutdown.cancel();
    running.await.unwrap().unwrap();
    assert_eq!((scene.diary.count("step"), scene.diary.count("finished")), (5, 1));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_is_tried_again_and_readiness_says_why() {
    let scene = Scene::new();
    let away = || Err(StoreError::Unavailable("locked".to_owned()).into());
    let role = scene.role("dispatch", vec![away(), away(), Ok(Progressed::Idle)]);
    let running = tokio::spawn(run(vec![role], scene.shared.clone()));
    scene.until("step", 2).await;
    let beats = scene.shared.heart.beats();
    assert_eq!(
        beats[0].trouble.as_deref(),
        Some("the store is not available: locked")
    );
    pause(Duration::from_secs(1)).await;
    let beat = &scene.shared.heart.beats()[0];
    assert!(
        beat.trouble.is_none() && beat.is_well(Still.now(), Duration::ZERO),
        "{beat:?}"
    );
    scene.shared.shutdown.cancel();
    running.await.unwrap().unwrap();
    assert!(!scene.shared.heart.beats()[0].runs);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_would_have_to_guess_stops_all_of_them_with_its_name() {
    let scene = Scene::new();
    let corrupt = Err(StoreError::Corrupt("ledger 7".to_owned()).into());
    let roles = vec![
        scene.role("intake", vec![corrupt]),
        scene.role("upkeep", Vec::new()),
    ];
    let error = run(roles, scene.shared.clone()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "intake stopped: the store holds something that cannot be read: ledger 7"
    );
    assert_eq!(scene.diary.count("finished"), 2, "the other finished too");
}

#[tokio::test(start_paused = true)]
async fn a_role_that_cannot_finish_in_time_does_not_hold_up_the_end() {
    let scene = Scene::new();
    let mut role = scene.role("dispatch", Vec::new());
    role.step = Box::new(Scripted {
        diary: Arc::clone(&scene.diary),
        script: Vec::new(),
        finish: Duration::from_hours(1),
    });
    scene.shared.shutdown.cancel();
    let began = Instant::now();
    run(vec![role], scene.shared.clone()).await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(1));
    assert_eq!(
        (scene.diary.count("finish"), scene.diary.count("finished")),
        (1, 0)
    );
}

struct Panics;

#[async_trait]
impl Step for Panics {
    async fn step(&mut self, _now: Timestamp) -> Result<Progressed, StepError> {
        panic!("a bug")
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_stops_the_service_instead_of_leaving_it_half_alive() {
    let scene = Scene::new();
    let mut broken = scene.role("dispatch", Vec::new());
    broken.step = Box::new(Panics);
    let error = run(
        vec![broken, scene.role("upkeep", Vec::new())],
        scene.shared.clone(),
    )
    .await
    .unwrap_err();
    assert_eq!(error.role, "dispatch");
}

#[test]
fn a_beat_grows_stale() {
    let heart = Heart::new();
    heart.beat("intake", Timestamp::from_micros(0));
    let beat = &heart.beats()[0];
    let within = Duration::from_secs(10);
    assert!(beat.is_well(Timestamp::from_micros(10 * SECOND), within));
    assert!(!beat.is_well(Timestamp::from_micros(10 * SECOND + 1), within));
    assert!(
        beat.is_well(Timestamp::from_micros(-SECOND), within),
        "a clock set back makes nothing stale"
    );
}
