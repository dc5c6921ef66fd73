//! Plate classes (号牌种类, GA/T 16.7): given, inferred from the colour, or contradicted.

use std::sync::{Arc, LazyLock};

use super::{ClassReading, PlateKind};

/// The colour of a plate, as far as it says something about the class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Color {
    Blue,
    Yellow,
    Green,
    YellowGreen,
    White,
    Black,
}

/// Words of senders. Numbers are left out on purpose: each vendor has its own table, and they disagree.
const WORDS: [(&str, Color); 29] = [
    ("blue", Color::Blue),
    ("蓝", Color::Blue),
    ("蓝色", Color::Blue),
    ("yellow", Color::Yellow),
    ("黄", Color::Yellow),
    ("黄色", Color::Yellow),
    ("green", Color::Green),
    ("绿", Color::Green),
    ("绿色", Color::Green),
    ("gradientgreen", Color::Green),
    ("gradient-green", Color::Green),
    ("newenergygreen", Color::Green),
    ("渐变绿", Color::Green),
    ("渐变绿色", Color::Green),
    ("yellow-green", Color::YellowGreen),
    ("yellowgreen", Color::YellowGreen),
    ("newenergyyellowgreen", Color::YellowGreen),
    ("黄绿", Color::YellowGreen),
    ("黄绿色", Color::YellowGreen),
    ("黄绿双拼", Color::YellowGreen),
    ("黄绿双拼色", Color::YellowGreen),
    ("white", Color::White),
    ("白", Color::White),
    ("白色", Color::White),
    ("black", Color::Black),
    ("黑", Color::Black),
    ("黑色", Color::Black),
    ("蓝牌", Color::Blue),
    ("黄牌", Color::Yellow),
];

impl Color {
    /// The colour of a sender's word; none where the word says nothing.
    pub(super) fn parse(word: &str) -> Option<Self> {
        WORDS
            .iter()
            .find(|(text, _)| same_word(text, word))
            .map(|(_, color)| *color)
    }

    /// Splits the longest colour word off the front.
    pub(super) fn split_prefix(text: &str) -> Option<(Self, &str)> {
        WORDS
            .iter()
            .filter(|(word, _)| !word.is_ascii())
            .filter_map(|(word, color)| Some((word.len(), *color, text.strip_prefix(word)?)))
            .max_by_key(|(len, ..)| *len)
            .map(|(_, color, rest)| (color, rest))
    }

    /// Blue plates have seven characters and green ones eight; airports have green ones of their own.
    pub(super) fn fits_length(self, kind: PlateKind, len: usize) -> bool {
        match self {
            Self::Blue => len == 7,
            Self::Green | Self::YellowGreen => {
                len == 8 || kind == PlateKind::CivilAviation || kind.unstable()
            }
            Self::Yellow | Self::White | Self::Black => true,
        }
    }
}

/// Compares without regard to case and to blanks, hyphens and underscores in the sender's word.
fn same_word(word: &str, given: &str) -> bool {
    let plain = given
        .chars()
        .filter(|char| !matches!(char, ' ' | '-' | '_' | '\t'));
    word.chars().eq(plain.map(|char| char.to_ascii_lowercase()))
}

/// The two-digit codes as shared strings, and `-`.
static CODES: LazyLock<Vec<Arc<str>>> =
    LazyLock::new(|| (0..100).map(|code| format!("{code:02}").into()).collect());
static NONE: LazyLock<Arc<str>> = LazyLock::new(|| "-".into());

/// `-`.
pub(super) fn unknown() -> Arc<str> {
    Arc::clone(&NONE)
}

fn text(code: u8) -> Arc<str> {
    CODES.get(usize::from(code)).map_or_else(unknown, Arc::clone)
}

/// What a sender said of the class.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    /// Nothing, or `99`: many senders write "other" for "not known".
    Nothing,
    /// A class that a registered vehicle has.
    Code(u8),
    /// No plate, a false or a misused one, or a word that is no class: nobody knows the true one.
    NoClass,
}

impl Given {
    fn parse(class: Option<&str>) -> Self {
        let text = class.unwrap_or_default().trim();
        let code = match text.as_bytes() {
            [] | [b'-'] => return Self::Nothing,
            [ones @ b'0'..=b'9'] => ones - b'0',
            [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => (tens - b'0') * 10 + (ones - b'0'),
            _ => return Self::NoClass,
        };
        match code {
            99 => Self::Nothing,
            1..=27 | 31 | 32 | 51 | 52 => Self::Code(code),
            _ => Self::NoClass,
        }
    }
}

/// A number of ordinary form on a paper plate: only the class tells.
pub(super) fn temporary(kind: PlateKind, class: Option<&str>) -> Option<PlateKind> {
    match (kind, Given::parse(class)) {
        (PlateKind::Ordinary, Given::Code(20 | 21)) => Some(PlateKind::TemporaryEntry),
        (PlateKind::Ordinary, Given::Code(22)) => Some(PlateKind::Temporary),
        _ => None,
    }
}

/// The class of a plate of this kind, and how sure it is.
pub(super) fn read(
    kind: PlateKind,
    issuer: char,
    class: Option<&str>,
    color: Option<Color>,
    vehicle_kind: Option<&str>,
) -> (Arc<str>, ClassReading) {
    let vehicle = vehicle_kind.and_then(Vehicle::parse);
    match Given::parse(class) {
        Given::NoClass => (unknown(), ClassReading::Unknown),
        Given::Code(code) => {
            let fits = fits_kind(kind, issuer, code)
                && color.is_none_or(|color| fits_color(issuer, code, color))
                && vehicle.is_none_or(|vehicle| vehicle.fits(code));
            (
                text(code),
                if fits {
                    ClassReading::Certain
                } else {
                    ClassReading::Mismatch
                },
            )
        }
        Given::Nothing => match inferred(kind, color) {
            Some(code) if vehicle.is_none_or(|vehicle| vehicle.fits(code)) => {
                (text(code), ClassReading::Certain)
            }
            _ => (unknown(), ClassReading::Unknown),
        },
    }
}

/// Blue and seven, green and eight, yellow-green and eight; nothing else is certain.
fn inferred(kind: PlateKind, color: Option<Color>) -> Option<u8> {
    match (kind, color?) {
        (PlateKind::Ordinary, Color::Blue) => Some(2),
        (PlateKind::NewEnergySmall, Color::Green) => Some(52),
        (PlateKind::NewEnergyLarge, Color::YellowGreen) => Some(51),
        _ => None,
    }
}

/// Which classes have numbers of this form.
fn fits_kind(kind: PlateKind, issuer: char, code: u8) -> bool {
    match kind {
        // O was the letter of the public security organs.
        PlateKind::Ordinary => matches!(code, 1 | 2 | 5..=8 | 11..=14 | 25) || (issuer == 'O' && code == 23),
        PlateKind::NewEnergySmall => code == 52,
        PlateKind::NewEnergyLarge => code == 51,
        PlateKind::Trailer => code == 15,
        PlateKind::Learner => matches!(code, 16 | 17),
        PlateKind::Police => matches!(code, 23 | 24),
        PlateKind::Consulate => matches!(code, 4 | 10),
        PlateKind::Embassy => matches!(code, 3 | 9),
        PlateKind::HongKong => code == 26,
        PlateKind::Macau => code == 27,
        PlateKind::ArmedPolice => code == 31,
        PlateKind::Military => code == 32,
        PlateKind::Temporary => matches!(code, 18 | 19 | 22),
        PlateKind::TemporaryEntry => matches!(code, 20 | 21),
        // They have no code of their own but 99.
        PlateKind::Emergency | PlateKind::CivilAviation => false,
        PlateKind::Generic => true,
    }
}

/// Which classes have plates of this colour. Paper plates come in all.
fn fits_color(issuer: char, code: u8, color: Color) -> bool {
    match color {
        Color::Blue => matches!(code, 2 | 8 | 18..=22),
        Color::Yellow => matches!(code, 1 | 7 | 13..=22 | 25),
        Color::Green => matches!(code, 14 | 25 | 52 | 18..=22),
        Color::YellowGreen => matches!(code, 51 | 18..=22),
        Color::White => matches!(code, 18..=24 | 31 | 32) || (issuer == 'O' && code == 2),
        Color::Black => matches!(code, 3..=6 | 9..=12 | 18..=22 | 26 | 27),
    }
}

/// Vehicle kinds that say something about the class.
#[derive(Clone, Copy)]
enum Vehicle {
    Motorcycle,
    Trailer,
    /// Four wheels or more, with an engine of its own.
    Motor,
}

impl Vehicle {
    fn parse(word: &str) -> Option<Self> {
        let is = |kind: &str| word.trim().eq_ignore_ascii_case(kind);
        if is("motorcycle") {
            Some(Self::Motorcycle)
        } else if is("trailer") {
            Some(Self::Trailer)
        } else if ["car", "van", "truck", "bus", "taxi"].into_iter().any(is) {
            Some(Self::Motor)
        } else {
            None
        }
    }

    fn fits(self, code: u8) -> bool {
        let motorcycle = matches!(code, 7..=12 | 17 | 19 | 21 | 24);
        // Motorcycles and cars of one office share some classes' forms; tractors and old farm plates fit anything.
        match self {
            _ if matches!(code, 14 | 22 | 25..=27 | 31 | 32) => true,
            Self::Motorcycle => motorcycle,
            Self::Trailer => matches!(code, 1 | 13 | 15 | 51),
            // A camera behind a trailer reads the trailer's plate and sees a truck.
            Self::Motor => !motorcycle,
        }
    }
}
