//! Working days as a calendar corrects them, and every mistake that a calendar can have.

use engine::time::add_days;

use super::*;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

#[test]
fn holidays_and_workdays_of_all_years_come_together() {
    let calendar = parse(
        "c.toml",
        "[year.2026]\nholidays = [\"2026-10-01\", 2026-10-02]\nworkdays = [\"2026-02-14\"]\n[year.2027]\nholidays = [\"2027-01-01\"]\n",
    )
    .unwrap();
    assert_eq!(
        calendar.holidays,
        ["2026-10-01", "2026-10-02", "2027-01-01"].map(day).into()
    );
    assert_eq!(calendar.workdays, ["2026-02-14"].map(day).into());
}

#[test]
fn every_mistake_is_told_with_its_line_and_key() {
    for (text, expected) in [
        (
            "",
            "1: year: the table [year] is missing; write one table for each year, such as [year.2026]",
        ),
        (
            "[years.2026]\n[year.2026]\n",
            "1: years: unknown key; did you mean `year`?",
        ),
        (
            "[year.26]\n",
            "1: year.26: `26` is no year; write four digits, such as [year.2026]",
        ),
        (
            "[year.2026]\nholiday = []\n",
            "2: year.2026.holiday: unknown key; did you mean `holidays`?",
        ),
        (
            "[year.2026]\nholidays = \"2026-10-01\"\n",
            "2: year.2026.holidays: must be a list of dates, not a string",
        ),
        (
            "[year.2026]\nholidays = [\n  \"2026-10-01\",\n  \"1 Oct\",\n]\n",
            "4: year.2026.holidays: `1 Oct` is not a date; write it as 2026-10-01",
        ),
        (
            "[year.2026]\nholidays = [\"2026-02-29\"]\n",
            "2: year.2026.holidays: there is no 2026-02-29 in the calendar",
        ),
        (
            "[year.2026]\nholidays = [\n  \"2027-01-01\",\n]\n",
            "3: year.2026.holidays: 2027-01-01 is not in 2026; move it to [year.2027]",
        ),
        (
            "[year.2026]\nholidays = [\"2026-10-01\", \"2026-10-01\"]\n",
            "2: year.2026.holidays: 2026-10-01 is listed twice; perhaps another day is meant",
        ),
        (
            "[year.2026]\nholidays = [\"2026-02-14\"]\nworkdays = [\"2026-02-14\"]\n",
            "3: year.2026.workdays: 2026-02-14 stands in `holidays` too; remove it from one of them",
        ),
        (
            "[year.2026]\nworkdays = [\"2026-02-16\"]\n",
            "2: year.2026.workdays: 2026-02-16 is a Monday, which is worked anyhow; look for the day that is meant",
        ),
    ] {
        let error = parse("c.toml", text).unwrap_err().to_string();
        assert_eq!(error, format!("c.toml:{expected}"), "{text}");
    }
}

/// The State Council's notice names how long each holiday is and which days make up for it.
#[test]
fn the_shipped_year_has_the_working_days_of_the_notice() {
    let calendar = parse("c.toml", include_str!("../../../../deploy/calendar-cn-2026.toml")).unwrap();
    assert_eq!(
        (calendar.holidays.len(), calendar.workdays.len()),
        (3 + 9 + 3 + 5 + 3 + 3 + 7, 6)
    );
    let mut working = 0;
    let mut date = day("2026-01-01");
    while date.year() == 2026 {
        working += i32::from(calendar.is_working_day(date));
        date = add_days(date, 1);
    }
    // 365 days less 104 on weekends, less 13 days off beside them that are not made up for.
    assert_eq!(working, 248);
    assert_eq!(
        calendar.working_day_after(day("2026-09-30"), 1),
        day("2026-10-08")
    );
    assert_eq!(
        calendar.working_day_after(day("2026-02-13"), 2),
        day("2026-02-24")
    );
}
