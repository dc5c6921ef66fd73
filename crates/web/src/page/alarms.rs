//! What a person should look at first.

use maud::{Markup, html};

use crate::board::View;
use crate::lang::Words;
use crate::sms::PauseItem;

pub(super) fn markup(view: &View, words: &Words) -> Markup {
    html! {
        @if let Some(pause) = &view.all_paused {
            (alarm(words.all_paused, &said(pause)))
        }
        @for (provider, pause) in &view.paused {
            (alarm(words.provider_paused, &format!("{}: {}", provider.provider, said(pause))))
        }
        @for detail in &view.unreadable {
            (alarm(words.unreadable, detail))
        }
    }
}

/// The store cannot be read.
pub(crate) fn trouble(detail: &str, words: &Words) -> Markup {
    alarm(words.trouble, detail)
}

fn said(pause: &PauseItem) -> String {
    format!("{} ({}, {})", pause.reason, pause.by, pause.at)
}

fn alarm(title: &str, detail: &str) -> Markup {
    html! {
        p.alarm { span.mark aria-hidden="true" { "!" } " " strong { (title) } " " span { (detail) } }
    }
}
