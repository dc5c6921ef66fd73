//! What a person does with one message.

use engine::notice::NoticeState;
use serde_json::json;

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
