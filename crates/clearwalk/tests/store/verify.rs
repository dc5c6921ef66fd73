//! What `verify` says of a store in order, and of exports that are not.

use std::fs;

use serde_json::{Value, json};

use world::verify::{Evidence, Verdict, verify};

use crate::site::{ROWS, Site};

/// The finding about a promise.
fn promise(report: &Value, number: u64) -> &Value {
    let findings = report["promises"].as_array().unwrap();
    findings
        .iter()
        .find(|finding| finding["promise"] == number)
        .unwrap()
}

fn broken(report: &Value) -> Vec<u64> {
    let findings = report["promises"].as_array().unwrap().iter();
    findings
        .filter(|finding| finding["verdict"] == "broken")
        .map(|finding| finding["promise"].as_u64().unwrap())
        .collect()
}

/// A decided site with its exports kept.
fn kept() -> Site {
    let site = Site::decided();
    site.ask(&["verify", "--keep", "kept"]);
    site
}

/// A site where a stay went from one ledger to another, with its exports kept.
fn corrected() -> Site {
    let site = Site::decided();
    let cases = site.ask(&["export", "cases"]);
    let line: Value = serde_json::from_str(cases.lines().next().unwrap()).unwrap();
    let case = line["case"].as_str().unwrap();
    site.ask(&["case", "plate", case, "湘K99999", "--class", "02"]);
    site.write("rows.csv", ROWS.lines().next().unwrap());
    site.ask(&["import", "rows.csv", "--map", "map.toml", "--process"]);
    site.ask(&["verify", "--keep", "kept"]);
    site
}

/// Rewrites the lines of an export.
fn rewrite(site: &Site, name: &str, change: impl FnOnce(&mut Vec<String>)) {
    let path = site.path("kept").join(name);
    let text = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    fs::write(&path, lines.join("\n") + "\n").unwrap();
}

/// What is found in the kept exports, which must be something.
fn found(site: &Site, more: &[&str]) -> Value {
    let ended = site.run(&[&["verify", "--json", "--exports", "kept"], more].concat());
    assert_eq!(ended.code, 9, "{}{}", ended.stdout, ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

#[test]
fn a_store_in_order_holds_what_is_promised() {
    let site = Site::decided();
    let report = site.json(&["verify"]);
    assert_eq!(report["broken"], 0, "{report}");
    for number in [1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 14, 16, 17, 18, 20] {
        let finding = promise(&report, number);
        assert_eq!(finding["verdict"], "held", "{finding}");
        // Nothing was sent, so that there is nothing to look at.
        let is_about_sending = matches!(number, 13 | 14);
        assert_eq!(finding["rows"] == 0, is_about_sending, "{finding}");
    }
    let skipped = promise(&report, 9);
    assert_eq!(skipped["verdict"], "skipped");
    assert!(
        skipped["checked"].as_str().unwrap().contains("digest"),
        "{skipped}"
    );
    assert_eq!(report["promises"].as_array().unwrap().len(), 25);
}

#[test]
fn a_record_that_is_missing_or_changed_is_found() {
    let site = kept();
    rewrite(&site, "records.jsonl", |lines| drop(lines.remove(1)));
    assert_eq!(broken(&found(&site, &[])), [1, 10, 16, 17]);

    let site = kept();
    rewrite(&site, "records.jsonl", |lines| {
        lines[3] = lines[3].replace("\"duplicate\"", "\"conflict\"");
    });
    assert_eq!(broken(&found(&site, &[])), [4, 10, 17]);
}

/// Every fact is in the root of its batch with its very bytes, also with what no decision looks at.
#[test]
fn a_fact_that_says_something_else_is_found() {
    let site = kept();
    rewrite(&site, "facts.jsonl", |lines| {
        let changed = lines[0].replacen("\"fact\":{", "\"fact\":{\"weather\":\"rain\",", 1);
        assert_ne!(changed, lines[0]);
        lines[0] = changed;
    });
    assert_eq!(broken(&found(&site, &[])), [17]);
}

#[test]
fn a_message_of_our_own_work_that_was_changed_is_found() {
    let site = corrected();
    rewrite(&site, "inner.jsonl", |lines| {
        let mut row: Value = serde_json::from_str(&lines[0]).unwrap();
        row["digest"] = json!("00".repeat(32));
        lines[0] = row.to_string();
    });
    assert_eq!(broken(&found(&site, &[])), [17]);
    let site = corrected();
    fs::write(site.path("kept/inner.jsonl"), "").unwrap();
    assert_eq!(broken(&found(&site, &[])), [2, 17]);
}

/// Whatever is changed in what was sent, in how it was read, or in what was decided.
#[test]
fn five_thousand_changes_of_facts_records_and_decisions_are_all_found() {
    const FILES: [&str; 4] = ["facts.jsonl", "records.jsonl", "cases.jsonl", "audit.jsonl"];
    let site = corrected();
    site.write("checkpoint", &site.ask(&["export", "audit", "--checkpoint"]));
    let evidence = Evidence {
        exports: site.path("kept"),
        gateway_ledger: None,
        checkpoints: Some(site.path("checkpoint")),
    };
    let whole = FILES.map(|name| fs::read(site.path("kept").join(name)).unwrap());
    assert_eq!(verify(&evidence).unwrap().count(Verdict::Broken), 0);
    let mut dice = 1_u64;
    let mut roll = |sides: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (dice >> 33) as usize % sides
    };
    for round in 0..5000 {
        let file = roll(FILES.len());
        let mut bytes = whole[file].clone();
        let place = roll(bytes.len());
        let old = bytes[place];
        while bytes[place] == old {
            bytes[place] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[roll(62)];
        }
        let path = site.path("kept").join(FILES[file]);
        fs::write(&path, &bytes).unwrap();
        // What cannot be read at all is found too.
        let is_found = verify(&evidence).map_or(true, |report| report.count(Verdict::Broken) > 0);
        let line = bytes[..place].split(|byte| *byte == b'\n').count() - 1;
        assert!(
            is_found,
            "round {round}: {} {line}: {}",
            FILES[file],
            text_of_line(&bytes, line)
        );
        fs::write(&path, &whole[file]).unwrap();
    }
}

fn text_of_line(bytes: &[u8], line: usize) -> String {
    let line = bytes.split(|byte| *byte == b'\n').nth(line).unwrap();
    String::from_utf8_lossy(line).into_owned()
}

/// Where a fact cannot stand in a line as it was sent, its bytes stand beside it, and both must say the same.
#[test]
fn bytes_beside_a_fact_are_what_is_checked() {
    let beside = |change: fn(String) -> String| {
        let site = kept();
        rewrite(&site, "facts.jsonl", |lines| {
            let sent = lines[0].split_once("\"fact\":").unwrap().1;
            let sent = sent.strip_suffix(",\"raw\":null}").unwrap().to_owned();
            let raw = format!("\"raw\":\"{}\"", hex::encode(change(sent)));
            lines[0] = lines[0].replace("\"raw\":null", &raw);
        });
        site
    };
    let site = beside(|sent| sent);
    site.ask(&["verify", "--exports", "kept"]);
    let site = beside(|sent| format!("{sent} "));
    assert_eq!(broken(&found(&site, &[])), [17]);
    let site = beside(|sent| sent.replace("C1", "C2"));
    assert!(broken(&found(&site, &[])).contains(&17));
}

#[test]
fn a_decision_that_was_changed_is_found() {
    let site = kept();
    rewrite(&site, "cases.jsonl", |lines| {
        lines[1] = lines[1]
            .replace("penalty_proposed", "waived")
            .replace("[\"allowance_used\"]", "[\"first_in_window\"]");
    });
    let report = found(&site, &[]);
    assert_eq!(broken(&report), [5, 10, 17]);
    let offender = promise(&report, 5)["offenders"][0].as_str().unwrap();
    assert!(offender.starts_with("260502-"), "{offender}");
    assert!(!report.to_string().contains("湘K"), "no plate is told");
}

#[test]
fn a_notice_that_is_missing_is_found() {
    let site = kept();
    rewrite(&site, "notices.jsonl", |lines| drop(lines.pop()));
    assert_eq!(broken(&found(&site, &[])), [10, 11]);
}

#[test]
fn a_cut_audit_log_is_found_by_a_published_checkpoint() {
    let site = Site::decided();
    site.ask(&["sms", "pause", "--reason", "maintenance"]);
    site.write("checkpoint", &site.ask(&["export", "audit", "--checkpoint"]));
    site.ask(&["verify", "--keep", "kept", "--checkpoint", "checkpoint"]);
    rewrite(&site, "audit.jsonl", |lines| {
        lines.retain(|line| !line.contains("sms.pause"));
    });
    site.ask(&["verify", "--exports", "kept"]);
    assert_eq!(broken(&found(&site, &["--checkpoint", "checkpoint"])), [18]);
    site.refuse(2, &["export", "cases", "--checkpoint"]);
}

#[test]
fn what_the_gateway_received_is_compared_with_the_attempts() {
    let site = kept();
    let call = json!({"at": "2026-11-27T02:00:00.000001Z", "request": {"method": "POST"}, "client_ref": "n-X-1",
                      "to": "+8613800000001", "verdict": "accepted"});
    site.write("gateway.jsonl", &format!("{call}\n"));
    let report = found(&site, &["--gateway-ledger", "gateway.jsonl"]);
    assert_eq!(broken(&report), [13]);
    assert!(!report.to_string().contains("13800000001"), "no phone is told");
    site.refuse(4, &["verify", "--exports", "kept", "--gateway-ledger", "absent"]);
}

/// By the gateway's own times, in any hour and in any 24 hours.
#[test]
fn a_recipient_who_was_written_to_too_often_is_found() {
    let site = kept();
    rewrite(&site, "store.jsonl", |lines| {
        let mut store: Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(store["caps"], json!({"per_hour": null, "per_day": null}));
        store["caps"] = json!({"per_hour": 2, "per_day": 3});
        lines[0] = store.to_string();
    });
    let verdict = |times: &[&str], verdict: &str| {
        let call = |time: &&str| {
            let call = json!({"at": time, "request": {"method": "POST"}, "client_ref": "n-X-1",
                              "to": "+8613800000001", "verdict": "accepted"});
            format!("{call}\n")
        };
        site.write("gateway.jsonl", &times.iter().map(call).collect::<String>());
        let report = found(&site, &["--gateway-ledger", "gateway.jsonl"]);
        assert!(!report.to_string().contains("13800000001"), "no phone is told");
        let caps = promise(&report, 15);
        assert_eq!(caps["verdict"], verdict, "{times:?}: {caps}");
    };
    let at = [
        "2026-11-27T02:00:00Z",
        "2026-11-27T02:30:00Z",
        "2026-11-27T03:00:00Z",
        "2026-11-28T02:00:00Z",
    ];
    verdict(&at, "held");
    verdict(&[at[0], at[1], "2026-11-27T02:59:59Z"], "broken");
    verdict(&[at[0], at[1], at[2], "2026-11-28T01:59:59Z"], "broken");
    rewrite(&site, "records.jsonl", |lines| drop(lines.pop()));
    assert_eq!(promise(&found(&site, &[]), 15)["verdict"], "skipped");
}
