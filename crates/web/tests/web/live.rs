//! The live stream, and how serving ends.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use futures::StreamExt as _;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tower::ServiceExt as _;

use crate::scene::{Scene, case, scene};

/// Longer than any step here takes, so that a fault ends as a failure.
const PATIENCE: Duration = Duration::from_secs(20);

async fn stream(scene: &Scene) -> axum::body::BodyDataStream {
    let request = Request::get("/live?lang=en")
        .header(header::HOST, "localhost")
        .body(Body::empty())
        .unwrap();
    let response = scene.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    response.into_body().into_data_stream()
}

async fn event(stream: &mut axum::body::BodyDataStream) -> (String, String) {
    let bytes = tokio::time::timeout(PATIENCE, stream.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or("")
            .trim()
            .to_owned()
    };
    (field("event:"), field("data:"))
}

fn parts(data: &str) -> Vec<String> {
    let changes: Value = serde_json::from_str(data).unwrap();
    changes["parts"].as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn the_stream_sends_everything_once_and_then_what_changed() {
    let scene = scene();
    let mut stream = stream(&scene).await;
    let (name, data) = event(&mut stream).await;
    assert_eq!(name, "changes");
    assert_eq!(parts(&data), ["alarms", "cases", "messages", "pipeline"]);
    scene
        .store
        .cases
        .lock()
        .unwrap()
        .push(case(50, "260302-NEW", 1, "湘K12345/02", "waived"));
    let (_, data) = event(&mut stream).await;
    assert_eq!(parts(&data), ["cases", "pipeline"], "messages did not change");
    assert!(data.contains("260302-NEW") && !data.contains('\n'));
}

#[tokio::test]
async fn trouble_is_said_once_and_so_is_its_end() {
    let scene = scene();
    let mut stream = stream(&scene).await;
    event(&mut stream).await;
    *scene.store.is_down.lock().unwrap() = true;
    let (name, data) = event(&mut stream).await;
    assert_eq!(name, "trouble");
    assert!(data.contains("the disk is away"));
    *scene.store.is_down.lock().unwrap() = false;
    let (name, data) = event(&mut stream).await;
    assert_eq!((name.as_str(), parts(&data).len()), ("changes", 0));
}

#[tokio::test]
async fn more_streams_than_the_limit_are_refused() {
    let scene = scene();
    let mut open = Vec::new();
    for _ in 0..64 {
        open.push(stream(&scene).await);
    }
    scene.get("/live").await.problem(503);
    open.pop();
    let _again = stream(&scene).await;
}

#[tokio::test]
async fn serving_ends_although_somebody_watches() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(web::serve(listener, scene().router, async move {
        stopped.await.unwrap();
    }));
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /live HTTP/1.1\r\nHost: {address}\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut seen = vec![0; 4096];
    let read = tokio::time::timeout(PATIENCE, socket.read(&mut seen))
        .await
        .unwrap()
        .unwrap();
    assert!(String::from_utf8_lossy(&seen[..read]).starts_with("HTTP/1.1 200"));
    let began = std::time::Instant::now();
    stop.send(()).unwrap();
    tokio::time::timeout(PATIENCE, serving)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "the stream ended by itself, not by the end of the grace"
    );
}
