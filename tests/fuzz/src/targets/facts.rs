//! Facts: one event, and a file of them judged by a policy.

use engine::rules::Rules;
use engine::time::Timestamp;
use formats::event::{self, Known};
use formats::rules_files::{self, RulesFiles};
use pipeline::decide;
use serde_json::value::RawValue;

use super::{EVENTS, tells_nothing, with_lines};
use crate::run::{Check, Target};

/// Members, values and marks of events.
pub(super) const WORDS: &[&str] = &[
    "\"specversion\":\"1.0\",",
    "\"type\":\"clearwalk.observation.v1\",",
    "\"type\":\"clearwalk.void.v1\",",
    "\"type\":\"clearwalk.told.v1\",",
    "\"source\":\"/devices/LD-0132\",",
    "\"id\":\"7f3a\",",
    "\"time\":\"2026-03-02T10:00:09+08:00\",",
    "\"data\":{",
    "\"plate\":null,",
    "\"plate\":{\"number\":\"湘K12345\"},",
    "\"about\":\"/devices/LD-0132#7f3a\",",
    "\"about\":\"#\",",
    "\"captured_at\":",
    "\"captured_precision\":\"day\",",
    "\"device\":{\"id\":\"D\"},",
    "\"place\":{\"zone\":\"unknown\"},",
    "\"lon\":180.0000000001,",
    "\"lat\":-90.1,",
    "\"confidence\":1.0000001,",
    "\"ticket\":\"T-1\",",
    "\"session\":\"s-1\",",
    "\"track\":\"t-9\",",
    "\"2026-03-02T10:00:05+08:00\"",
    "\"2026-03-02T10:00:60Z\"",
    "\"2026-03-02T24:00:00Z\"",
    "\"2026-02-29T00:00:00Z\"",
    "\"-009999-01-02T00:00:00Z\"",
    "\"9999-12-31T23:59:59.999999999-23:59\"",
    "\"0000-01-01T00:00:00Z\"",
    "\"2026-03-02T10:00:05.1234567891234567890+08:00\"",
    "\"2026-03-02T10:00:05+08:00[Asia/Shanghai]\"",
    "\"confirmed\"",
    "\"rejected\"",
    "\"waived\"",
    "\"penalty_proposed\"",
    "\"stolen\"",
    "\"06:00-06:00\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\u00e9",
    "\\ud83d\\ude97",
    "0.1",
    "1E2",
    "123456789012345678",
];

pub(super) fn targets() -> Vec<Target> {
    vec![
        Target {
            name: "event",
            corpus: with_lines(EVENTS),
            words: WORDS,
            longest: 4096,
            prepare: Box::new(|| Box::new(check_event)),
        },
        Target {
            name: "decide",
            corpus: files(),
            words: WORDS,
            longest: 16 * 1024,
            prepare: Box::new(check_decide),
        },
    ]
}

/// Files to judge: a few facts about one stay, in every third or so all that there are.
fn files() -> Vec<Vec<u8>> {
    let lines: Vec<&str> = EVENTS.lines().collect();
    // The second is what the first continues, and nearly all others are about the first.
    let (stay, others) = lines.split_at(2);
    let mut files: Vec<Vec<u8>> = others
        .chunks(4)
        .map(|some| [stay, some].concat().join("\n").into_bytes())
        .collect();
    files.extend(vec![EVENTS.as_bytes().to_vec(); 3]);
    files
}

/// The decoder agrees with itself, with another reader of JSON, and about the content of an event whose members stand in
/// another order.
fn check_event(input: &[u8]) -> Result<(), String> {
    let now = Timestamp::from_micros(1_772_416_800_000_000);
    let read = event::decode(input, Known::FromTime, 7);
    let live = event::decode(input, Known::At(now), 7);
    // Without a time of its own and without one of what happened only the stream says when it became known.
    let has_no_time =
        |rejected: &event::Rejected| rejected.pointer == "/time" && rejected.detail == "required";
    if read.is_ok() != live.is_ok() && !read.as_ref().is_err_and(has_no_time) {
        return Err(format!(
            "readable by its own time and not by the stream's, or the other way: {read:?} {live:?}"
        ));
    }
    match read {
        Err(rejected) => tells_nothing(&rejected.detail),
        Ok(decoded) => {
            let live = live.map_err(|rejected| format!("{rejected:?}"))?;
            if live.fact.known != now || live.fact.digest != decoded.fact.digest {
                return Err("the stream's time is part of the content, or is not taken".to_owned());
            }
            let Some(turned) = turned(input) else {
                // Numbers too large for a double, and what stands deeper than the other reader goes, it refuses.
                return Ok(());
            };
            let again = event::decode(turned.as_bytes(), Known::FromTime, 7);
            match again {
                Ok(again) if again == decoded => Ok(()),
                other => Err(format!(
                    "another order of members: {decoded:?} becomes {other:?}: {turned}"
                )),
            }
        }
    }
}

/// The same event with its members, and those of `data`, in the opposite order and blanks between them.
fn turned(input: &[u8]) -> Option<String> {
    fn reversed(text: &str) -> Option<Vec<(String, &RawValue)>> {
        let members: std::collections::BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
        Some(members.into_iter().rev().collect())
    }
    let written = |members: Vec<(String, String)>| {
        let inside: Vec<String> = members
            .into_iter()
            .map(|(name, value)| format!(" {} : {value}\t", serde_json::Value::from(name)))
            .collect();
        format!("{{{}}}\n", inside.join(","))
    };
    let text = std::str::from_utf8(input).ok()?;
    let mut outer = Vec::new();
    for (name, value) in reversed(text)? {
        let value = if name == "data" && value.get().starts_with('{') {
            let inner = reversed(value.get())?;
            written(
                inner
                    .into_iter()
                    .map(|(name, value)| (name, value.get().to_owned()))
                    .collect(),
            )
        } else {
            value.get().to_owned()
        };
        outer.push((name, value));
    }
    Some(written(outer))
}

const GENERIC: &str = include_str!("../../../../deploy/policies/generic-first-waived.toml");
const DEMO: &str = include_str!("../../../../deploy/policies/demo.toml");
const LOUDI: &str = include_str!("../../../../deploy/policies/loudi-sidewalk.toml");
const ZONES: &str = include_str!("../../../../deploy/zones.toml");
const CALENDAR: &str = include_str!("../../../../deploy/calendar-cn-2026.toml");

fn rules(policy: &str, zones: bool) -> Rules {
    let named = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let files = RulesFiles {
        policies: vec![named("policy.toml", policy)],
        zones: zones.then(|| named("zones.toml", ZONES)),
        calendar: zones.then(|| named("calendar.toml", CALENDAR)),
    };
    rules_files::load(&files).expect("the shipped files are right")
}

/// Any file is judged, and in any order alike.
fn check_decide() -> Check {
    let rules = [rules(GENERIC, false), rules(DEMO, false), rules(LOUDI, true)];
    Box::new(move |input| {
        let rules = &rules[input.len() % rules.len()];
        let mut lines: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
        let forth = judged(rules, input)?;
        lines.reverse();
        let back = judged(rules, &lines.join(&b'\n'))?;
        // Of two facts that contradict each other the first stays, so these may come out otherwise.
        if !forth.1 && !back.1 && forth.0 != back.0 {
            return Err(format!("order matters:\n{}\n{}", forth.0, back.0));
        }
        Ok(())
    })
}

/// All that was decided, as text, and whether facts contradicted each other.
fn judged(rules: &Rules, input: &[u8]) -> Result<(String, bool), String> {
    let decided =
        decide::decide(rules, input, decide::Options::default()).map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    decide::print(&decided.cases, |block| {
        text.extend_from_slice(block);
        Ok::<(), String>(())
    })?;
    let mut others: Vec<String> = decided.others.iter().map(|other| format!("{other:?}")).collect();
    others.sort();
    text.extend_from_slice(others.join("\n").as_bytes());
    let has_conflict = decided
        .others
        .iter()
        .any(|other| other.disposition == engine::case::Disposition::Conflict);
    Ok((String::from_utf8_lossy(&text).into_owned(), has_conflict))
}
