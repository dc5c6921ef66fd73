//! What must hold after any number of kills, read from exports and from the provider's own ledger.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::city::City;
use crate::site::{Provider, Site};

const DISPOSITIONS: [&str; 9] = [
    "decided",
    "merged",
    "applied",
    "waiting",
    "routed",
    "duplicate",
    "conflict",
    "quarantined",
    "inadmissible",
];
/// Where a notice may stand when nothing is on its way.
const RESTS: [&str; 10] = [
    "queued",
    "accepted",
    "delivered",
    "undelivered",
    "expired",
    "unknown",
    "refused",
    "suppressed",
    "cancelled",
    "no_contact",
];

/// Every line that was appended was read once, and every fact was judged once.
pub(crate) fn records(site: &Site, city: &City, appended: u64) {
    let records = site.export("records");
    assert_eq!(records.len() as u64, appended, "records against lines appended");
    let mut offsets = BTreeSet::new();
    let mut judged: BTreeMap<String, u32> = BTreeMap::new();
    for record in &records {
        let disposition = word(record, "disposition");
        assert!(DISPOSITIONS.contains(&disposition), "{record}");
        let offset = (record["partition"].to_string(), record["offset"].as_u64());
        assert!(offsets.insert(offset), "read twice: {record}");
        let fact = format!("{}#{}", word(record, "source"), word(record, "id"));
        *judged.entry(fact).or_default() += u32::from(disposition != "duplicate");
    }
    let twice: Vec<_> = judged.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "judged not exactly once: {twice:?}");
    let known: BTreeSet<String> = judged.into_keys().collect();
    let lost: Vec<_> = city.facts.difference(&known).collect();
    assert!(lost.is_empty(), "{} facts lost: {:?}", lost.len(), lost.first());
    assert_eq!(known.len(), city.facts.len(), "facts that nobody sent");
}

/// Each notice rests, and the ledger of the provider holds what it says: never two messages for one notice, none for one
/// that was not sent, and in each the plate of its own case.
pub(crate) fn messages(site: &Site, provider: &Provider) {
    let plates: BTreeMap<String, String> = effective(site)
        .map(|case| (word(&case, "case").to_owned(), number(&case).to_owned()))
        .collect();
    let calls = provider.ledger();
    let sends: Vec<&Value> = calls
        .iter()
        .filter(|call| call["request"]["method"] == "POST")
        .collect();
    let mut received: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for call in sends.iter().filter(|call| call["verdict"] == "accepted") {
        let notice = word(call, "client_ref")
            .rsplit_once('-')
            .expect("NOTICE-NUMBER")
            .0;
        received.entry(notice).or_default().push(call);
    }
    let notices = site.export("notices");
    assert!(
        received.len() > 50,
        "only {} of {} messages were received",
        received.len(),
        notices.len()
    );
    let mut states: BTreeMap<&str, u32> = BTreeMap::new();
    for notice in &notices {
        let state = word(notice, "state");
        *states.entry(state).or_default() += 1;
        assert!(RESTS.contains(&state), "{notice}");
        assert!(
            state != "unknown" || !word(notice, "reason").is_empty(),
            "no reason: {notice}"
        );
        let messages = received.remove(word(notice, "notice")).unwrap_or_default();
        let expected = match state {
            "accepted" | "delivered" | "undelivered" => 1..=1,
            "unknown" | "expired" => 0..=1,
            _ => 0..=0,
        };
        assert!(
            expected.contains(&messages.len()),
            "{} messages for {notice}",
            messages.len()
        );
        let plate = &plates[word(notice, "case")];
        for message in messages {
            assert!(
                word(message, "text").contains(plate),
                "not the plate {plate}: {message}"
            );
        }
    }
    println!("{} calls; notices: {states:?}", sends.len());
    assert!(received.is_empty(), "messages without a notice: {received:?}");
    let attempts = site.export("attempts");
    let attempts: BTreeSet<&str> = attempts
        .iter()
        .map(|attempt| word(attempt, "client_ref"))
        .collect();
    let unrecorded = sends
        .iter()
        .find(|call| !attempts.contains(word(call, "client_ref")));
    assert_eq!(unrecorded, None, "a call without an attempt");
    told(site, &notices);
}

/// Every case whose owner is to hear of it has its notice.
fn told(site: &Site, notices: &[Value]) {
    let rows: BTreeSet<(&str, &str)> = notices
        .iter()
        .map(|it| (word(it, "case"), word(it, "kind")))
        .collect();
    for case in effective(site) {
        let outcome = word(&case, "outcome");
        if ["waived", "penalty_proposed"].contains(&outcome) {
            assert!(
                rows.contains(&(word(&case, "case"), outcome)),
                "no notice for {case}"
            );
        }
    }
}

/// What was decided between the kills is what is decided without them.
pub(crate) fn decisions(tormented: &Site, undisturbed: &Site) {
    let of = |site: &Site| -> BTreeMap<String, Value> {
        let keys = [
            "subject",
            "from",
            "to",
            "zone",
            "facts",
            "outcome",
            "ordinal",
            "fine_minor",
        ];
        let line = |case: Value| {
            (
                keys.map(|key| case[key].to_string()).join(" "),
                case["reasons"].clone(),
            )
        };
        effective(site).map(line).collect()
    };
    let (after_kills, without) = (of(tormented), of(undisturbed));
    let only = |these: &BTreeMap<String, Value>, those: &BTreeMap<String, Value>| -> Vec<String> {
        let only = these.iter().filter(|(line, _)| !those.contains_key(*line));
        only.map(|(line, reasons)| format!("{line} {reasons}"))
            .take(5)
            .collect()
    };
    let wrong = (only(&after_kills, &without), only(&without, &after_kills));
    assert!(
        wrong == (vec![], vec![]),
        "decided with kills, and without: {wrong:#?}"
    );
}

fn effective(site: &Site) -> impl Iterator<Item = Value> {
    site.export("cases")
        .into_iter()
        .filter(|case| case["effective"] == true)
}

/// A text of a line; empty for null.
fn word<'v>(line: &'v Value, key: &str) -> &'v str {
    line[key].as_str().unwrap_or_default()
}

fn number(case: &Value) -> &str {
    word(case, "subject").split('/').next().unwrap_or_default()
}
