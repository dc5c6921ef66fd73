//! The door for providers.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::{Request, header};
use bytes::Bytes;
use engine::ids::AttemptId;
use engine::notice::NoticeState;
use engine::time::Timestamp;
use ports::gateway::{Answer, Gateway, LookUp, Message, Push, PushError, Pushed, RenderError};
use ports::receipt::NewReceipt;

use crate::fake::Fake;
use crate::scene::{Scene, scene_with};

/// A provider that pushes one letter per receipt; `x` cannot be read.
pub(crate) struct Letters(pub(crate) Arc<str>);

#[async_trait]
impl Gateway for Letters {
    fn name(&self) -> &Arc<str> {
        &self.0
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn concurrency(&self) -> usize {
        1
    }

    fn rate(&self) -> Option<u32> {
        None
    }

    fn recipient_is_plate(&self) -> bool {
        false
    }

    fn render(&self, _: &Message) -> Result<Bytes, RenderError> {
        Ok(Bytes::new())
    }

    async fn send(&self, _: Bytes) -> Answer {
        panic!("nothing is sent here")
    }

    async fn look_up(&self, _: &AttemptId) -> LookUp {
        LookUp::Nothing
    }

    fn read_push(&self, push: Push<'_>, now: Timestamp) -> Result<Pushed, PushError> {
        if (push.header)("webhook-signature").as_deref() != Some("good") {
            return Err(PushError::Unsigned("no signature fits the body"));
        }
        let mut pushed = Pushed::default();
        for (number, letter) in push.body.iter().enumerate() {
            if *letter == b'x' {
                pushed.unreadable.push((number, "is an x".to_owned()));
                continue;
            }
            pushed.receipts.push(NewReceipt {
                provider: self.0.clone(),
                digest: [*letter; 32],
                message_id: None,
                client_ref: None,
                state: NoticeState::Delivered,
                code: None,
                at: now,
                body: Bytes::new(),
            });
        }
        Ok(pushed)
    }
}

/// A service with these providers.
pub(crate) fn scene(names: &[&str]) -> Scene {
    scene_with(Fake::default(), true, |parts| {
        let gateway =
            |name: &&str| -> (_, Arc<dyn Gateway>) { ("letters", Arc::new(Letters((*name).into()))) };
        parts.gateways = names.iter().map(gateway).collect();
    })
}

async fn push(scene: &Scene, provider: &str, signature: &str, body: impl Into<Body>) -> (u16, String) {
    let request = Request::post(format!("/receipts/{provider}"))
        .header(header::HOST, "localhost")
        .header("webhook-signature", signature)
        .body(body.into())
        .unwrap();
    let answer = scene.send(request).await;
    (answer.status.as_u16(), answer.text)
}

#[tokio::test]
async fn receipts_are_kept_before_they_are_answered() {
    let scene = scene(&["primary"]);
    assert_eq!(push(&scene, "primary", "good", "axb").await, (204, String::new()));
    let kept: Vec<_> = scene
        .store
        .receipts
        .lock()
        .unwrap()
        .iter()
        .map(|it| it.digest[0])
        .collect();
    assert_eq!(kept, *b"ab");
    *scene.store.is_down.lock().unwrap() = true;
    assert_eq!(
        push(&scene, "primary", "good", "c").await.0,
        503,
        "the provider pushes again"
    );
}

#[tokio::test]
async fn nothing_is_taken_from_a_stranger() {
    let scene = scene(&["primary"]);
    let (status, text) = push(&scene, "primary", "bad", "a").await;
    assert!(
        status == 401 && text.contains("no signature fits the body"),
        "{status} {text}"
    );
    assert_eq!(push(&scene, "nobody", "good", "a").await.0, 404);
    let (status, text) = push(&scene, "primary", "good", "x").await;
    assert!(
        status == 400 && text.contains("receipt 0: is an x"),
        "{status} {text}"
    );
    assert!(scene.store.receipts.lock().unwrap().is_empty());
    let large = vec![b'a'; (8 << 20) + 1];
    assert_eq!(push(&scene, "primary", "good", large).await.0, 413);
}

#[tokio::test]
async fn the_kind_stands_for_the_only_provider_that_has_it() {
    assert_eq!(push(&scene(&["primary"]), "letters", "good", "a").await.0, 204);
    assert_eq!(
        push(&scene(&["primary", "second"]), "letters", "good", "a")
            .await
            .0,
        404
    );
}
