//! Canonical JSON (RFC 8785) of what was read, and the digest that says whether two facts say the same.
//!
//! Written here rather than by the library because nearly every value is a plain text or a whole number; the numbers
//! that are neither go through the library, and a property holds both to the same bytes.

use engine::fact::ContentDigest;
use sha2::{Digest as _, Sha256};

use super::document::{Document, Text, Value};
use crate::json;

/// First 16 bytes of the SHA-256 of `{"data":…,"type":…}`.
pub(super) fn digest(kind: &str, document: &Document<'_>, data: Value) -> ContentDigest {
    let mut out = Vec::with_capacity(document.input.len());
    out.extend_from_slice(b"{\"data\":");
    write(document, data, &mut out);
    out.extend_from_slice(b",\"type\":");
    json::text(kind, &mut out);
    out.push(b'}');
    let hash: [u8; 32] = Sha256::digest(out).into();
    *hash.first_chunk().expect("32 bytes begin with 16")
}

/// Appends the canonical form of a value of `document`.
pub(super) fn write(document: &Document<'_>, value: Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Integer(value) => json::integer(value, out),
        Value::Decimal { start, end } => out.extend_from_slice(document.input(start, end).as_bytes()),
        Value::Float(value) => float(value, out),
        Value::Text(value) => text(document, value, out),
        Value::List(first) => {
            out.push(b'[');
            let start = out.len();
            for item in document.items(first) {
                if out.len() > start {
                    out.push(b',');
                }
                write(document, item.value, out);
            }
            out.push(b']');
        }
        Value::Object(first) => {
            out.push(b'{');
            let start = out.len();
            for member in document.items(first) {
                if out.len() > start {
                    out.push(b',');
                }
                text(document, member.key.text, out);
                out.push(b':');
                write(document, member.value, out);
            }
            out.push(b'}');
        }
    }
}

/// A text that was read without an escape holds nothing that needs one, and is copied with its quotation marks.
fn text(document: &Document<'_>, text: Text, out: &mut Vec<u8>) {
    match text {
        Text::Input { start, end } => out.extend_from_slice(document.input(start - 1, end + 1).as_bytes()),
        Text::Unescaped(_) => json::text(document.text(text), out),
    }
}

/// Appends a finite double as ECMAScript prints it.
pub(super) fn float(value: f64, out: &mut Vec<u8>) {
    serde_json_canonicalizer::to_writer(&value, out).expect("a finite number goes into a Vec");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value as Theirs;

    use super::*;
    use crate::event::parse::parse;

    fn ours(json: &str) -> Result<String, String> {
        let document = parse(json).map_err(|error| format!("no JSON at {}", error.at))?;
        if let Some(twice) = document.twice {
            return Err(document.pointer(twice).unwrap());
        }
        let mut out = Vec::new();
        write(&document, document.root, &mut out);
        Ok(String::from_utf8(out).unwrap())
    }

    fn theirs(json: &str) -> String {
        let value: Theirs = serde_json::from_str(json).unwrap();
        serde_json_canonicalizer::to_string(&value).unwrap()
    }

    #[test]
    fn numbers_print_as_ecmascript_prints_them() {
        for (json, canonical) in [
            ("-0", "0"),
            ("-0.0", "0"),
            ("1e21", "1e+21"),
            ("1E20", "100000000000000000000"),
            ("4.50", "4.5"),
            ("2e-3", "0.002"),
            ("0.000001", "0.000001"),
            ("0.0000001", "1e-7"),
            ("0.00000123", "0.00000123"),
            ("-111.994", "-111.994"),
            ("123456789.123456", "123456789.123456"),
            ("0.123456789012345", "0.123456789012345"),
            ("9007199254740991", "9007199254740991"),
            ("9007199254740992", "9007199254740992"),
            ("9007199254740993", "9007199254740992"),
            ("-9007199254740993", "-9007199254740992"),
            ("18446744073709551615", "18446744073709552000"),
            ("333333333.33333329", "333333333.3333333"),
            ("123456789012345678901234567890", "1.2345678901234568e+29"),
            ("5e-324", "5e-324"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("100", "100"),
            ("-7", "-7"),
        ] {
            assert_eq!(ours(json).as_deref(), Ok(canonical), "{json}");
            assert_eq!(theirs(json), canonical, "the library on {json}");
        }
    }

    #[test]
    fn members_sort_by_utf16_code_units() {
        // The sample of RFC 8785, section 3.2.3.
        let json = r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew","1":"One","\ud83d\ude00":"Emoji","\u0080":"Control","\u00f6":"Latin"}"#;
        let canonical = ours(json).unwrap();
        assert_eq!(canonical, theirs(json));
        let order = ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"];
        let places: Vec<_> = order.iter().map(|word| canonical.find(word).unwrap()).collect();
        assert!(places.is_sorted(), "{canonical}");
    }

    #[test]
    fn two_members_of_one_name_are_ambiguous() {
        assert_eq!(
            ours(r#"{"a":[1,{"b/c":1,"b\u002fc":1}]}"#),
            Err("/a/1/b~1c".to_owned())
        );
    }

    #[test]
    fn half_a_surrogate_pair_is_no_text() {
        assert!(ours(r#""\ud800""#).is_err());
        assert!(ours(r#"{"\udc00x":1}"#).is_err());
    }

    /// Texts with every kind of character that the writer or the order treats on its own.
    fn texts() -> impl Strategy<Value = String> {
        let char = prop_oneof![
            4 => any::<char>(),
            2 => prop::char::range('\0', '\u{7f}'),
            1 => prop::char::range('\u{e000}', '\u{ffff}'),
            1 => prop::char::range('\u{10000}', '\u{10ffff}'),
            2 => prop::char::range('a', 'c'),
        ];
        prop::collection::vec(char, 0..6).prop_map(String::from_iter)
    }

    fn values() -> impl Strategy<Value = Theirs> {
        let leaf = prop_oneof![
            Just(Theirs::Null),
            any::<bool>().prop_map(Theirs::from),
            any::<i64>().prop_map(Theirs::from),
            any::<u64>().prop_map(Theirs::from),
            (-1000_i64..1000).prop_map(Theirs::from),
            any::<f64>().prop_map(Theirs::from),
            (-1e9..1e9_f64).prop_map(Theirs::from),
            texts().prop_map(Theirs::from),
        ];
        leaf.prop_recursive(4, 40, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Theirs::from),
                prop::collection::vec((texts(), inner), 0..8)
                    .prop_map(|members| Theirs::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn both_canonicalisers_agree(value in values(), pretty in any::<bool>()) {
            let json = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            prop_assert_eq!(ours(&json).unwrap(), theirs(&json));
        }

        #[test]
        fn canonical_json_is_its_own_canonical_form(value in values()) {
            let once = ours(&value.to_string()).unwrap();
            prop_assert_eq!(ours(&once).unwrap(), once);
        }

        #[test]
        fn number_texts_agree(text in r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?") {
            prop_assert_eq!(ours(&text).unwrap(), theirs(&text));
        }
    }
}
