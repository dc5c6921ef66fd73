//! What a sick provider does to the memory of the service, and to its file.

use std::time::{Duration, Instant};

use crate::provider::{Manner, Provider};
use crate::site::wait;
use crate::town::{Town, peak, wait_for_calls};
use crate::{SOON, variable};

const LINES: &str = "deadline = \"2s\"\nconcurrency = 16";
/// What the worst provider may add to what the service has when it is idle with the same queue, in megabytes. One answer
/// of 64 MB that is kept would be seen, and so would one that is unpacked.
const GROWTH: u64 = 48;

#[test]
fn a_provider_that_never_answers_costs_no_memory() {
    sick(Manner::Hang, 300, 20);
}

#[test]
fn an_answer_without_an_end_costs_no_memory() {
    sick(Manner::Huge, 300, 40);
}

#[test]
fn an_answer_that_unpacks_to_much_more_costs_no_memory() {
    sick(Manner::Bomb, 300, 40);
}

/// Attempts come to nothing, ten by ten, with a person who lets the provider go on each time.
fn sick(manner: Manner, cars: u32, attempts: usize) {
    let provider = Provider::new(manner);
    provider.open();
    let town = Town::new(cars, &provider, LINES, "");
    town.offend(&["2025-03-02"]);
    let service = town.site.serve();
    wait_for_calls(&provider, 1, &service);
    let before = peak(&service);
    let reached = wait(SOON, || {
        let seen = provider.calls().len();
        if seen < attempts {
            town.resume();
        }
        (seen >= attempts).then_some(())
    });
    assert!(
        reached.is_some(),
        "{} attempts: {}",
        provider.calls().len(),
        service.said()
    );
    let calls = wait(SOON, || {
        let calls = provider.calls().len();
        (town.count("unknown") == calls as u64).then_some(calls)
    });
    assert!(
        calls.is_some(),
        "not all are unknown: {:?}",
        town.site.try_get("/v1/stats")
    );
    let after = peak(&service);
    println!("{manner:?}: {calls:?} attempts, peak {before} MB with the queue, {after} MB after them");
    service.stop();
    assert!(after <= before + GROWTH, "from {before} to {after} MB");
    provider.assert_nothing_twice();
    let unknown = |row: &serde_json::Value| row["class"] == "unknown";
    assert!(town.site.export("attempts").iter().all(unknown));
}

#[test]
fn a_queue_at_a_provider_that_hangs_stands_still_in_memory_and_on_the_disk() {
    queue(5_000, Duration::from_secs(8));
}

#[test]
#[ignore = "100,000 notices, or as many as CLEARWALK_NOTICES says"]
fn so_does_a_long_queue() {
    queue(
        variable("CLEARWALK_NOTICES").unwrap_or(100_000),
        Duration::from_mins(2),
    );
}

fn queue(cars: u32, length: Duration) {
    let provider = Provider::new(Manner::Hang);
    provider.open();
    let town = Town::new(cars, &provider, LINES, "");
    town.offend(&["2025-03-02"]);
    let start = Instant::now();
    let service = town.site.serve();
    wait_for_calls(&provider, 10, &service);
    let queued = wait(SOON * 4, || {
        let made = town.count("queued") + town.count("submitted") + town.count("unknown");
        (made == u64::from(cars)).then_some(())
    });
    assert!(queued.is_some(), "{:?}", town.site.try_get("/v1/stats"));
    let (before, disk_before, log_before) = (peak(&service), size(&town), log_size(&town));
    let decided = start.elapsed();
    let mut worst = Duration::ZERO;
    // The process answers all the while, whatever the provider does.
    let _never = wait(length, || {
        let asked = Instant::now();
        let alive = town.site.try_get("/livez").map(|(status, _)| status);
        assert_eq!(alive, Some(200), "{}", service.said());
        worst = worst.max(asked.elapsed());
        None::<()>
    });
    let (after, disk_after) = (peak(&service), size(&town));
    println!(
        "{cars} notices decided {decided:?} after the start; then in {length:?} {} attempts, peak {before} to {after} MB, \
         store {disk_before} to {disk_after} kB, slowest /livez {worst:?}",
        provider.calls().len()
    );
    service.stop();
    assert!(worst < Duration::from_secs(2), "/livez took {worst:?}");
    assert!(after <= before + GROWTH, "from {before} to {after} MB");
    // What lies in the log moves into the file meanwhile, and the log keeps its length.
    assert!(
        disk_after <= disk_before + log_before + 4096,
        "from {disk_before} to {disk_after} kB"
    );
    provider.assert_nothing_twice();
}

/// The log of the store, in kilobytes.
fn log_size(town: &Town) -> u64 {
    std::fs::metadata(town.site.path("clearwalk.db-wal")).map_or(0, |file| file.len() / 1024)
}

/// The store with its log, in kilobytes.
fn size(town: &Town) -> u64 {
    ["clearwalk.db", "clearwalk.db-wal"]
        .iter()
        .filter_map(|name| std::fs::metadata(town.site.path(name)).ok())
        .map(|file| file.len() / 1024)
        .sum()
}
