//! The days of a plan, counted in seconds from its first midnight, and how moments are written.
//!
//! The city lies in China, whose clocks have stood at +08:00 without change since 1992.

use jiff::civil::Date;
use jiff::{Span, ToSpan};

pub(super) const MINUTE: u32 = 60;
pub(super) const HOUR: u32 = 60 * MINUTE;
pub(super) const DAY: u32 = 24 * HOUR;

/// Late facts come at most a month after the last day.
const AFTERMATH_DAYS: i64 = 60;

#[derive(Debug)]
pub(super) struct Calendar {
    days: u32,
    /// One text per day, with those after the last.
    dates: Vec<Day>,
}

#[derive(Debug)]
struct Day {
    year: i16,
    text: String,
}

impl Calendar {
    /// `last` is included and not before `first`.
    pub(super) fn new(first: Date, last: Date) -> Calendar {
        let end = last.saturating_add(Span::new().days(AFTERMATH_DAYS));
        let dates: Vec<Day> = first
            .series(1.day())
            .take_while(|day| *day <= end)
            .map(|day| Day {
                year: day.year(),
                text: day.to_string(),
            })
            .collect();
        Calendar {
            days: dates.len() as u32 - AFTERMATH_DAYS as u32,
            dates,
        }
    }

    /// How many seconds the plan spans.
    pub(super) fn length(&self) -> u32 {
        self.days * DAY
    }

    /// The civil year in which a moment lies.
    pub(super) fn year(&self, second: u32) -> i16 {
        self.day(second).year
    }

    pub(super) fn write(&self, out: &mut String, second: u32) {
        out.push_str(&self.day(second).text);
        write_clock(out, second % DAY);
    }

    /// The same moment with another year, as a clock without its battery has it.
    pub(super) fn write_in_year(&self, out: &mut String, second: u32, year: i16) {
        write_number(out, year as u32, 4);
        // The last of February need not exist in that year.
        match &self.day(second).text[4..] {
            "-02-29" => out.push_str("-02-28"),
            month_and_day => out.push_str(month_and_day),
        }
        write_clock(out, second % DAY);
    }

    pub(super) fn text(&self, second: u32) -> String {
        let mut text = String::with_capacity(25);
        self.write(&mut text, second);
        text
    }

    fn day(&self, second: u32) -> &Day {
        &self.dates[(second / DAY) as usize]
    }
}

fn write_clock(out: &mut String, second: u32) {
    out.push('T');
    write_number(out, second / HOUR, 2);
    out.push(':');
    write_number(out, second % HOUR / MINUTE, 2);
    out.push(':');
    write_number(out, second % MINUTE, 2);
    out.push_str("+08:00");
}

/// Writes `number` with leading zeros to at least `width` digits, up to ten.
pub(super) fn write_number(out: &mut String, mut number: u32, width: usize) {
    // A line has a score of numbers; `format!` would take half of the time of writing it.
    let mut digits = [b'0'; 10];
    let mut begin = digits.len();
    while number > 0 || digits.len() - begin < width {
        begin -= 1;
        digits[begin] += (number % 10) as u8;
        number /= 10;
    }
    out.extend(digits[begin..].iter().map(|digit| char::from(*digit)));
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn moments_are_written_in_the_time_of_the_city() {
        let calendar = Calendar::new(date(2024, 2, 28), date(2024, 3, 1));
        assert_eq!(calendar.length(), 3 * DAY);
        assert_eq!(calendar.text(DAY + 3_661), "2024-02-29T01:01:01+08:00");
        assert_eq!(calendar.text(2 * DAY - 1), "2024-02-29T23:59:59+08:00");
        assert_eq!(calendar.text(2 * DAY), "2024-03-01T00:00:00+08:00");
        let mut text = String::new();
        calendar.write_in_year(&mut text, DAY, 2045);
        assert_eq!(text, "2045-02-28T00:00:00+08:00");
    }

    #[test]
    fn numbers_have_leading_zeros_and_lose_no_digit() {
        let text = |number, width| {
            let mut out = String::new();
            write_number(&mut out, number, width);
            out
        };
        assert_eq!([text(0, 2), text(7, 3), text(112, 1)], ["00", "007", "112"]);
        assert_eq!(text(u32::MAX, 10), u32::MAX.to_string());
    }

    #[test]
    fn the_year_changes_at_midnight() {
        let calendar = Calendar::new(date(2025, 12, 31), date(2026, 1, 1));
        assert_eq!((calendar.year(DAY - 1), calendar.year(DAY)), (2025, 2026));
    }
}
