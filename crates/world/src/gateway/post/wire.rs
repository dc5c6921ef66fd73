//! One push on the wire, by a connection of its own or one that is kept.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::bad_address;
use crate::gateway::connection::pause;
use crate::gateway::receipts::{Manner, Push};

/// Between two bytes of a slow upload.
const DRIP: Duration = Duration::from_millis(2);
/// After so long a sender that hangs up has hung up.
const HANG_UP_AFTER: Duration = Duration::from_millis(700);

/// Host and path of an address.
fn parts(to: &str) -> io::Result<(&str, &str)> {
    let rest = to.strip_prefix("http://").ok_or_else(bad_address)?;
    Ok(rest.split_once('/').unwrap_or((rest, "")))
}

fn request(to: &str, push: &Push, connection: &str) -> io::Result<Vec<u8>> {
    let (host, path) = parts(to)?;
    let (method, body) = match push.manner {
        Manner::Check => ("GET", &[][..]),
        _ => ("POST", &push.body[..]),
    };
    let mut head = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: {connection}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in &push.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    Ok([head.as_bytes(), body].concat())
}

/// Makes one push; gives the status of the answer.
pub(super) async fn once(to: &str, push: &Push) -> io::Result<Option<u16>> {
    let mut stream = TcpStream::connect(parts(to)?.0).await?;
    let request = request(to, push, "close")?;
    if push.manner == Manner::InDrips {
        for byte in &request {
            stream.write_all(&[*byte]).await?;
            pause(DRIP).await;
        }
    } else {
        stream.write_all(&request).await?;
    }
    if push.manner == Manner::HangUp {
        pause(HANG_UP_AFTER).await;
        return Ok(None);
    }
    let mut front = Vec::new();
    while front.len() < 12 && stream.read_buf(&mut front).await? > 0 {}
    Ok(status(&front))
}

fn status(front: &[u8]) -> Option<u16> {
    let digits = front.get(9..12)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// A connection to one receiver that is kept between pushes.
#[derive(Default)]
pub(super) struct Kept {
    open: Option<(String, TcpStream)>,
}

impl Kept {
    /// Makes one push; gives the status of the answer.
    pub(super) async fn push(&mut self, to: &str, push: &Push) -> io::Result<Option<u16>> {
        let request = request(to, push, "keep-alive")?;
        let mut stream = match self.open.take() {
            Some((known, stream)) if known == to => stream,
            _ => TcpStream::connect(parts(to)?.0).await?,
        };
        stream.write_all(&request).await?;
        let mut answer = Vec::new();
        let head = loop {
            if let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            if stream.read_buf(&mut answer).await? == 0 {
                return Ok(None);
            }
        };
        let length = length(&answer[..head]);
        while answer.len() < head + 4 + length {
            if stream.read_buf(&mut answer).await? == 0 {
                return Ok(status(&answer));
            }
        }
        self.open = Some((to.to_owned(), stream));
        Ok(status(&answer))
    }
}

/// How long the body of an answer is; an answer that does not say has none.
fn length(head: &[u8]) -> usize {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let value = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    value.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}
