//! What the pages and the API say.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

use crate::site::Site;
use crate::town::{Plan, SOON, Town, plate};

#[test]
fn the_service_says_that_it_lives_and_is_ready_and_shows_its_metrics() {
    let town = Town::new(Plan::default());
    let service = town.with_offences(2);
    town.wait_for_notices("accepted", 2);
    assert_eq!(town.site.get("/livez")["live"], true);
    let ready = town.site.get("/readyz");
    assert_eq!(ready["ready"], true, "{ready}");
    let names: Vec<String> = ready["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].to_string())
        .collect();
    for role in ["intake", "dispatch", "upkeep"] {
        assert!(
            names.iter().any(|name| name.contains(role)),
            "{role} is not among {names:?}"
        );
    }
    let (status, metrics) = town.site.try_get("/metrics").unwrap();
    assert_eq!(status, 200);
    let sends = metrics
        .lines()
        .find(|line| line.starts_with("clearwalk_sms_sends_total") && line.contains("accepted"));
    assert!(sends.is_some_and(|line| line.ends_with(" 2")), "{metrics}");
    assert!(!metrics.contains(&plate(0)), "plates in metrics");
    assert_eq!(
        town.site.get("/openapi.json")["openapi"]
            .as_str()
            .map(|it| &it[..3]),
        Some("3.1")
    );
    let said = service.said();
    assert!(
        !said.contains("+861990000") && !said.contains(&plate(0)),
        "phones or plates in the log: {said}"
    );
    service.stop();
}

#[test]
fn the_counts_add_up_to_what_is_exported() {
    let town = Town::new(Plan::default());
    let service = town.with_offences(6);
    town.offend(
        "second.csv",
        &[(0, "2025-06-01"), (1, "2025-06-01"), (30, "2025-06-01")],
    );
    town.wait_for_notices("accepted", 9);
    let stats = town.site.get("/v1/stats");
    for identity in stats["identities"].as_array().unwrap() {
        assert_eq!(identity["holds"], true, "{identity}");
    }
    service.stop();
    for (what, total) in [
        ("records", &stats["records"]["read"]),
        ("cases", &stats["cases"]["total"]),
        ("notices", &stats["notices"]["total"]),
        ("attempts", &stats["attempts"]["total"]),
    ] {
        let mut lines = town.site.export(what);
        lines.retain(|line| line["effective"] != false);
        assert_eq!(*total, lines.len() as u64, "{what}: {stats}");
    }
    assert_eq!(stats["cases"]["by_outcome"]["waived"], 7, "{stats}");
    assert_eq!(stats["cases"]["by_outcome"]["penalty_proposed"], 2, "{stats}");
    assert_eq!(stats["notices"]["by_state"]["accepted"], 9, "{stats}");
}

#[test]
fn cases_and_notices_are_listed_page_by_page_and_a_case_is_shown_whole() {
    let town = Town::new(Plan::default());
    let service = town.with_offences(5);
    town.wait_for_notices("accepted", 5);
    for list in ["/v1/cases", "/v1/notices"] {
        let items = all_pages(&town.site, list, 2);
        let names: BTreeSet<String> = items
            .iter()
            .map(|item| format!("{}{}", item["notice"], item["case"]))
            .collect();
        assert_eq!((items.len(), names.len()), (5, 5), "{list}: {items:?}");
    }
    let notices = town.site.get("/v1/notices");
    assert!(
        !notices.to_string().contains("+861990000"),
        "whole phone numbers: {notices}"
    );
    let subject = format!("/v1/cases?subject={}", escaped(&format!("{}/02", plate(2))));
    let found = town.site.get(&subject);
    let [case] = &found["items"].as_array().unwrap()[..] else {
        panic!("one case: {found}")
    };
    let whole = town
        .site
        .get(&format!("/v1/cases/{}", case["case"].as_str().unwrap()));
    assert_eq!(whole["case"]["outcome"], "waived", "{whole}");
    assert_eq!(
        whole["facts"],
        serde_json::json!(["/devices/D1#2025-03-02-2"]),
        "{whole}"
    );
    assert!(["zh", "en"].iter().all(|lang| {
        whole["explanation"][lang]
            .as_str()
            .is_some_and(|it| !it.is_empty())
    }));
    let text = whole["notices"][0]["text"].as_str().unwrap();
    assert!(text.contains(&plate(2)), "{text}");
    let (status, problem) = town.site.try_get("/v1/cases/nobody").unwrap();
    assert_eq!(status, 404, "{problem}");
    let (status, problem) = town.site.try_get("/v1/cases?outcom=waived").unwrap();
    assert!(status == 400 && problem.contains("outcom"), "{status} {problem}");
    service.stop();
}

#[test]
fn the_page_speaks_chinese_and_english_and_stays_fresh() {
    let town = Town::new(Plan::default());
    let service = town.with_offences(1);
    town.wait_for_notices("accepted", 1);
    for (lang, tag, words) in [
        ("zh", "zh-CN", ["人行道违停", "首违不予处罚", "服务商已接收"]),
        ("en", "en", ["Sidewalk parking", "Waived", "Accepted"]),
    ] {
        let (status, page) = town.site.try_get(&format!("/?lang={lang}")).unwrap();
        assert_eq!(status, 200);
        assert!(page.contains(&format!("<html lang=\"{tag}\"")), "{page}");
        for word in words {
            assert!(
                page.to_lowercase().contains(&word.to_lowercase()),
                "{word} is not on the page: {page}"
            );
        }
        assert!(!page.contains("+861990000"), "a whole phone number on the page");
        let live = live_until(&town.site, lang, "\"cases\"");
        assert!(live.contains("event: changes"), "{live}");
    }
    service.stop();
}

/// Every item of a list, `limit` at a time.
fn all_pages(site: &Site, list: &str, limit: usize) -> Vec<Value> {
    let mut items = Vec::new();
    let mut page = site.get(&format!("{list}?limit={limit}"));
    loop {
        let here = page["items"].as_array().unwrap();
        assert!(here.len() <= limit, "{list}: {here:?}");
        items.extend(here.iter().cloned());
        let Some(next) = page["next"].as_str() else {
            return items;
        };
        page = site.get(&format!("{list}?limit={limit}&cursor={next}"));
    }
}

/// Reads the live stream until `wanted` has come.
fn live_until(site: &Site, lang: &str, wanted: &str) -> String {
    let address = site.address();
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    write!(
        stream,
        "GET /live?lang={lang} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n\r\n"
    )
    .unwrap();
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if text.contains(wanted) {
            return text;
        }
        let count = stream
            .read(&mut buffer)
            .unwrap_or_else(|error| panic!("{error} after {text}"));
        assert!(count > 0, "the stream ended: {text}");
        bytes.extend_from_slice(&buffer[..count]);
    }
}

/// As it stands in an address.
fn escaped(text: &str) -> String {
    text.bytes()
        .fold(String::new(), |address, byte| address + &format!("%{byte:02X}"))
}
