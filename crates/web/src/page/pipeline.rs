//! The pipeline, stage by stage: a total, what it is made of, and whether that adds up.

use engine::case::{Disposition, Outcome};
use engine::notice::{AttemptClass, NoticeState};
use maud::{Markup, html};

use super::look::{Tone, figure};
use crate::lang::Words;
use crate::stats::{Counts, Identity};

struct Stage<'s> {
    name: &'static str,
    hint: &'static str,
    total: u64,
    check: &'s Identity,
    parts: Vec<Part>,
}

struct Part {
    word: &'static str,
    count: u64,
    tone: Tone,
    /// Where the items are listed.
    link: Option<String>,
}

impl Part {
    fn new(word: &'static str, count: u64, tone: Tone) -> Self {
        Self {
            word,
            count,
            tone,
            link: None,
        }
    }

    fn listed(self, link: String) -> Self {
        Self {
            link: Some(link),
            ..self
        }
    }
}

pub(super) fn markup(counts: &Counts, words: &Words) -> Markup {
    let [stream, read, cases, notices, attempts] = &counts.identities();
    let stages = [
        Stage {
            name: words.stream,
            hint: words.stream_hint,
            total: counts.appended,
            check: stream,
            parts: vec![
                Part::new(words.read, counts.read, Tone::Good),
                Part::new(words.unread, counts.unread(), Tone::Waits),
            ],
        },
        Stage {
            name: words.records,
            hint: words.records_hint,
            total: counts.read,
            check: read,
            parts: counts
                .records
                .iter()
                .map(|(it, count)| disposition(*it, *count, words))
                .collect(),
        },
        Stage {
            name: words.cases,
            hint: words.cases_hint,
            total: counts.total_cases(),
            check: cases,
            parts: counts
                .cases
                .iter()
                .map(|(it, count)| outcome(*it, *count, words))
                .collect(),
        },
        Stage {
            name: words.notices,
            hint: words.notices_hint,
            total: counts.total_notices(),
            check: notices,
            parts: counts
                .notices
                .iter()
                .map(|(it, count)| state(*it, *count, words))
                .collect(),
        },
        Stage {
            name: words.attempts,
            hint: words.attempts_hint,
            total: counts.total_attempts(),
            check: attempts,
            parts: attempt_parts(counts, words),
        },
    ];
    html! { @for stage in &stages { (stage_markup(stage, words)) } }
}

fn disposition(it: Disposition, count: u64, words: &Words) -> Part {
    let tone = match it {
        Disposition::Decided | Disposition::Merged | Disposition::Applied => Tone::Good,
        Disposition::Waiting => Tone::Waits,
        Disposition::Routed | Disposition::Duplicate => Tone::Plain,
        Disposition::Conflict | Disposition::Quarantined | Disposition::Inadmissible => Tone::Heavy,
    };
    let part = Part::new(words.disposition(it), count, tone);
    if it.is_set_aside() {
        part.listed(format!("/v1/quarantine?disposition={}", it.as_str()))
    } else {
        part
    }
}

fn outcome(it: Outcome, count: u64, words: &Words) -> Part {
    let link = format!("/v1/cases?outcome={}", it.as_str());
    Part::new(words.outcome_of(it), count, Tone::of_outcome(it)).listed(link)
}

fn state(it: NoticeState, count: u64, words: &Words) -> Part {
    let link = format!("/v1/notices?state={}", it.as_str());
    Part::new(words.state_of(it), count, Tone::of_state(it)).listed(link)
}

fn attempt_parts(counts: &Counts, words: &Words) -> Vec<Part> {
    let tone = |class| match class {
        AttemptClass::Accepted => Tone::Good,
        AttemptClass::Unknown | AttemptClass::AccountBlocked | AttemptClass::PermanentContent => Tone::Heavy,
        AttemptClass::ThrottledRecipient
        | AttemptClass::ThrottledAccount
        | AttemptClass::PermanentRecipient
        | AttemptClass::Suppressed
        | AttemptClass::ClockSkew
        | AttemptClass::QuietHours
        | AttemptClass::NotSent => Tone::Plain,
    };
    let finished = counts
        .attempts
        .iter()
        .map(|(it, count)| Part::new(words.class(*it), *count, tone(*it)));
    finished
        .chain([Part::new(words.in_flight, counts.in_flight, Tone::Waits)])
        .collect()
}

fn stage_markup(stage: &Stage<'_>, words: &Words) -> Markup {
    let shown: Vec<&Part> = stage.parts.iter().filter(|part| part.count > 0).collect();
    html! {
        article.stage {
            h3 { (stage.name) }
            p.hint { (stage.hint) }
            p.total.figure { (figure(stage.total)) }
            @if shown.is_empty() {
                p.none { (words.none_yet) }
            } @else {
                ul.parts { @for part in shown { (part_markup(part, stage.total)) } }
            }
            (check_markup(stage.check, words))
        }
    }
}

fn part_markup(part: &Part, total: u64) -> Markup {
    // Never wider than the bar, and never invisible.
    let percent = (part.count.saturating_mul(100) / total.max(1)).clamp(1, 100);
    html! {
        li class=(part.tone.class()) {
            span.word {
                @match &part.link {
                    Some(link) => a href=(link) { (part.word) },
                    None => (part.word),
                }
            }
            " " span.figure { (figure(part.count)) }
            svg.bar aria-hidden="true" focusable="false" { rect width={ (percent) "%" } height="100%" rx="1.5" {} }
        }
    }
}

fn check_markup(check: &Identity, words: &Words) -> Markup {
    let (class, mark, word) = if check.holds {
        ("good", "✓", words.adds_up)
    } else {
        ("heavy", "≠", words.differs)
    };
    html! {
        p class={ "check " (class) } title=(check.says) {
            span aria-hidden="true" { (mark) } " " (word)
            @if !check.holds { " " span.figure { (figure(check.left)) " ≠ " (figure(check.right)) } }
        }
    }
}
