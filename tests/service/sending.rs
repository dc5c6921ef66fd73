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

#[test]
fn what_did_not_arrive_is_said_again_as_another_message_when_a_person_wants_that() {
    let town = Town::new(Plan {
        faults: "[rates]\ninvalid-number = 1.0\n",
        ..Plan::default()
    });
    let service = town.with_offences(2);
    town.wait_for_notices("refused", 2);
    town.provider.heal();
    let refused = town.site.export("notices");
    let resend = |notice: &serde_json::Value| {
        let id = notice["notice"].as_str().unwrap();
        let again = [
            "notice",
            "resend",
            id,
            "--reason",
            "new phone",
            "--by",
            "lin",
            "--json",
        ];
        town.site.ask(&again)
    };
    let said: serde_json::Value = serde_json::from_str(&resend(&refused[0])).unwrap();
    town.wait_for_notices("accepted", 1);
    // Once more changes nothing: a later message exists.
    let id = refused[0]["notice"].as_str().unwrap();
    let twice = town
        .site
        .run(&["notice", "resend", id, "--reason", "again", "--by", "lin"]);
    assert_eq!(twice.code, Some(5), "{}", twice.stderr);
    let notices = town.site.export("notices");
    assert_eq!(notices.len(), 3);
    let new = notices
        .iter()
        .find(|notice| notice["notice"] == said["resent_as"]);
    let new = new.unwrap_or_else(|| panic!("{said}: {notices:?}"));
    assert_eq!(
        (&new["state"], &new["case"]),
        (&"accepted".into(), &refused[0]["case"])
    );
    assert_eq!(town.posted().len(), 3);
    service.stop();
    // Without a service it waits in the inner log, and the next one makes it.
    resend(&refused[1]);
    let service = town.site.serve();
    town.wait_for_notices("accepted", 2);
    service.stop();
    let verified = town.site.ask(&["verify"]);
    assert!(verified.lines().count() > 10, "{verified}");
}
