//! Calendar files: holidays and make-up workdays, year by year; weekends otherwise.
//!
//! ```toml
//! [year.2026]
//! holidays = ["2026-01-01", "2026-01-02"]
//! workdays = ["2026-02-14"]
//! ```
//!
//! A holiday may fall on a weekend, where it changes nothing; a workday may not fall on a weekday, which is worked
//! anyhow: it is a slip of the pen, and the day that was meant is missing.

use std::collections::BTreeSet;

use engine::time::Calendar;
use jiff::civil::{Date, Weekday};

use crate::plan::{PlanErrors, Table, read};

/// Reads a calendar; `file` is for the errors only.
pub fn parse(file: &str, text: &str) -> Result<Calendar, PlanErrors> {
    read(file, text, |root| {
        root.only(&["year"], &[]);
        let years = root.need_table("year", "write one table for each year, such as [year.2026]")?;
        let mut calendar = Calendar::default();
        for name in years.keys() {
            let number = name.parse::<i16>().ok().filter(|_| name.len() == 4);
            let Some(number) = number else {
                years.wrong(
                    name,
                    format!("`{name}` is no year; write four digits, such as [year.2026]"),
                );
                continue;
            };
            if let Some(table) = years.table(name) {
                year(&table, number, &mut calendar);
            }
        }
        Some(calendar)
    })
}

fn year(table: &Table<'_>, year: i16, calendar: &mut Calendar) {
    table.only(&["holidays", "workdays"], &[]);
    for (text, date) in table.dates("holidays") {
        add(table, "holidays", year, (text, date), &mut calendar.holidays);
    }
    for (text, date) in table.dates("workdays") {
        if calendar.holidays.contains(&date) {
            table.wrong(
                "workdays",
                format!("{text} stands in `holidays` too; remove it from one of them"),
            );
        } else if !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) {
            let message = format!(
                "{text} is a {:?}, which is worked anyhow; look for the day that is meant",
                date.weekday()
            );
            table.wrong("workdays", message);
        }
        add(table, "workdays", year, (text, date), &mut calendar.workdays);
    }
}

fn add(table: &Table<'_>, key: &str, year: i16, (text, date): (String, Date), days: &mut BTreeSet<Date>) {
    if date.year() != year {
        table.wrong(
            key,
            format!("{text} is not in {year}; move it to [year.{}]", date.year()),
        );
    } else if !days.insert(date) {
        table.wrong(
            key,
            format!("{text} is listed twice; perhaps another day is meant"),
        );
    }
}

#[cfg(test)]
mod tests;
