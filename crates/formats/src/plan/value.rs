//! What stands in quotes: instants, dates, times of day, time zones. Each error says what to write.

use engine::time::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::{TimeZone, db};

use super::nearest;
use crate::event::instant;

/// A time zone of the bundled database.
pub(crate) fn time_zone(name: &str) -> Result<TimeZone, String> {
    if let Ok(zone) = TimeZone::get(name)
        && zone.iana_name().is_some()
    {
        return Ok(zone);
    }
    let known: Vec<String> = db().available().map(|name| name.to_string()).collect();
    Err(match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("`{name}` is not a time zone; did you mean `{near}`?"),
        None => format!("`{name}` is not a time zone; write a name such as Asia/Shanghai or UTC"),
    })
}

/// An instant: RFC 3339 with an offset.
pub(super) fn timestamp(text: &str) -> Result<Timestamp, String> {
    instant::parse(text).map_err(|wrong| {
        if date(text).is_ok() {
            format!("`{text}` is a day, not an instant; write it with time and offset, such as {text}T00:00:00+08:00")
        } else {
            format!("`{text}`: {wrong}")
        }
    })
}

/// `2026-10-01`.
pub(super) fn date(text: &str) -> Result<Date, String> {
    let wrong = || format!("`{text}` is not a date; write it as 2026-10-01");
    let [year, month, day] = numbers(text, '-', [4, 2, 2]).ok_or_else(wrong)?;
    Date::new(year, month as i8, day as i8).map_err(|_| format!("there is no {text} in the calendar"))
}

/// `07-01`: a day that every year has.
pub(super) fn month_and_day(text: &str) -> Result<(i8, i8), String> {
    let wrong = || format!("`{text}` is not a month and day; write MM-DD, such as \"07-01\"");
    let [month, day] = numbers(text, '-', [2, 2]).ok_or_else(wrong)?;
    let (month, day) = (month as i8, day as i8);
    if (month, day) == (2, 29) {
        return Err("02-29 exists in leap years only; write 02-28 or 03-01".to_owned());
    }
    // 2001 is no leap year.
    match Date::new(2001, month, day) {
        Ok(_) => Ok((month, day)),
        Err(_) => Err(format!(
            "there is no {text} in the calendar; write MM-DD, such as \"07-01\""
        )),
    }
}

/// `21:00-08:00`: from, to.
pub(super) fn hours(text: &str) -> Result<(Time, Time), String> {
    let wrong = || format!("`{text}` are no hours; write from and to, such as \"21:00-08:00\"");
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    let (from, to) = (
        time_of_day(from),
        time_of_day(if to == "24:00" { "00:00" } else { to }),
    );
    let (from, to) = from.zip(to).ok_or_else(wrong)?;
    if from == to {
        return Err(format!("`{text}` begins when it ends; leave it out to have none"));
    }
    Ok((from, to))
}

fn time_of_day(text: &str) -> Option<Time> {
    let [hour, minute] = numbers(text, ':', [2, 2])?;
    Time::new(hour as i8, minute as i8, 0, 0).ok()
}

/// Numbers of exactly these many digits with a mark between them.
fn numbers<const N: usize>(text: &str, mark: char, digits: [usize; N]) -> Option<[i16; N]> {
    let mut parts = text.split(mark);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_days_must_exist() {
        assert_eq!(
            date("2028-02-29").map(|date| date.to_string()),
            Ok("2028-02-29".to_owned())
        );
        assert_eq!(
            date("2026-02-29").unwrap_err(),
            "there is no 2026-02-29 in the calendar"
        );
        for text in [
            "2026-2-1",
            "2026-02",
            "20260201",
            "2026-02-01-",
            "+026-02-01",
            "２026-02-01",
        ] {
            assert!(date(text).unwrap_err().contains("is not a date"), "{text}");
        }
        assert_eq!(month_and_day("07-01"), Ok((7, 1)));
        assert!(month_and_day("02-29").unwrap_err().contains("leap years only"));
        assert!(
            month_and_day("13-01").is_err()
                && month_and_day("02-30").is_err()
                && month_and_day("7-1").is_err()
        );
    }

    #[test]
    fn hours_may_run_over_midnight() {
        let clock = |hour, minute| Time::new(hour, minute, 0, 0).unwrap();
        assert_eq!(hours("21:00-08:00"), Ok((clock(21, 0), clock(8, 0))));
        assert_eq!(hours("22:30-24:00"), Ok((clock(22, 30), clock(0, 0))));
        for text in [
            "21-8",
            "21:00",
            "24:00-08:00",
            "21:60-08:00",
            "21:00 - 08:00",
            "08:00-08:00",
            "21:00-08:00-09:00",
        ] {
            assert!(hours(text).is_err(), "{text}");
        }
    }

    #[test]
    fn time_zones_bear_the_name_of_the_database() {
        assert_eq!(
            time_zone("asia/shanghai").unwrap().iana_name(),
            Some("Asia/Shanghai")
        );
        assert_eq!(time_zone("UTC").unwrap().iana_name(), Some("UTC"));
        assert_eq!(
            time_zone("Asia/Shangai").unwrap_err(),
            "`Asia/Shangai` is not a time zone; did you mean `Asia/Shanghai`?"
        );
        assert!(time_zone("+08:00").is_err() && time_zone("").is_err());
    }
}
