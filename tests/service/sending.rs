//! When messages are sent, and when not.

use std::time::Duration;

use crate::site::wait;
use crate::town::{Plan, SOON, Town};

#[test]
fn a_pause_lasts_over_restarts_and_a_resume_sends_what_waited() {
    let town = Town::new(Plan::default());
    let service = town.site.serve();
    town.site
        .ask(&["sms", "pause", "--reason", "wrong texts", "--by", "lin"]);
    service.stop();
    let service = town.with_offences(3);
    town.wait_for_notices("queued", 3);
    let sent = wait(Duration::from_secs(1), || town.posted().pop());
    assert_eq!(sent, None, "sent while paused");
    let status = town.site.ask(&["sms", "status"]);
    assert!(
        status.contains("wrong texts") && status.contains("lin"),
        "{status}"
    );
    service.stop();
    let service = town.site.serve();
    town.site.ask(&["sms", "resume", "--by", "lin"]);
    town.wait_for_notices("accepted", 3);
    assert_eq!(town.posted().len(), 3);
    service.stop();
    let actions: Vec<String> = town
        .site
        .export("audit")
        .iter()
        .map(|entry| entry["action"].to_string())
        .collect();
    assert!(
        ["\"sms.pause\"", "\"sms.resume\""]
            .iter()
            .all(|it| actions.contains(&(*it).to_owned())),
        "{actions:?}"
    );
}

#[test]
fn ten_unknowns_in_a_row_pause_the_provider_and_say_so_and_none_of_them_is_sent_again() {
    let faults = "[rates]\nerror-before-taking = 1.0\n[look_up_rates]\nerror-before-taking = 1.0\n";
    let town = Town::new(Plan {
        faults,
        concurrency: 1,
        ..Plan::default()
    });
    let service = town.with_offences(14);
    let mut last = serde_json::Value::Null;
    let paused = wait(SOON, || {
        last = town.site.get("/v1/sms")["providers"][0].clone();
        last["paused"]["reason"].as_str().map(str::to_owned)
    });
    let reason = paused.unwrap_or_else(|| panic!("not paused: {last}\n{}", service.said()));
    assert!(reason.starts_with("unknowns"), "{reason}");
    town.wait_for_notices("unknown", 10);
    town.wait_for_notices("queued", 4);
    assert_eq!(town.posted().len(), 10);
    let status = town.site.ask(&["sms", "status"]);
    assert!(status.contains(&reason), "{status}");
    let (_, page) = town.site.try_get("/?lang=en").unwrap();
    assert!(
        page.contains("primary") && page.contains(&reason),
        "the page does not say so: {page}"
    );
    town.provider.heal();
    town.site.ask(&["sms", "resume", "--by", "lin"]);
    town.wait_for_notices("accepted", 4);
    service.stop();
    let notices = town.site.export("notices");
    let unknown = notices
        .iter()
        .filter(|notice| notice["state"] == "unknown" && notice["reason"].is_string());
    assert_eq!(unknown.count(), 10, "{notices:?}");
    assert_eq!(town.posted().len(), 14, "an unknown was sent again");
}
