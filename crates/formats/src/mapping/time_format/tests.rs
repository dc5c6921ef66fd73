//! What formats read, and what they refuse.
#![expect(clippy::too_many_lines, reason = "tables of what goes in and what comes out")]

use super::*;

fn read(format: &str, text: &str) -> Result<Reading, Mismatch> {
    TimeFormat::compile(format).unwrap().read(text)
}

fn hour_and_minute(text: &str) -> Option<(i8, i8)> {
    read("%m/%d/%Y hhmmA", &format!("08/04/2013 {text}"))
        .ok()
        .map(|it| (it.hour, it.minute))
}

#[test]
fn new_york_hours_00_and_12_are_the_hour_after_midnight_or_noon() {
    assert_eq!(hour_and_minute("0752A"), Some((7, 52)));
    assert_eq!(hour_and_minute("0752P"), Some((19, 52)));
    assert_eq!(hour_and_minute("0011A"), Some((0, 11)));
    assert_eq!(hour_and_minute("1215A"), Some((0, 15)));
    assert_eq!(hour_and_minute("1215P"), Some((12, 15)));
    assert_eq!(hour_and_minute("0030P"), Some((12, 30)));
    assert_eq!(hour_and_minute("11:15P"), Some((23, 15)));
    assert_eq!(hour_and_minute("00:12a"), Some((0, 12)));
}

#[test]
fn new_york_times_out_of_range_are_no_times() {
    for text in [
        "1330P", "2560A", "1260A", "8445P", "09+4A", "0752", "752A", "0752AM", "0752X", "",
    ] {
        assert_eq!(hour_and_minute(text), None, "{text}");
    }
    assert_eq!(
        read("%m/%d/%Y hhmmA", "08/04/2013 1330P")
            .unwrap_err()
            .to_string(),
        "expected an hour 00 to 12 (hhmmA) at character 12"
    );
}

#[test]
fn every_directive_reads_what_strftime_writes() {
    let plain = Reading {
        year: 2024,
        month: 2,
        day: 29,
        hour: 15,
        minute: 4,
        second: 5,
        ..Reading::default()
    };
    for (format, text) in [
        ("%Y-%m-%dT%H:%M:%S", "2024-02-29T15:04:05"),
        ("%F %T", "2024-02-29 15:04:05"),
        ("%F%n%T", "2024-02-29 \t15:04:05"),
        ("%D %I:%M:%S %p", "02/29/24 03:04:05 PM"),
        ("%D %l:%M:%S%P", "2/29/24 3:04:05pm"),
        ("%d %b %Y %k:%M:%S", "29 Feb 2024 15:04:05"),
        ("%A, %e %B %Y %H.%M.%S", "Thursday, 29 February 2024 15.04.05"),
        ("%a %h %d %H:%M:%S %Y", "Thu feb 29 15:04:05 2024"),
        ("%Y%m%d%H%M%S", "20240229150405"),
        ("%Y年%m月%d日 %H时%M分%S秒", "2024年02月29日 15时04分05秒"),
        ("100%% %F %T", "100% 2024-02-29 15:04:05"),
    ] {
        assert_eq!(read(format, text), Ok(plain), "{format}");
    }
    assert_eq!(
        read("%F %R", "2024-02-29 15:04"),
        Ok(Reading { second: 0, ..plain })
    );
    assert_eq!(
        read("%F %T.%f", "2024-02-29 15:04:05.25"),
        Ok(Reading {
            micros: 250_000,
            ..plain
        })
    );
    assert_eq!(
        read("%F %T%.f", "2024-02-29 15:04:05.1234567"),
        Ok(Reading {
            micros: 123_456,
            ..plain
        })
    );
    assert_eq!(read("%F %T%.f", "2024-02-29 15:04:05"), Ok(plain));
    assert_eq!(
        read("%F %T%z", "2024-02-29 15:04:05+00"),
        Ok(Reading {
            offset: Some(0),
            ..plain
        })
    );
    assert_eq!(
        read("%F %T %z", "2024-02-29 15:04:05 -0530"),
        Ok(Reading {
            offset: Some(-19_800),
            ..plain
        })
    );
    assert_eq!(
        read("%F %T%:z", "2024-02-29 15:04:05+08:00"),
        Ok(Reading {
            offset: Some(28_800),
            ..plain
        })
    );
    assert_eq!(
        read("%F %TZ", "2024-02-29 15:04:05Z"),
        Ok(Reading {
            offset: Some(0),
            ..plain
        })
    );
    assert_eq!(read("%Y-%j", "2024-060").unwrap().day_of_year, Some(60));
    assert_eq!(read("%s", "-12").unwrap().epoch, Some(-12));
    assert_eq!(
        read("%Y %m %d", "1991 1 2"),
        Ok(Reading {
            year: 1991,
            month: 1,
            day: 2,
            ..Reading::default()
        })
    );
    assert_eq!(read("%F %T", "2016-12-31 23:59:60").unwrap().second, 59);
    assert_eq!(read("%D", "12/31/68").unwrap().year, 2068);
    assert_eq!(read("%D", "12/31/69").unwrap().year, 1969);
}

#[test]
fn a_text_that_is_longer_shorter_or_out_of_range_is_refused() {
    for (format, text, expected) in [
        ("%F", "2024-02-29 15:00", "expected the end at character 11"),
        ("%F %R", "2024-02-29", "expected a blank at character 11"),
        ("%F", "2024-13-01", "expected a month 01 to 12 at character 6"),
        ("%F", "24-12-01", "expected a year of four digits at character 1"),
        (
            "%F %R",
            "2024-12-01 24:00",
            "expected an hour 00 to 23 at character 12",
        ),
        (
            "%F %TZ",
            "2024-12-01 12:00:00",
            "expected the literal text of the format at character 20",
        ),
        ("%s", "12.5", "expected whole seconds since 1970 at character 1"),
    ] {
        assert_eq!(read(format, text).unwrap_err().to_string(), expected);
    }
}

#[test]
fn a_format_that_cannot_give_an_instant_is_refused_when_it_is_compiled() {
    for (format, expected) in [
        (
            "%Y-%m",
            "does not say a whole date: a year (%Y), a month (%m or %b) and a day (%d), or %Y and %j",
        ),
        (
            "%H:%M",
            "does not say a whole date: a year (%Y), a month (%m or %b) and a day (%d), or %Y and %j",
        ),
        ("%Y-%m-%d %m", "says the month twice"),
        ("%F hhmmA %H", "says the hour twice"),
        (
            "%F %I:%M",
            "`%I` needs `%p` and `%p` needs `%I`: an hour of twelve is before or after noon",
        ),
        (
            "%F %H:%M %p",
            "`%I` needs `%p` and `%p` needs `%I`: an hour of twelve is before or after noon",
        ),
        (
            "%F %M",
            "says minutes or seconds without the hour or minute before them",
        ),
        ("%F %s", "`%s` stands alone: it already is an instant"),
    ] {
        assert_eq!(TimeFormat::compile(format).unwrap_err(), expected, "{format}");
    }
    assert!(
        TimeFormat::compile("%F %Q")
            .unwrap_err()
            .starts_with("`%Q` is not a directive that can be read; there are %Y")
    );
    assert!(
        TimeFormat::compile("%F %")
            .unwrap_err()
            .starts_with("ends in a lone `%`")
    );
    assert!(
        TimeFormat::compile("%F %T %Z")
            .unwrap_err()
            .starts_with("`%Z` cannot be read")
    );
}

#[test]
fn a_format_without_a_time_of_day_is_precise_to_the_day() {
    assert!(TimeFormat::compile("%m/%d/%Y").unwrap().day_only);
    assert!(!TimeFormat::compile("%m/%d/%Y %H").unwrap().day_only);
    assert!(!TimeFormat::compile("%m/%d/%Y hhmmA").unwrap().day_only);
    assert!(!TimeFormat::compile("%s").unwrap().day_only);
}
