//! RFC 3339 instants, to the microsecond.

use engine::time::Timestamp;
use jiff::civil::Date;

/// Reads `2026-03-02T10:00:05.123456+08:00`. The offset is required; digits beyond the microsecond are cut off; a leap
/// second is the second before it, as jiff has it. The error says what is wrong.
pub(crate) fn parse(text: &str) -> Result<Timestamp, &'static str> {
    const SHAPE: &str = "must be an RFC 3339 time with an offset, like 2026-03-02T10:00:05+08:00";
    const NO_SUCH: &str = "there is no such date or time";
    let bytes = text.as_bytes();
    let (head, rest) = bytes.split_first_chunk::<19>().ok_or(SHAPE)?;
    let mark = |at: usize, allowed: &[u8]| allowed.contains(&head[at]);
    if !(mark(4, b"-") && mark(7, b"-") && mark(10, b"Tt") && mark(13, b":") && mark(16, b":")) {
        return Err(SHAPE);
    }
    let two = |at: usize| pair(&head[at..at + 2]).ok_or(SHAPE);
    let year = i16::from(two(0)?) * 100 + i16::from(two(2)?);
    let (month, day, hour, minute, second) = (two(5)?, two(8)?, two(11)?, two(14)?, two(17)?);
    let (micros, rest) = fraction(rest).ok_or(SHAPE)?;
    let offset = offset(rest).ok_or(SHAPE)?;
    let date = Date::new(year, month, day).map_err(|_| NO_SUCH)?;
    if hour > 23 || minute > 59 || second > 60 {
        return Err(NO_SUCH);
    }
    let second = second.min(59);
    let days = i64::from(days_from_epoch(date));
    let seconds =
        days * 86_400 + i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second) - offset;
    let micros = seconds * 1_000_000 + micros;
    if micros < Timestamp::MIN.as_micros() || micros > Timestamp::MAX.as_micros() {
        return Err("the year is out of range");
    }
    Ok(Timestamp::from_micros(micros))
}

/// Days from 1970-01-01, by counting years from March so that the leap day comes last.
fn days_from_epoch(date: Date) -> i32 {
    let (month, day) = (i32::from(date.month()), i32::from(date.day()));
    let year = i32::from(date.year()) - i32::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn pair(digits: &[u8]) -> Option<i8> {
    match digits {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(((tens - b'0') * 10 + (ones - b'0')) as i8),
        _ => None,
    }
}

/// Microseconds of a fraction, if there is one, and what follows.
fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let Some(rest) = rest.strip_prefix(b".") else {
        return Some((0, rest));
    };
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    let digits = rest[..count]
        .iter()
        .map(|byte| i64::from(byte - b'0'))
        .chain(std::iter::repeat(0));
    Some((
        digits.take(6).fold(0, |micros, digit| micros * 10 + digit),
        &rest[count..],
    ))
}

/// Seconds east of UTC.
fn offset(text: &[u8]) -> Option<i64> {
    match text {
        b"Z" | b"z" => Some(0),
        [sign @ (b'+' | b'-'), hours @ .., b':', tens, ones] => {
            let (hours, minutes) = (pair(hours)?, pair(&[*tens, *ones])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = i64::from(hours) * 3600 + i64::from(minutes) * 60;
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn jiff(text: &str) -> Timestamp {
        text.parse::<jiff::Timestamp>().unwrap().into()
    }

    #[test]
    fn times_are_read_to_the_microsecond_and_cut_off_there() {
        for text in [
            "2026-03-02T10:00:05+08:00",
            "2026-03-02t02:00:05z",
            "1969-12-31T23:59:59.9-23:59",
            "0001-01-01T00:00:00Z",
        ] {
            assert_eq!(parse(text), Ok(jiff(text)), "{text}");
        }
        assert_eq!(
            parse("2026-03-02T10:00:05.1234569Z"),
            Ok(jiff("2026-03-02T10:00:05.123456Z"))
        );
        assert_eq!(
            parse("1960-03-02T10:00:05.1234569Z"),
            Ok(jiff("1960-03-02T10:00:05.123456Z"))
        );
    }

    #[test]
    fn a_leap_second_is_the_second_before_it() {
        assert_eq!(parse("2016-12-31T23:59:60Z"), Ok(jiff("2016-12-31T23:59:60Z")));
        assert_eq!(parse("2016-12-31T23:59:60Z"), Ok(jiff("2016-12-31T23:59:59Z")));
    }

    #[test]
    fn what_is_no_rfc_3339_time_is_refused() {
        for text in [
            "",
            "2026-03-02",
            "2026-03-02T10:00:05",
            "2026-03-02 10:00:05Z",
            "2026-03-02T10:00Z",
            "2026-03-02T10:00:05.Z",
            "2026-03-02T10:00:05,5Z",
            "2026-03-02T10:00:05+08",
            "2026-03-02T10:00:05+0800",
            "2026-03-02T10:00:05+24:00",
            "2026-03-02T10:00:05Z[UTC]",
            "2026-03-02T10:00:05+08:00x",
            "2026-02-29T10:00:05Z",
            "2026-13-01T10:00:05Z",
            "2026-03-02T24:00:00Z",
            "2026-03-02T10:60:00Z",
            "2026-03-02T10:00:61Z",
            "+002026-03-02T10:00:05Z",
            "9999-12-31T23:59:59Z",
            "２026-03-02T10:00:05Z",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_time_that_jiff_prints_is_read_as_jiff_reads_it(
            seconds in -62_000_000_000_i64..253_000_000_000, micros in 0_i64..1_000_000, offset in -86_340_i32..86_340,
        ) {
            let at = jiff::Timestamp::from_microsecond(seconds * 1_000_000 + micros).unwrap();
            let offset = jiff::tz::Offset::from_seconds(offset / 60 * 60).unwrap();
            prop_assert_eq!(parse(&at.display_with_offset(offset).to_string()), Ok(Timestamp::from(at)));
        }

        #[test]
        fn no_text_is_too_strange(text in ".*") {
            let _ = parse(&text);
        }
    }
}
