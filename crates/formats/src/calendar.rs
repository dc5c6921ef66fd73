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
    let Calendar { holidays, workdays } = calendar;
    table.dates("holidays", |date| add(date, year, holidays));
    table.dates("workdays", |date| {
        let weekday = date.weekday();
        if holidays.contains(&date) {
            return Err(format!(
                "{date} stands in `holidays` too; remove it from one of them"
            ));
        }
        if !matches!(weekday, Weekday::Saturday | Weekday::Sunday) {
            return Err(format!(
                "{date} is a {weekday:?}, which is worked anyhow; look for the day that is meant"
            ));
        }
        add(date, year, workdays)
    });
}

fn add(date: Date, year: i16, days: &mut BTreeSet<Date>) -> Result<(), String> {
    if date.year() != year {
        return Err(format!(
            "{date} is not in {year}; move it to [year.{}]",
            date.year()
        ));
    }
    if days.insert(date) {
        Ok(())
    } else {
        Err(format!("{date} is listed twice; perhaps another day is meant"))
    }
}

#[cfg(test)]
mod tests;
