//! What is no restore: kills, stops, moves of both files. And a copy of a whole installation, which is one.

use std::fs;

use crate::drill::pause_reason;
use crate::town::{Plan, Town};

#[test]
fn a_kill_at_any_time_never_pauses_anything() {
    let town = Town::new(Plan::default());
    for round in 0..8_u32 {
        let service = town.site.serve();
        assert_eq!(pause_reason(&town), None, "round {round}: {}", service.said());
        let cars: Vec<(u32, &str)> = (round * 4..round * 4 + 4)
            .map(|car| (car, "2025-03-02"))
            .collect();
        town.offend(&format!("{round}.csv"), &cars);
        // In the middle of the sending of these.
        service.kill();
    }
    let service = town.site.serve();
    assert_eq!(pause_reason(&town), None, "{}", service.said());
    service.stop();
}

#[test]
fn a_first_start_over_decided_cases_never_pauses_anything() {
    let town = Town::new(Plan::default());
    town.offend("first.csv", &[(1, "2025-03-02"), (2, "2025-03-02")]);
    let service = town.site.serve();
    town.wait_for_notices("accepted", 2);
    assert_eq!(pause_reason(&town), None);
    service.stop();
}

#[test]
fn a_database_whose_count_is_gone_or_that_was_copied_with_it_is_in_doubt() {
    let town = Town::new(Plan::default());
    let service = town.with_offences(2);
    town.wait_for_notices("accepted", 2);
    service.stop();
    let (database, count) = (
        town.site.path("clearwalk.db"),
        town.site.path("clearwalk.db.sent"),
    );
    // Moved away and back: the same file.
    let away = town.site.path("away.db");
    fs::rename(&database, &away).unwrap();
    fs::rename(&away, &database).unwrap();
    let service = town.site.serve();
    assert_eq!(pause_reason(&town), None, "{}", service.said());
    service.stop();
    // A copy of both is a second installation that would send what the first one sends.
    fs::copy(&database, &away).unwrap();
    fs::rename(&away, &database).unwrap();
    let service = town.site.serve();
    let reason = pause_reason(&town).unwrap();
    assert!(reason.contains("copied"), "{reason}");
    town.site.ask(&["sms", "reconcile"]);
    assert_eq!(pause_reason(&town), None);
    service.stop();
    fs::remove_file(count).unwrap();
    let service = town.site.serve();
    let reason = pause_reason(&town).unwrap();
    assert!(reason.contains("gone"), "{reason}");
    service.stop();
}
