//! The closed list of faults: what each does to the message and what the client gets to see.
//!
//! The names are stable: plan files and ledgers are written with them.

mod answers;

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::http::Response;
use super::ledger::Verdict;

/// One way to treat a send badly. The comment says what the client sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// 400 `invalid_number`.
    InvalidNumber,
    /// 422 `invalid_number`.
    InvalidNumber422,
    /// 400 `blocked`.
    Blocked,
    /// 422 `blocked`.
    Blocked422,
    /// 400 `template`.
    Template,
    /// 422 `template`.
    Template422,
    /// 400 `content`.
    Content,
    /// 422 `content`.
    Content422,
    /// 400 `invalid_request`.
    InvalidRequest,
    /// 422 `invalid_request`.
    InvalidRequest422,
    /// 401: the key was revoked.
    Unauthorized,
    /// 403: the account is blocked.
    Forbidden,
    /// 429 with `Retry-After` in seconds.
    ThrottledSeconds,
    /// 429 with `Retry-After` as an HTTP date.
    ThrottledDate,
    /// 429 with a negative `Retry-After`.
    ThrottledNegative,
    /// 429 with a `Retry-After` of three years.
    ThrottledAbsurd,
    /// 429 without `Retry-After`.
    ThrottledBare,
    /// 503 with `Retry-After` in seconds.
    UnavailableSeconds,
    /// 503 with `Retry-After` as an HTTP date.
    UnavailableDate,
    /// 500, not taken: a client must not read 500 as taken.
    ErrorBeforeTaking,
    /// 503 without `Retry-After`, not taken.
    UnavailableBeforeTaking,
    /// No answer until the client closes or the limit is reached.
    HangBeforeTaking,
    /// A reset while the request still lies unread in the socket.
    ResetBeforeReading,
    /// A reset after the whole request was read.
    ResetAfterReading,
    /// An orderly close after the whole request was read.
    CloseAfterReading,
    /// 400 with a code that no document lists, not taken.
    UnlistedCodeBeforeTaking,
    /// 500, though taken.
    ErrorAfterTaking,
    /// 503 without `Retry-After`, though taken.
    UnavailableAfterTaking,
    /// 400 with a code that no document lists, though taken.
    UnlistedCodeAfterTaking,
    /// No answer until the client closes or the limit is reached, though taken.
    HangAfterTaking,
    /// A reset, though taken.
    ResetAfterTaking,
    /// An orderly close without an answer, though taken.
    CloseAfterTaking,
    /// Half a status line and headers, then a close.
    CutHeadAfterTaking,
    /// 200 with a longer `Content-Length` than the body that follows, then a close.
    CutBodyAfterTaking,
    /// 200 in chunks, the last one missing, then a close.
    CutChunkAfterTaking,
    /// 200 with headers, then nothing until the client closes or the limit is reached.
    HangBodyAfterTaking,
    /// 200, one byte at a time.
    DripAfterTaking,
    /// 200 and right, but late.
    Slow,
    /// 200 without a body.
    EmptyAnswer,
    /// 200 with `{}`.
    AnswerWithoutId,
    /// 200 with a page of HTML.
    HtmlAnswer,
    /// 202 with a message id.
    Accepted202,
    /// 204.
    NoContent204,
    /// 302 to the same path.
    Redirect302,
    /// 307 to the same path: a client that follows sends a second message.
    Redirect307,
    /// Bytes that are not HTTP.
    GarbageAnswer,
    /// 200 with 50 MB before the message id.
    HugeBody,
    /// 200 with 900 kB of headers.
    HugeHead,
    /// 301 to the same path.
    Redirect301,
    /// 303 to the same path.
    Redirect303,
    /// 308 to the same path: a client that follows sends a second message.
    Redirect308,
    /// 502, not taken.
    BadGatewayBeforeTaking,
    /// 502, though taken.
    BadGatewayAfterTaking,
    /// 504, though taken.
    GatewayTimeoutAfterTaking,
    /// 100 and nothing more, then a close, though taken.
    ContinueOnlyAfterTaking,
    /// 200 with bytes that are no UTF-8.
    InvalidUtf8,
    /// 200 with a number for the message id.
    NumberAsId,
    /// 200 with the message id in arrays nested ten thousand deep.
    DeepAnswer,
    /// 200 with more behind the JSON.
    TrailingBytes,
    /// 200 with a list around the answer.
    ListAnswer,
    /// 200 with a byte order mark before the JSON.
    ByteOrderMark,
    /// 200 with the message id twice, the right one last.
    DuplicateKeys,
    /// 200 in UTF-16, as its `Content-Type` says.
    WrongCharset,
    /// 200 with megabytes in a few kilobytes of gzip.
    GzipBomb,
    /// 200 with the id of the message before.
    AnotherId,
    /// 302 to another host.
    Elsewhere302,
    /// 307 to another host: a client that follows gives the phone to a stranger.
    Elsewhere307,
    /// 308 to another host.
    Elsewhere308,
    /// 200 with a list of nothing, as a look-up that finds nothing on that day.
    EmptyList,
    /// 200 with a list of other people's messages.
    OthersList,
    /// 200 with a state that no document lists.
    UnlistedState,
    /// 200 and right, dated sixteen minutes ago.
    DateBehind,
    /// 200 and right, dated in sixteen minutes.
    DateAhead,
    /// 200 and right, with a `Date` that is none.
    DateGarbage,
    /// 429 with `Retry-After` as an HTTP date by a clock that is sixteen minutes ahead, as its `Date` says.
    ThrottledDateAhead,
}

/// What the connection does once the ledger has its line.
pub(super) enum Manner {
    /// Only when a push that must come first was answered.
    After(tokio::sync::oneshot::Receiver<()>, Box<Manner>),
    Answer(Response),
    AnswerSlowly(Response),
    AnswerInDrips(Response),
    /// These bytes as they are, then a close.
    RawThenClose(Vec<u8>),
    /// These bytes as they are, then silence.
    RawThenHang(Vec<u8>),
    Hang,
    Reset,
    Close,
}

/// What a fault needs to know to make up its answer.
pub(super) struct Setting<'a> {
    pub(super) message_id: &'a str,
    /// The id of the message before.
    pub(super) last_id: &'a str,
    /// Another host.
    pub(super) elsewhere: &'a str,
    pub(super) path: &'a str,
    pub(super) retry_after_seconds: u64,
    pub(super) retry_after_date: &'a str,
    /// What clocks show that are behind and ahead.
    pub(super) dates: [String; 2],
    /// When to come again by the clock that is ahead.
    pub(super) retry_after_date_ahead: String,
}

/// Every fault with its name and with what becomes of the message.
const TABLE: [(Fault, &str, Verdict); 75] = {
    use Fault as F;
    use Verdict::{Accepted, None, Refused};
    [
        (F::InvalidNumber, "invalid-number", Refused),
        (F::InvalidNumber422, "invalid-number-422", Refused),
        (F::Blocked, "blocked", Refused),
        (F::Blocked422, "blocked-422", Refused),
        (F::Template, "template", Refused),
        (F::Template422, "template-422", Refused),
        (F::Content, "content", Refused),
        (F::Content422, "content-422", Refused),
        (F::InvalidRequest, "invalid-request", Refused),
        (F::InvalidRequest422, "invalid-request-422", Refused),
        (F::Unauthorized, "unauthorized", Refused),
        (F::Forbidden, "forbidden", Refused),
        (F::ThrottledSeconds, "throttled-seconds", Refused),
        (F::ThrottledDate, "throttled-date", Refused),
        (F::ThrottledNegative, "throttled-negative", Refused),
        (F::ThrottledAbsurd, "throttled-absurd", Refused),
        (F::ThrottledBare, "throttled-bare", Refused),
        (F::UnavailableSeconds, "unavailable-seconds", Refused),
        (F::UnavailableDate, "unavailable-date", Refused),
        (F::ErrorBeforeTaking, "error-before-taking", None),
        (F::UnavailableBeforeTaking, "unavailable-before-taking", None),
        (F::HangBeforeTaking, "hang-before-taking", None),
        (F::ResetBeforeReading, "reset-before-reading", None),
        (F::ResetAfterReading, "reset-after-reading", None),
        (F::CloseAfterReading, "close-after-reading", None),
        (F::UnlistedCodeBeforeTaking, "unlisted-code-before-taking", None),
        (F::ErrorAfterTaking, "error-after-taking", Accepted),
        (F::UnavailableAfterTaking, "unavailable-after-taking", Accepted),
        (F::UnlistedCodeAfterTaking, "unlisted-code-after-taking", Accepted),
        (F::HangAfterTaking, "hang-after-taking", Accepted),
        (F::ResetAfterTaking, "reset-after-taking", Accepted),
        (F::CloseAfterTaking, "close-after-taking", Accepted),
        (F::CutHeadAfterTaking, "cut-head-after-taking", Accepted),
        (F::CutBodyAfterTaking, "cut-body-after-taking", Accepted),
        (F::CutChunkAfterTaking, "cut-chunk-after-taking", Accepted),
        (F::HangBodyAfterTaking, "hang-body-after-taking", Accepted),
        (F::DripAfterTaking, "drip-after-taking", Accepted),
        (F::Slow, "slow", Accepted),
        (F::EmptyAnswer, "empty-answer", Accepted),
        (F::AnswerWithoutId, "answer-without-id", Accepted),
        (F::HtmlAnswer, "html-answer", Accepted),
        (F::Accepted202, "accepted-202", Accepted),
        (F::NoContent204, "no-content-204", Accepted),
        (F::Redirect302, "redirect-302", Accepted),
        (F::Redirect307, "redirect-307", Accepted),
        (F::GarbageAnswer, "garbage-answer", Accepted),
        (F::HugeBody, "huge-body", Accepted),
        (F::HugeHead, "huge-head", Accepted),
        (F::Redirect301, "redirect-301", Accepted),
        (F::Redirect303, "redirect-303", Accepted),
        (F::Redirect308, "redirect-308", Accepted),
        (F::BadGatewayBeforeTaking, "bad-gateway-before-taking", None),
        (F::BadGatewayAfterTaking, "bad-gateway-after-taking", Accepted),
        (
            F::GatewayTimeoutAfterTaking,
            "gateway-timeout-after-taking",
            Accepted,
        ),
        (F::ContinueOnlyAfterTaking, "continue-only-after-taking", Accepted),
        (F::InvalidUtf8, "invalid-utf8", Accepted),
        (F::NumberAsId, "number-as-id", Accepted),
        (F::DeepAnswer, "deep-answer", Accepted),
        (F::TrailingBytes, "trailing-bytes", Accepted),
        (F::ListAnswer, "list-answer", Accepted),
        (F::ByteOrderMark, "byte-order-mark", Accepted),
        (F::DuplicateKeys, "duplicate-keys", Accepted),
        (F::WrongCharset, "wrong-charset", Accepted),
        (F::GzipBomb, "gzip-bomb", Accepted),
        (F::AnotherId, "another-id", Accepted),
        (F::Elsewhere302, "elsewhere-302", Accepted),
        (F::Elsewhere307, "elsewhere-307", Accepted),
        (F::Elsewhere308, "elsewhere-308", Accepted),
        (F::EmptyList, "empty-list", None),
        (F::OthersList, "others-list", None),
        (F::UnlistedState, "unlisted-state", None),
        (F::DateBehind, "date-behind", Accepted),
        (F::DateAhead, "date-ahead", Accepted),
        (F::DateGarbage, "date-garbage", Accepted),
        (F::ThrottledDateAhead, "throttled-date-ahead", Refused),
    ]
};

impl Fault {
    /// Every fault, in the order in which rates are walked.
    pub fn all() -> impl Iterator<Item = Fault> {
        TABLE.iter().map(|(fault, ..)| *fault)
    }

    /// The name in plan files and ledgers.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// What becomes of the message: `Accepted` means that a citizen receives it.
    pub fn verdict(self) -> Verdict {
        self.row().2
    }

    fn row(self) -> &'static (Fault, &'static str, Verdict) {
        // The table is in the order of the enum, which a test holds.
        &TABLE[self as usize]
    }
}

/// A name that is no fault.
#[derive(Debug, thiserror::Error)]
#[error("no fault is called `{0}`; there are: {names}", names = all_names())]
pub struct UnknownFault(String);

fn all_names() -> String {
    TABLE
        .iter()
        .map(|(_, name, _)| *name)
        .collect::<Vec<_>>()
        .join(", ")
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Fault, UnknownFault> {
        TABLE
            .iter()
            .find(|(_, known, _)| *known == name)
            .map(|(fault, ..)| *fault)
            .ok_or_else(|| UnknownFault(name.to_owned()))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fault, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum_and_names_are_unique() {
        for (place, (fault, name, _)) in TABLE.iter().enumerate() {
            assert_eq!(*fault as usize, place, "{name}");
            assert_eq!(name.parse::<Fault>().ok(), Some(*fault));
        }
        assert_eq!(TABLE.len(), Fault::ThrottledDateAhead as usize + 1);
    }

    #[test]
    fn a_name_says_whether_the_message_was_taken() {
        for fault in Fault::all() {
            if fault.name().ends_with("after-taking") {
                assert_eq!(fault.verdict(), Verdict::Accepted, "{fault}");
            }
            if fault.name().contains("before") || fault.name().ends_with("after-reading") {
                assert_eq!(fault.verdict(), Verdict::None, "{fault}");
            }
        }
    }
}
