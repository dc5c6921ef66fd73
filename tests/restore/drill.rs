//! The whole drill: send, copy, go on sending, lose it, put the copy back, ask, go on.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use serde_json::Value;

use crate::site::{Running, wait};
use crate::town::{Plan, SOON, Town};

/// Cars whose offences are in the copy, and those whose offences came later.
const KEPT: std::ops::Range<u32> = 0..4;
const LOST: std::ops::Range<u32> = 10..16;
const FRESH: std::ops::Range<u32> = 20..23;
const DAY: &str = "2025-03-02";

fn rows(cars: std::ops::Range<u32>) -> Vec<(u32, &'static str)> {
    cars.map(|car| (car, DAY)).collect()
}

/// How often each notice was accepted by the gateway's own account.
fn accepted(town: &Town) -> BTreeMap<String, u32> {
    let mut by_notice = BTreeMap::new();
    for call in town.provider.ledger() {
        if call["verdict"] == "accepted" {
            let name = call["client_ref"].as_str().unwrap();
            let notice = name.rsplit_once('-').unwrap().0;
            *by_notice.entry(notice.to_owned()).or_default() += 1;
        }
    }
    by_notice
}

pub(crate) fn pause_reason(town: &Town) -> Option<String> {
    let paused = &town.site.get("/v1/sms")["paused"];
    paused["reason"].as_str().map(str::to_owned)
}

fn all_notices(town: &Town) -> u64 {
    town.site.export("notices").len() as u64
}

/// Sends about `KEPT`, calls `copy`, sends about `LOST`, dies, calls `put_back`, and starts again.
fn lose(town: &Town, copy: impl FnOnce(&Town), put_back: impl FnOnce(&Town)) -> Running {
    let service = town.site.serve();
    town.offend("kept.csv", &rows(KEPT));
    town.wait_for_notices("accepted", u64::from(KEPT.end));
    copy(town);
    // A copy may have needed a service that stands still.
    let service = if service_runs(town) {
        service
    } else {
        town.site.serve()
    };
    town.offend("lost.csv", &rows(LOST));
    town.wait_for_notices("accepted", 10);
    service.kill();
    put_back(town);
    town.site.serve()
}

fn service_runs(town: &Town) -> bool {
    town.site.try_get("/livez").is_some()
}

/// After a restore: everything says why nothing is sent, and nothing is.
fn is_paused(town: &Town, service: &Running) {
    let reason = pause_reason(town).unwrap_or_else(|| panic!("not paused: {}", service.said()));
    assert!(reason.starts_with("restored"), "{reason}");
    assert!(service.said().contains(&reason), "{}", service.said());
    assert!(town.site.ask(&["sms", "status"]).contains(&reason));
    assert!(
        town.site.ask(&["doctor"]).contains("restored"),
        "doctor says nothing"
    );
    let (_, page) = town.site.try_get("/?lang=en").unwrap();
    assert!(page.contains("restored"), "the page says nothing");
    let resumed = town.site.run(&["sms", "resume", "--by", "lin"]);
    assert_eq!(resumed.code, Some(5), "{resumed:?}");
    assert!(resumed.stderr.contains("reconcile"), "{resumed:?}");
    let paused = town.site.run(&["sms", "pause", "--reason", "x", "--by", "lin"]);
    assert_eq!(paused.code, Some(5), "{paused:?}");
}

/// The facts come again and new ones with them; what was sent is asked for; all goes on.
fn recover(town: &Town, service: Running) {
    let before = accepted(town);
    town.offend("lost.csv", &rows(LOST));
    town.offend("fresh.csv", &rows(FRESH));
    let sent = wait(Duration::from_secs(1), || {
        (accepted(town) != before).then_some(())
    });
    assert_eq!(sent, None, "sent while nobody knows what was sent");
    let dry = town.site.ask(&["sms", "reconcile", "--dry-run", "--json"]);
    let done = town.site.ask(&["sms", "reconcile", "--json", "--by", "lin"]);
    let [dry, done] = [dry, done].map(|text| serde_json::from_str::<Value>(&text).unwrap());
    let counts = |summary: &Value| ["found", "cleared"].map(|key| summary[key].as_u64().unwrap());
    assert_eq!((counts(&dry), counts(&done)), ([6, 3], [6, 3]), "{done}");
    assert_eq!(
        (&dry["released"], &done["released"]),
        (&Value::from(false), &Value::from(true))
    );
    let sent = wait(SOON, || (accepted(town).len() == 13).then_some(()));
    assert!(sent.is_some(), "{:?}", accepted(town));
    town.wait_for_notices("queued", 0);
    let after = accepted(town);
    assert_eq!(after.len() as u64, all_notices(town), "lost: {after:?}");
    assert!(after.values().all(|times| *times == 1), "sent twice: {after:?}");
    assert_eq!(after.len(), 13);
    let lines: Vec<String> = town.provider.ledger().iter().map(ToString::to_string).collect();
    town.site.write("ledger.jsonl", &(lines.join("\n") + "\n"));
    let verified = town.site.run(&["verify", "--gateway-ledger", "ledger.jsonl"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    // The next start finds nothing to doubt.
    service.kill();
    let service = town.site.serve();
    assert_eq!(pause_reason(town), None, "{}", service.said());
    service.stop();
}

#[test]
fn a_backup_that_is_restored_sends_nothing_twice_and_loses_nothing() {
    let town = Town::new(Plan::default());
    let copy = |town: &Town| {
        town.site.ask(&["db", "backup", "copy.db"]);
    };
    let put_back = |town: &Town| {
        town.site
            .ask(&["db", "restore", "copy.db", "--yes", "--by", "lin"]);
    };
    let service = lose(&town, copy, put_back);
    is_paused(&town, &service);
    recover(&town, service);
    assert!(town.site.path("clearwalk.db.before-restore").exists());
}

#[test]
fn a_backup_that_is_put_in_place_by_hand_is_known_as_one() {
    let town = Town::new(Plan::default());
    let copy = |town: &Town| {
        town.site.ask(&["db", "backup", "copy.db"]);
    };
    let service = lose(&town, copy, |town| replace(town, "copy.db"));
    is_paused(&town, &service);
    recover(&town, service);
}

#[test]
fn an_older_file_that_was_copied_by_hand_is_known_as_one() {
    let town = Town::new(Plan::default());
    // Of a running service, as a careless operator does it: the log goes along.
    let copy = |town: &Town| {
        for side in ["", "-wal"] {
            fs::copy(
                town.site.path(&format!("clearwalk.db{side}")),
                town.site.path(&format!("old.db{side}")),
            )
            .unwrap();
        }
    };
    let service = lose(&town, copy, |town| replace(town, "old.db"));
    is_paused(&town, &service);
    recover(&town, service);
}

/// As `cp` does: into the file that is there.
fn replace(town: &Town, name: &str) {
    for side in ["-wal", "-shm"] {
        let _absent = fs::remove_file(town.site.path(&format!("clearwalk.db{side}")));
    }
    fs::copy(town.site.path(name), town.site.path("clearwalk.db")).unwrap();
    let log = town.site.path(&format!("{name}-wal"));
    if log.exists() {
        fs::copy(log, town.site.path("clearwalk.db-wal")).unwrap();
    }
}

#[test]
fn a_provider_that_does_not_answer_keeps_everything_paused() {
    let town = Town::new(Plan {
        faults: "[look_up_rates]\nerror-before-taking = 1.0\n",
        ..Plan::default()
    });
    let copy = |town: &Town| {
        town.site.ask(&["db", "backup", "copy.db"]);
    };
    let put_back = |town: &Town| {
        town.site.ask(&["db", "restore", "copy.db", "--yes"]);
    };
    let service = lose(&town, copy, put_back);
    town.offend("lost.csv", &rows(LOST));
    let ended = town.site.run(&["sms", "reconcile", "--json"]);
    assert_eq!(ended.code, Some(8), "{ended:?}");
    let summary: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(summary["open"].as_array().unwrap().len(), 6, "{summary}");
    assert!(pause_reason(&town).is_some());
    town.provider.heal();
    let summary: Value = serde_json::from_str(&town.site.ask(&["sms", "reconcile", "--json"])).unwrap();
    assert_eq!(
        (&summary["found"], &summary["released"]),
        (&6.into(), &true.into()),
        "{summary}"
    );
    service.stop();
}

#[test]
fn a_person_may_send_without_asking_and_the_audit_log_knows_who() {
    let town = Town::new(Plan::default());
    let service = town.with_offences(2);
    town.wait_for_notices("accepted", 2);
    service.stop();
    town.site.ask(&["db", "backup", "copy.db"]);
    town.site.ask(&["db", "restore", "copy.db", "--yes"]);
    let words = [
        "sms",
        "resume",
        "--force",
        "--reason",
        "nothing was sent since",
        "--by",
        "lin",
    ];
    assert_eq!(town.site.run(&words[..3]).code, Some(2));
    town.site.ask(&words);
    let service = town.site.serve();
    assert_eq!(pause_reason(&town), None);
    service.stop();
    let audit = town.site.export("audit");
    let entry = audit
        .iter()
        .find(|entry| entry["action"] == "sms.release")
        .unwrap();
    assert_eq!(
        (&entry["actor"], &entry["after"]),
        (&"lin".into(), &"nothing was sent since".into())
    );
    assert!(audit.iter().any(|entry| entry["action"] == "db.restore"));
}

#[test]
fn facts_that_come_again_only_after_the_release_are_asked_for_before_anything_is_sent() {
    let town = Town::new(Plan::default());
    let copy = |town: &Town| {
        town.site.ask(&["db", "backup", "copy.db"]);
    };
    let put_back = |town: &Town| {
        town.site
            .ask(&["db", "restore", "copy.db", "--yes", "--by", "lin"]);
    };
    let service = lose(&town, copy, put_back);
    town.site.ask(&["sms", "reconcile", "--by", "lin"]);
    assert_eq!(pause_reason(&town), None, "released");
    town.offend("lost.csv", &rows(LOST));
    town.offend("fresh.csv", &rows(FRESH));
    let sent = wait(SOON, || (accepted(&town).len() == 13).then_some(()));
    assert!(sent.is_some(), "{:?}", accepted(&town));
    town.wait_for_notices("queued", 0);
    let after = accepted(&town);
    assert_eq!(after.len() as u64, all_notices(&town), "lost: {after:?}");
    assert!(after.values().all(|times| *times == 1), "sent twice: {after:?}");
    let adopted = town.site.export("audit");
    let adopted = adopted.iter().filter(|entry| entry["action"] == "sms.adopt");
    assert!(adopted.count() > 0, "nothing was asked for");
    service.stop();
}
