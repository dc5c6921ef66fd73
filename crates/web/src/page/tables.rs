//! The latest cases and the latest messages.

use engine::case::Outcome;
use maud::{Markup, html};

use super::look::{Tone, badge, minute_in, minute_of, plate};
use crate::board::Message;
use crate::cases::CaseItem;
use crate::lang::{Lang, Words};

pub(super) fn cases(items: &[CaseItem], lang: Lang) -> Markup {
    let words = lang.words();
    if items.is_empty() {
        return empty(words.no_cases, words);
    }
    html! {
        table {
            caption { (words.latest_cases) }
            thead {
                tr {
                    th scope="col" { (words.when) }
                    th scope="col" { (words.plate) }
                    th scope="col" { (words.place) }
                    th scope="col" { (words.outcome) }
                    th scope="col" { (words.why) }
                    th scope="col" { (words.number) }
                }
            }
            tbody { @for item in items { (case_row(item, lang)) } }
        }
    }
}

fn case_row(item: &CaseItem, lang: Lang) -> Markup {
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
    html! {
        tr {
            td.when { (minute_of(&line.from)) }
            td.when { (plate(&line.subject)) }
            td { (place) }
            td { (outcome_badge(line.outcome(), &line.outcome, words)) }
            td.prose { (because) }
            td.when {
                a href={ "/v1/cases/" (line.case) } { (line.case) }
                @if item.version > 1 { " " span.quiet { (words.version) " " (item.version) } }
            }
        }
    }
}

fn outcome_badge(outcome: Option<Outcome>, word: &str, words: &Words) -> Markup {
    match outcome {
        Some(outcome) => badge(Tone::of_outcome(outcome), words.outcome_of(outcome)),
        None => badge(Tone::Plain, word),
    }
}

pub(super) fn messages(items: &[Message], words: &Words) -> Markup {
    if items.is_empty() {
        return empty(words.no_messages, words);
    }
    html! {
        table {
            caption { (words.latest_messages) }
            thead {
                tr {
                    th scope="col" { (words.queued) }
                    th scope="col" { (words.kind) }
                    th scope="col" { (words.text) }
                    th scope="col" { (words.recipient) }
                    th scope="col" { (words.state) }
                    th scope="col" { (words.number) }
                }
            }
            tbody { @for message in items { (message_row(message, words)) } }
        }
    }
}

fn message_row(message: &Message, words: &Words) -> Markup {
    let item = &message.item;
    html! {
        tr {
            td.when { (minute_in(message.queued_at, &message.zone)) }
            td { (words.kind_of(message.kind)) }
            td.prose {
                @match &item.text {
                    Some(text) => q.sms { (text) },
                    None => span.quiet { (words.no_text) },
                }
                @if item.text.is_some() && item.preview { " " span.quiet { (words.would_be) } }
                @if let Some(segments) = item.segments { " " span.quiet { (segments) " " (words.segments) } }
            }
            td.when {
                @match &item.recipient {
                    Some(recipient) => (recipient),
                    None => span.quiet { (words.no_recipient) },
                }
            }
            td {
                (badge(Tone::of_state(message.state), words.state_of(message.state)))
                @if let Some(reason) = &item.reason { " " code.quiet { (reason) } }
            }
            td.when { a href={ "/v1/cases/" (item.case) } { (item.case) } }
        }
    }
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
