//! A provider that tells everybody what it was told: phones, names and plates stand in its codes, ids, headers, states and
//! errors, in answers that can be read and in those that cannot.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ports::clock::{Clock as _, SystemClock};
use sha2::Sha256;

use crate::NAME;

/// What receipts are signed with.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// So many ways of answering a send.
pub(crate) const WAYS: usize = 6;

/// It listens until the process ends.
pub(crate) struct Gossip {
    address: SocketAddr,
    sends: Arc<AtomicUsize>,
}

impl Gossip {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let sends = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&sends);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let count = Arc::clone(&count);
                thread::spawn(move || serve(stream.unwrap(), &count));
            }
        });
        Self { address, sends }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1/messages", self.address)
    }

    pub(crate) fn sends(&self) -> usize {
        self.sends.load(Ordering::SeqCst)
    }
}

/// Answers one request; the client may be gone, which is no matter.
fn serve(mut stream: TcpStream, sends: &AtomicUsize) {
    let Some((head, body)) = request(&mut stream) else {
        return;
    };
    let answer = if head.starts_with("POST ") {
        answer(sends.fetch_add(1, Ordering::SeqCst), &body)
    } else {
        let told = r#"{"message_id":"+8619913570009","state":"accepted","code":"+8619913570009","name":"#;
        whole(200, "", &format!("{told}\"{NAME}\"}}"))
    };
    let _gone = stream.write_all(&answer);
}

/// Head and body of a request.
fn request(stream: &mut TcpStream) -> Option<(String, String)> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lower = head.to_lowercase();
            let length = lower.split_once("content-length: ");
            let length: usize = length.map_or(0, |(_, rest)| rest.lines().next().unwrap().parse().unwrap());
            if body.len() >= length {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        match stream.read(&mut buffer) {
            Ok(count @ 1..) => bytes.extend_from_slice(&buffer[..count]),
            _ => return None,
        }
    }
}

/// What the `number`th send is answered.
fn answer(number: usize, body: &str) -> Vec<u8> {
    let phone = &body[body.find("+86").unwrap()..][..14];
    // Our whole request, with the text and so the plate, as a text of JSON.
    let all = format!("{:?}", format!("{NAME} {body}"));
    let headers = format!("X-To: {phone}\r\nRetry-After: {phone}\r\nDate: {phone}\r\n");
    match number % WAYS {
        0 => whole(
            400,
            &headers,
            &format!("{{\"code\":\"{phone}\",\"detail\":{all}}}"),
        ),
        1 => whole(
            422,
            "",
            &format!("{{\"code\":\"199-1357-0001\",\"detail\":{all}}}"),
        ),
        2 => whole(
            200,
            &headers,
            &format!("{{\"message_id\":\"{phone}\",\"to\":{all}}}"),
        ),
        3 => whole(200, "", &format!("{{\"message_id\":\"{NAME}\"}}")),
        4 => whole(500, &headers, &all),
        _ => format!("{phone} {NAME} {body}\r\n\r\n").into_bytes(),
    }
}

fn whole(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} Odd\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
        .into_bytes()
}

/// The headers of a push with this body, rightly signed.
pub(crate) fn signed(body: &str) -> String {
    let now = SystemClock.now().as_micros() / 1_000_000;
    let key = STANDARD.decode(SECRET.trim_start_matches("whsec_")).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("msg_1.{now}.{body}").as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let mut headers = String::new();
    for (name, value) in [
        ("id", "msg_1"),
        ("timestamp", &now.to_string()),
        ("signature", &format!("v1,{signature}")),
    ] {
        write!(headers, "webhook-{name}: {value}\r\n").unwrap();
    }
    headers
}
