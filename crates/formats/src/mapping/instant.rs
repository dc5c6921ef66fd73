//! From a cell's text to an instant.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

use super::time_format::{Mismatch, Reading, TimeFormat};

/// How a field's times are read.
#[derive(Debug, Clone)]
pub(super) struct TimeReader {
    formats: Vec<TimeFormat>,
    zone: Option<TimeZone>,
}

/// An instant, and how exact it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instant {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub(super) micros: i64,
    pub(super) day_only: bool,
}

impl TimeReader {
    /// Without formats RFC 3339 is read. The caller has checked that every format without an offset has a zone.
    pub(super) fn new(formats: Vec<TimeFormat>, zone: Option<TimeZone>) -> Self {
        let formats = if formats.is_empty() {
            vec![TimeFormat::rfc3339(zone.is_some())]
        } else {
            formats
        };
        Self { formats, zone }
    }

    /// Reads `text` by the first format that fits; otherwise says where the one that came furthest stopped.
    pub(super) fn read(&self, text: &str) -> Result<Instant, Mismatch> {
        let mut furthest = Mismatch {
            at: 0,
            expected: "a time",
        };
        for format in &self.formats {
            let read = format.read(text).and_then(|reading| self.instant(reading));
            match read {
                Ok(micros) => {
                    return Ok(Instant {
                        micros,
                        day_only: format.day_only,
                    });
                }
                Err(mismatch) if mismatch.at >= furthest.at => furthest = mismatch,
                Err(_) => {}
            }
        }
        Err(furthest)
    }

    fn instant(&self, reading: Reading) -> Result<i64, Mismatch> {
        let impossible = |expected| Mismatch { at: 0, expected };
        if let Some(seconds) = reading.epoch {
            let at =
                Timestamp::from_second(seconds).map_err(|_| impossible("seconds within the calendar"))?;
            return Ok(at.as_microsecond());
        }
        let local = civil(reading).ok_or_else(|| impossible("a date that exists"))?;
        let at = match (&self.zone, reading.offset) {
            (Some(zone), _) => zone.to_timestamp(local),
            (None, Some(seconds)) => {
                Offset::from_seconds(seconds).and_then(|offset| offset.to_timestamp(local))
            }
            (None, None) => return Err(impossible("an offset, since the mapping names no zone")),
        };
        at.map(Timestamp::as_microsecond)
            .map_err(|_| impossible("a date within the calendar"))
    }
}

fn civil(reading: Reading) -> Option<DateTime> {
    let date = match reading.day_of_year {
        None => Date::new(reading.year, reading.month, reading.day).ok()?,
        Some(day) => Date::new(reading.year, 1, 1)
            .ok()?
            .with()
            .day_of_year(day)
            .build()
            .ok()?,
    };
    Some(date.at(
        reading.hour,
        reading.minute,
        reading.second,
        reading.micros * 1000,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(formats: &[&str], zone: Option<&str>, text: &str) -> Result<String, String> {
        let formats = formats
            .iter()
            .map(|format| TimeFormat::compile(format).unwrap())
            .collect();
        let reader = TimeReader::new(formats, zone.map(|name| TimeZone::get(name).unwrap()));
        let instant = reader.read(text).map_err(|mismatch| mismatch.to_string())?;
        Ok(Timestamp::from_microsecond(instant.micros).unwrap().to_string())
    }

    #[test]
    fn a_zone_wins_over_a_z_and_over_an_offset_in_the_text() {
        let z = &["%Y-%m-%dT%H:%M:%SZ"];
        assert_eq!(
            read(z, Some("America/New_York"), "2013-07-03T15:15:00Z").unwrap(),
            "2013-07-03T19:15:00Z"
        );
        assert_eq!(
            read(z, None, "2013-07-03T15:15:00Z").unwrap(),
            "2013-07-03T15:15:00Z"
        );
        let offset = &["%F %T%z"];
        assert_eq!(
            read(offset, Some("Asia/Kolkata"), "2023-11-20 00:27:46+00").unwrap(),
            "2023-11-19T18:57:46Z"
        );
        assert_eq!(
            read(offset, None, "2023-11-20 00:27:46+00").unwrap(),
            "2023-11-20T00:27:46Z"
        );
        assert_eq!(
            read(&[], Some("Asia/Shanghai"), "2026-03-02T10:00:05Z").unwrap(),
            "2026-03-02T02:00:05Z"
        );
    }

    #[test]
    fn without_formats_rfc_3339_is_read_and_needs_an_offset_only_where_no_zone_is_named() {
        assert_eq!(
            read(&[], None, "2026-03-02T10:00:05.5+08:00").unwrap(),
            "2026-03-02T02:00:05.5Z"
        );
        assert_eq!(
            read(&[], None, "2026-03-02 10:00:05z").unwrap(),
            "2026-03-02T10:00:05Z"
        );
        assert_eq!(
            read(&[], None, "2026-03-02T10:00:05").unwrap_err(),
            "expected an offset such as Z, +08:00 or -0500 at character 20"
        );
        assert_eq!(
            read(&[], Some("Asia/Shanghai"), "2026-03-02 10:00:05").unwrap(),
            "2026-03-02T02:00:05Z"
        );
        assert_eq!(
            read(&[], None, "2026-03-02").unwrap_err(),
            "expected a T or a blank at character 11"
        );
    }

    #[test]
    fn a_local_time_that_is_skipped_is_an_hour_later_and_one_that_is_repeated_is_the_earlier() {
        let zone = Some("America/New_York");
        assert_eq!(
            read(&["%F %R"], zone, "2013-03-10 02:30").unwrap(),
            "2013-03-10T07:30:00Z"
        );
        assert_eq!(
            read(&["%F %R"], zone, "2013-11-03 01:30").unwrap(),
            "2013-11-03T05:30:00Z"
        );
    }

    #[test]
    fn a_date_is_the_first_instant_of_its_day() {
        assert_eq!(
            read(&["%F"], Some("America/New_York"), "2013-07-03").unwrap(),
            "2013-07-03T04:00:00Z"
        );
        // Clocks in Beirut went from 24:00 to 01:00 on that day.
        assert_eq!(
            read(&["%F"], Some("Asia/Beirut"), "2022-03-27").unwrap(),
            "2022-03-26T22:00:00Z"
        );
    }

    #[test]
    fn dates_that_do_not_exist_are_refused() {
        let zone = Some("America/New_York");
        assert_eq!(
            read(&["%m/%d/%Y"], zone, "02/29/2013").unwrap_err(),
            "expected a date that exists at character 1"
        );
        assert_eq!(
            read(&["%Y-%j"], zone, "2013-366").unwrap_err(),
            "expected a date that exists at character 1"
        );
        assert_eq!(
            read(&["%Y-%j"], zone, "2012-366").unwrap(),
            "2012-12-31T05:00:00Z"
        );
    }

    #[test]
    fn the_first_format_that_fits_is_taken_and_the_furthest_explains_a_failure() {
        let formats = &["%m/%d/%Y %R", "%m/%d/%Y"];
        let zone = Some("America/New_York");
        assert_eq!(
            read(formats, zone, "07/03/2013 01:00").unwrap(),
            "2013-07-03T05:00:00Z"
        );
        assert_eq!(read(formats, zone, "07/03/2013").unwrap(), "2013-07-03T04:00:00Z");
        assert_eq!(
            read(formats, zone, "07/03/2013 25:00").unwrap_err(),
            "expected an hour 00 to 23 at character 12"
        );
    }
}
