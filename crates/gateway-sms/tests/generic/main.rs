//! The generic gateway against a server that behaves as badly as a test says.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod server;

use std::time::{Duration, Instant};

use engine::ids::AttemptId;
use engine::notice::{AttemptClass, NoticeState};
use engine::time::Timestamp;
use gateway_sms::Recipient;
use gateway_sms::generic::{Generic, Options};
use gateway_sms::log::LogGateway;
use ports::contact::Phone;
use ports::gateway::{Answer, Gateway as _, LookUp, Message};
use secrecy::SecretString;
use server::{Act, Server};

/// Makes good settings bad.
type Change = fn(&mut Options);

const DEADLINE: Duration = Duration::from_millis(600);

fn options(url: &str) -> Options {
    // Fails only when another test of this process was first.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    Options {
        deadline: DEADLINE,
        ..Options::new("primary", url)
    }
}

fn gateway(url: &str) -> Generic {
    Generic::new(options(url)).unwrap()
}

fn message() -> Message {
    Message {
        client_ref: AttemptId::from_text("n-1-1"),
        to: Phone::parse("+8613800000000").unwrap(),
        text: "【娄底城管】首次不罚".to_owned(),
        template: Some("A1".into()),
        parameters: vec![("plate".into(), "湘K12345".to_owned())],
        expires_at: Timestamp::from_micros(0),
    }
}

async fn send(url: &str) -> Answer {
    let gateway = gateway(url);
    let request = gateway.render(&message()).unwrap();
    let before = Instant::now();
    let answer = gateway.send(request).await;
    let took = before.elapsed();
    assert!(
        took < DEADLINE + Duration::from_millis(400),
        "the deadline holds for the whole call: {took:?}"
    );
    answer
}

/// One send against one act: what it meant, and how many requests the server read to the end.
async fn against(act: Act) -> (AttemptClass, Option<String>, usize) {
    let server = Server::start(act).await;
    let answer = send(&server.url()).await;
    (
        answer.class,
        answer.code.as_deref().map(str::to_owned),
        server.requests().len(),
    )
}

#[tokio::test]
async fn the_bytes_that_were_rendered_are_the_bytes_that_arrive() {
    let server = Server::start(Act::answer("200 OK", r#"{"message_id":"m1"}"#)).await;
    let token = Some(SecretString::from("s3cret\n".to_owned()));
    let gateway = Generic::new(Options {
        token,
        ..options(&server.url())
    })
    .unwrap();
    let request = gateway.render(&message()).unwrap();
    let answer = gateway.send(request.clone()).await;
    assert_eq!(
        (answer.class, answer.provider_id.as_deref(), answer.retry_after),
        (AttemptClass::Accepted, Some("m1"), None)
    );
    let requests = server.requests();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    assert_eq!(body.as_bytes(), &request[..]);
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("post /v1/messages http/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nauthorization: bearer s3cret\r\n"), "{head}");
    assert!(head.contains("\r\ncontent-type: application/json"), "{head}");
}

#[tokio::test]
async fn each_refusal_of_the_contract_has_its_class() {
    let rows = [
        (
            "400 Bad Request",
            r#"{"code":"invalid_number"}"#,
            AttemptClass::PermanentRecipient,
        ),
        (
            "422 Unprocessable Entity",
            r#"{"code":"blocked"}"#,
            AttemptClass::Suppressed,
        ),
        (
            "400 Bad Request",
            r#"{"code":"template"}"#,
            AttemptClass::PermanentContent,
        ),
        (
            "422 Unprocessable Entity",
            r#"{"code":"content"}"#,
            AttemptClass::PermanentContent,
        ),
        (
            "400 Bad Request",
            r#"{"code":"invalid_request"}"#,
            AttemptClass::PermanentContent,
        ),
        ("400 Bad Request", r#"{"code":"busy"}"#, AttemptClass::Unknown),
        ("401 Unauthorized", "{}", AttemptClass::AccountBlocked),
        ("403 Forbidden", "", AttemptClass::AccountBlocked),
        ("429 Too Many Requests", "", AttemptClass::Unknown),
        ("503 Service Unavailable", "", AttemptClass::Unknown),
        (
            "500 Internal Server Error",
            r#"{"message_id":"m1"}"#,
            AttemptClass::Unknown,
        ),
        ("202 Accepted", r#"{"message_id":"m1"}"#, AttemptClass::Unknown),
        ("200 OK", "{}", AttemptClass::Unknown),
    ];
    for (status, body, class) in rows {
        assert_eq!(
            against(Act::answer(status, body)).await.0,
            class,
            "{status} {body}"
        );
    }
}

#[tokio::test]
async fn a_throttle_says_when_to_come_again() {
    for status in ["429 Too Many Requests", "503 Service Unavailable"] {
        let server = Server::start(Act::answer_with(status, "Retry-After: 30\r\n", "")).await;
        let answer = send(&server.url()).await;
        assert_eq!(
            (answer.class, answer.retry_after),
            (AttemptClass::ThrottledAccount, Some(30))
        );
    }
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let refused = Server::refusing().await;
    assert_eq!(send(&refused).await.class, AttemptClass::NotSent, "refused");
    assert_eq!(
        send("http://no-such-host.invalid/v1/messages").await.class,
        AttemptClass::NotSent,
        "DNS"
    );
    for act in [
        Act::Raw(b"no TLS here\r\n\r\n"),
        Act::CloseUnread,
        Act::HangUnread,
    ] {
        let server = Server::start(act).await;
        let url = server.url().replace("http://", "https://");
        assert_eq!(send(&url).await.class, AttemptClass::NotSent, "TLS: {act:?}");
    }
}

#[tokio::test]
async fn once_connected_only_a_whole_answer_proves_anything() {
    let huge_header = format!("HTTP/1.1 200 OK\r\nX-Huge: {}\r\n\r\n", "x".repeat(900_000)).leak();
    let huge_body = "x".repeat(70_000).leak();
    let acts = [
        Act::CloseUnread,
        Act::HangUnread,
        Act::Close,
        Act::Hang,
        Act::Raw(b"SSH-2.0-not-http\r\n"),
        Act::Raw(huge_header.as_bytes()),
        Act::answer("200 OK", huge_body),
        Act::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{\"message_id\":\"m1\"}"),
        Act::Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n13\r\n{\"message_id\":\"m1\"}\r\n"),
        Act::Raw(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 40\r\n\r\n{"),
        Act::RawThenHang(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n"),
        Act::RawThenHang(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 40\r\n\r\n"),
        Act::Drip(b"HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n{\"message_id\":\"m1\"}"),
    ];
    for act in acts {
        let (class, code, requests) = against(act).await;
        assert_eq!(class, AttemptClass::Unknown, "{act:?} {code:?}");
        assert!(requests <= 1, "{act:?}: sent {requests} times");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for status in [
        "301 Moved",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let (class, code, requests) = against(Act::answer_with(status, "Location: /v1/again\r\n", "")).await;
        assert_eq!((class, requests), (AttemptClass::Unknown, 1), "{status}");
        assert_eq!(code.unwrap(), format!("http_{}", &status[..3]));
    }
}

#[tokio::test]
async fn a_look_up_asks_by_our_reference() {
    let server = Server::start(Act::answer(
        "200 OK",
        r#"{"message_id":"m1","state":"delivered"}"#,
    ))
    .await;
    let found = gateway(&server.url())
        .look_up(&AttemptId::from_text("n-1&a-1"))
        .await;
    let expected = LookUp::Found {
        state: NoticeState::Delivered,
        provider_id: Some("m1".into()),
        code: None,
    };
    assert_eq!(found, expected);
    assert!(server.requests()[0].starts_with("GET /v1/messages?client_ref=n-1%26a-1 HTTP/1.1\r\n"));

    let missing = Server::start(Act::answer("404 Not Found", "")).await;
    assert_eq!(
        gateway(&missing.url())
            .look_up(&AttemptId::from_text("n-1-1"))
            .await,
        LookUp::NeverReceived
    );
    let broken = Server::start(Act::Close).await;
    assert_eq!(
        gateway(&broken.url())
            .look_up(&AttemptId::from_text("n-1-1"))
            .await,
        LookUp::Nothing
    );
}

#[test]
fn settings_that_cannot_work_are_named() {
    let key = |change: Change| {
        let mut options = options("https://sms.example/v1/messages");
        change(&mut options);
        // What a check sees without a client is what making one says; only the token is looked at later.
        let checked = options.check().map_err(|error| error.to_string());
        let made = Generic::new(options)
            .map(|_| ())
            .map_err(|error| error.to_string());
        assert!(
            checked == made || made.as_ref().is_err_and(|error| error.contains("token_file: ")),
            "{checked:?} {made:?}"
        );
        made
    };
    assert_eq!(key(|_| ()), Ok(()));
    let wrong: [(Change, &str); 7] = [
        (|options| options.url = "sms.example".to_owned(), "url"),
        (|options| options.url = "ftp://sms.example/".to_owned(), "url"),
        (
            |options| options.url = "https://user:pass@sms.example/".to_owned(),
            "url",
        ),
        (|options| options.deadline = Duration::ZERO, "deadline"),
        (|options| options.concurrency = 0, "concurrency"),
        (|options| options.rate = Some(0), "rate"),
        (
            |options| options.token = Some(SecretString::from("a\nb".to_owned())),
            "token_file",
        ),
    ];
    for (change, name) in wrong {
        let error = key(change).unwrap_err();
        assert!(
            error.starts_with(&format!("[sms.providers.primary] {name}: ")),
            "{error}"
        );
        assert!(
            !error.contains("pass") || name != "url" || !error.contains("user:pass"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn the_log_takes_everything_under_an_id_made_of_the_request() {
    let gateway = LogGateway::new("dry", Recipient::Phone);
    let request = gateway.render(&message()).unwrap();
    let first = gateway.send(request.clone()).await;
    assert_eq!(first.class, AttemptClass::Accepted);
    assert!(
        first
            .provider_id
            .as_deref()
            .is_some_and(|id| id.starts_with("log-") && id.len() == 20)
    );
    assert_eq!(gateway.send(request).await, first);
}
