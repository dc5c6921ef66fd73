//! An SMS provider in this process that answers slowly, hugely, or not at all, and knows which of its answers were sent to
//! the end.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How it treats who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Takes the message and says so after a while.
    Accept(Duration),
    /// Takes it, and never answers.
    Hang,
    /// Takes it, and answers with 64 MB.
    Huge,
    /// Takes it, and answers with a few packed kilobytes that are 56 MB once unpacked.
    Bomb,
}

/// One message that came.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) at: Instant,
    pub(crate) client_ref: String,
    pub(crate) to: String,
    /// Its answer was sent to the end.
    pub(crate) answered: bool,
}

struct Shared {
    bomb: Vec<u8>,
    manner: Mutex<Manner>,
    calls: Mutex<Vec<Call>>,
    is_closed: AtomicBool,
}

/// The provider; nobody listens before [`Provider::open`].
pub(crate) struct Provider {
    port: u16,
    shared: Arc<Shared>,
}

impl Provider {
    pub(crate) fn new(manner: Manner) -> Self {
        let shared = Shared {
            bomb: bomb(),
            manner: Mutex::new(manner),
            calls: Mutex::default(),
            is_closed: AtomicBool::new(false),
        };
        Self {
            port: free_port(),
            shared: Arc::new(shared),
        }
    }

    /// Listens from now on.
    pub(crate) fn open(&self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).unwrap();
        let shared = Arc::clone(&self.shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.is_closed.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), shared) = (stream, Arc::clone(&shared)) else {
                    continue;
                };
                // A client that goes away in the middle ends its own connection only.
                std::thread::spawn(move || serve(&stream, &shared).ok());
            }
        });
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1/messages", self.port)
    }

    pub(crate) fn behave(&self, manner: Manner) {
        *self.shared.manner.lock().unwrap() = manner;
    }

    /// All messages that came, in order.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap().clone()
    }

    /// Nobody was sent two messages: every number stands for one notice in these tests.
    pub(crate) fn assert_nothing_twice(&self) {
        let calls = self.calls();
        let mut seen = HashSet::new();
        let twice: Vec<&Call> = calls.iter().filter(|call| !seen.insert(&call.to)).collect();
        assert!(twice.is_empty(), "sent twice: {twice:?}");
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.shared.is_closed.store(true, Ordering::SeqCst);
        // Wakes the thread that listens, if there is one.
        let _woken = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(stream: &TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    loop {
        let Some((line, body)) = request(&mut reader)? else {
            return Ok(());
        };
        let manner = *shared.manner.lock().unwrap();
        let is_send = line.starts_with("POST ");
        let number = is_send.then(|| note(shared, &body));
        let mut out = stream;
        match manner {
            Manner::Hang => {
                // Until the other side has had enough.
                reader.read_to_end(&mut Vec::new())?;
                return Ok(());
            }
            Manner::Huge => {
                let length = 64 << 20;
                write!(out, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n")?;
                let piece = vec![b' '; 1 << 16];
                for _ in 0..length / piece.len() {
                    out.write_all(&piece)?;
                }
                return Ok(());
            }
            Manner::Bomb => {
                let body = &shared.bomb;
                let length = body.len();
                let head =
                    format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n");
                out.write_all(&[head.as_bytes(), body].concat())?;
            }
            Manner::Accept(delay) => {
                std::thread::park_timeout(delay);
                // Look-ups find nothing out: what is unknown stays so.
                let (status, body) = match number {
                    Some(number) => ("200 OK", format!("{{\"message_id\":\"m{number}\"}}")),
                    None => ("500 Not now", String::new()),
                };
                write!(
                    out,
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                )?;
            }
        }
        if let Some(number) = number {
            shared.calls.lock().unwrap()[number].answered = true;
        }
    }
}

/// Writes a message down; answers its number.
fn note(shared: &Shared, body: &[u8]) -> usize {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let mut calls = shared.calls.lock().unwrap();
    calls.push(Call {
        at: Instant::now(),
        client_ref: text("client_ref"),
        to: text("to"),
        answered: false,
    });
    calls.len() - 1
}

/// The first line and the body of a request; none at the end.
fn request(reader: &mut BufReader<&TcpStream>) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let (mut first, mut length) = (String::new(), 0);
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some((first, body)))
}

/// One packed megabyte of blanks, fifty-six times: members of gzip may follow each other.
fn bomb() -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&vec![b' '; 1 << 20]).unwrap();
    let bomb = packer.finish().unwrap().repeat(56);
    assert!(bomb.len() < 64 << 10, "it must be small to be let in");
    bomb
}

/// A port below those that outgoing connections take by themselves, and not among those of the service.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 4_000 + (std::process::id() % 200) as u16 * 20;
    (0..1_000)
        .map(|_| first + NEXT.fetch_add(1, Ordering::Relaxed))
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("there is a free port")
}
