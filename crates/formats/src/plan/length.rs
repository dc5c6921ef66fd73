//! Lengths of time and of way, as policies write them: `90s`, `5 working days`, `30m`.

use engine::time::{DAY, HOUR, Length, MINUTE, SECOND};

/// Nothing that a city decides reaches further; the calendar ends long after.
const LONGEST: &str = "is longer than 100 years";
const YEARS: u32 = 100;
const DAYS: u32 = 36_525;
/// Four years of working days: they are counted one by one.
const WORKING_DAYS: u32 = 1_000;

/// Reads a length of time.
pub(super) fn length(text: &str) -> Result<Length, String> {
    let split = text
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let unit = unit.strip_prefix(' ').unwrap_or(unit);
    if digits.is_empty() || (unit.is_empty() && split < text.len()) {
        return Err(no_length(text));
    }
    if unit.is_empty() {
        return Err(format!(
            "`{text}` has no unit; write `{text}s`, `{text}m`, `{text}h` or `{text}d`"
        ));
    }
    let too_long = || format!("`{text}` {LONGEST}");
    let count: u32 = digits.parse().map_err(|_| too_long())?;
    let exact = |micros: i64| Length::Exact(i64::from(count) * micros);
    let (length, most) = match unit {
        "s" | "second" | "seconds" => (exact(SECOND), u32::MAX),
        "m" | "minute" | "minutes" => (exact(MINUTE), DAYS * 24 * 60),
        "h" | "hour" | "hours" => (exact(HOUR), DAYS * 24),
        "d" | "day" | "days" => (Length::Days(count), DAYS),
        "working day" | "working days" => {
            if count > WORKING_DAYS {
                return Err(format!("`{text}` is more than {WORKING_DAYS} working days"));
            }
            (Length::WorkingDays(count), WORKING_DAYS)
        }
        "month" | "months" => (Length::Months(count), YEARS * 12),
        "year" | "years" => (Length::Months(count.saturating_mul(12)), YEARS),
        _ => return Err(no_length(text)),
    };
    if count > most { Err(too_long()) } else { Ok(length) }
}

fn no_length(text: &str) -> String {
    format!("`{text}` is no length of time; write 90s, 15m, 24h, 5d, 5 working days, 12 months or 2 years")
}

/// Microseconds of a length that is the same on every day; a day has 24 hours here.
pub(super) fn exact(text: &str) -> Result<i64, String> {
    match length(text)? {
        Length::Exact(micros) => Ok(micros),
        Length::Days(days) => Ok(i64::from(days) * DAY),
        Length::WorkingDays(_) | Length::Months(_) => Err(format!(
            "`{text}` differs from day to day; write seconds, minutes, hours or days, such as 36h (a day has 24 hours here)"
        )),
    }
}

/// Whether a length is nought.
pub(crate) fn is_zero(length: Length) -> bool {
    match length {
        Length::Exact(micros) => micros == 0,
        Length::Days(count) | Length::WorkingDays(count) | Length::Months(count) => count == 0,
    }
}

/// Reads a distance in metres, up to 10 km, to the millimetre.
pub(super) fn millimetres(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no distance; write metres up to 10000, such as 30m or 2.5m");
    let number = text.strip_suffix('m').ok_or_else(wrong)?;
    let number = number.strip_suffix(' ').unwrap_or(number);
    fixed(number, 3)
        .filter(|millimetres| *millimetres <= 10_000_000)
        .ok_or_else(wrong)
}

/// A plain decimal number without a sign, in units of 10^-`places`; none: not one, too large, or with more places.
pub(super) fn fixed(text: &str, places: usize) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > places {
        return None;
    }
    format!("{whole}{fraction:0<places$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_length_is_read() {
        for (text, expected) in [
            ("0s", Length::Exact(0)),
            ("90s", Length::Exact(90 * SECOND)),
            ("15m", Length::Exact(15 * MINUTE)),
            ("10 minutes", Length::Exact(10 * MINUTE)),
            ("24h", Length::Exact(DAY)),
            ("1 hour", Length::Exact(HOUR)),
            ("5d", Length::Days(5)),
            ("1 day", Length::Days(1)),
            ("365 days", Length::Days(365)),
            ("1 working day", Length::WorkingDays(1)),
            ("5 working days", Length::WorkingDays(5)),
            ("1 month", Length::Months(1)),
            ("12 months", Length::Months(12)),
            ("1 year", Length::Months(12)),
            ("2 years", Length::Months(24)),
            ("100 years", Length::Months(1200)),
        ] {
            assert_eq!(length(text), Ok(expected), "{text}");
        }
        assert_eq!(exact("2 days"), Ok(2 * DAY));
    }

    #[test]
    fn what_is_no_length_is_refused() {
        for text in [
            "",
            "m",
            "-5m",
            "+5m",
            "5  m",
            " 5m",
            "5m ",
            "5 ",
            "1.5h",
            "5 M",
            "5 weeks",
            "1h30m",
            "五天",
            "5 workdays",
        ] {
            assert!(
                length(text)
                    .unwrap_err()
                    .contains("is no length of time; write 90s"),
                "{text}"
            );
        }
        assert_eq!(
            length("90").unwrap_err(),
            "`90` has no unit; write `90s`, `90m`, `90h` or `90d`"
        );
        for text in ["101 years", "1201 months", "36526d", "876601h", "99999999999s"] {
            assert_eq!(
                length(text).unwrap_err(),
                format!("`{text}` is longer than 100 years")
            );
        }
        assert_eq!(
            length("1001 working days").unwrap_err(),
            "`1001 working days` is more than 1000 working days"
        );
        assert!(exact("1 month").is_err() && exact("1 working day").is_err());
    }

    #[test]
    fn distances_are_metres_to_the_millimetre() {
        assert_eq!(millimetres("30m"), Ok(30_000));
        assert_eq!(millimetres("2.5 m"), Ok(2_500));
        assert_eq!(millimetres("0.001m"), Ok(1));
        for text in [
            "30",
            "30km",
            "-1m",
            "0.0001m",
            "10000.001m",
            "m",
            ".5m",
            "99999999999999999999m",
        ] {
            assert!(millimetres(text).is_err(), "{text}");
        }
    }

    #[test]
    fn decimals_are_read_digit_by_digit() {
        assert_eq!(fixed("0.90", 6), Some(900_000));
        assert_eq!(fixed("1", 6), Some(1_000_000));
        assert_eq!(fixed("0.8999990000", 6), Some(899_999));
        for text in ["0.8999999", "-0.1", "1e-3", "inf", "", ".9", "1."] {
            assert_eq!(fixed(text, 6), None, "{text}");
        }
    }
}
