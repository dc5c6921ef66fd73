//! Each key has the meaning and the default that the format gives it, and every shipped policy is right.

mod mistakes;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::case::Outcome;
use engine::fact::{DeviceKind, NoticeKind};
use engine::plate::Grammar;
use engine::policy::{
    Admission, Boundary, EpisodeRule, Exclude, Fine, NoticeRule, OutcomeRule, Per, Policy, ReviewRule, Scope,
    Since, WindowKind,
};
use engine::time::{DAY, HOUR, Length, MINUTE, SECOND, Timestamp};
use engine::zone::ZoneKind;
use jiff::civil::time;
use proptest::prelude::*;

use super::parse;

/// What a policy must say, and no more.
const LEAST: &str = r#"[policy]
id = "p"
version = "1"
effective = { from = "2026-01-01T00:00:00+08:00" }
time_zone = "Asia/Shanghai"
[window]
kind = "calendar-year"
[outcome]
first = "waived"
otherwise = "penalty_proposed"
"#;

fn at(text: &str) -> Timestamp {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

fn read(text: &str) -> Policy {
    parse("p.toml", text).unwrap_or_else(|errors| panic!("{errors}"))
}

/// [`LEAST`] with another window.
fn window(lines: &str) -> engine::policy::Window {
    read(&LEAST.replace("kind = \"calendar-year\"", lines)).window
}

#[test]
fn what_a_policy_does_not_say_has_its_default() {
    let policy = read(LEAST);
    assert_eq!(policy.name(), "p@1");
    assert_eq!(
        (&policy.authority, &policy.codes, policy.to),
        (&None, &None, None)
    );
    assert_eq!(policy.from, at("2026-01-01T00:00:00+08:00"));
    assert_eq!(&*policy.time_zone_name, "Asia/Shanghai");
    assert_eq!(policy.plates, Grammar::Cn);
    assert_eq!((&policy.basis_waive, &policy.basis_penalise), (&None, &None));
    let window = &policy.window;
    assert_eq!(window.kind, WindowKind::CalendarYear);
    assert_eq!(
        (window.per, window.allowance, window.scope),
        (Per::Subject, 1, Scope::Any)
    );
    assert_eq!(
        (window.boundary, window.since),
        (Boundary::CivilDay, Since::LastWaived)
    );
}

#[test]
fn what_a_policy_does_not_say_of_evidence_and_messages_has_its_default() {
    let policy = read(LEAST);
    assert_eq!(policy.episode, EpisodeRule::default());
    assert_eq!(
        policy.episode,
        EpisodeRule {
            merge_gap: 60 * MINUTE,
            merge_distance_mm: 30_000,
            min_absence: 2 * MINUTE,
            doubt: 36 * HOUR,
            cap: 24 * HOUR,
        }
    );
    let admission = Admission {
        review: ReviewRule::None,
        review_within: Length::WorkingDays(5),
        min_confidence: 900_000,
        min_char_confidence: 800_000,
        min_observations: 1,
        min_dwell: 0,
        future_tolerance: 60 * SECOND,
        lateness: Length::WorkingDays(5),
        oldest: Length::Months(24),
    };
    assert_eq!(
        policy.admission,
        [admission.clone(), admission.clone(), admission]
    );
    assert_eq!(policy.excludes, []);
    let (first, otherwise) = (Outcome::Waived, Outcome::PenaltyProposed);
    assert_eq!(
        policy.outcome,
        OutcomeRule {
            first,
            otherwise,
            fine: None
        }
    );
    for (kind, _) in NoticeKind::ALL {
        let hold = if kind == NoticeKind::Reminded {
            0
        } else {
            10 * MINUTE
        };
        let expires = Length::WorkingDays(5);
        assert_eq!(
            *policy.notice(kind),
            NoticeRule {
                hold,
                quiet_hours: None,
                expires,
                template: None
            }
        );
    }
}

const EVERY_KEY: &str = r#"
[policy]
id = "loudi-sidewalk"
version = "2026-03"
authority = "loudi"
codes = ["1039", "1040"]
effective = { from = "2026-03-01T00:00:00+08:00", to = 2027-03-01T00:00:00+08:00 }
time_zone = "Asia/Shanghai"
plates = "generic"
legal_basis = { waive = "行政处罚法第三十三条", penalise = "道路交通安全法第九十三条" }

[window]
kind = "rolling"
length = "12 months"
boundary = "instant"
since = "last-counted"
per = "subject-zone"
allowance = 2
scope = "same-code"
known_first = "none"

[episode]
merge_gap = "30m"
merge_distance = "12.5m"
min_absence = "90s"
doubt = "2d"
cap = "1 day"

[admission]
review = "penalties"
review_within = "3 days"
min_confidence = 0.95
min_char_confidence = 0.7
min_observations = 1
min_dwell = "0s"
future_tolerance = "30s"
lateness = "36h"
oldest = "18 months"
[admission.camera]
review = "all"
min_observations = 2
min_dwell = "10m"
[admission.citizen]
min_confidence = 1
lateness = "2 working days"

[[exclude]]
zone_kind = ["fire-lane", "strict"]
counts = false
[[exclude]]
zone_kind = "bus-stop"
same_day_repeat = true

[outcome]
first = "warned"
otherwise = "penalty_proposed"
fine_minor = 10_000
currency = "CNY"

[notice]
hold = { waived = "0s", penalty_proposed = "30m" }
quiet_hours = "21:00-08:00"
expires = { reminded = "10m", waived = "3 working days" }
templates = { waived = "A1", penalty_proposed = "city-B1" }
"#;

#[test]
fn every_key_that_this_release_knows_is_read() {
    let policy = read(EVERY_KEY);
    assert_eq!(policy.name(), "loudi-sidewalk@2026-03");
    assert_eq!(policy.authority.as_deref(), Some("loudi"));
    assert!(policy.covers(Some("1039")) && policy.covers(Some("1040")) && !policy.covers(Some("1041")));
    assert_eq!(policy.to, Some(at("2027-03-01T00:00:00+08:00")));
    assert_eq!(policy.plates, Grammar::Generic);
    assert_eq!(policy.basis_waive.as_deref(), Some("行政处罚法第三十三条"));
    assert_eq!(policy.basis_penalise.as_deref(), Some("道路交通安全法第九十三条"));
    assert_eq!(policy.window.kind, WindowKind::Rolling);
    assert_eq!(policy.window.length, Length::Months(12));
    assert_eq!(
        (policy.window.boundary, policy.window.since),
        (Boundary::Instant, Since::LastCounted)
    );
    assert_eq!(
        (policy.window.per, policy.window.scope),
        (Per::SubjectZone, Scope::SameCode)
    );
    assert_eq!(policy.window.allowance, 2);
    let episode = EpisodeRule {
        merge_gap: 30 * MINUTE,
        merge_distance_mm: 12_500,
        min_absence: 90 * SECOND,
        doubt: 2 * DAY,
        cap: DAY,
    };
    assert_eq!(policy.episode, episode);
    let exclude = |zone_kinds: &[ZoneKind], same_day_repeat, counts| Exclude {
        zone_kinds: zone_kinds.to_vec(),
        same_day_repeat,
        counts,
    };
    let first = exclude(&[ZoneKind::FireLane, ZoneKind::Strict], false, false);
    assert_eq!(
        policy.excludes,
        [first, exclude(&[ZoneKind::BusStop], true, true)]
    );
    let fine = Some(Fine {
        minor: 10_000,
        currency: "CNY".into(),
    });
    let (first, otherwise) = (Outcome::Warned, Outcome::PenaltyProposed);
    assert_eq!(
        policy.outcome,
        OutcomeRule {
            first,
            otherwise,
            fine
        }
    );
    assert_eq!(
        hex::encode(policy.text_hash),
        hex::encode(<sha2::Sha256 as sha2::Digest>::digest(EVERY_KEY))
    );
}

#[test]
fn a_kind_of_device_changes_only_what_it_names() {
    let policy = read(EVERY_KEY);
    let base = Admission {
        review: ReviewRule::Penalties,
        review_within: Length::Days(3),
        min_confidence: 950_000,
        min_char_confidence: 700_000,
        min_observations: 1,
        min_dwell: 0,
        future_tolerance: 30 * SECOND,
        lateness: Length::Exact(36 * HOUR),
        oldest: Length::Months(18),
    };
    assert_eq!(*policy.admission(DeviceKind::Patrol), base);
    assert_eq!(
        *policy.admission(DeviceKind::Camera),
        Admission {
            review: ReviewRule::All,
            min_observations: 2,
            min_dwell: 10 * MINUTE,
            ..base.clone()
        }
    );
    assert_eq!(
        *policy.admission(DeviceKind::Citizen),
        Admission {
            min_confidence: 1_000_000,
            lateness: Length::WorkingDays(2),
            ..base
        }
    );
}

#[test]
fn messages_go_by_their_kind_and_reminders_wait_for_nothing() {
    let policy = read(EVERY_KEY);
    let hold = |kind| policy.notice(kind).hold;
    assert_eq!(hold(NoticeKind::Waived), 0);
    assert_eq!(hold(NoticeKind::PenaltyProposed), 30 * MINUTE);
    assert_eq!(hold(NoticeKind::Withdrawn), 10 * MINUTE);
    let night = Some((time(21, 0, 0, 0), time(8, 0, 0, 0)));
    assert_eq!(policy.notice(NoticeKind::Waived).quiet_hours, night);
    assert_eq!(policy.notice(NoticeKind::Reminded).quiet_hours, None);
    let expires = |kind| policy.notice(kind).expires;
    assert_eq!(expires(NoticeKind::Reminded), Length::Exact(10 * MINUTE));
    assert_eq!(expires(NoticeKind::Waived), Length::WorkingDays(3));
    assert_eq!(expires(NoticeKind::Warned), Length::WorkingDays(5));
    let template = |kind| policy.notice(kind).template.clone();
    assert_eq!(template(NoticeKind::PenaltyProposed), Some(Arc::from("city-B1")));
    assert_eq!(template(NoticeKind::Warned), None);

    let policy = read(&format!(
        "{LEAST}[notice]\nhold = \"1h\"\nexpires = \"1 day\"\nquiet_hours = {{ reminded = \"22:00-06:00\" }}\n"
    ));
    assert_eq!(policy.notice(NoticeKind::Warned).hold, HOUR);
    assert_eq!(policy.notice(NoticeKind::Reminded).hold, 0);
    assert_eq!(policy.notice(NoticeKind::Reminded).expires, Length::Days(1));
    assert!(policy.notice(NoticeKind::Reminded).quiet_hours.is_some());
    assert!(policy.notice(NoticeKind::Waived).quiet_hours.is_none());
}

#[test]
fn each_kind_of_window_has_what_it_needs() {
    for (kind, word) in WindowKind::ALL {
        let more = match kind {
            WindowKind::FiscalYear => "\nstart = \"07-01\"",
            WindowKind::Rolling => "\nlength = \"365 days\"",
            _ => "",
        };
        assert_eq!(window(&format!("kind = \"{word}\"{more}")).kind, kind);
    }
    assert_eq!(window("kind = \"fiscal-year\"\nstart = \"07-01\"").start, (7, 1));
    let rolling = |rest| window(&format!("kind = \"rolling\"\n{rest}")).length;
    assert_eq!(rolling("length = \"2 years\""), Length::Months(24));
    assert_eq!(
        rolling("length = \"24h\"\nboundary = \"instant\""),
        Length::Exact(DAY)
    );
    assert_eq!(window("kind = \"lifetime\"\nallowance = 0").allowance, 0);
}

#[test]
fn instants_are_texts_or_times_of_toml() {
    for from in [
        "\"2026-01-01T00:00:00+08:00\"",
        "\"2025-12-31T16:00:00Z\"",
        "2026-01-01T00:00:00+08:00",
        "2026-01-01 00:00:00.000+08:00",
    ] {
        let policy = read(&LEAST.replace("\"2026-01-01T00:00:00+08:00\"", from));
        assert_eq!(policy.from, at("2026-01-01T00:00:00+08:00"), "{from}");
    }
}

/// Every policy below `deploy`.
fn shipped() -> Vec<PathBuf> {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
    let files = |folder: PathBuf| {
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
        entries.map(|entry| entry.unwrap().path())
    };
    let policies = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("policy") && path.extension().is_some_and(|ending| ending == "toml")
    };
    let mut all: Vec<_> = files(deploy.join("examples"))
        .flat_map(files)
        .filter(policies)
        .collect();
    all.extend(files(deploy.join("policies")));
    all.sort();
    all
}

#[test]
fn every_shipped_policy_is_right() {
    let shipped = shipped();
    assert!(shipped.len() >= 15, "{shipped:?}");
    for path in shipped {
        let text = std::fs::read_to_string(&path).unwrap();
        if let Err(errors) = parse(&path.display().to_string(), &text) {
            panic!("{errors}");
        }
    }
}

#[test]
fn the_chinese_policy_asks_people_and_sends_nothing_at_night() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/policies/loudi-sidewalk.toml");
    let policy = read(&std::fs::read_to_string(path).unwrap());
    for kind in [DeviceKind::Camera, DeviceKind::Patrol, DeviceKind::Citizen] {
        assert_eq!(policy.admission(kind).review, ReviewRule::All);
    }
    let camera = policy.admission(DeviceKind::Camera);
    assert_eq!((camera.min_observations, camera.min_dwell), (2, 10 * MINUTE));
    let night = Some((time(21, 0, 0, 0), time(8, 0, 0, 0)));
    assert_eq!(policy.notice(NoticeKind::Waived).quiet_hours, night);
    assert_eq!(policy.notice(NoticeKind::PenaltyProposed).quiet_hours, night);
    assert_eq!(policy.codes.map(|codes| codes.len()), Some(1));
}

proptest! {
    /// Whatever a slip of the hand makes of a policy is either right or told with its line.
    #[test]
    fn no_slip_of_the_hand_stops_the_reader(
        at in 0..EVERY_KEY.chars().count(), cut in 0_usize..12, typed in r"[ -~\n]{0,3}",
    ) {
        let start: String = EVERY_KEY.chars().take(at).collect();
        let end: String = EVERY_KEY.chars().skip(at + cut).collect();
        if let Err(errors) = parse("p.toml", &format!("{start}{typed}{end}")) {
            prop_assert!(!errors.0.is_empty());
            prop_assert!(errors.0.iter().all(|error| error.line > 0 && error.line < 80));
        }
    }
}
