//! A zoo for `verify`: one small city's evidence, spoiled in one way after the other; each is found, under its promise.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chaos::site::{Site, free_port};
use chaos::time::wait;
use serde_json::{Value, json};
use world::verify::{Evidence, Verdict, verify};

const PATIENCE: Duration = Duration::from_mins(1);

const POLICY: &str = "[policy]\nid = \"zoo\"\nversion = \"1\"\neffective = { from = \"2020-01-01T00:00:00+08:00\" }\n\
    time_zone = \"Asia/Shanghai\"\nplates = \"generic\"\n[window]\nkind = \"calendar-year\"\n[outcome]\nfirst = \"waived\"\n\
    otherwise = \"penalty_proposed\"\nfine_minor = 10000\ncurrency = \"CNY\"\n[notice]\nhold = \"0s\"\n";

const MAPPING: &str = "[read]\nformat = \"csv\"\n[fact]\nsource = { const = \"/zoo\" }\nid = { column = \"id\" }\n\
    plate = { column = \"plate\" }\nclass = { const = \"-\" }\ncaptured_at = { column = \"at\" }\nzone = { const = \"Z\" }\n\
    device = { const = \"D\" }\ncode = { const = \"1039\" }\nmode = { const = \"live\" }\n";

/// What is done to the lines of one file.
type Spoil = fn(&mut Vec<String>);

/// Changes one line that has been read.
fn edit(lines: &mut [String], which: impl Fn(&Value) -> bool, how: impl FnOnce(&mut Value)) {
    let read = |line: &String| serde_json::from_str::<Value>(line).unwrap();
    let at = lines.iter().position(|line| which(&read(line))).unwrap();
    let mut row = read(&lines[at]);
    how(&mut row);
    lines[at] = row.to_string();
}

fn any(_row: &Value) -> bool {
    true
}

fn set(lines: &mut [String], key: &str, value: &Value) {
    edit(lines, any, |row| row[key] = value.clone());
}

/// One more of a counter of the store.
fn raise(lines: &mut [String], part: &str, key: &str) {
    edit(lines, any, |row| {
        let count = row[part][key].as_u64().unwrap();
        row[part][key] = json!(count + 1);
    });
}

fn repeat_first(lines: &mut Vec<String>) {
    lines.push(lines[0].clone());
}

/// Name, file, the promise that breaks, and how.
const ZOO: [(&str, &str, u8, Spoil); 25] = [
    ("record dropped", "records.jsonl", 1, |it| drop(it.remove(3))),
    ("record twice", "records.jsonl", 1, repeat_first),
    ("record read otherwise", "records.jsonl", 17, |it| {
        set(it, "disposition", &json!("merged"));
    }),
    ("record of another fact", "records.jsonl", 1, |it| {
        set(it, "id", &json!("nobody"));
    }),
    ("record that repeats nothing", "records.jsonl", 4, |it| {
        set(it, "disposition", &json!("duplicate"));
    }),
    ("fact lost", "facts.jsonl", 1, |it| drop(it.remove(0))),
    ("fact of another name", "facts.jsonl", 1, |it| {
        edit(it, any, |row| row["fact"]["id"] = json!("nobody"));
    }),
    ("case version lost", "cases.jsonl", 16, |it| drop(it.pop())),
    ("case version twice", "cases.jsonl", 3, repeat_first),
    ("no version in force", "cases.jsonl", 3, |it| {
        set(it, "effective", &json!(false));
    }),
    ("case overwritten", "cases.jsonl", 17, |it| {
        it[0] = it[0].replacen("\"zone\":\"Z\"", "\"zone\":\"Y\"", 1);
    }),
    ("second waiver", "cases.jsonl", 5, |it| {
        let is_penalty = |row: &Value| row["outcome"] == "penalty_proposed";
        edit(it, is_penalty, |row| {
            row["outcome"] = json!("waived");
            row["reasons"] = json!(["first_in_window"]);
        });
    }),
    ("rules that nobody published", "cases.jsonl", 20, |it| {
        set(it, "policy", &json!("zoo@9"));
    }),
    ("notice lost", "notices.jsonl", 11, |it| drop(it.remove(0))),
    ("notice twice", "notices.jsonl", 12, repeat_first),
    ("notice of no case", "notices.jsonl", 11, |it| {
        set(it, "case", &json!("260101-NOBODY"));
    }),
    ("notice that had expired", "notices.jsonl", 14, |it| {
        edit(it, any, |row| row["expires_at"] = row["queued_at"].clone());
    }),
    ("attempt forgotten", "attempts.jsonl", 11, |it| drop(it.remove(0))),
    (
        "attempt after one that may have arrived",
        "attempts.jsonl",
        13,
        |it| {
            repeat_first(it);
            set(it, "attempt", &json!("again-2"));
            set(it, "client_ref", &json!("again-2"));
        },
    ),
    ("message twice", "ledger.jsonl", 13, repeat_first),
    ("message that never arrived", "ledger.jsonl", 13, |it| {
        drop(it.remove(0));
    }),
    ("message before its commit", "ledger.jsonl", 14, |it| {
        set(it, "at", &json!("2020-01-01T00:00:00Z"));
    }),
    ("audit entry changed", "audit.jsonl", 18, |it| {
        set(it, "actor", &json!("nobody"));
    }),
    ("counter one too high", "store.jsonl", 10, |it| {
        raise(it, "stats", "read");
    }),
    ("progress ahead of its records", "store.jsonl", 2, |it| {
        raise(it, "progress", "next");
    }),
];

fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join("clearwalk")
}

/// A city of forty cars, each seen twice in the year, whose owners were told.
fn city(folder: &Path) {
    let site = Site::new(folder, &binary()).unwrap();
    let (page, gateway) = (site.address(), free_port().unwrap());
    site.write("policy.toml", POLICY).unwrap();
    site.write("map.toml", MAPPING).unwrap();
    let config = format!(
        "[store]\nurl = \"sqlite:clearwalk.db\"\n[web]\nlisten = \"{page}\"\n[rules]\npolicies = [\"policy.toml\"]\n\
         [sms.providers.primary]\nkind = \"generic\"\nurl = \"http://127.0.0.1:{gateway}/v1/messages\"\n\
         [registry]\nkind = \"file\"\npath = \"owners.csv\"\n"
    );
    site.write("clearwalk.toml", &config).unwrap();
    let (mut rows, mut owners) = (
        "id,plate,at\n".to_owned(),
        "plate,class,phone,name,owner_id,valid_from,valid_to\n".to_owned(),
    );
    for car in 0..40 {
        owners += &format!("C{car:03},-,+8613800000{car:03},owner,o{car},2000-01-01,\n");
        rows += &format!(
            "{car}-1,C{car:03},2025-03-02T10:00:00+08:00\n{car}-2,C{car:03},2025-05-02T10:00:00+08:00\n"
        );
    }
    site.write("owners.csv", &owners).unwrap();
    site.write("facts.csv", &rows).unwrap();
    let listen = format!("127.0.0.1:{gateway}");
    let arguments = ["testgateway", "--listen", &listen, "--ledger", "ledger.jsonl"];
    let mut provider = site.start(&arguments, "testgateway").unwrap();
    provider.first_line(PATIENCE).unwrap();
    let service = site.serve().unwrap();
    site.ask(
        &["import", "facts.csv", "--map", "map.toml", "--process"],
        PATIENCE,
    )
    .unwrap();
    let told = wait(PATIENCE, || {
        let stats = site.client().get("/v1/stats").ok()?.json();
        (stats["notices"]["by_state"]["accepted"].as_u64()? >= 80 && stats["records"]["unread"] == 0)
            .then_some(())
    });
    assert!(told.is_some(), "{}", service.said());
    service.stop(PATIENCE).unwrap();
    site.ask(
        &["verify", "--gateway-ledger", "ledger.jsonl", "--keep", "exports"],
        PATIENCE,
    )
    .unwrap();
    fs::copy(site.path("ledger.jsonl"), site.path("exports/ledger.jsonl")).unwrap();
}

/// The promises that are broken in a folder of evidence.
fn broken(exports: &Path) -> Vec<u8> {
    let evidence = Evidence {
        exports: exports.to_owned(),
        gateway_ledger: Some(exports.join("ledger.jsonl")),
        checkpoints: None,
    };
    let report = verify(&evidence).unwrap();
    let broken = report.findings.iter().filter(|it| it.verdict == Verdict::Broken);
    broken.map(|it| it.promise).collect()
}

#[test]
fn every_way_of_spoiling_the_evidence_is_found_under_its_promise() {
    let folder = tempfile::tempdir().unwrap();
    city(folder.path());
    let exports = folder.path().join("exports");
    assert_eq!(broken(&exports), [] as [u8; 0], "the evidence itself is sound");
    for (name, file, promise, spoil) in ZOO {
        let path = exports.join(file);
        let whole = fs::read_to_string(&path).unwrap();
        let mut lines: Vec<String> = whole.lines().map(str::to_owned).collect();
        spoil(&mut lines);
        let spoiled = lines.join("\n") + "\n";
        assert_ne!(spoiled, whole, "{name} does nothing");
        fs::write(&path, spoiled).unwrap();
        let found = broken(&exports);
        fs::write(&path, whole).unwrap();
        assert!(found.contains(&promise), "{name}: {found:?} and not {promise}");
    }
}
