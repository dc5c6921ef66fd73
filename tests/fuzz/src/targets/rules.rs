//! Files that a city writes by hand: policies, zones, calendars, texts, mappings.

use anyhow::Result;
use formats::mapping::Mapping;
use formats::rules_files::{self, RulesFiles};
use formats::{calendar, policy, templates, zones};

use super::{of_repository, text};
use crate::run::Target;

/// Keys, values and marks of TOML files.
const WORDS: &[&str] = &[
    "[policy]\n",
    "[window]\n",
    "[outcome]\n",
    "[notice]\n",
    "[cure]\n",
    "[conditions]\n",
    "[warning]\n",
    "[groups]\n",
    "[[exclude]]\n",
    "[admission.patrol]\n",
    "[zones.Z1]\n",
    "[[zones.Z1.version]]\n",
    "[devices.D]\n",
    "[year.2026]\n",
    "[read]\n",
    "[fact]\n",
    "[[keep]]\n",
    "kind = \"rolling\"\n",
    "kind = \"calendar-year\"\n",
    "length = \"12 months\"\n",
    "length = \"99999999999999999999 days\"\n",
    "merge_gap = \"60m\"\n",
    "quiet_hours = \"21:00-08:00\"\n",
    "quiet_hours = \"24:00-24:00\"\n",
    "expires = \"5 working days\"\n",
    "hold = { waived = \"10m\" }\n",
    "review = \"all\"\n",
    "min_confidence = 1e999\n",
    "min_confidence = nan\n",
    "allowance = -1\n",
    "ladder = [{ from = 2, fine_minor = 1 }]\n",
    "at_most = { penalties = 1, within = \"24h\" }\n",
    "effective = { from = \"2026-03-01T00:00:00+08:00\" }\n",
    "time_zone = \"Asia/Shanghai\"\n",
    "time_zone = \"\"\n",
    "zh = \"{plate}[，{nth}]\"\n",
    "en = \"[[{plate}]]{\"\n",
    "{plate}",
    "[{nth}]",
    "{",
    "}",
    "[",
    "]",
    "holidays = [\"2026-01-01\"]\n",
    "\"2026-02-30\"",
    "2026-01-01",
    "07:32:00",
    "formats = [\"%Y-%m-%dT%H:%M:%SZ\"]\n",
    "formats = [\"%m/%d/%Y hhmmA\"]\n",
    "formats = [\"%\"]\n",
    "column = \"1\"\n",
    "columns = [\"4\", \"5\"]\n",
    "hash = true\n",
    "from = \"id\"\n",
    "\"\"\"",
    "'''",
    "inf",
    "-nan",
    "0b101",
    "1979-05-27T07:32:00Z",
    "\\U0010FFFF",
    "a.b.c.d = 1\n",
    "# comment",
    "\n",
];

const CURES: &str = r#"[policy]
id = "all"
version = "1"
authority = "loudi"
codes = ["1039", "1040"]
effective = { from = "2026-03-01T00:00:00+08:00", to = "2027-03-01T00:00:00+08:00" }
time_zone = "Asia/Shanghai"
plates = "cn"
legal_basis = { waive = "w", penalise = "p" }
[window]
kind = "rolling"
length = "365 days"
boundary = "instant"
since = "last-counted"
per = "subject-zone"
allowance = 2
scope = "same-group"
known_first = "sent"
[groups]
a = ["1039"]
[episode]
merge_gap = "60m"
merge_distance = "30m"
min_absence = "2m"
doubt = "36h"
cap = "24h"
[admission]
review = "penalties"
review_within = "5 working days"
min_confidence = 0.90
lateness = "5 working days"
oldest = "2 years"
[admission.patrol]
min_observations = 1
[cure]
within = "10m"
strict = { zone_kind = ["strict"], within = "90s" }
clock = "delivered"
once_per = "same-day"
counts = false
[conditions]
leave_within = { minutes = 15, clock = "delivered" }
[[exclude]]
zone_kind = ["fire-lane"]
counts = true
[[exclude]]
same_day_repeat = true
[warning]
per = "device"
days = 30
counts = false
[outcome]
first = "waived"
otherwise = "penalty_proposed"
fine_minor = 10000
currency = "CNY"
ladder = [{ from = 2, fine_minor = 10000 }, { from = 4, fine_minor = 20000 }]
at_most = { penalties = 1, within = "24h" }
[notice]
hold = { waived = "10m", penalty_proposed = "24h" }
quiet_hours = "21:00-08:00"
expires = "5 working days"
templates = { waived = "A1" }
"#;

const TEMPLATES: &str = r#"sign = { zh = "娄底城管", en = "Loudi UM" }
hotline = "12345"
[A1]
zh = "您的{plate}[于{time}][停放在{place}]，{finding}违法停车[，为{nth}]，依法不予处罚。[编号{case}，]咨询{hotline}。"
en = "{plate}: {finding} sidewalk parking[ at {place}][ on {time}][, {nth}]: no penalty.[ Ref {case}.]"
[B1]
zh = "您的{plate}[于{time}]违法停车，拟处罚款[{fine}]。"
"#;

fn target(name: &'static str, corpus: Vec<Vec<u8>>, check: fn(&[u8]) -> Result<(), String>) -> Target {
    Target {
        name,
        corpus,
        words: WORDS,
        longest: 4096,
        prepare: Box::new(move || Box::new(check)),
    }
}

fn shipped(files: &[&str]) -> Result<Vec<Vec<u8>>> {
    files
        .iter()
        .map(|file| Ok(of_repository(file)?.into_bytes()))
        .collect()
}

pub(super) fn targets() -> Result<Vec<Target>> {
    let mut policies = shipped(&[
        "deploy/policies/generic-first-waived.toml",
        "deploy/policies/demo.toml",
        "deploy/policies/loudi-sidewalk.toml",
        "deploy/examples/mta/policy-rolling.toml",
    ])?;
    policies.push(CURES.as_bytes().to_vec());
    let mappings = shipped(&[
        "deploy/mappings/clearwalk.toml",
        "deploy/mappings/bengaluru.toml",
        "deploy/mappings/mta.toml",
        "deploy/mappings/new-york-api.toml",
        "deploy/mappings/new-york-fiscal-year.toml",
        "deploy/mappings/philadelphia-2013.toml",
        "deploy/mappings/philadelphia-unpaid.toml",
    ])?;
    Ok(vec![
        target("policy", policies, check_policy),
        target("zones", shipped(&["deploy/zones.toml"])?, check_zones),
        target(
            "calendar",
            shipped(&["deploy/calendar-cn-2026.toml"])?,
            check_calendar,
        ),
        target("templates", vec![TEMPLATES.as_bytes().to_vec()], check_templates),
        target("mapping", mappings, check_mapping),
    ])
}

/// An error says where; what is read makes rules.
fn check_policy(input: &[u8]) -> Result<(), String> {
    let text = text(input);
    if let Err(errors) = policy::parse("policy.toml", &text) {
        return places("policy.toml", &text, &errors);
    }
    let files = RulesFiles {
        policies: vec![("policy.toml".to_owned(), text.into_owned())],
        zones: None,
        calendar: None,
    };
    rules_files::load(&files)
        .map(|_| ())
        .map_err(|error| format!("a policy that is right by itself makes no rules by itself: {error}"))
}

fn check_zones(input: &[u8]) -> Result<(), String> {
    let text = text(input);
    zones::parse("zones.toml", &text)
        .map(|_| ())
        .or_else(|errors| places("zones.toml", &text, &errors))
}

fn check_calendar(input: &[u8]) -> Result<(), String> {
    let text = text(input);
    calendar::parse("calendar.toml", &text)
        .map(|_| ())
        .or_else(|errors| places("calendar.toml", &text, &errors))
}

fn check_templates(input: &[u8]) -> Result<(), String> {
    let text = text(input);
    templates::parse("templates.toml", &text)
        .map(|_| ())
        .or_else(|errors| places("templates.toml", &text, &errors))
}

fn check_mapping(input: &[u8]) -> Result<(), String> {
    let text = text(input);
    let Err(error) = Mapping::parse("map.toml", &text) else {
        return Ok(());
    };
    is_place(lines_of(&text), &error)
}

fn places(file: &str, text: &str, errors: &formats::plan::PlanErrors) -> Result<(), String> {
    if errors.0.is_empty() {
        return Err("refused without a reason".to_owned());
    }
    let told = errors.to_string();
    if !told.contains(file) {
        return Err(format!("no file is named: {told}"));
    }
    let lines = lines_of(text);
    errors.0.iter().try_for_each(|error| is_place(lines, error))
}

fn lines_of(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count() + 1
}

/// That an error names a line that there is, and says something.
fn is_place(lines: usize, error: &formats::plan::PlanError) -> Result<(), String> {
    if error.line > lines || error.message.trim().is_empty() {
        return Err(format!(
            "line {} of {lines}, {:?}: {error}",
            error.line, error.message
        ));
    }
    Ok(())
}
