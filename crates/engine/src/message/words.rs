//! The words of windows, sums, days and times in both languages.

use jiff::civil::{Date, DateTime, Time};

use super::Lang;
use crate::policy::{Fine, Window, WindowKind};
use crate::time::{HOUR, Length};

/// A window as a message names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowWords {
    /// This year.
    CalendarYear,
    /// This month.
    CalendarMonth,
    /// That day.
    SameDay,
    /// A year with a start of its own.
    FiscalYear,
    /// Within so many hours.
    RollingHours(u32),
    /// Within so many days.
    RollingDays(u32),
    /// Within so many months.
    RollingMonths(u32),
    /// Since the rule came into force.
    SincePolicy,
    /// Ever.
    Lifetime,
}

impl WindowWords {
    /// The words of a policy's window.
    pub fn of(window: &Window) -> Self {
        match window.kind {
            WindowKind::CalendarYear => Self::CalendarYear,
            WindowKind::CalendarMonth => Self::CalendarMonth,
            WindowKind::SameDay => Self::SameDay,
            WindowKind::FiscalYear => Self::FiscalYear,
            WindowKind::SincePolicy => Self::SincePolicy,
            WindowKind::Lifetime => Self::Lifetime,
            WindowKind::Rolling => match window.length {
                Length::Days(days) | Length::WorkingDays(days) => Self::RollingDays(days),
                Length::Months(months) => Self::RollingMonths(months),
                Length::Exact(micros) => {
                    let hours = micros.max(0).cast_unsigned().div_ceil(HOUR.cast_unsigned());
                    Self::RollingHours(u32::try_from(hours).unwrap_or(u32::MAX))
                }
            },
        }
    }

    /// The phrase: 本年度, this year.
    pub fn phrase(self, lang: Lang) -> String {
        let fixed = match (self, lang) {
            (Self::CalendarYear, Lang::Zh) => "本年度",
            (Self::CalendarYear, Lang::En) => "this year",
            (Self::CalendarMonth, Lang::Zh) => "本月",
            (Self::CalendarMonth, Lang::En) => "this month",
            (Self::SameDay, Lang::Zh) => "当日",
            (Self::SameDay, Lang::En) => "that day",
            (Self::FiscalYear, Lang::Zh) => "本财政年度",
            (Self::FiscalYear, Lang::En) => "this fiscal year",
            (Self::SincePolicy, Lang::Zh) => "本规定施行以来",
            (Self::SincePolicy, Lang::En) => "since the rule took effect",
            (Self::Lifetime, Lang::Zh) => "历来",
            (Self::Lifetime, Lang::En) => "on record",
            (Self::RollingHours(hours), lang) => return within(hours, lang, "小时", "hour"),
            (Self::RollingDays(days), lang) => return within(days, lang, "天", "day"),
            (Self::RollingMonths(months), lang) => return within(months, lang, "个月", "month"),
        };
        fixed.to_owned()
    }
}

fn within(count: u32, lang: Lang, zh: &str, en: &str) -> String {
    match lang {
        Lang::Zh => format!("近{count}{zh}内"),
        Lang::En if count == 1 => format!("in 1 {en}"),
        Lang::En => format!("in {count} {en}s"),
    }
}

/// The place of an offence in its window: 本年度首次, first this year.
pub(super) fn nth(ordinal: u32, window: WindowWords, lang: Lang) -> String {
    let window = window.phrase(lang);
    match (lang, ordinal) {
        (Lang::Zh, 0 | 1) => format!("{window}首次"),
        (Lang::Zh, _) => format!("{window}第{ordinal}次"),
        (Lang::En, 0 | 1) => format!("first {window}"),
        (Lang::En, _) => format!("no. {ordinal} {window}"),
    }
}

/// 100元, CNY 100. Decimals only where they are not nought.
pub(super) fn money(fine: &Fine, lang: Lang) -> String {
    let digits = match &*fine.currency {
        "JPY" | "KRW" | "VND" | "CLP" | "ISK" | "PYG" | "UGX" | "XAF" | "XOF" | "XPF" | "RWF" | "DJF"
        | "GNF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    };
    let unit = 10_u64.pow(digits);
    let (whole, rest) = (fine.minor / unit, fine.minor % unit);
    let amount = if rest == 0 {
        whole.to_string()
    } else {
        format!("{whole}.{rest:0>width$}", width = digits as usize)
    };
    match (lang, &*fine.currency) {
        (Lang::Zh, "CNY") => format!("{amount}元"),
        (_, currency) => format!("{currency} {amount}"),
    }
}

/// 2026年3月2日, 2 Mar 2026.
pub(super) fn day(date: Date, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("{}年{}月{}日", date.year(), date.month(), date.day()),
        Lang::En => format!("{} {} {}", date.day(), month(date), date.year()),
    }
}

/// To the minute, without leading noughts in Chinese, as the national messages write it.
pub(super) fn minute(at: DateTime, lang: Lang) -> String {
    let (day, clock) = (day(at.date(), lang), clock(at.time(), lang));
    if lang == Lang::Zh {
        day + &clock
    } else {
        format!("{day} {clock}")
    }
}

/// A time within days from now: without the year.
pub(super) fn soon(at: DateTime, lang: Lang) -> String {
    let clock = clock(at.time(), lang);
    match lang {
        Lang::Zh => format!("{}月{}日{clock}", at.month(), at.day()),
        Lang::En => format!("{} {} {clock}", at.day(), month(at.date())),
    }
}

/// 10时5分, 10:05.
pub(super) fn clock(at: Time, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("{}时{}分", at.hour(), at.minute()),
        Lang::En => format!("{:0>2}:{:0>2}", at.hour(), at.minute()),
    }
}

fn month(date: Date) -> &'static str {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    usize::try_from(date.month())
        .ok()
        .and_then(|month| MONTHS.get(month.wrapping_sub(1)))
        .copied()
        .unwrap_or("")
}
