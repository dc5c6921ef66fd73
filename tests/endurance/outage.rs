//! A provider that is away for a while, and a queue that waits for it.

use std::time::{Duration, Instant};

use crate::provider::{Manner, Provider};
use crate::site::wait;
use crate::town::Town;
use crate::{SOON, variable};

/// Calls in a second, as configured.
const RATE: u32 = 20;
/// A tenth of a second's worth may go at once, and times are taken on arrival.
const BURST: usize = 3;

#[test]
fn after_an_outage_the_queue_drains_at_the_configured_rate_and_what_expired_is_not_sent() {
    outage(100, Duration::from_secs(2));
}

#[test]
#[ignore = "takes as long as CLEARWALK_OUTAGE says"]
fn after_a_long_outage_too() {
    let seconds = variable("CLEARWALK_OUTAGE").unwrap_or(600);
    outage(
        variable("CLEARWALK_NOTICES").unwrap_or(2000),
        Duration::from_secs(seconds.into()),
    );
}

fn outage(cars: u32, length: Duration) {
    let provider = Provider::new(Manner::Accept(Duration::from_millis(5)));
    let expires = "expires = { penalty_proposed = \"2s\" }";
    let lines = format!("deadline = \"3s\"\nconcurrency = 16\nrate = {RATE}");
    let town = Town::new(cars, &provider, &lines, expires);
    town.offend(&["2025-03-02", "2025-05-06"]);
    let service = town.site.serve();
    town.wait_for(
        "expired",
        cars.into(),
        SOON + Duration::from_secs(u64::from(cars) / 50),
        &service,
    );
    let away = Instant::now();
    // Nobody rings when the time has come.
    let _never = wait(length, || None::<()>);
    assert_eq!(town.count("queued"), u64::from(cars), "{}", service.said());
    let attempts = town.site.get("/v1/stats")["attempts"].clone();
    let back = Instant::now();
    provider.open();
    // It rests between two tries of a dead address, up to two minutes after a long time of them.
    let rest = Duration::from_secs(15)
        .max(length * 3)
        .min(Duration::from_secs(130));
    let drain = Duration::from_secs(u64::from(cars / RATE)) * 2;
    town.wait_for("accepted", cars.into(), rest + drain + SOON, &service);
    service.stop();
    provider.assert_nothing_twice();
    let calls = provider.calls();
    assert_eq!(calls.len(), cars as usize, "the expired ones were sent too");
    let first = calls[0].at;
    let most = busiest(&calls.iter().map(|call| call.at).collect::<Vec<_>>());
    let took = calls[calls.len() - 1].at.duration_since(first);
    println!(
        "{cars} waited {:?}; the first call came {:?} after the provider was back, the rest in {took:?} (at most {most} in a second of {RATE}); attempts at the dead address {attempts}",
        back.duration_since(away),
        first.duration_since(back)
    );
    assert!(most <= RATE as usize + BURST, "{most} calls in one second");
    let least = Duration::from_secs_f64(f64::from(cars) / f64::from(RATE));
    assert!(
        took <= least * 2 + Duration::from_secs(5),
        "it drained slowly: {took:?} for {cars}"
    );
}

/// The most calls in any second.
fn busiest(times: &[Instant]) -> usize {
    let in_second = |start: &Instant| {
        let end = *start + Duration::from_secs(1);
        times.iter().filter(|at| **at >= *start && **at < end).count()
    };
    times.iter().map(in_second).max().unwrap_or(0)
}
