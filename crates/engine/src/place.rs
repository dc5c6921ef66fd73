//! Places: zones and fixed-point coordinates. Distances are integers, so that every machine agrees on them.

use std::sync::Arc;

/// Which ellipsoid and offset a pair of coordinates is given in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Crs {
    /// GPS.
    #[default]
    Wgs84,
    /// The offset system of Chinese map services.
    Gcj02,
    /// Baidu's own.
    Bd09,
}

/// A point, in units of 1e-7 degree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Longitude, east positive.
    pub lon: i32,
    /// Latitude, north positive.
    pub lat: i32,
    /// What the numbers refer to; none: what the device is registered with, else WGS 84.
    pub crs: Option<Crs>,
}

/// Where something was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The zone's id; none where the sender does not know it.
    pub zone: Option<Arc<str>>,
    /// The place in words.
    pub name: Option<Arc<str>>,
    /// Coordinates.
    pub point: Option<Point>,
}

/// How two places compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nearness {
    /// The same place.
    Same,
    /// Certainly another one.
    Elsewhere,
    /// Neither can be said.
    Unknown,
}

impl Place {
    /// Compares two places: by distance where both have coordinates of one system, whatever the zones; otherwise by
    /// zone. Two places that nobody can name are never the same.
    pub fn nearness(&self, other: &Self, merge_distance_mm: i64) -> Nearness {
        if let (Some(a), Some(b)) = (self.point, other.point)
            && a.crs.unwrap_or_default() == b.crs.unwrap_or_default()
        {
            return if within(a, b, merge_distance_mm) {
                Nearness::Same
            } else {
                Nearness::Elsewhere
            };
        }
        match (&self.zone, &other.zone) {
            (Some(a), Some(b)) if a == b => Nearness::Same,
            (Some(_), Some(_)) => Nearness::Elsewhere,
            (None, _) | (_, None) => Nearness::Unknown,
        }
    }
}

/// Mean earth radius 6,371,008.8 m times pi / 180 / 1e7: micrometres per 1e-7 degree.
const MICROMETRES_PER_UNIT: i64 = 11_119;

/// 360 degrees.
const TURN: i64 = 3_600_000_000;

/// 1 in Q30.
const ONE: i64 = 1 << 30;

/// Whether two points lie at most `limit_mm` apart. Plane geometry at the mean latitude: exact to a millimetre at
/// the distances that merging asks about, and monotone beyond.
fn within(a: Point, b: Point, limit_mm: i64) -> bool {
    let limit = limit_mm.saturating_mul(1000);
    let north = (i64::from(a.lat) - i64::from(b.lat)) * MICROMETRES_PER_UNIT;
    if north.abs() > limit {
        return false;
    }
    let mut east = i64::from(a.lon) - i64::from(b.lon);
    if east > TURN / 2 {
        east -= TURN;
    } else if east < -TURN / 2 {
        east += TURN;
    }
    let widest = east * MICROMETRES_PER_UNIT;
    let angle = square_q30(i64::midpoint(i64::from(a.lat), i64::from(b.lat)));
    // The cosine is dear, and at least 1 - x^2 / 2: that is enough for nearly all that are apart. A millionth covers
    // all rounding.
    let least = (ONE - angle / 2 - (ONE >> 20)).max(0);
    if ((widest.abs() >> 13) * least) >> 17 > limit {
        return false;
    }
    let left = square(limit) - square(north);
    // It is also at most 1: that is enough for most that are near.
    square(widest) <= left || square((i128::from(widest) * i128::from(cos_q30(angle))) >> 30) <= left
}

fn square(value: impl Into<i128>) -> i128 {
    let value = value.into();
    value * value
}

/// The square in Q30 of an angle of 1e-7 degree units between -90 and 90 degrees, in radians.
fn square_q30(units: i64) -> i64 {
    // pi / 1.8e9 in Q60 gives radians in Q60 per unit.
    const RADIANS_Q60: i64 = 2_012_227_627;
    let x = (units.clamp(-900_000_000, 900_000_000) * RADIANS_Q60) >> 30;
    (x * x) >> 30
}

/// Cosine times 2^30 of the angle with this square, by its power series.
fn cos_q30(square: i64) -> i64 {
    let mut term = ONE;
    let mut sum = ONE;
    for step in 1..=9 {
        term = -((term * square) >> 30) / ((2 * step - 1) * (2 * step));
        sum += term;
    }
    sum.clamp(0, ONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(lon: i32, lat: i32) -> Point {
        Point {
            lon,
            lat,
            crs: Some(Crs::Wgs84),
        }
    }

    #[test]
    fn cosine_is_right_to_seven_digits() {
        for degrees in -90_i64..=90 {
            let ours = cos_q30(square_q30(degrees * 10_000_000)) as f64 / f64::from(1_u32 << 30);
            let theirs = (degrees as f64).to_radians().cos();
            assert!((ours - theirs).abs() < 1e-7, "{degrees}: {ours} against {theirs}");
        }
    }

    #[test]
    fn thirty_metres_north_or_east_are_the_same_place_and_a_little_more_is_not() {
        let here = point(1_119_940_000, 277_280_000);
        assert!(within(here, point(1_119_940_000, 277_280_000 + 2697), 30_000));
        assert!(!within(here, point(1_119_940_000, 277_280_000 + 2699), 30_000));
        // One unit of longitude is 9.842 mm at this latitude.
        assert!(within(here, point(1_119_940_000 + 3047, 277_280_000), 30_000));
        assert!(!within(here, point(1_119_940_000 + 3049, 277_280_000), 30_000));
    }

    #[test]
    fn the_date_line_is_no_distance() {
        assert!(within(point(1_799_999_999, 0), point(-1_799_999_999, 0), 1_000));
    }
}
