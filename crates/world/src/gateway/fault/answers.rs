//! What each fault answers, byte by byte.

use std::io::Write as _;
use std::sync::OnceLock;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{Fault, Manner, Setting};
use crate::gateway::http::Response;

/// Three years, which no client should wait.
const ABSURD_RETRY_AFTER: &str = "94608000";
const HUGE_BODY_BYTES: usize = 50_000_000;
const HUGE_HEAD_BYTES: usize = 900_000;
/// How much more a cut body promises than it holds.
const MISSING_BYTES: usize = 64;

/// Deeper than any reader of JSON should follow.
const DEPTH: usize = 10_000;

impl Fault {
    /// What the client gets to see.
    pub(in crate::gateway) fn manner(self, setting: &Setting<'_>) -> Manner {
        if let Some((status, code)) = self.refusal() {
            return Manner::Answer(Response::problem(status, code, "injected by the plan"));
        }
        match self {
            Fault::HangBeforeTaking | Fault::HangAfterTaking => Manner::Hang,
            Fault::ResetBeforeReading | Fault::ResetAfterReading | Fault::ResetAfterTaking => Manner::Reset,
            Fault::CloseAfterReading | Fault::CloseAfterTaking => Manner::Close,
            Fault::CutHeadAfterTaking
            | Fault::CutBodyAfterTaking
            | Fault::CutChunkAfterTaking
            | Fault::HangBodyAfterTaking
            | Fault::ContinueOnlyAfterTaking
            | Fault::GarbageAnswer => self.broken_answer(setting),
            Fault::Slow => Manner::AnswerSlowly(Response::taken(200, setting.message_id)),
            Fault::DripAfterTaking => Manner::AnswerInDrips(Response::taken(200, setting.message_id)),
            _ => Manner::Answer(self.whole_answer(setting)),
        }
    }

    fn refusal(self) -> Option<(u16, &'static str)> {
        Some(match self {
            Fault::InvalidNumber => (400, "invalid_number"),
            Fault::InvalidNumber422 => (422, "invalid_number"),
            Fault::Blocked => (400, "blocked"),
            Fault::Blocked422 => (422, "blocked"),
            Fault::Template => (400, "template"),
            Fault::Template422 => (422, "template"),
            Fault::Content => (400, "content"),
            Fault::Content422 => (422, "content"),
            Fault::InvalidRequest => (400, "invalid_request"),
            Fault::InvalidRequest422 => (422, "invalid_request"),
            Fault::Unauthorized => (401, "unauthorized"),
            Fault::Forbidden => (403, "forbidden"),
            Fault::ThrottledBare => (429, "throttled"),
            Fault::ErrorBeforeTaking | Fault::ErrorAfterTaking => (500, "internal"),
            Fault::BadGatewayBeforeTaking | Fault::BadGatewayAfterTaking => (502, "bad_gateway"),
            Fault::GatewayTimeoutAfterTaking => (504, "gateway_timeout"),
            Fault::UnavailableBeforeTaking | Fault::UnavailableAfterTaking => (503, "unavailable"),
            Fault::UnlistedCodeBeforeTaking | Fault::UnlistedCodeAfterTaking => (400, "quota_of_the_moon"),
            _ => return None,
        })
    }

    /// Whole HTTP answers that a client must still not take for a plain acceptance or refusal.
    fn whole_answer(self, setting: &Setting<'_>) -> Response {
        let later = |status: u16, code: &str, after: &str| {
            Response::problem(status, code, "injected by the plan").header("Retry-After", after)
        };
        let seconds = setting.retry_after_seconds.to_string();
        let json = |body: Vec<u8>| Response::new(200, "application/json", body);
        match self {
            Fault::ThrottledSeconds => later(429, "throttled", &seconds),
            Fault::ThrottledDate => later(429, "throttled", setting.retry_after_date),
            Fault::ThrottledNegative => later(429, "throttled", "-5"),
            Fault::ThrottledAbsurd => later(429, "throttled", ABSURD_RETRY_AFTER),
            Fault::UnavailableSeconds => later(503, "unavailable", &seconds),
            Fault::UnavailableDate => later(503, "unavailable", setting.retry_after_date),
            Fault::EmptyAnswer => Response::new(200, "application/json", Vec::new()),
            Fault::AnswerWithoutId => Response::new(200, "application/json", b"{}".to_vec()),
            Fault::HtmlAnswer => {
                Response::new(200, "text/html", b"<html><body>Welcome</body></html>".to_vec())
            }
            Fault::Accepted202 => Response::taken(202, setting.message_id),
            Fault::NoContent204 => Response::bodiless(204),
            Fault::Redirect302 => Response::bodiless(302).header("Location", setting.path),
            Fault::Redirect301 => Response::bodiless(301).header("Location", setting.path),
            Fault::Redirect303 => Response::bodiless(303).header("Location", setting.path),
            Fault::Redirect308 => Response::bodiless(308).header("Location", setting.path),
            Fault::Redirect307 => Response::bodiless(307).header("Location", setting.path),
            Fault::InvalidUtf8 => json(b"{\"message_id\":\"\xff\xfe\"}".to_vec()),
            Fault::NumberAsId => json(b"{\"message_id\":1}".to_vec()),
            Fault::DeepAnswer => json(deep(setting.message_id)),
            Fault::TrailingBytes => json([Response::taken(200, setting.message_id).body(), b"\0}"].concat()),
            Fault::ByteOrderMark => json(
                [
                    "\u{feff}".as_bytes(),
                    Response::taken(200, setting.message_id).body(),
                ]
                .concat(),
            ),
            Fault::DuplicateKeys => json(
                format!(
                    "{{\"message_id\":\"other\",\"message_id\":\"{}\"}}",
                    setting.message_id
                )
                .into_bytes(),
            ),
            Fault::WrongCharset => Response::new(
                200,
                "application/json; charset=utf-16le",
                wide(setting.message_id),
            ),
            Fault::GzipBomb => json(bomb(setting.message_id)).header("Content-Encoding", "gzip"),
            Fault::AnotherId => Response::taken(200, setting.last_id),
            Fault::Elsewhere302 => Response::bodiless(302).header("Location", setting.elsewhere),
            Fault::Elsewhere307 => Response::bodiless(307).header("Location", setting.elsewhere),
            Fault::Elsewhere308 => Response::bodiless(308).header("Location", setting.elsewhere),
            Fault::EmptyList => json(b"[]".to_vec()),
            Fault::OthersList => {
                json(b"[{\"message_id\":\"p1\",\"client_ref\":\"other\",\"state\":\"delivered\"}]".to_vec())
            }
            Fault::UnlistedState => json(b"{\"state\":\"teleported\"}".to_vec()),
            Fault::ListAnswer => json([b"[", Response::taken(200, setting.message_id).body(), b"]"].concat()),
            Fault::HugeHead => {
                Response::taken(200, setting.message_id).header("X-Padding", &"x".repeat(HUGE_HEAD_BYTES))
            }
            Fault::HugeBody => {
                let mut body = vec![b' '; HUGE_BODY_BYTES];
                body.extend(Response::taken(200, setting.message_id).body());
                Response::new(200, "application/json", body)
            }
            _ => self.misdated_answer(setting),
        }
    }

    /// Right answers of a clock that is not.
    fn misdated_answer(self, setting: &Setting<'_>) -> Response {
        let taken = Response::taken(200, setting.message_id);
        let [behind, ahead] = &setting.dates;
        match self {
            Fault::DateBehind => taken.header("Date", behind),
            Fault::DateAhead => taken.header("Date", ahead),
            Fault::DateGarbage => taken.header("Date", "the day before"),
            Fault::ThrottledDateAhead => Response::problem(429, "throttled", "injected by the plan")
                .header("Retry-After", &setting.retry_after_date_ahead)
                .header("Date", ahead),
            // `manner` and `refusal` have taken every other fault.
            _ => taken,
        }
    }

    fn broken_answer(self, setting: &Setting<'_>) -> Manner {
        let answer = Response::taken(200, setting.message_id);
        let length = answer.body().len();
        let head = |framing: String| {
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{framing}\r\n\r\n").into_bytes()
        };
        match self {
            Fault::ContinueOnlyAfterTaking => Manner::RawThenClose(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()),
            Fault::CutHeadAfterTaking => Manner::RawThenClose(b"HTTP/1.1 200 OK\r\nContent-Ty".to_vec()),
            Fault::CutChunkAfterTaking => {
                let mut bytes = head("Transfer-Encoding: chunked".to_owned());
                bytes.extend(format!("{length:x}\r\n").into_bytes());
                bytes.extend(answer.body());
                bytes.extend(b"\r\n");
                Manner::RawThenClose(bytes)
            }
            Fault::HangBodyAfterTaking => Manner::RawThenHang(head(format!("Content-Length: {length}"))),
            Fault::GarbageAnswer => Manner::RawThenClose(b"\x16\x03\x01 not HTTP\r\n\r\n".to_vec()),
            _ => {
                let mut bytes = head(format!("Content-Length: {}", length + MISSING_BYTES));
                bytes.extend(answer.body());
                Manner::RawThenClose(bytes)
            }
        }
    }
}

/// An answer whose message id lies in arrays in arrays.
fn deep(message_id: &str) -> Vec<u8> {
    let (open, close) = ("[".repeat(DEPTH), "]".repeat(DEPTH));
    format!("{{\"message_id\":{open}\"{message_id}\"{close}}}").into_bytes()
}

/// An answer in UTF-16.
fn wide(message_id: &str) -> Vec<u8> {
    let text = format!("{{\"message_id\":\"{message_id}\"}}");
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// An answer behind four megabytes of blanks, packed into four kilobytes; a second member holds the answer itself.
fn bomb(message_id: &str) -> Vec<u8> {
    static BLANKS: OnceLock<Vec<u8>> = OnceLock::new();
    let blanks = BLANKS.get_or_init(|| packed(&vec![b' '; 4 << 20]));
    let answer = format!("{{\"message_id\":\"{message_id}\"}}");
    [blanks.as_slice(), &packed(answer.as_bytes())].concat()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed
        .write_all(bytes)
        .and_then(|()| packed.finish())
        .expect("a vector takes everything")
}
