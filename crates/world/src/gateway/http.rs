//! A small strict reader of HTTP/1.1 requests and a writer of answers, byte by byte.
//!
//! Faults such as cut bodies and resets need the bytes themselves, which a server library hides.
//! What is ambiguous is refused: no chunked requests, no folded headers, no bare line feeds.

use serde_json::{Value, json};

/// A notice is under 2 kB; a plan with thousands of rules is still far below.
pub(super) const MAX_BODY: usize = 1 << 20;
pub(super) const MAX_HEAD: usize = 32 << 10;
const MAX_HEADERS: usize = 100;

#[derive(Debug, PartialEq)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) keep_alive: bool,
}

#[derive(Debug, PartialEq)]
pub(super) enum Parsed {
    /// A request and the number of bytes that it took.
    Whole(Request, usize),
    /// More bytes are needed.
    Partial,
    /// Nothing good can follow: answer and close.
    Malformed(Malformed),
}

#[derive(Debug, PartialEq)]
pub(super) struct Malformed {
    pub(super) status: u16,
    pub(super) detail: String,
}

#[derive(Clone, Debug)]
pub(super) struct Response {
    status: u16,
    headers: Vec<(&'static str, String)>,
    /// `None` for answers that must not have one.
    body: Option<Vec<u8>>,
}

impl Request {
    /// The header's value; names are kept in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Reads one request from the front of `bytes`.
pub(super) fn parse(bytes: &[u8]) -> Parsed {
    let Some(end) = find(bytes, b"\r\n\r\n") else {
        if bytes.len() > MAX_HEAD {
            return Parsed::Malformed(malformed(431, "the head is longer than 32 KiB"));
        }
        return Parsed::Partial;
    };
    if end > MAX_HEAD {
        return Parsed::Malformed(malformed(431, "the head is longer than 32 KiB"));
    }
    match read_head(&bytes[..end]) {
        Err(fault) => Parsed::Malformed(fault),
        Ok((mut request, length)) => {
            let start = end + 4;
            let Some(body) = bytes.get(start..start + length) else {
                return Parsed::Partial;
            };
            request.body = body.to_vec();
            Parsed::Whole(request, start + length)
        }
    }
}

fn read_head(head: &[u8]) -> Result<(Request, usize), Malformed> {
    let head = std::str::from_utf8(head).map_err(|_| malformed(400, "the head is not UTF-8"))?;
    let mut lines = head.split("\r\n");
    let (method, target, minor) = read_request_line(lines.next().unwrap_or_default())?;
    let headers = lines.map(read_header).collect::<Result<Vec<_>, _>>()?;
    if headers.len() > MAX_HEADERS {
        return Err(malformed(431, "more than 100 headers"));
    }
    let (path, query) = read_target(target)?;
    let mut request = Request {
        method: method.to_owned(),
        path,
        query,
        headers,
        body: Vec::new(),
        keep_alive: false,
    };
    if minor == 1 && request.header("host").is_none() {
        return Err(malformed(400, "no Host header"));
    }
    let connection = request
        .header("connection")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let says = |word: &str| connection.split(',').any(|token| token.trim() == word);
    request.keep_alive = if minor == 1 {
        !says("close")
    } else {
        says("keep-alive")
    };
    let length = body_length(&request)?;
    Ok((request, length))
}

fn read_request_line(line: &str) -> Result<(&str, &str, u8), Malformed> {
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(malformed(400, "the request line is not `METHOD TARGET VERSION`"));
    };
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(malformed(400, "the method is not in capital letters"));
    }
    if !target.starts_with('/') || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(malformed(400, "the target is not a path in visible ASCII"));
    }
    let minor = match version {
        "HTTP/1.1" => 1,
        "HTTP/1.0" => 0,
        _ => return Err(malformed(505, "only HTTP/1.0 and HTTP/1.1 are spoken")),
    };
    Ok((method, target, minor))
}

fn read_header(line: &str) -> Result<(String, String), Malformed> {
    let (name, value) = line
        .split_once(':')
        .ok_or_else(|| malformed(400, "a header without a colon"))?;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(malformed(400, "a header's name is not a token"));
    }
    let value = value.trim_matches([' ', '\t']);
    if value.chars().any(|c| c.is_control() && c != '\t') {
        return Err(malformed(400, "a header's value has control characters"));
    }
    Ok((name.to_ascii_lowercase(), value.to_owned()))
}

fn read_target(target: &str) -> Result<(String, Vec<(String, String)>), Malformed> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((
                decode(&name.replace('+', " "))?,
                decode(&value.replace('+', " "))?,
            ))
        })
        .collect::<Result<_, Malformed>>()?;
    Ok((decode(path)?, query))
}

/// Undoes percent-encoding.
fn decode(text: &str) -> Result<String, Malformed> {
    let broken = || malformed(400, "the target is badly percent-encoded");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte == b'%' {
            let pair = tail.get(..2).ok_or_else(broken)?;
            bytes.extend(hex::decode(pair).map_err(|_| broken())?);
            rest = &tail[2..];
        } else {
            bytes.push(byte);
            rest = tail;
        }
    }
    String::from_utf8(bytes).map_err(|_| broken())
}

fn body_length(request: &Request) -> Result<usize, Malformed> {
    if request.header("transfer-encoding").is_some() {
        return Err(malformed(
            501,
            "Transfer-Encoding is not spoken here; send Content-Length",
        ));
    }
    let mut lengths = request
        .headers
        .iter()
        .filter(|(name, _)| name == "content-length")
        .map(|(_, v)| v);
    // Without a length there is no body, as RFC 9112 has it and as `curl -X POST` relies on.
    let Some(text) = lengths.next() else {
        return Ok(0);
    };
    if lengths.any(|other| other != text) {
        return Err(malformed(400, "two Content-Length headers disagree"));
    }
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(malformed(400, "Content-Length is not a number"));
    }
    match text.parse() {
        Ok(length) if length <= MAX_BODY => Ok(length),
        _ => Err(malformed(413, "the body is longer than 1 MiB")),
    }
}

fn malformed(status: u16, detail: &str) -> Malformed {
    Malformed {
        status,
        detail: detail.to_owned(),
    }
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

impl Response {
    pub(super) fn new(status: u16, content_type: &str, body: Vec<u8>) -> Response {
        Response {
            status,
            headers: vec![("Content-Type", content_type.to_owned())],
            body: Some(body),
        }
    }

    pub(super) fn json(status: u16, body: &Value) -> Response {
        Response::new(status, "application/json", body.to_string().into_bytes())
    }

    /// A refusal in the words of the generic dialect.
    pub(super) fn problem(status: u16, code: &str, detail: &str) -> Response {
        Response::json(status, &json!({"code": code, "detail": detail}))
    }

    pub(super) fn taken(status: u16, message_id: &str) -> Response {
        Response::json(status, &json!({"message_id": message_id}))
    }

    pub(super) fn bodiless(status: u16) -> Response {
        Response {
            status,
            headers: Vec::new(),
            body: None,
        }
    }

    #[must_use]
    pub(super) fn header(mut self, name: &'static str, value: &str) -> Response {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(super) fn body(&self) -> &[u8] {
        self.body.as_deref().unwrap_or_default()
    }

    /// As it goes over the wire; `date` is the time by the gateway's clock.
    pub(super) fn encode(&self, date: &str, keep_alive: bool) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        if !self.headers.iter().any(|(name, _)| *name == "Date") {
            head.push_str("Date: ");
            head.push_str(date);
            head.push_str("\r\n");
        }
        for (name, value) in &self.headers {
            head.push_str(name);
            head.push_str(": ");
            head.push_str(value);
            head.push_str("\r\n");
        }
        // 204 must not carry a length; every other answer must, or the client waits for more.
        if self.status != 204 {
            head.push_str("Content-Length: ");
            head.push_str(&self.body().len().to_string());
            head.push_str("\r\n");
        }
        head.push_str(if keep_alive {
            "\r\n"
        } else {
            "Connection: close\r\n\r\n"
        });
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(self.body());
        bytes
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        204 => "No Content",
        302 => "Found",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "Status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Request {
        match parse(text.as_bytes()) {
            Parsed::Whole(request, length) => {
                assert_eq!(length, text.len());
                request
            }
            other => panic!("{text:?} gave {other:?}"),
        }
    }

    fn status(text: &str) -> u16 {
        match parse(text.as_bytes()) {
            Parsed::Malformed(fault) => fault.status,
            other => panic!("{text:?} gave {other:?}"),
        }
    }

    #[test]
    fn a_request_is_read_to_its_last_byte_and_no_further() {
        let text = "POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}GET /";
        for cut in 0..text.len() - 5 {
            assert_eq!(parse(&text.as_bytes()[..cut]), Parsed::Partial, "at {cut}");
        }
        let Parsed::Whole(request, length) = parse(text.as_bytes()) else {
            panic!("not whole")
        };
        assert_eq!((request.body.as_slice(), length), (&b"{}"[..], text.len() - 5));
        assert!(request.keep_alive);
    }

    #[test]
    fn the_query_is_decoded() {
        let request = whole("GET /v1/messages?client_ref=a%2Fb+c&x HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(request.parameter("client_ref"), Some("a/b c"));
        assert_eq!(request.parameter("x"), Some(""));
        assert_eq!(request.path, "/v1/messages");
    }

    #[test]
    fn a_request_without_a_length_has_no_body() {
        assert!(whole("POST / HTTP/1.1\r\nHost: a\r\n\r\n").body.is_empty());
    }

    #[test]
    fn keep_alive_follows_version_and_header() {
        assert!(!whole("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n").keep_alive);
        assert!(!whole("GET / HTTP/1.0\r\n\r\n").keep_alive);
        assert!(whole("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
    }

    #[test]
    fn what_is_ambiguous_is_refused() {
        for (text, expected) in [
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("get / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/2\r\nHost: a\r\n\r\n", 505),
            ("GET / HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", 400),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                400,
            ),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n",
                413,
            ),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                501,
            ),
        ] {
            assert_eq!(status(text), expected, "{text:?}");
        }
        assert_eq!(status(&"x".repeat(MAX_HEAD + 1)), 431);
    }
}
