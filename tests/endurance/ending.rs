//! How it ends under load.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::SOON;
use crate::provider::{Manner, Provider};
use crate::town::{Town, wait_for_calls};

/// Of the provider, whole call.
const DEADLINE: Duration = Duration::from_secs(3);
const LINES: &str = "deadline = \"3s\"\nconcurrency = 8";
const CARS: u32 = 200;
/// In one request.
const BATCH: u32 = 5;

#[test]
fn sigterm_under_load_leaves_no_answer_unwritten_and_the_next_life_sends_the_rest_once() {
    let provider = Provider::new(Manner::Accept(Duration::from_millis(400)));
    provider.open();
    let town = Town::new(CARS, &provider, LINES, "");
    let mut service = town.site.serve();
    let (is_over, answered_for) = (AtomicBool::new(false), AtomicU32::new(0));
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            let mut car = 0;
            while !is_over.load(Ordering::SeqCst) && car < CARS {
                // What was not answered for may or may not be there; it is sent again below, under the same ids.
                if town.send(car..car + BATCH) {
                    car += BATCH;
                    answered_for.store(car, Ordering::SeqCst);
                }
            }
        });
        wait_for_calls(&provider, 12, &service);
        service.terminate();
        let start = Instant::now();
        let ended = service.ends_within(DEADLINE + Duration::from_secs(5));
        is_over.store(true, Ordering::SeqCst);
        assert_eq!(
            ended.and_then(|status| status.code()),
            Some(0),
            "{}",
            service.said()
        );
        println!("ended {:?} after SIGTERM", start.elapsed());
        sender.join().unwrap();
    });
    let first_life = provider.calls();
    assert!(
        first_life.len() < CARS as usize,
        "nothing was left to do; {} were sent",
        first_life.len()
    );
    let attempts = classes(&town);
    for call in &first_life {
        assert!(call.answered, "a call was given up: {call:?}");
        let class = attempts.get(&call.client_ref).map(String::as_str);
        assert_eq!(class, Some("accepted"), "its answer had arrived: {call:?}");
    }
    assert_eq!(attempts.len(), first_life.len(), "an attempt never left");

    let answered_for = answered_for.load(Ordering::SeqCst);
    let known: HashSet<String> = town
        .site
        .export("records")
        .iter()
        .filter_map(|record| record["id"].as_str().map(str::to_owned))
        .collect();
    let service = town.site.serve();
    for car in (0..CARS).step_by(BATCH as usize) {
        assert!(town.send(car..car + BATCH), "{}", service.said());
    }
    town.wait_for("accepted", u64::from(CARS), SOON, &service);
    service.stop();
    provider.assert_nothing_twice();
    let read: HashSet<String> = town
        .site
        .export("records")
        .iter()
        .filter_map(|record| record["id"].as_str().map(str::to_owned))
        .collect();
    assert!((0..answered_for).all(|car| read.contains(&format!("now-{car}"))));
    assert!(known.is_subset(&read));
}

#[test]
fn a_second_sigterm_under_load_waits_for_nothing_and_what_was_in_the_air_is_unknown() {
    let provider = Provider::new(Manner::Hang);
    provider.open();
    let town = Town::new(40, &provider, LINES, "");
    let mut service = town.site.serve();
    assert!(town.send(0..40));
    wait_for_calls(&provider, 8, &service);
    service.terminate();
    let heard = crate::site::wait(SOON, || service.said().contains("stopping").then_some(()));
    assert!(heard.is_some(), "{}", service.said());
    service.terminate();
    let ended = service.ends_within(Duration::from_secs(1));
    assert_eq!(
        ended.and_then(|status| status.code()),
        Some(143),
        "{}",
        service.said()
    );
    let first = provider.calls();
    provider.behave(Manner::Accept(Duration::ZERO));
    let service = town.site.serve();
    town.wait_for("accepted", 40 - first.len() as u64, SOON, &service);
    town.wait_for("unknown", first.len() as u64, SOON, &service);
    service.stop();
    provider.assert_nothing_twice();
}

/// The class of every attempt, by its reference.
fn classes(town: &Town) -> HashMap<String, String> {
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    town.site
        .export("attempts")
        .iter()
        .map(|row| (text(row, "client_ref"), text(row, "class")))
        .collect()
}
