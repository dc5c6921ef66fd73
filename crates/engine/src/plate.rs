//! Plates: what a camera's text says, normalised and checked against the grammar, its class, and what is doubtful.
//!
//! Total on every text. It never guesses: only the repairs that the grammar makes certain are done, and they are
//! flagged; whatever else is in doubt is left to a person.

mod class;
mod cn;
mod generic;
mod kind;
mod normal;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use kind::PlateKind;

/// Which plates exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grammar {
    /// Mainland China, GA 36.
    #[default]
    Cn,
    /// Any non-empty token.
    Generic,
}

/// How sure the class of a plate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassReading {
    /// Given and not contradicted, or inferred where that is certain.
    Certain,
    /// Not given and not to be inferred, or no class that a registered vehicle has.
    Unknown,
    /// Given, but number, colour or vehicle kind say otherwise.
    Mismatch,
}

/// A plate as it was read, after normalisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadPlate {
    /// Normalised number.
    pub number: Arc<str>,
    /// Class; `-` when unknown.
    pub class: Arc<str>,
    /// How sure the class is.
    pub class_reading: ClassReading,
    /// Whether a letter O was taken for 0 or an I for 1; those letters do not exist in serials.
    pub repaired: bool,
    /// Its kind, by the form of the number.
    pub kind: PlateKind,
}

/// Why there is no plate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlateError {
    /// None was read.
    #[error("no plate was read")]
    Unidentified,
    /// What was read is no plate.
    #[error("not a plate: {0}")]
    Invalid(&'static str),
}

/// Longer than any token in use: a publisher's SHA-256 in hex has 64 characters.
const LONGEST: usize = 128;

/// Reads a plate. `color` and `vehicle_kind` are the sender's words; words that nobody knows say nothing.
pub fn read(
    grammar: Grammar,
    number: Option<&str>,
    class: Option<&str>,
    color: Option<&str>,
    vehicle_kind: Option<&str>,
) -> Result<ReadPlate, PlateError> {
    let number = number.ok_or(PlateError::Unidentified)?;
    match grammar {
        Grammar::Cn => cn::read(number, class, color, vehicle_kind),
        Grammar::Generic => generic::read(number, class),
    }
}

/// The key of the stream and of the ledger: the number of [`read`] where that succeeds, else the cleaned text.
/// Normalising twice changes nothing.
pub fn normalise(grammar: Grammar, number: &str) -> String {
    match grammar {
        Grammar::Cn => cn::normalise(number),
        Grammar::Generic => normal::clean(grammar, number),
    }
}

/// The class of a plate whose class nobody knows.
pub fn unknown_class() -> Arc<str> {
    class::unknown()
}

/// A form for logs and for those who may not see plates: `湘K·12**5`. The middle is always hidden, and most of a
/// text that is no Chinese plate.
pub fn masked(number: &str) -> String {
    let count = number.chars().count();
    let chinese = count >= 7 && number.chars().next().is_some_and(cn::is_province);
    let (head, tail) = if chinese {
        (4, 1)
    } else {
        ((count / 4).min(2), usize::from(count > 3))
    };
    let mut text = String::with_capacity(number.len() + 2);
    for (index, char) in number.chars().enumerate() {
        if chinese && index == 2 {
            text.push('·');
        }
        text.push(if (index < head || index >= count - tail) && !char.is_control() {
            char
        } else {
            '*'
        });
    }
    text
}

/// Whether the sender's word for a vehicle's kind means a motor vehicle; only the words of the closed list do not.
pub fn is_motor_vehicle(kind: &str) -> bool {
    let kind = kind.trim();
    !["ebike", "bicycle", "tricycle", "person", "none"]
        .iter()
        .any(|word| kind.eq_ignore_ascii_case(word))
}
