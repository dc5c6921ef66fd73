//! What a person does with one message.

use engine::notice::NoticeState;
use serde_json::{Value, json};

use crate::scene::{Scene, scene};

/// The id of the first notice in a state.
fn notice(scene: &Scene, state: NoticeState) -> String {
    let notices = scene.store.notices.lock().unwrap();
    let found = notices.iter().find(|notice| notice.state == state).unwrap();
    found.id.to_string()
}

#[tokio::test]
async fn a_message_is_held_released_and_cancelled_and_each_is_written_down() {
    let scene = scene();
    let id = notice(&scene, NoticeState::Queued);
    for (verb, before, state) in [
        ("hold", "queued", "held"),
        ("release", "held", "queued"),
        ("cancel", "queued", "cancelled"),
    ] {
        let path = format!("/v1/notices/{id}/{verb}");
        let done = scene.post(&path, r#"{"reason":"wrong picture"}"#).await.json();
        assert_eq!(done, json!({"notice": id, "before": before, "state": state}));
    }
    let audit = scene.store.audit.lock().unwrap();
    let actions: Vec<_> = audit.iter().map(|entry| &*entry.action).collect();
    assert_eq!(actions, ["notice.hold", "notice.release", "notice.cancel"]);
    assert_eq!(
        (
            audit[0].before.as_deref(),
            audit[0].after.as_deref(),
            &*audit[0].object
        ),
        (Some("queued"), Some("held: wrong picture"), &*id)
    );
}

#[tokio::test]
async fn what_cannot_be_done_says_so_and_changes_nothing() {
    let scene = scene();
    let sent = notice(&scene, NoticeState::Unknown);
    let refused = scene
        .post(&format!("/v1/notices/{sent}/cancel"), r#"{"reason":"no"}"#)
        .await;
    assert_eq!(refused.status, 409);
    let said = "the notice is unknown: cancel is not possible";
    assert!(refused.text.contains(said), "{}", refused.text);
    let nobody = scene
        .post("/v1/notices/n-nobody/hold", r#"{"reason":"no"}"#)
        .await;
    assert_eq!(nobody.status, 404);
    for body in [r#"{"reason":" "}"#, "{}"] {
        let missing = scene.post(&format!("/v1/notices/{sent}/hold"), body).await;
        assert_eq!(missing.status, 400);
        assert!(
            missing.text.contains(r#""parameter":"reason""#),
            "{}",
            missing.text
        );
    }
    assert!(scene.store.audit.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_message_is_said_again_only_where_that_can_be_right() {
    let scene = scene();
    let queued = notice(&scene, NoticeState::Queued);
    let path = format!("/v1/notices/{queued}/resend");
    let refused = scene.post(&path, r#"{"reason":"again"}"#).await;
    assert_eq!(refused.status, 409);
    assert!(
        refused.text.contains("resend is not possible"),
        "{}",
        refused.text
    );
    let unknown = notice(&scene, NoticeState::Unknown);
    let path = format!("/v1/notices/{unknown}/resend");
    let unproved = scene.post(&path, r#"{"reason":"again"}"#).await;
    assert_eq!(unproved.status, 400);
    assert!(unproved.text.contains("/evidence"), "{}", unproved.text);
    // Nobody decides here, so that the new message is not made within the bound.
    let asked = scene
        .post(&path, r#"{"reason":"again","evidence":"the provider wrote us"}"#)
        .await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    let said: Value = serde_json::from_str(&asked.text).unwrap();
    assert_eq!((&said["notice"], &said["state"]), (&json!(unknown), &json!(null)));
    let nobody = "/v1/notices/n-nobody/resend";
    assert_eq!(scene.post(nobody, r#"{"reason":"again"}"#).await.status, 404);
    let audit = scene.store.audit.lock().unwrap();
    let entry = audit.last().unwrap();
    assert_eq!((&*entry.action, &*entry.object), ("notice.resend", &*unknown));
    let after = entry.after.as_deref().unwrap();
    let new = said["resent_as"].as_str().unwrap();
    assert_eq!(after, format!("{new}: again; evidence: the provider wrote us"));
}

#[tokio::test]
async fn one_message_is_shown_with_what_is_known_of_its_attempts() {
    let scene = scene();
    let id = notice(&scene, NoticeState::Unknown);
    let shown = scene.get(&format!("/v1/notices/{id}")).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    let shown = shown.json();
    assert_eq!(
        (&shown["notice"], &shown["state"]),
        (&json!(id), &json!("unknown"))
    );
    assert_eq!(
        (&shown["attempt_list"], &shown["receipts"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(scene.get("/v1/notices/n-nobody").await.status, 404);
}
