//! Phones and names: types that cannot be printed, so that no log, error or trace ever holds one.

use secrecy::{ExposeSecret, SecretString};

/// A phone number in E.164, or `plate:NUMBER/CLASS` for gateways that keep the phones themselves.
#[derive(Clone, Debug)]
pub struct Phone(SecretString);

impl Phone {
    /// Takes a number that looks like E.164: a plus and 8 to 15 digits, the first not zero.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+')?;
        let fits = (8..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        fits.then(|| Self(SecretString::from(text.to_owned())))
    }

    /// For gateways that look the number up by plate.
    pub fn by_plate(number: &str, class: &str) -> Self {
        Self(SecretString::from(format!("plate:{number}/{class}")))
    }

    /// The number, for the request and for the sealed column only.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    /// What people without the right may see: `+86138****0001`.
    pub fn masked(&self) -> String {
        mask(self.reveal())
    }
}

/// Keeps the first six and the last four characters at most, and never more than half.
pub fn mask(number: &str) -> String {
    let length = number.chars().count();
    let (head, tail) = if length >= 12 {
        (6, 4)
    } else {
        (length / 4, length / 4)
    };
    let start: String = number.chars().take(head).collect();
    let end: String = number.chars().skip(length - tail).collect();
    format!("{start}****{end}")
}

/// A person's or organisation's name.
#[derive(Clone, Debug)]
pub struct Name(SecretString);

impl Name {
    /// Takes any text.
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The name, for the request and for the sealed column only.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_phones_nor_names_can_be_printed() {
        let phone = Phone::parse("+8613812345678").unwrap();
        let name = Name::new("张三".to_owned());
        let printed = format!("{phone:?} {name:?}");
        assert!(!printed.contains("1234") && !printed.contains('张'), "{printed}");
        assert_eq!(phone.masked(), "+86138****5678");
    }

    #[test]
    fn only_e164_is_a_phone() {
        for bad in [
            "",
            "+",
            "13812345678",
            "+0138123456",
            "+86 138 1234 5678",
            "+1234567",
            "+1234567890123456",
        ] {
            assert!(Phone::parse(bad).is_none(), "{bad}");
        }
    }
}
