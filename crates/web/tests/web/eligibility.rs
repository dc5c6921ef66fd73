//! What a sighting would come to.

use engine::fact::NoticeKind;
use engine::ids::CaseId;
use engine::ledger::{CaseMemo, Ledger, NoticeMemo};
use engine::notice::NoticeState;
use formats::event::{self, Known};
use formats::ledger;
use ports::commit::{Commit, LedgerWrite};
use ports::store::IntakeStore as _;
use serde_json::json;

use crate::facts::sighting;
use crate::scene::{Scene, empty, notice};

const ADDRESS: &str = "/v1/eligibility?plate=%E6%B9%98K12345&class=02&zone=Z1&at=2026-05-02T10:00:00%2B08:00";

/// One offence on 2 March, waived, and its message queued.
async fn one_before(scene: &Scene, is_confirmed: bool) {
    let (mut held, mut document) = (Ledger::default(), Vec::new());
    for (id, minute) in [("a", "11:50"), ("b", "11:59")] {
        let text = sighting(id).to_string().replace("T11:59", &format!("T{minute}"));
        let decoded = event::decode(text.as_bytes(), Known::FromTime, 1).unwrap();
        if id == "a" {
            held.memo.cases.push(CaseMemo {
                id: CaseId::from_text("260302-A"),
                version: 1,
                anchor: decoded.fact.id.clone(),
                members: vec![decoded.fact.id.clone()],
                subject: engine::fact::Subject {
                    number: "湘K12345".into(),
                    class: "02".into(),
                    epoch: None,
                },
                from: decoded.fact.known,
                fingerprint: 0,
                outcome: engine::case::Outcome::Waived,
                notices: vec![NoticeMemo {
                    kind: NoticeKind::Waived,
                    revision: 0,
                    owed: true,
                    history: false,
                    fingerprint: 0,
                }],
            });
        }
        held.add(decoded.fact);
    }
    if is_confirmed {
        let review = json!({
            "specversion": "1.0", "type": "clearwalk.review.v1", "source": "/office", "id": "r",
            "data": { "about": "/cam/1#a", "verdict": "confirmed", "reviewer": "li", "at": "2026-03-02T13:00:00+08:00" },
        });
        held.add(
            event::decode(review.to_string().as_bytes(), Known::FromTime, 2)
                .unwrap()
                .fact,
        );
    }
    ledger::encode(&held, &mut document);
    let from = scene.lane.progress().await.unwrap();
    let batch = Commit {
        from,
        to: from,
        ledgers: vec![LedgerWrite {
            plate: "湘K12345".into(),
            expected: 0,
            document: document.into(),
            wake: None,
        }],
        ..Commit::default()
    };
    scene.lane.commit(&batch).await.unwrap();
    scene.store.notices.lock().unwrap().push(notice(
        1,
        "260302-A",
        NoticeKind::Waived,
        NoticeState::Queued,
        None,
    ));
}

#[tokio::test]
async fn a_plate_without_a_past_would_be_the_first() {
    let scene = empty();
    let answer = scene.get(ADDRESS).await.json();
    assert_eq!(
        (&answer["first"], &answer["outcome"], &answer["ordinal"]),
        (&json!(true), &json!("waived"), &json!(1))
    );
    assert_eq!(
        (&answer["last"], &answer["open_notice"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(
        (&answer["policy"], &answer["plate"], &answer["class"]),
        (&json!("loudi@1"), &json!("湘K12345"), &json!("02"))
    );
    for language in ["zh", "en"] {
        assert!(!answer["because"][language].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_plate_with_one_in_the_window_would_not() {
    let scene = empty();
    one_before(&scene, true).await;
    let answer = scene.get(ADDRESS).await.json();
    assert_eq!(
        (&answer["first"], &answer["outcome"], &answer["ordinal"]),
        (&json!(false), &json!("penalty_proposed"), &json!(2)),
        "{answer}"
    );
    assert_eq!(
        (&answer["last"]["case"], &answer["last"]["outcome"]),
        (&json!("260302-A"), &json!("waived"))
    );
    assert_eq!(answer["last"]["from"], "2026-03-02T11:50:00+08:00");
    assert_eq!(
        (&answer["open_notice"]["case"], &answer["open_notice"]["state"]),
        (&json!("260302-A"), &json!("queued"))
    );
    // Another class is another subject, and the next year another window.
    assert_eq!(
        scene.get(&ADDRESS.replace("class=02", "class=01")).await.json()["first"],
        true
    );
    assert_eq!(
        scene.get(&ADDRESS.replace("2026-05", "2027-05")).await.json()["first"],
        true
    );
    let stored = scene.lane.ledgers(&["湘K12345".into()]).await.unwrap();
    assert_eq!(stored[0].version, 1, "nothing is stored");
}

#[tokio::test]
async fn nothing_is_certain_while_the_one_before_waits_for_a_person() {
    let scene = empty();
    one_before(&scene, false).await;
    let answer = scene.get(ADDRESS).await.json();
    assert_eq!(
        (&answer["first"], &answer["outcome"]),
        (&json!(null), &json!("held"))
    );
    assert_eq!(
        (&answer["reasons"][0], &answer["last"]["case"]),
        (&json!("review_required"), &json!("260302-A"))
    );
}

#[tokio::test]
async fn what_cannot_be_asked_is_named() {
    let scene = empty();
    for (from, to, parameter) in [
        ("plate=%E6%B9%98K12345&", "", "plate"),
        ("%E6%B9%98K12345", "%23", "plate"),
        ("zone=Z1&", "", "zone"),
        ("2026-05-02T10", "soon", "at"),
    ] {
        let problem = scene.get(&ADDRESS.replace(from, to)).await.problem(400);
        assert_eq!(problem["parameter"], parameter, "{from}");
    }
}
