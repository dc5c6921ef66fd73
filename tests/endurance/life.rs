//! How soon it is back, and who may not be it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::SOON;
use crate::provider::{Manner, Provider};
use crate::site::wait;
use crate::town::{Town, wait_for_calls};

const LINES: &str = "deadline = \"3s\"\nconcurrency = 8";
const CARS: u32 = 300;
/// The promise; a build without optimisation that shares its two cores with other tests gets the same again.
const BACK: Duration = Duration::from_secs(if cfg!(debug_assertions) { 4 } else { 2 });

#[test]
fn after_kill_9_under_load_it_is_ready_at_once_and_sends_the_rest_once() {
    let provider = Provider::new(Manner::Accept(Duration::from_millis(50)));
    provider.open();
    let town = Town::new(CARS, &provider, LINES, "");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let mut service = town.site.serve();
        scope.spawn(|| {
            let mut car = 0;
            while !is_over.load(Ordering::SeqCst) {
                // Sent until it was answered for, and then the next ones; at the end from the beginning.
                if town.send(car..car + 5) {
                    car = (car + 5) % CARS;
                }
            }
        });
        let mut waits = Vec::new();
        for life in 1..4 {
            wait_for_calls(&provider, 10 * life, &service);
            service.kill();
            let start = Instant::now();
            service = town.site.start(&["serve"], "again");
            let ready = wait(SOON, || {
                let (status, _) = town.site.try_get("/readyz")?;
                (status == 200).then(|| start.elapsed())
            });
            waits.push(ready.unwrap_or_else(|| panic!("not ready: {}", service.said())));
        }
        println!("ready after {waits:?}");
        let sent = wait(SOON, || {
            let done = town.count("accepted") + town.count("unknown");
            (done == u64::from(CARS)).then_some(())
        });
        is_over.store(true, Ordering::SeqCst);
        assert!(
            sent.is_some(),
            "{:?}\n{}",
            town.site.try_get("/v1/stats"),
            service.said()
        );
        assert!(waits.iter().all(|wait| *wait <= BACK), "{waits:?}");
        service.stop();
    });
    provider.assert_nothing_twice();
    let lost = town
        .site
        .export("notices")
        .iter()
        .filter(|notice| notice["state"] == "unknown")
        .count();
    assert!(lost <= 3 * 8, "{lost} are unknown; no more were in the air");
}

#[test]
fn a_second_service_beside_a_busy_one_gives_up_within_two_seconds_and_names_the_first() {
    let provider = Provider::new(Manner::Hang);
    provider.open();
    let town = Town::new(1000, &provider, LINES, "");
    town.offend(&["2025-03-02"]);
    let mut first = town.site.serve();
    wait_for_calls(&provider, 1, &first);
    let start = Instant::now();
    let mut second = town.site.start(&["serve"], "second");
    let ended = second.ends_within(Duration::from_secs(2));
    println!("it gave up after {:?}", start.elapsed());
    assert_eq!(
        ended.and_then(|status| status.code()),
        Some(5),
        "{}",
        second.said()
    );
    let holder = format!("process {}", first.child.id());
    assert!(
        second.said().contains(&holder),
        "{holder} is not named: {}",
        second.said()
    );
    assert!(first.is_running());
    first.stop();
}
