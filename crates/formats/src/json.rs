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
    let bytes = value.as_bytes();
    let mut copied = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[copied..at]);
        copied = at + 1;
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
    out.extend_from_slice(&bytes[copied..]);
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
