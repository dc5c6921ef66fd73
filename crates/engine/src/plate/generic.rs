//! The generic grammar: any non-empty token is a plate, and its class is whatever the sender says.

use std::sync::Arc;

use super::{ClassReading, Grammar, LONGEST, PlateError, PlateKind, ReadPlate, class, normal};

/// Reads a token. Nothing is ever unknown or contradicted here.
pub(super) fn read(number: &str, class: Option<&str>) -> Result<ReadPlate, PlateError> {
    let number: Arc<str> = if is_normal(number) {
        number.into()
    } else {
        normal::clean(Grammar::Generic, number).into()
    };
    if normal::is_sentinel(Grammar::Generic, &number) {
        return Err(PlateError::Unidentified);
    }
    if number.len() > LONGEST && number.chars().count() > LONGEST {
        return Err(PlateError::Invalid("longer than 128 characters"));
    }
    Ok(ReadPlate {
        number,
        class: token(class),
        class_reading: ClassReading::Certain,
        repaired: false,
        kind: PlateKind::Generic,
    })
}

fn is_normal(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_lowercase() && byte != b'/' && byte != b'#')
}

/// The class as given, without what would break `NUMBER/CLASS`.
fn token(class: Option<&str>) -> Arc<str> {
    let Some(given) = class else {
        return class::unknown();
    };
    let breaks = |char: char| char.is_whitespace() || char.is_control() || matches!(char, '/' | '#');
    let text: Arc<str> = if given.contains(breaks) {
        given
            .chars()
            .filter(|char| !breaks(*char))
            .collect::<String>()
            .into()
    } else if given == "-" {
        return class::unknown();
    } else {
        given.into()
    };
    if text.is_empty() { class::unknown() } else { text }
}
