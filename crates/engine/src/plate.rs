//! Plates: what a camera's text says, normalised, checked against the grammar, with its class and what is doubtful.
//!
//! Total on every text. It never guesses: only the repairs that the grammar makes certain are done, and they are flagged.

use std::sync::Arc;

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

/// A kind of plate, by its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlateKind {
    /// Ordinary.
    Ordinary,
}

/// A plate as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadPlate {
    /// Normalised number.
    pub number: Arc<str>,
    /// Class; `-` when unknown.
    pub class: Arc<str>,
    /// How sure the class is.
    pub class_reading: ClassReading,
    /// Whether O was read as 0 or I as 1.
    pub repaired: bool,
    /// Its form.
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
