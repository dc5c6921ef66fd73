//! Every mistake that a policy can have is told apart, with its line and key and what to write instead.

use super::super::parse;
use super::LEAST;

fn errors(text: &str) -> Vec<String> {
    let errors = parse("p.toml", text).map(|_| ()).unwrap_err();
    errors.to_string().lines().map(str::to_owned).collect()
}

/// The only error of [`LEAST`] in which the line that begins like `line` is replaced, or to which `line` is added where
/// there is none such: within the table before it, or as a table of its own.
fn error_of(line: &str) -> String {
    let key = line.split('\n').next().unwrap().split(' ').next().unwrap();
    let mut lines: Vec<&str> = LEAST.lines().collect();
    match lines
        .iter()
        .position(|known| known.split(' ').next() == Some(key))
    {
        Some(at) => lines[at] = line,
        None => lines.push(line),
    }
    let errors = errors(&lines.join("\n"));
    assert_eq!(errors.len(), 1, "{line}: {errors:#?}");
    errors[0].clone()
}

fn all_are_told(mistakes: &[(&str, &str)]) {
    for (line, expected) in mistakes {
        assert_eq!(error_of(line), format!("p.toml:{expected}"), "{line}");
    }
}

#[test]
fn of_the_head() {
    all_are_told(&[
        (
            "id = 7",
            "2: policy.id: must be a string in quotes, not an integer",
        ),
        (
            "id = \"  \"",
            "2: policy.id: is blank; leave it out, or give it a text",
        ),
        (
            "id = \"a b\"",
            "2: policy.id: ' ' may not stand in it; use letters, digits, `-`, `_` and `.`",
        ),
        (
            "version = \"1@2\"",
            "3: policy.version: '@' may not stand in it; use letters, digits, `-`, `_` and `.`",
        ),
        (
            "effective = { to = \"2026-01-01T00:00:00+08:00\" }",
            "4: policy.effective.from: is missing; write the instant from which the policy holds, such as \"2026-03-01T00:00:00+08:00\"",
        ),
        (
            "effective = { from = \"2026-03-01\" }",
            "4: policy.effective.from: `2026-03-01` is a day, not an instant; write it with time and offset, such as 2026-03-01T00:00:00+08:00",
        ),
        (
            "effective = { from = 2026-03-01 }",
            "4: policy.effective.from: `2026-03-01` is a day, not an instant; write it with time and offset, such as 2026-03-01T00:00:00+08:00",
        ),
        (
            "effective = { from = 2026-03-01T00:00:00 }",
            "4: policy.effective.from: `2026-03-01T00:00:00`: must be an RFC 3339 time with an offset, like 2026-03-02T10:00:05+08:00",
        ),
        (
            "effective = { from = \"2026-02-30T00:00:00Z\" }",
            "4: policy.effective.from: `2026-02-30T00:00:00Z`: there is no such date or time",
        ),
        (
            "effective = { from = \"2026-01-01T00:00:00Z\", to = \"2026-01-01T08:00:00+08:00\" }",
            "4: policy.effective.to: must be later than `from`; it is the first instant that is not included",
        ),
        (
            "effective = \"2026\"",
            "4: policy.effective: must be a table, not a string",
        ),
    ]);
}

#[test]
fn of_zone_codes_and_basis() {
    all_are_told(&[
        (
            "time_zone = \"Asia/Shanghi\"",
            "5: policy.time_zone: `Asia/Shanghi` is not a time zone; did you mean `Asia/Shanghai`?",
        ),
        (
            "time_zone = \"+08:00\"",
            "5: policy.time_zone: `+08:00` is not a time zone; write a name such as Asia/Shanghai or UTC",
        ),
        (
            "time_zone = \"UTC\"\nplates = \"us\"",
            "6: policy.plates: `us` is not known; there are cn, generic",
        ),
        (
            "time_zone = \"UTC\"\ncodes = []",
            "6: policy.codes: lists nothing; leave it out, or name at least one",
        ),
        (
            "time_zone = \"UTC\"\ncodes = [\"1039\", \"\"]",
            "6: policy.codes: lists a blank text; remove it",
        ),
        (
            "time_zone = \"UTC\"\ncodes = [1039]",
            "6: policy.codes: lists an integer; it takes strings in quotes only",
        ),
        (
            "time_zone = \"UTC\"\nauthorty = \"x\"",
            "6: policy.authorty: unknown key; did you mean `authority`?",
        ),
        (
            "time_zone = \"UTC\"\nlegal_basis = { waiver = \"art. 33\" }",
            "6: policy.legal_basis.waiver: unknown key; did you mean `waive`?",
        ),
    ]);
}

#[test]
fn of_what_a_kind_of_window_ignores() {
    let ignored = |kind: &str, line: &str, key: &str, of: &str| {
        (
            format!("kind = \"{kind}\"\n{line}"),
            format!("8: window.{key}: has no meaning in a window of kind {kind}, only in {of}; remove it"),
        )
    };
    for (lines, expected) in [
        ignored("calendar-year", "start = \"07-01\"", "start", "fiscal-year"),
        ignored("lifetime", "length = \"1 year\"", "length", "rolling"),
        ignored("same-day", "boundary = \"civil-day\"", "boundary", "rolling"),
        ignored("since-policy", "since = \"last-waived\"", "since", "rolling"),
    ] {
        all_are_told(&[(&lines, &expected)]);
    }
}

#[test]
fn of_the_window() {
    all_are_told(&[
        (
            "kind = \"calendar_year\"",
            "7: window.kind: `calendar_year` is not known; did you mean `calendar-year`? There are calendar-year, calendar-month, same-day, fiscal-year, rolling, since-policy, lifetime",
        ),
        (
            "kind = \"fiscal-year\"",
            "6: window.start: is missing; write the day on which the year begins, such as \"07-01\"",
        ),
        (
            "kind = \"fiscal-year\"\nstart = \"02-29\"",
            "8: window.start: 02-29 exists in leap years only; write 02-28 or 03-01",
        ),
        (
            "kind = \"fiscal-year\"\nstart = \"06-31\"",
            "8: window.start: there is no 06-31 in the calendar; write MM-DD, such as \"07-01\"",
        ),
        (
            "kind = \"fiscal-year\"\nstart = \"1 July\"",
            "8: window.start: `1 July` is not a month and day; write MM-DD, such as \"07-01\"",
        ),
        (
            "kind = \"rolling\"",
            "6: window.length: is missing; write how far one use reaches, such as \"12 months\"",
        ),
        (
            "kind = \"rolling\"\nlength = \"0 months\"",
            "8: window.length: must be more than nothing; with an allowance of 0 nothing is first",
        ),
        (
            "kind = \"rolling\"\nlength = \"a year\"",
            "8: window.length: `a year` is no length of time; write 90s, 15m, 24h, 5d, 5 working days, 12 months or 2 years",
        ),
        (
            "kind = \"rolling\"\nlength = 365",
            "8: window.length: must be a string in quotes, not an integer",
        ),
        (
            "kind = \"rolling\"\nlength = \"200 years\"",
            "8: window.length: `200 years` is longer than 100 years",
        ),
        (
            "kind = \"rolling\"\nlength = \"24h\"",
            "8: window.length: counts hours, which end within a day; write days, months or years, or boundary = \"instant\"",
        ),
        (
            "kind = \"rolling\"\nlength = \"90 working days\"",
            "8: window.length: cannot count working days; write days, months or years, such as \"365 days\"",
        ),
    ]);
}

#[test]
fn of_who_shares_how_many() {
    all_are_told(&[
        (
            "kind = \"lifetime\"\nallowance = -1",
            "8: window.allowance: must be a whole number, 0 or more, not -1",
        ),
        (
            "kind = \"lifetime\"\nallowance = 1.5",
            "8: window.allowance: must be a whole number, 0 or more, not a float",
        ),
        (
            "kind = \"lifetime\"\nallowance = 4294967296",
            "8: window.allowance: 4294967296 is too large",
        ),
        (
            "kind = \"lifetime\"\nper = \"vehicle\"",
            "8: window.per: `vehicle` is not known; there are subject, plate, subject-zone, subject-device",
        ),
        (
            "kind = \"lifetime\"\nalowance = 2",
            "8: window.alowance: unknown key; did you mean `allowance`?",
        ),
    ]);
}

#[test]
fn of_evidence() {
    all_are_told(&[
        (
            "[episode]\nmerge_gap = \"1 month\"",
            "12: episode.merge_gap: `1 month` differs from day to day; write seconds, minutes, hours or days, such as 36h (a day has 24 hours here)",
        ),
        (
            "[episode]\nmerge_distance = \"30\"",
            "12: episode.merge_distance: `30` is no distance; write metres up to 10000, such as 30m or 2.5m",
        ),
        (
            "[episode]\ncap = \"0s\"",
            "12: episode.cap: must be more than nothing; it is the longest stay that is one case",
        ),
        (
            "[admission]\nmin_dwell = \"10\"",
            "12: admission.min_dwell: `10` has no unit; write `10s`, `10m`, `10h` or `10d`",
        ),
        (
            "[admission]\nmin_confidence = 90",
            "12: admission.min_confidence: must be a number from 0 to 1 with at most six decimals, such as 0.90, not 90",
        ),
        (
            "[admission]\nmin_char_confidence = 0.8999999",
            "12: admission.min_char_confidence: must be a number from 0 to 1 with at most six decimals, such as 0.90, not 0.8999999",
        ),
        (
            "[admission]\nmin_confidence = \"90%\"",
            "12: admission.min_confidence: must be a number from 0 to 1 with at most six decimals, such as 0.90, not a string",
        ),
        (
            "[admission]\nmin_observations = 0",
            "12: admission.min_observations: must be at least 1: without an observation there is no case",
        ),
        (
            "[admission]\nreview = \"everything\"",
            "12: admission.review: `everything` is not known; there are none, penalties, all",
        ),
        (
            "[admission]\nreview_within = \"0s\"",
            "12: admission.review_within: must be more than nothing, or no record would ever be in time",
        ),
        (
            "[admission.camera]\nmin_dwel = \"10m\"",
            "12: admission.camera.min_dwel: unknown key; did you mean `min_dwell`?",
        ),
        (
            "[admission.cameras]\nreview = \"all\"",
            "11: admission.cameras: unknown key; did you mean `camera`?",
        ),
    ]);
}

#[test]
fn of_messages() {
    all_are_told(&[
        (
            "[notice]\nhold = 10",
            "12: notice.hold: must be a string in quotes, not an integer",
        ),
        (
            "[notice]\nhold = { waved = \"10m\" }",
            "12: notice.hold.waved: unknown key; did you mean `waived`?",
        ),
        (
            "[notice]\nhold = \"5 working days\"",
            "12: notice.hold: `5 working days` differs from day to day; write seconds, minutes, hours or days, such as 36h (a day has 24 hours here)",
        ),
        (
            "[notice]\nquiet_hours = \"21-8\"",
            "12: notice.quiet_hours: `21-8` are no hours; write from and to, such as \"21:00-08:00\"",
        ),
        (
            "[notice]\nquiet_hours = { waived = \"08:00-08:00\" }",
            "12: notice.quiet_hours.waived: `08:00-08:00` begins when it ends; leave it out to have none",
        ),
        (
            "[notice]\nexpires = \"0s\"",
            "12: notice.expires: must be more than nothing, or the message would never be sent",
        ),
        (
            "[notice]\ntemplates = \"A1\"",
            "12: notice.templates: must be a table, not a string",
        ),
    ]);
}

#[test]
fn of_exclusions_and_outcomes() {
    let otherwise = "otherwise = \"penalty_proposed\"";
    all_are_told(&[
        (
            "[exclude]\nzone_kind = \"strict\"",
            "11: exclude: must be written as [[exclude]], once for each",
        ),
        (
            "[[exclude]]\ncounts = false",
            "11: exclude[1]: has no condition, so that nothing would be waived; give zone_kind or same_day_repeat = true",
        ),
        (
            "[[exclude]]\nsame_day_repeat = false",
            "11: exclude[1]: has no condition, so that nothing would be waived; give zone_kind or same_day_repeat = true",
        ),
        (
            "[[exclude]]\nzone_kind = [\"strict\", \"firelane\"]",
            "12: exclude[1].zone_kind: `firelane` is not known; did you mean `fire-lane`? There are fire-lane, tactile-paving, crosswalk, school-gate, hospital-gate, bus-stop, strict, sidewalk",
        ),
        (
            "[[exclude]]\nzone_kinds = \"strict\"\nsame_day_repeat = true",
            "12: exclude[1].zone_kinds: unknown key; did you mean `zone_kind`?",
        ),
        (
            "first = \"penalty_proposed\"",
            "9: outcome.first: `penalty_proposed` is not known; there are waived, warned, reminded",
        ),
        (
            "otherwise = \"penalty_decided\"",
            "10: outcome.otherwise: `penalty_decided` is not known; did you mean `penalty_proposed`? There are penalty_proposed, warned",
        ),
        (
            &format!("{otherwise}\nfine_minor = 100.50\ncurrency = \"CNY\""),
            "11: outcome.fine_minor: must be a whole number, 0 or more, not a float",
        ),
        (
            &format!("{otherwise}\nfine_minor = 10000"),
            "11: outcome.fine_minor: is a sum without `currency`; add one, such as \"CNY\"",
        ),
        (
            &format!("{otherwise}\ncurrency = \"CNY\""),
            "11: outcome.currency: stands without `fine_minor`; add the sum in the minor unit, or remove it",
        ),
        (
            &format!("{otherwise}\nfine_minor = 1\ncurrency = \"元\""),
            "12: outcome.currency: `元` is no currency; write three capital letters, such as CNY",
        ),
    ]);
}

#[test]
fn what_this_release_does_not_decide_by_is_refused_by_name() {
    let otherwise = "otherwise = \"penalty_proposed\"";
    let later = |at: &str| format!("{at}: is not supported by this release yet; remove it");
    for (lines, at) in [
        ("[cure]\nwithin = \"10m\"", "11: cure"),
        (
            "[conditions]\nleave_within = { minutes = 15, clock = \"delivered\" }",
            "11: conditions",
        ),
        ("[warning]\nper = \"device\"\ndays = 30", "11: warning"),
        ("[groups]\nparking = [\"1039\"]", "11: groups"),
        (
            &format!("{otherwise}\nladder = [{{ from = 2, fine_minor = 10000 }}]"),
            "11: outcome.ladder",
        ),
        (
            &format!("{otherwise}\nat_most = {{ penalties = 1, within = \"24h\" }}"),
            "11: outcome.at_most",
        ),
        ("[[exclude]]\nwhen = 'minutes > 30'", "12: exclude[1].when"),
        (
            "[[exclude]]\nvehicle_kind = [\"taxi\"]",
            "12: exclude[1].vehicle_kind",
        ),
        ("[[exclude]]\nevent_period = {}", "12: exclude[1].event_period"),
        (
            "[[exclude]]\nregistration_area = [\"湘K\"]",
            "12: exclude[1].registration_area",
        ),
        (
            "[[exclude]]\nsame_day_repeat = true\nunpaid_prior = true",
            "13: exclude[1].unpaid_prior",
        ),
    ] {
        all_are_told(&[(lines, &later(at))]);
    }
    all_are_told(&[
        (
            "kind = \"since-device-live\"",
            "7: window.kind: `since-device-live` is not supported by this release yet; remove it or write one of calendar-year, calendar-month, same-day, fiscal-year, rolling, since-policy, lifetime",
        ),
        (
            "kind = \"lifetime\"\nper = \"owner\"",
            "8: window.per: `owner` is not supported by this release yet; remove it or write one of subject, plate, subject-zone, subject-device",
        ),
        (
            "kind = \"lifetime\"\nscope = \"same-group\"",
            "8: window.scope: `same-group` is not supported by this release yet; remove it or write one of any, same-code",
        ),
        (
            "kind = \"lifetime\"\nknown_first = \"delivered\"",
            "8: window.known_first: `delivered` is not supported by this release yet; remove it or write one of none",
        ),
    ]);
}

#[test]
fn an_empty_file_is_told_all_that_it_lacks() {
    let lacks = [
        "p.toml:1: policy: the table [policy] is missing; it says which policy this is and from when it holds",
        "p.toml:1: window: the table [window] is missing; it says within what an offence is the first; see `kind`",
        "p.toml:1: outcome: the table [outcome] is missing; it says what follows; see `first` and `otherwise`",
    ];
    assert_eq!(errors(""), lacks);
    assert_eq!(
        errors("[policy]\n[window]\n[outcome]\n"),
        [
            "p.toml:1: policy.id: is missing; give the policy a name that its versions share, such as \"loudi-sidewalk\"",
            "p.toml:1: policy.version: is missing; give this text a name of its own, such as \"2026-03\"",
            "p.toml:1: policy.time_zone: is missing; name the zone in which days are counted, such as \"Asia/Shanghai\"",
            "p.toml:1: policy.effective: the table [policy.effective] is missing; write effective = { from = \"2026-03-01T00:00:00+08:00\" }",
            "p.toml:2: window.kind: is missing; write one of calendar-year, calendar-month, same-day, fiscal-year, rolling, since-policy, lifetime",
            "p.toml:3: outcome.first: is missing; write waived, warned or reminded",
            "p.toml:3: outcome.otherwise: is missing; write penalty_proposed or warned",
        ]
    );
}

#[test]
fn all_mistakes_of_a_file_are_told_in_the_order_of_its_lines() {
    let text = LEAST
        .replace("id = \"p\"", "ID = \"p\"")
        .replace("\"calendar-year\"", "\"year\"\nallowance = \"one\"")
        .replace("\"waived\"", "\"free\"")
        + "[notise]\nhold = \"10m\"\n[episode]\ncap = \"1 month\"\n";
    assert_eq!(
        errors(&text),
        [
            "p.toml:1: policy.id: is missing; give the policy a name that its versions share, such as \"loudi-sidewalk\"",
            "p.toml:2: policy.ID: unknown key; did you mean `id`?",
            "p.toml:7: window.kind: `year` is not known; there are calendar-year, calendar-month, same-day, fiscal-year, rolling, since-policy, lifetime",
            "p.toml:8: window.allowance: must be a whole number, 0 or more, not a string",
            "p.toml:10: outcome.first: `free` is not known; there are waived, warned, reminded",
            "p.toml:12: notise: unknown key; did you mean `notice`?",
            "p.toml:15: episode.cap: `1 month` differs from day to day; write seconds, minutes, hours or days, such as 36h (a day has 24 hours here)",
        ]
    );
}

#[test]
fn all_that_keeps_a_text_from_being_toml_is_told() {
    let errors = errors("[policy]\nid = loudi\n[window]\nkind = \"lifetime\nallowance = 1\n");
    assert!(errors.len() >= 2, "{errors:#?}");
    assert!(errors[0].starts_with("p.toml:2: TOML: "), "{errors:#?}");
    assert!(errors[1].starts_with("p.toml:4: TOML: "), "{errors:#?}");
    assert!(
        parse("p.toml", "id = 1\nid = 2\n")
            .unwrap_err()
            .to_string()
            .contains("p.toml:2: TOML: duplicate key")
    );
}
