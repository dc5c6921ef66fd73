//! The few pieces of JSON that are written by hand, where a serialiser in between would cost more than the text.

use std::fmt;

/// Appends a JSON string with the escapes that RFC 8785 asks for and no others; runs without one are copied whole.
pub(crate) fn text(value: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    inside(value, out);
    out.push(b'"');
}

/// Appends what stands between the quotation marks of a JSON string.
pub(crate) fn inside(value: &str, out: &mut Vec<u8>) {
    let mut rest = value.as_bytes();
    loop {
        let (plain, others) = rest.split_at(plain_run(rest));
        out.extend_from_slice(plain);
        let Some((byte, others)) = others.split_first() else {
            return;
        };
        rest = others;
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            0x08 => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            _ => {
                out.extend_from_slice(b"\\u00");
                out.extend([byte >> 4, byte & 15].map(|nibble| b"0123456789abcdef"[usize::from(nibble)]));
            }
        }
    }
}

/// How many bytes stand at the start that a JSON string holds as they are: no quotation mark, backslash or control
/// character.
#[inline]
pub(crate) fn plain_run(bytes: &[u8]) -> usize {
    let mut at = 0;
    // Eight bytes at a time: in each byte's highest bit, whether that byte is one of the three.
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let special = zero_bytes(word ^ (EACH * u64::from(b'"')))
            | zero_bytes(word ^ (EACH * u64::from(b'\\')))
            | word.wrapping_sub(EACH * 0x20) & !word & HIGH;
        if special != 0 {
            // A borrow can only mark bytes above the first that is marked rightly.
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let tail = bytes[at..]
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
    tail.map_or(bytes.len(), |length| at + length)
}

/// One in each byte.
const EACH: u64 = 0x0101_0101_0101_0101;
/// The highest bit of each byte.
const HIGH: u64 = EACH * 0x80;

/// The highest bit of each byte that is zero, and perhaps of others above the lowest of those.
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(EACH) & !word & HIGH
}

/// Appends a whole number.
pub(crate) fn integer(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    natural(value.unsigned_abs(), out);
}

/// Appends a whole number that is not negative.
pub(crate) fn natural(value: u64, out: &mut Vec<u8>) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = value;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends a JSON string of a value whose text needs no escapes: a number, a date, an id of ours.
pub(crate) fn plain(value: impl fmt::Display, out: &mut Vec<u8>) {
    use std::io::Write as _;
    out.push(b'"');
    write!(out, "{value}").expect("writing to a Vec cannot fail");
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_run_ends_where_the_first_special_byte_stands(
            bytes in prop::collection::vec(prop_oneof![3 => any::<u8>(), 9 => 0x1e_u8..0x25, 2 => b'[' ..=b']'], 0..40),
        ) {
            let simple = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)).unwrap_or(bytes.len());
            prop_assert_eq!(plain_run(&bytes), simple);
        }

        #[test]
        fn a_run_of_plain_bytes_is_found_whole(length in 0_usize..70, special in prop::sample::select(vec![b'"', b'\\', 0, 0x1f])) {
            let mut bytes = vec![b'a'; length];
            prop_assert_eq!(plain_run(&bytes), length);
            bytes.extend([special, b'b', b'"']);
            prop_assert_eq!(plain_run(&bytes), length);
        }

        #[test]
        fn a_text_is_written_as_serde_json_writes_it(value in any::<String>()) {
            let mut out = Vec::new();
            text(&value, &mut out);
            prop_assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(&value).unwrap());
        }
    }

    #[test]
    fn whole_numbers_are_written_whole() {
        for value in [0, 7, -7, 10, i64::MAX, i64::MIN] {
            let mut out = Vec::new();
            integer(value, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), value.to_string());
        }
    }
}
