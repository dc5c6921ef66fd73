//! What holds for every request.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Request, header};
use tracing_subscriber::fmt::MakeWriter;

use crate::scene::scene;

#[tokio::test]
async fn only_names_of_this_machine_are_answered() {
    let scene = scene();
    let ask = async |host: Option<&str>| {
        let mut request = Request::get("/livez");
        if let Some(host) = host {
            request = request.header(header::HOST, host);
        }
        scene.send(request.body(Body::empty()).unwrap()).await
    };
    for host in [
        "localhost",
        "LOCALHOST:8080",
        "127.0.0.1",
        "127.0.0.1:80",
        "[::1]",
        "[::1]:8080",
    ] {
        assert_eq!(ask(Some(host)).await.status.as_u16(), 200, "{host}");
    }
    for host in [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "localhost:80x",
        "",
        "127.0.0.2",
    ] {
        ask(Some(host)).await.problem(421);
    }
    ask(None).await.problem(421);
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let scene = scene();
    for address in ["/", "/v1/stats", "/nowhere", "/assets/app.js", "/v1/cases/none"] {
        let answer = scene.get(address).await;
        assert!(
            answer
                .header(header::CONTENT_SECURITY_POLICY)
                .starts_with("default-src 'self';"),
            "{address}"
        );
        assert!(!answer.header(header::CONTENT_SECURITY_POLICY).contains("unsafe"));
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(answer.header(header::X_FRAME_OPTIONS), "DENY");
        assert_eq!(answer.header(header::REFERRER_POLICY), "no-referrer");
    }
    assert_eq!(scene.get("/").await.header(header::CACHE_CONTROL), "no-store");
}

#[tokio::test]
async fn what_is_not_there_and_what_is_not_allowed_are_problems_too() {
    let scene = scene();
    scene.get("/v2/cases").await.problem(404);
    let answer = scene.get("/v1/sms/pause").await;
    answer.problem(405);
    assert_eq!(answer.header(header::ALLOW), "POST");
    let answer = scene.post("/v1/cases", "{}").await;
    answer.problem(405);
    assert_eq!(answer.header(header::ALLOW), "GET,HEAD");
    scene.get("/v1/cases/%FF").await.problem(400);
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn the_log_names_the_route_and_never_what_was_asked_for() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_ansi(false)
        .finish();
    // For all threads: with one of its own, a thread can meanwhile switch a line off for everybody.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let scene = scene();
    scene.get("/v1/cases?subject=SECRET12345").await;
    scene.get("/v1/cases/SECRET12345").await;
    scene.get("/SECRET12345").await;
    scene.get("/v1/cases?SECRET12345=1").await;
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains("SECRET"), "{text}");
    for wanted in [
        r#"route="/v1/cases""#,
        r#"route="/v1/cases/{id}""#,
        r#"route="none""#,
        "status=404",
        "method=GET",
    ] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
}
