//! A client that asks once: nothing is ever sent a second time by itself, so that whoever uses it knows what was said.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// A connection that is kept while all goes well.
#[derive(Debug)]
pub struct Client {
    address: String,
    patience: Duration,
    open: Option<BufReader<TcpStream>>,
}

/// Status and body of an answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; null where it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Client {
    /// To `HOST:PORT`; an answer that takes longer than `patience` is none.
    pub fn new(address: &str, patience: Duration) -> Self {
        Self {
            address: address.to_owned(),
            patience,
            open: None,
        }
    }

    /// A GET.
    pub fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.ask("GET", path, "", &[])
    }

    /// A POST of JSON.
    pub fn post(&mut self, path: &str, body: &serde_json::Value) -> io::Result<Answer> {
        self.ask("POST", path, "application/json", body.to_string().as_bytes())
    }

    /// Any request; after an error nobody knows what the other side has heard.
    pub fn ask(&mut self, method: &str, path: &str, media: &str, body: &[u8]) -> io::Result<Answer> {
        let mut stream = match self.open.take() {
            Some(stream) => stream,
            None => self.connect()?,
        };
        let media = if media.is_empty() {
            String::new()
        } else {
            format!("Content-Type: {media}\r\n")
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{media}Content-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.get_mut().write_all(&[head.as_bytes(), body].concat())?;
        let (answer, is_kept) = read(&mut stream)?;
        if is_kept {
            self.open = Some(stream);
        }
        Ok(answer)
    }

    fn connect(&self) -> io::Result<BufReader<TcpStream>> {
        let stream = TcpStream::connect(&self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(self.patience))?;
        stream.set_write_timeout(Some(self.patience))?;
        Ok(BufReader::new(stream))
    }
}

/// Reads one answer; says whether the connection goes on.
fn read(stream: &mut BufReader<TcpStream>) -> io::Result<(Answer, bool)> {
    let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| bad("no status line"))?;
    let (mut length, mut is_kept) = (None, true);
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse::<usize>().ok();
        }
        is_kept &= header != "connection: close";
    }
    let mut body = Vec::new();
    match length {
        Some(length) => {
            body.resize(length, 0);
            stream.read_exact(&mut body)?;
        }
        None if status == 204 || status == 304 => {}
        None => {
            stream.read_to_end(&mut body)?;
            is_kept = false;
        }
    }
    Ok((Answer { status, body }, is_kept))
}
