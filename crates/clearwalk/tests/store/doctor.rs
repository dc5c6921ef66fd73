//! The doctor: the commonest mistakes of an installation, each made once.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, SystemTime};

use ports::clock::{Clock as _, SystemClock};
use serde_json::Value;

use crate::site::Site;

const OWNERS: &str = "plate,class,phone,name,owner_id,valid_from,valid_to\n";

/// What the doctor says of one thing: its health and what was found, with the hint.
fn look(site: &Site, check: &str) -> (String, String, i32) {
    let ended = site.run(&["doctor", "--json"]);
    let report: Value = serde_json::from_str(ended.stdout.lines().next().unwrap()).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let found = checks
        .iter()
        .filter(|it| it["check"] == check)
        .max_by_key(|it| it["health"] != "ok");
    let found = found.unwrap_or_else(|| panic!("no {check} in {report}"));
    let text = format!("{} | {}", found["found"], found["hint"]);
    (found["health"].as_str().unwrap().to_owned(), text, ended.code)
}

fn change(site: &Site, file: &str, from: &str, to: &str) {
    let text = std::fs::read_to_string(site.path(file)).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    site.write(file, &text.replacen(from, to, 1));
}

/// A service that sends over HTTP to somebody who listens, with a registry of its own.
fn installed() -> (Site, std::net::TcpListener) {
    let site = Site::decided();
    let provider = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = provider.local_addr().unwrap().port();
    let url = format!(
        "kind = \"generic\"\nurl = \"http://127.0.0.1:{port}/v1/messages\"\nreceipt_secret_file = \"secret\""
    );
    change(&site, "clearwalk.toml", "kind = \"log\"", &url);
    change(
        &site,
        "clearwalk.toml",
        "kind = \"demo\"",
        "kind = \"file\"\npath = \"owners.csv\"",
    );
    let row = "湘K12345,02,+8613812345678,Li,1,,\n湘K54321,02,+8613812345679,Wu,2,,\n";
    site.write("owners.csv", &format!("{OWNERS}{row}"));
    site.write("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    std::fs::set_permissions(site.path("secret"), Permissions::from_mode(0o600)).unwrap();
    (site, provider)
}

#[test]
fn a_sound_installation_is_found_to_be_so() {
    let (site, _provider) = installed();
    let ended = site.run(&["doctor"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    for line in ended.stdout.lines() {
        assert!(
            line.starts_with("ok ") || line.starts_with("warning  disk"),
            "{line}"
        );
    }
}

/// Each is made by `mistake` in a sound installation; the check, its health and some of its words follow.
fn made(mistake: impl FnOnce(&Site), check: &str, health: &str, said: &str) {
    let (site, _provider) = installed();
    mistake(&site);
    let (found, text, code) = look(&site, check);
    assert_eq!(found, health, "{check}: {text}");
    assert!(text.contains(said), "{check}: {text}");
    assert_eq!(code, if health == "failed" { 9 } else { 0 }, "{check}");
    assert!(!text.contains("湘K"), "{text}");
}

#[test]
fn secrets_that_others_may_read() {
    for file in ["clearwalk.key", "secret"] {
        let open =
            |site: &Site| std::fs::set_permissions(site.path(file), Permissions::from_mode(0o644)).unwrap();
        made(open, "secrets", "failed", file);
    }
}

#[test]
fn a_clock_behind_the_files() {
    let late = |site: &Site| {
        let later = SystemClock.now().plus(engine::time::HOUR).as_micros();
        let file = File::options()
            .write(true)
            .open(site.path("clearwalk.db"))
            .unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_micros(later as u64))
            .unwrap();
    };
    made(late, "file times", "failed", "s in the future");
}

#[test]
fn no_policy_that_is_in_force_today() {
    let ended = |site: &Site| {
        let end = r#"to = "2021-01-01T00:00:00+08:00" }"#;
        change(
            site,
            "policy.toml",
            "effective = { from = \"2020-01-01T00:00:00+08:00\" }",
            &format!("effective = {{ from = \"2020-01-01T00:00:00+08:00\", {end}"),
        );
    };
    made(ended, "in force", "failed", "nothing is punishable");
}

#[test]
fn messages_that_expire_in_the_quiet_hours() {
    let short = |site: &Site| {
        let policy = std::fs::read_to_string(site.path("policy.toml")).unwrap();
        let notice = "[notice]\nquiet_hours = \"21:00-08:00\"\nexpires = \"8h\"\n";
        site.write("policy.toml", &format!("{policy}{notice}"));
    };
    made(
        short,
        "spans",
        "failed",
        "it expires after 480 min, and a night of quiet hours takes 660 min",
    );
}

#[test]
fn zones_that_cameras_send_and_no_file_has() {
    let other = |site: &Site| {
        site.write("zones.toml", "[zones.Z2]\nkind = \"sidewalk\"\n");
        change(
            site,
            "clearwalk.toml",
            "[rules]",
            "[rules]\nzones = \"zones.toml\"",
        );
    };
    made(other, "zones", "warning", "in no file: Z1");
}

#[test]
fn a_tokens_file_that_lets_nobody_in() {
    let empty = |site: &Site| {
        site.write("tokens", "# nobody yet\n");
        std::fs::set_permissions(site.path("tokens"), Permissions::from_mode(0o600)).unwrap();
        change(
            site,
            "clearwalk.toml",
            "[rules]",
            "[web]\ntokens_file = \"tokens\"\n[rules]",
        );
    };
    made(empty, "tokens", "failed", "clearwalk token add");
}

#[test]
fn the_door_open_to_the_world_without_tokens() {
    let open = |site: &Site| {
        change(
            site,
            "clearwalk.toml",
            "[rules]",
            "[web]\nlisten = \"0.0.0.0:8080\"\n[rules]",
        );
    };
    made(open, "configuration", "failed", "tokens_file");
}

#[test]
fn a_provider_that_cannot_tell_what_was_delivered() {
    let deaf = |site: &Site| change(site, "clearwalk.toml", "receipt_secret_file = \"secret\"", "");
    made(deaf, "receipts", "warning", "nobody learns what was delivered");
}

#[test]
fn a_provider_that_cannot_be_reached() {
    let (site, provider) = installed();
    drop(provider);
    let (health, text, code) = look(&site, "reach");
    assert_eq!((health.as_str(), code), ("failed", 9), "{text}");
    assert!(text.contains("primary at 127.0.0.1:"), "{text}");
}

#[test]
fn a_lease_that_ends_before_a_call_does() {
    let short = |site: &Site| {
        change(
            site,
            "clearwalk.toml",
            "[sms.providers.primary]",
            "[sms]\nlease = \"5s\"\n[sms.providers.primary]",
        );
    };
    made(short, "configuration", "failed", "sms.lease");
}

#[test]
fn a_registry_of_another_city() {
    let other = |site: &Site| {
        site.write(
            "owners.csv",
            &format!("{OWNERS}京A12345,02,+8613812345670,X,9,,\n"),
        );
    };
    made(other, "owners", "failed", "0 of 2 plates");
}

#[test]
fn a_registry_whose_rows_have_ended() {
    let old = |site: &Site| {
        let rows = "湘K12345,02,+8613812345678,Li,1,2000-01-01,2001-01-01\n湘K54321,02,+8613812345679,Wu,2,,2001-01-01\n";
        site.write("owners.csv", &format!("{OWNERS}{rows}"));
    };
    made(old, "owners", "failed", "0 of 2 plates");
}

#[test]
fn a_provider_of_real_phones_beside_made_up_owners() {
    let demo = |site: &Site| {
        change(
            site,
            "clearwalk.toml",
            "kind = \"file\"\npath = \"owners.csv\"",
            "kind = \"demo\"",
        );
        let text = std::fs::read_to_string(site.path("clearwalk.toml")).unwrap();
        site.write(
            "clearwalk.toml",
            &text.replace("http://127.0.0.1", "https://sms.example.org"),
        );
    };
    made(demo, "configuration", "failed", "demo");
}
