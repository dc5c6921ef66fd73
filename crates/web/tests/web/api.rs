//! What the API answers.

use axum::http::header;
use engine::fact::NoticeKind;
use engine::notice::NoticeState;
use serde_json::{Value, json};

use crate::scene::{PHONE, case, empty, notice, scene, unfit};

fn sum(object: &Value) -> u64 {
    object
        .as_object()
        .unwrap()
        .values()
        .map(|count| count.as_u64().unwrap())
        .sum()
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["case"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn counts_add_up_and_say_so() {
    let stats = scene().get("/v1/stats").await.json();
    let records = &stats["records"];
    assert_eq!(
        (&records["appended"], &records["read"], &records["unread"]),
        (&json!(15), &json!(12), &json!(3))
    );
    assert_eq!(records["read"], sum(&records["by_disposition"]));
    assert_eq!(stats["cases"]["total"], sum(&stats["cases"]["by_outcome"]));
    assert_eq!(stats["cases"]["total"], 5, "effective versions only");
    assert_eq!(stats["notices"]["total"], sum(&stats["notices"]["by_state"]));
    let attempts = &stats["attempts"];
    assert_eq!(
        attempts["total"],
        sum(&attempts["by_class"]) + attempts["in_flight"].as_u64().unwrap()
    );
    assert_eq!(
        stats["notices"]["by_state"].as_object().unwrap().len(),
        NoticeState::ALL.len(),
        "zeros too"
    );
    let identities = stats["identities"].as_array().unwrap();
    assert_eq!(identities.len(), 5);
    assert!(
        identities.iter().all(|identity| identity["holds"] == true),
        "{identities:?}"
    );
}

#[tokio::test]
async fn a_sum_that_does_not_hold_is_named() {
    let scene = scene();
    *scene.store.appended.lock().unwrap() = 11;
    let stats = scene.get("/v1/stats").await.json();
    let broken = &stats["identities"][0];
    assert_eq!(broken["holds"], false, "more was read than appended");
    assert_eq!((&broken["left"], &broken["right"]), (&json!(11), &json!(12)));
    assert!(scene.get("/?lang=en").await.text.contains("Does not add up"));
}

#[tokio::test]
async fn cases_come_newest_first_with_the_keys_of_the_line_and_of_the_version() {
    let scene = scene();
    let page = scene.get("/v1/cases").await.json();
    assert_eq!(
        ids(&page),
        ["260302-E", "260302-D", "260302-C", "260301-B", "260301-A"]
    );
    assert_eq!(page["next"], Value::Null);
    let text = scene.get("/v1/cases?limit=1").await.text;
    assert!(
        text.starts_with(r#"{"items":[{"case":"260302-E","subject":"京AD12345/52","zone":"Z1","#),
        "{text}"
    );
    let last = &page["items"][4];
    assert_eq!((&last["version"], &last["effective"]), (&json!(2), &json!(true)));
    assert_eq!(last["decided_at"], "2026-03-02T04:00:02Z");
}

#[tokio::test]
async fn walking_by_cursor_meets_every_case_once() {
    let scene = scene();
    let mut met = Vec::new();
    let mut address = "/v1/cases?limit=2".to_owned();
    loop {
        let page = scene.get(&address).await.json();
        assert!(page["items"].as_array().unwrap().len() <= 2);
        met.extend(ids(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next"].as_str() else { break };
        address = format!("/v1/cases?limit=2&cursor={next}");
    }
    assert_eq!(met, ["260302-E", "260302-D", "260302-C", "260301-B", "260301-A"]);
}

#[tokio::test]
async fn cases_are_found_by_number_by_class_and_by_epoch() {
    let scene = scene();
    for (subject, wanted) in [
        ("%E6%B9%98K12345", vec!["260302-D", "260301-B", "260301-A"]),
        ("%E6%B9%98K12345/02", vec!["260302-D", "260301-A"]),
        ("%E6%B9%98K12345/02/2026-02-01", vec!["260302-D"]),
        ("%E6%B9%98K12345/0", vec![]),
        ("%E6%B9%98k%C2%B712345", vec!["260302-D", "260301-B", "260301-A"]),
        ("%E6%B9%98K00000", vec![]),
    ] {
        let page = scene.get(&format!("/v1/cases?subject={subject}")).await.json();
        assert_eq!(ids(&page), wanted, "{subject}");
    }
    let page = scene
        .get("/v1/cases?subject=%E6%B9%98K12345/02&limit=1")
        .await
        .json();
    let next = page["next"].as_str().unwrap();
    let page = scene
        .get(&format!(
            "/v1/cases?subject=%E6%B9%98K12345/02&limit=1&cursor={next}"
        ))
        .await
        .json();
    assert_eq!(ids(&page), ["260301-A"], "over the case of another class");
    let waived = scene.get("/v1/cases?outcome=waived").await.json();
    assert_eq!(ids(&waived), ["260302-C", "260301-A"]);
}

#[tokio::test]
async fn a_parameter_that_cannot_be_taken_is_named() {
    let scene = scene();
    for (address, parameter) in [
        ("/v1/cases?outcome=forgiven", "outcome"),
        ("/v1/cases?limit=0", "limit"),
        ("/v1/cases?limit=501", "limit"),
        ("/v1/cases?limit=many", "limit"),
        ("/v1/cases?cursor=nonsense", "cursor"),
        ("/v1/cases?cursor=n3", "cursor"),
        ("/v1/cases?plate=x", "plate"),
        ("/v1/cases?limit=1&limit=2", "limit"),
        ("/v1/notices?state=lost", "state"),
        ("/v1/notices?cursor=c3", "cursor"),
        ("/v1/quarantine?cursor=q+3", "cursor"),
        ("/?page=2", "page"),
    ] {
        let problem = scene.get(address).await.problem(400);
        assert_eq!(problem["parameter"], parameter, "{address}");
        assert_eq!(problem["code"], "invalid_parameter");
    }
}

#[tokio::test]
async fn one_case_has_versions_facts_explanation_and_notices() {
    let scene = scene();
    let answer = scene.get("/v1/cases/260301-A").await;
    let whole = answer.json();
    assert_eq!(whole["case"]["outcome"], "waived");
    let versions: Vec<_> = whole["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["outcome"])
        .collect();
    assert_eq!(versions, ["held", "waived"]);
    assert_eq!(whole["facts"], json!(["/devices/1#a", "/devices/1#b"]));
    assert_eq!(
        whole["explanation"],
        json!({"zh": "260301-A的理由。", "en": "Why 260301-A."})
    );
    let notices = whole["notices"].as_array().unwrap();
    assert_eq!((notices.len(), &notices[0]["state"]), (1, &json!("delivered")));
    assert!(!answer.text.contains(PHONE));
    scene.get("/v1/cases/260301-Z").await.problem(404);
}

#[tokio::test]
async fn a_case_that_the_caller_has_is_not_sent_again_until_it_changes() {
    let scene = scene();
    let first = scene.get("/v1/cases/260301-A").await;
    let tag = first.header(header::ETAG).to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "a strong tag: {tag}");
    let again = scene
        .get_with(
            "/v1/cases/260301-A",
            &[(header::IF_NONE_MATCH, &format!("\"x\", W/{tag}"))],
        )
        .await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
    assert_eq!(again.header(header::ETAG), tag);
    scene.store.notices.lock().unwrap()[0].state = NoticeState::Undelivered;
    let changed = scene
        .get_with("/v1/cases/260301-A", &[(header::IF_NONE_MATCH, &tag)])
        .await;
    assert_eq!(changed.json()["notices"][0]["state"], "undelivered");
}

#[tokio::test]
async fn messages_show_the_text_as_sent_or_as_it_would_be_and_never_a_phone() {
    let scene = scene();
    let answer = scene.get("/v1/notices").await;
    let page = answer.json();
    let shown: Vec<_> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (
                item["text"].as_str().unwrap(),
                item["preview"].as_bool().unwrap(),
                &item["recipient"],
            )
        })
        .collect();
    let masked = json!("+86138****5678");
    assert_eq!(
        shown,
        [
            ("text as sent", false, &masked),
            ("as it would be sent", true, &Value::Null),
            ("您的车辆首次违停", false, &masked),
        ]
    );
    assert!(!answer.text.contains("1234567"));
    let queued = scene.get("/v1/notices?state=queued").await.json();
    assert_eq!(queued["items"].as_array().unwrap().len(), 1);
    scene.store.notices.lock().unwrap().push(notice(
        9,
        "260302-E",
        NoticeKind::Waived,
        NoticeState::NoContact,
        None,
    ));
    let unrendered = scene.get("/v1/notices?state=no_contact").await.json();
    assert_eq!(unrendered["items"][0]["text"], Value::Null);
}

#[tokio::test]
async fn quarantine_holds_what_was_set_aside_and_nothing_else() {
    let scene = scene();
    let first = scene.get("/v1/quarantine?limit=3").await.json();
    let next = first["next"].as_str().unwrap();
    let second = scene
        .get(&format!("/v1/quarantine?limit=3&cursor={next}"))
        .await
        .json();
    let both = first["items"]
        .as_array()
        .unwrap()
        .iter()
        .chain(second["items"].as_array().unwrap());
    let offsets: Vec<_> = both
        .clone()
        .map(|item| item["offset"].as_u64().unwrap())
        .collect();
    assert_eq!(offsets, [1, 4, 7, 10]);
    assert!(
        both.clone()
            .all(|item| item["disposition"] == "quarantined" && item["reason"] == "invalid_plate")
    );
    assert_eq!(second["next"], Value::Null);
}

#[tokio::test]
async fn a_body_that_cannot_be_read_names_the_case_and_the_rest_of_the_page_stays() {
    let scene = scene();
    let mut broken = case(7, "260302-F", 1, "湘K1/02", "waived");
    broken.body = r#"{"case":"260302-F","subject":["HIDDEN12345"]}"#.into();
    scene.store.cases.lock().unwrap().push(broken);
    let problem = scene.get("/v1/cases/260302-F").await.problem(500);
    assert!(
        problem["detail"].as_str().unwrap().contains("260302-F version 1"),
        "{problem}"
    );
    assert!(!problem.to_string().contains("HIDDEN"), "{problem}");
    let page = scene.get("/?lang=en").await;
    assert_eq!(page.status.as_u16(), 200);
    assert!(page.text.contains("A case cannot be read") && page.text.contains("260302-E"));
}

#[tokio::test]
async fn a_store_that_is_down_is_said_with_a_time_to_come_back() {
    let scene = scene();
    *scene.store.is_down.lock().unwrap() = true;
    for address in [
        "/v1/stats",
        "/v1/cases",
        "/v1/cases/x",
        "/v1/notices",
        "/v1/quarantine",
    ] {
        let answer = scene.get(address).await;
        let problem = answer.problem(503);
        assert!(
            problem["detail"].as_str().unwrap().contains("the disk is away"),
            "{address}"
        );
        assert_eq!(answer.header(header::RETRY_AFTER), "1");
    }
    assert_eq!(scene.get("/livez").await.json()["version"], "9.8.7");
}

#[tokio::test]
async fn readiness_names_what_is_not_ready() {
    let ready = scene().get("/readyz").await.json();
    assert_eq!(ready["ready"], true);
    let answer = unfit().get("/readyz").await;
    assert_eq!(answer.status.as_u16(), 503);
    let body: Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(
        body["items"][1],
        json!({"name": "stream", "ok": false, "detail": "the disk is full"})
    );
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    let answer = empty().get("/metrics").await;
    assert_eq!(answer.header(header::CONTENT_TYPE), "text/plain; version=0.0.4");
    assert_eq!(answer.text, "clearwalk_up 1\n");
}
