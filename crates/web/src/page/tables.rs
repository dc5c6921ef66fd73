//! The latest cases and the latest messages.

use engine::case::Outcome;
use maud::{Markup, html};

use super::look::{Tone, badge, minute_in, minute_of, plate};
use crate::board::Message;
use crate::cases::CaseItem;
use crate::lang::{Lang, Words};

/// Columns of either table.
const COLUMNS: usize = 6;

/// A cell: how its content behaves, and the content.
type Cell = (&'static str, Markup);

pub(super) fn cases(items: &[CaseItem], lang: Lang) -> Markup {
    let words = lang.words();
    if items.is_empty() {
        return empty(words.no_cases, words);
    }
    let columns = [
        words.when,
        words.plate,
        words.place,
        words.outcome,
        words.why,
        words.number,
    ];
    let rows: Vec<_> = items.iter().map(|item| case_row(item, lang)).collect();
    table(words.latest_cases, columns, &rows)
}

pub(super) fn messages(items: &[Message], words: &Words) -> Markup {
    if items.is_empty() {
        return empty(words.no_messages, words);
    }
    let columns = [
        words.queued,
        words.kind,
        words.text,
        words.recipient,
        words.state,
        words.number,
    ];
    let rows: Vec<_> = items.iter().map(|message| message_row(message, words)).collect();
    table(words.latest_messages, columns, &rows)
}

/// The roles say again what the elements say, since narrow screens show rows as cards and browsers then forget it.
fn table(caption: &str, columns: [&str; COLUMNS], rows: &[[Cell; COLUMNS]]) -> Markup {
    html! {
        table role="table" {
            caption { (caption) }
            thead role="rowgroup" {
                tr role="row" {
                    @for column in columns { th scope="col" role="columnheader" { (column) } }
                }
            }
            tbody role="rowgroup" {
                @for row in rows {
                    tr role="row" {
                        @for ((class, content), column) in row.iter().zip(columns) {
                            td.(class) role="cell" data-label=(column) { div { (content) } }
                        }
                    }
                }
            }
        }
    }
}

fn case_row(item: &CaseItem, lang: Lang) -> [Cell; COLUMNS] {
    let words = lang.words();
    let line = &item.line;
    let place = line.place.as_deref().unwrap_or(match line.zone.as_str() {
        "unknown" => words.unknown_place,
        zone => zone,
    });
    let because = match lang {
        Lang::Zh => &line.because.zh,
        Lang::En => &line.because.en,
    };
    let number = html! {
        a href={ "/v1/cases/" (line.case) } { (line.case) }
        @if item.version > 1 { " " span.quiet { (words.version) " " (item.version) } }
    };
    [
        ("short", minute_of(&line.from)),
        ("short", plate(&line.subject)),
        ("place", html! { (place) }),
        ("short", outcome_badge(line.outcome(), &line.outcome, words)),
        ("prose", html! { (because) }),
        ("short", number),
    ]
}

fn outcome_badge(outcome: Option<Outcome>, word: &str, words: &Words) -> Markup {
    match outcome {
        Some(outcome) => badge(Tone::of_outcome(outcome), words.outcome_of(outcome)),
        None => badge(Tone::Plain, word),
    }
}

fn message_row(message: &Message, words: &Words) -> [Cell; COLUMNS] {
    let item = &message.item;
    let text = html! {
        @match &item.text {
            Some(text) => q.sms { (text) },
            None => span.quiet { (words.no_text) },
        }
        @if item.text.is_some() && item.preview { " " span.quiet { "(" (words.would_be) ")" } }
        @if let Some(segments) = item.segments { " " span.quiet { (words.segments_of(segments)) } }
    };
    let recipient = html! {
        @match &item.recipient {
            Some(recipient) => (recipient),
            None => span.quiet { (words.no_recipient) },
        }
    };
    let state = html! {
        (badge(Tone::of_state(message.state), words.state_of(message.state)))
        @if let Some(reason) = &item.reason { " " code.quiet { (reason) } }
    };
    [
        ("short", minute_in(message.queued_at, &message.zone)),
        ("short", html! { (words.kind_of(message.kind)) }),
        ("prose", text),
        ("short", recipient),
        ("state", state),
        (
            "short",
            html! { a href={ "/v1/cases/" (item.case) } { (item.case) } },
        ),
    ]
}

/// Nothing yet, and how to get some.
fn empty(sentence: &str, words: &Words) -> Markup {
    html! {
        div.empty {
            p { (sentence) }
            p { (words.how_to_begin) " " code { "clearwalk import FILE --map MAP.toml --process" } }
        }
    }
}
