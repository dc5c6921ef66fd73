//! A server on loopback that does one thing to every connection, and remembers each request that it read whole.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What is done to a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// Closed before a byte is read.
    CloseUnread,
    /// Kept open and never read.
    HangUnread,
    /// Read, then closed without an answer.
    Close,
    /// Read, then kept open without an answer.
    Hang,
    /// Read, then answered with status line, further headers and body.
    Answer(&'static str, &'static str, &'static str),
    /// Read, then these bytes and the end.
    Raw(&'static [u8]),
    /// Read, then these bytes and nothing more.
    RawThenHang(&'static [u8]),
    /// Read, then one byte every 50 ms.
    Drip(&'static [u8]),
}

impl Act {
    pub(crate) fn answer(status: &'static str, body: &'static str) -> Self {
        Self::Answer(status, "", body)
    }

    pub(crate) fn answer_with(status: &'static str, headers: &'static str, body: &'static str) -> Self {
        Self::Answer(status, headers, body)
    }
}

/// Runs until it is dropped.
pub(crate) struct Server {
    address: std::net::SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    listening: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(act: Act) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let listening = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, act, Arc::clone(&seen)));
            }
        });
        Self {
            address,
            requests,
            listening,
        }
    }

    /// An address on which nobody listens.
    pub(crate) async fn refusing() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/v1/messages", listener.local_addr().unwrap())
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1/messages", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn serve(mut stream: TcpStream, act: Act, seen: Arc<Mutex<Vec<String>>>) {
    match act {
        Act::CloseUnread => return,
        Act::HangUnread => return std::future::pending().await,
        _ => {}
    }
    let Some(request) = read(&mut stream).await else {
        return;
    };
    seen.lock().unwrap().push(request);
    // The client may be gone already; that is its business.
    let _written = match act {
        Act::CloseUnread | Act::HangUnread | Act::Close => Ok(()),
        Act::Hang => std::future::pending().await,
        Act::Answer(status, headers, body) => {
            let length = body.len();
            let text = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
            stream.write_all(text.as_bytes()).await
        }
        Act::Raw(bytes) => stream.write_all(bytes).await,
        Act::RawThenHang(bytes) => {
            let _written = stream.write_all(bytes).await;
            std::future::pending().await
        }
        Act::Drip(bytes) => drip(&mut stream, bytes).await,
    };
    let _closed = stream.shutdown().await;
}

async fn drip(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    for byte in bytes {
        ticks.tick().await;
        stream.write_all(&[*byte]).await?;
    }
    Ok(())
}

/// One whole request; none where the client left, or spoke TLS.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.ok()?;
        bytes.extend_from_slice(&part[..read]);
        if bytes.first() == Some(&0x16) {
            return Some("a TLS greeting".to_owned());
        }
        if read == 0 {
            return None;
        }
        let Ok(text) = std::str::from_utf8(&bytes) else {
            continue;
        };
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, value)| value.trim().parse().unwrap());
        if body.len() >= length {
            return Some(text.to_owned());
        }
    }
}
