//! Numbers in fixed point, from their decimal digits: no rounding that depends on how a double is stored.

use super::canonical;
use super::document::{Document, Value};

/// What happens to digits beyond the scale.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Beyond {
    /// They are cut off, so that 0.8999999 is not 0.9.
    Cut,
    /// They are rounded, half away from zero.
    Round,
}

/// `value`, a number, in units of 10^-`scale`; none: not a number, or too large for any of our scales.
pub(super) fn fixed(document: &Document<'_>, value: Value, scale: u32, beyond: Beyond) -> Option<i64> {
    match value {
        Value::Integer(value) => value.checked_mul(10_i64.checked_pow(scale)?),
        Value::Decimal { start, end } => short(document.input(start, end), scale, beyond),
        Value::Float(value) => {
            let mut text = Vec::with_capacity(24);
            canonical::float(value, &mut text);
            any(&text, scale, beyond)
        }
        Value::Null | Value::Bool(_) | Value::Text(_) | Value::List(_) | Value::Object(_) => None,
    }
}

/// Reads a number with at most 15 digits, a point among them, and no exponent; `scale` is not 0.
fn short(text: &str, scale: u32, beyond: Beyond) -> Option<i64> {
    let (mut units, mut places, mut after_point, mut next) = (0_i64, 0, false, 0);
    for byte in text.bytes() {
        match byte {
            b'-' => {}
            b'.' => after_point = true,
            _ if places < scale => {
                units = units.checked_mul(10)?.checked_add(i64::from(byte & 15))?;
                places += u32::from(after_point);
            }
            _ => {
                next = byte & 15;
                break;
            }
        }
    }
    units = units.checked_mul(10_i64.checked_pow(scale - places)?)?;
    units += i64::from(beyond == Beyond::Round && next >= 5);
    Some(if text.starts_with('-') { -units } else { units })
}

/// Reads a JSON number.
fn any(text: &[u8], scale: u32, beyond: Beyond) -> Option<i64> {
    let (negative, text) = text.strip_prefix(b"-").map_or((false, text), |rest| (true, rest));
    let split = text.iter().position(|byte| *byte == b'e').unwrap_or(text.len());
    let (mantissa, exponent) = text.split_at(split);
    let exponent: i32 = match exponent.get(1..) {
        Some(digits) => std::str::from_utf8(digits).ok()?.parse().ok()?,
        None => 0,
    };
    let point = mantissa
        .iter()
        .position(|byte| *byte == b'.')
        .unwrap_or(mantissa.len());
    let places = i32::try_from(mantissa.len().saturating_sub(point + 1)).ok()?;
    let mut digits = 0_i128;
    for byte in mantissa.iter().filter(|byte| **byte != b'.') {
        digits = digits
            .checked_mul(10)?
            .checked_add(i128::from(byte.checked_sub(b'0')?))?;
    }
    let shift = i32::try_from(scale).ok()? + exponent - places;
    let units = if shift >= 0 {
        if digits == 0 {
            0
        } else {
            digits.checked_mul(10_i128.checked_pow(shift.unsigned_abs())?)?
        }
    } else {
        let divisor = 10_i128.checked_pow(shift.unsigned_abs());
        divisor.map_or(0, |divisor| match beyond {
            Beyond::Cut => digits / divisor,
            Beyond::Round => (digits + divisor / 2) / divisor,
        })
    };
    let units = i64::try_from(units).ok()?;
    Some(if negative { -units } else { units })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Beyond, fixed, short};

    fn read(json: &str, scale: u32, beyond: Beyond) -> Option<i64> {
        let document = crate::event::parse::parse(json).unwrap();
        fixed(&document, document.root, scale, beyond)
    }

    #[test]
    fn degrees_keep_every_digit_that_they_have() {
        for (json, units) in [
            ("111.994", 1_119_940_000),
            ("27.728", 277_280_000),
            ("-0.1", -1_000_000),
            ("0.0000001", 1),
            ("1e-7", 1),
            ("0.00000005", 1),
            ("-0.00000005", -1),
            ("0.00000004999", 0),
            ("180", 1_800_000_000),
            ("179.99999999", 1_800_000_000),
            ("1.2e2", 1_200_000_000),
            ("1e-300", 0),
            ("-0.0", 0),
        ] {
            assert_eq!(read(json, 7, Beyond::Round), Some(units), "{json}");
        }
        assert_eq!(read("1e300", 7, Beyond::Round), None);
        assert_eq!(read("9007199254740992", 7, Beyond::Round), None);
        assert_eq!(read("\"1\"", 7, Beyond::Round), None);
    }

    #[test]
    fn a_confidence_just_below_the_threshold_stays_below() {
        assert_eq!(read("0.9", 6, Beyond::Cut), Some(900_000));
        assert_eq!(read("0.8999999999", 6, Beyond::Cut), Some(899_999));
        assert_eq!(read("0.30000000000000004", 6, Beyond::Cut), Some(300_000));
        assert_eq!(read("1", 6, Beyond::Cut), Some(1_000_000));
        assert_eq!(read("1.0000000000000002", 6, Beyond::Cut), Some(1_000_000));
    }

    proptest! {
        #[test]
        fn short_numbers_are_read_as_any_others(
            text in r"-?(0|[1-9][0-9]{0,6})\.[0-9]{1,8}", scale in 1_u32..9, round in any::<bool>(),
        ) {
            let beyond = if round { Beyond::Round } else { Beyond::Cut };
            prop_assert_eq!(short(&text, scale, beyond), super::any(text.as_bytes(), scale, beyond));
        }
    }
}
