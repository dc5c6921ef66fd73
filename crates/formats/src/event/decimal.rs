//! Numbers in fixed point, from their decimal digits: no rounding that depends on how a double is stored.

use super::canonical;
use super::node::Node;

/// What happens to digits beyond the scale.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Beyond {
    /// They are cut off, so that 0.8999999 is not 0.9.
    Cut,
    /// They are rounded, half away from zero.
    Round,
}

/// `node`, a number, in units of 10^-`scale`; none: not a number, or too large for any of our scales.
pub(super) fn fixed(node: &Node<'_>, scale: i32, beyond: Beyond) -> Option<i64> {
    match node {
        Node::Integer(value) => value.checked_mul(10_i64.checked_pow(u32::try_from(scale).ok()?)?),
        Node::Decimal(text) => parse(text.as_bytes(), scale, beyond),
        Node::Float(value) => {
            let mut text = Vec::with_capacity(24);
            canonical::float(*value, &mut text);
            parse(&text, scale, beyond)
        }
        Node::Null | Node::Bool(_) | Node::Text(_) | Node::List(_) | Node::Object(_) => None,
    }
}

/// Reads a JSON number.
fn parse(text: &[u8], scale: i32, beyond: Beyond) -> Option<i64> {
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
    let shift = scale + exponent - places;
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
    use super::*;

    fn read(json: &str, scale: i32, beyond: Beyond) -> Option<i64> {
        fixed(&crate::event::parse::parse(json).unwrap(), scale, beyond)
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
}
