//! How the service begins and ends.

use std::time::Duration;

use crate::site::wait;
use crate::town::{Plan, SOON, Town};

#[test]
fn a_second_service_on_one_file_gives_up_at_once_and_names_the_first() {
    let town = Town::new(Plan::default());
    let mut first = town.site.serve();
    let mut second = town.site.start(&["serve"], "second");
    let ended = second.ends_within(Duration::from_secs(2));
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
    // The lock ends with its process, however that ends.
    first.kill();
    town.site.serve().stop();
}

#[test]
fn sigterm_lets_the_call_in_flight_end_and_writes_its_answer() {
    let faults = "slow_by = \"2s\"\n[rates]\nslow = 1.0\n";
    let town = Town::new(Plan {
        faults,
        ..Plan::default()
    });
    let mut service = town.with_offences(1);
    let begun = wait(SOON, || (town.posted().len() == 1).then_some(()));
    assert!(begun.is_some(), "nothing is sent: {}", service.said());
    assert_eq!(
        town.site.export("notices")[0]["state"],
        "submitted",
        "the answer comes two seconds later"
    );
    service.terminate();
    // The longest deadline is 4 s.
    let ended = service.ends_within(Duration::from_secs(9));
    assert_eq!(
        ended.and_then(|status| status.code()),
        Some(0),
        "{}",
        service.said()
    );
    let notices = town.site.export("notices");
    assert_eq!(notices[0]["state"], "accepted", "{notices:?}");
    assert_eq!(town.posted().len(), 1);
}

#[test]
fn a_service_without_work_ends_at_once() {
    let town = Town::new(Plan::default());
    let mut service = town.site.serve();
    service.terminate();
    let ended = service.ends_within(Duration::from_secs(3));
    assert_eq!(
        ended.and_then(|status| status.code()),
        Some(0),
        "{}",
        service.said()
    );
}

#[test]
fn a_second_sigterm_waits_for_nothing() {
    let faults = "[rates]\nhang-after-taking = 1.0\n";
    let town = Town::new(Plan {
        faults,
        ..Plan::default()
    });
    let mut service = town.with_offences(1);
    let begun = wait(SOON, || (town.posted().len() == 1).then_some(()));
    assert!(begun.is_some(), "nothing is sent: {}", service.said());
    service.terminate();
    let heard = wait(SOON, || service.said().contains("stopping").then_some(()));
    assert!(heard.is_some() && service.is_running(), "{}", service.said());
    service.terminate();
    let ended = service.ends_within(Duration::from_secs(1));
    assert_eq!(
        ended.and_then(|status| status.code()),
        Some(143),
        "{}",
        service.said()
    );
}
