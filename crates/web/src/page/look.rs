//! Small things that look the same all over the page.

use engine::case::Outcome;
use engine::notice::NoticeState;
use engine::time::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use crate::board::View;

/// How a state is meant, beside its word: a colour and a mark.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Plain,
    Waits,
    Heavy,
}

impl Tone {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Plain => "plain",
            Self::Waits => "waits",
            Self::Heavy => "heavy",
        }
    }

    fn mark(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Plain => "·",
            Self::Waits => "…",
            Self::Heavy => "!",
        }
    }

    pub(super) fn of_outcome(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Waived | Outcome::Corrected => Self::Good,
            Outcome::Warned | Outcome::Reminded | Outcome::Held => Self::Waits,
            Outcome::PenaltyProposed | Outcome::PenaltyDecided => Self::Heavy,
            Outcome::Voided | Outcome::NotPunishable | Outcome::Inadmissible => Self::Plain,
        }
    }

    pub(super) fn of_state(state: NoticeState) -> Self {
        match state {
            NoticeState::Accepted | NoticeState::Delivered => Self::Good,
            NoticeState::Queued | NoticeState::Leased | NoticeState::Submitted => Self::Waits,
            NoticeState::Undelivered | NoticeState::Expired | NoticeState::Unknown | NoticeState::Refused => {
                Self::Heavy
            }
            NoticeState::Held | NoticeState::Suppressed | NoticeState::Cancelled | NoticeState::NoContact => {
                Self::Plain
            }
        }
    }
}

pub(super) fn badge(tone: Tone, word: &str) -> Markup {
    html! { span class={ "badge " (tone.class()) } { span.mark aria-hidden="true" { (tone.mark()) } " " (word) } }
}

/// A number plate, as text that can be copied, in the colour of its class.
pub(super) fn plate(subject: &str) -> Markup {
    let mut parts = subject.splitn(3, '/');
    let number = parts.next().unwrap_or("");
    let class = parts.next().unwrap_or("-");
    let epoch = parts.next();
    let color = match class {
        "02" => "blue",
        "51" | "52" => "green",
        "01" => "yellow",
        _ => "white",
    };
    html! {
        span class={ "plate " (color) } { (number) }
        " " span.quiet { "/" (class) @if let Some(epoch) = epoch { "/" (epoch) } }
    }
}

/// `2026-03-02 10:00` of a printed time, whose own offset says which hours are meant.
pub(super) fn minute_of(printed: &str) -> Markup {
    let minute = printed
        .get(..16)
        .map_or_else(|| printed.to_owned(), |text| text.replacen('T', " ", 1));
    html! { time datetime=(printed) { (minute) } }
}

pub(super) fn minute_in(at: Timestamp, zone: &TimeZone) -> Markup {
    let minute = zone
        .to_datetime(at.to_jiff())
        .strftime("%Y-%m-%d %H:%M")
        .to_string();
    html! { time datetime=(at) { (minute) } }
}

/// `UTC+08:00`.
pub(super) fn offset(view: &View) -> String {
    let (at, zone) = &view.at;
    let seconds = zone.to_offset(at.to_jiff()).seconds();
    let sign = if seconds < 0 { '−' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// With a thin space between groups of three, which no language reads as a decimal point.
pub(super) fn figure(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}
