//! What of a provider's words may be kept and shown as it came: providers echo phones, names and plates wherever there is
//! room. Their codes and ids stand in tables, pages and exports.

use std::sync::Arc;

use engine::ids::hash;

/// Longer words are none.
const LONGEST_CODE: usize = 64;
const LONGEST_ID: usize = 128;
/// So many digits in a code could be a phone, however they are grouped.
const MANY_DIGITS: usize = 7;

/// A provider's own code: a short word without anything like a phone in it, else `unlisted`.
pub(super) fn code(code: &str) -> Arc<str> {
    let is_word = is_word(code, LONGEST_CODE, b"_.-:");
    let digits = code.bytes().filter(u8::is_ascii_digit).count();
    if is_word && digits < MANY_DIGITS {
        code.into()
    } else {
        "unlisted".into()
    }
}

/// A provider's id of a message. One that could hold somebody's phone, name or plate is replaced by its hash, which
/// answers, look-ups and receipts have in common.
pub(super) fn id(id: &str) -> Arc<str> {
    if is_word(id, LONGEST_ID, b"_.-:^=/") && !holds_a_phone(id) {
        return id.into();
    }
    let digest = hash(&[b"message id", id.as_bytes()]);
    let digits = digest[..16].iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits: String = digits
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect();
    format!("hash-{digits}").into()
}

/// Our own name for an attempt, as far as a provider gives back what could be one.
pub(super) fn reference(text: String) -> Option<String> {
    // One of ours in a million has eleven digits in a row.
    Some(text).filter(|text| is_ours(text) || is_word(text, LONGEST_ID, b"-") && !holds_a_phone(text))
}

/// Whether it has the form of the names that this engine gives attempts.
fn is_ours(text: &str) -> bool {
    const LENGTH: usize = 20;
    let parts = text.strip_prefix("n-").and_then(|rest| rest.split_once('-'));
    parts.is_some_and(|(name, number)| {
        let is_name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        let is_number =
            !number.is_empty() && number.len() <= 4 && number.bytes().all(|byte| byte.is_ascii_digit());
        name.len() == LENGTH && name.bytes().all(is_name) && is_number
    })
}

fn is_word(text: &str, longest: usize, marks: &[u8]) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || marks.contains(&byte);
    !text.is_empty() && text.len() <= longest && text.bytes().all(is_fit)
}

/// Whether a run of digits reads as a mobile number of the mainland, with the country's code or without.
fn holds_a_phone(text: &str) -> bool {
    let mut runs = text.split(|char: char| !char.is_ascii_digit());
    runs.any(|run| match run.len() {
        11 => run.starts_with('1'),
        13 => run.starts_with("861"),
        15 => run.starts_with("00861"),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use engine::fact::NoticeKind;
    use engine::ids::{CaseId, NoticeId};

    use super::*;

    #[test]
    fn a_code_that_could_hold_a_phone_is_not_repeated() {
        for word in [
            "+8613812345678",
            "no-13812345678",
            "138-1234-5678",
            "has blank",
            "号码",
            "湘K12001",
            "",
        ] {
            assert_eq!(&*code(word), "unlisted", "{word}");
        }
        for word in ["isv.BUSINESS_LIMIT", "DB:0103", "DELIVRD", "http_500"] {
            assert_eq!(&*code(word), word);
        }
    }

    #[test]
    fn an_id_that_could_name_somebody_is_kept_as_its_hash() {
        for plain in [
            "m1",
            "900619746936498440^0",
            "SM2f3b",
            "2019:538884",
            "hash-of/x=",
        ] {
            assert_eq!(&*id(plain), plain);
        }
        let hidden = [
            "+8613812345678",
            "13812345678",
            "x-8613812345678",
            "0086-13812345678",
            "张三",
            "湘K12001",
        ];
        for text in hidden {
            let kept = id(text);
            assert!(kept.starts_with("hash-") && kept.len() == 37, "{text}: {kept}");
            assert_eq!(id(text), kept);
        }
        assert_ne!(id("张三"), id("张四"));
    }

    #[test]
    fn a_reference_is_a_word_of_ours_or_none() {
        let kept = |text: &str| reference(text.to_owned());
        assert_eq!(kept("n-abcdefghij2345-1"), Some("n-abcdefghij2345-1".to_owned()));
        let unlucky = "n-TV7ZHE13812345678JKZ-1";
        assert_eq!(kept(unlucky), Some(unlucky.to_owned()));
        let attempt = NoticeId::new(&CaseId::from_text("260303-A"), NoticeKind::Waived, 0).attempt(1);
        assert!(is_ours(attempt.as_str()), "{attempt}");
        for text in [
            "13812345678",
            "+86 138",
            "张三",
            "",
            "湘K12001",
            "n-13812345678-1",
        ] {
            assert_eq!(kept(text), None, "{text}");
        }
    }
}
