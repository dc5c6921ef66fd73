//! Plates of mainland China: the forms of GA 36-2018.

use super::class::{self, Color};
use super::{Grammar, LONGEST, PlateError, PlateKind, ReadPlate, normal};

/// Reads a plate. A text that is already normal takes the short way: no cleaning and one allocation.
pub(super) fn read(
    number: &str,
    class: Option<&str>,
    color: Option<&str>,
    vehicle_kind: Option<&str>,
) -> Result<ReadPlate, PlateError> {
    let color = color.and_then(Color::parse);
    let (form, prefix) = match Form::parse(number) {
        Some(form) => (form, None),
        None => find(&normal::clean(Grammar::Cn, number))?,
    };
    let color = color.or(prefix);
    if color.is_some_and(|color| !color.fits_length(form.kind, form.len)) {
        return Err(PlateError::Invalid(
            "colour and length disagree: blue has 7 characters, green 8",
        ));
    }
    let kind = class::temporary(form.kind, class).unwrap_or(form.kind);
    let (class, class_reading) = class::read(kind, form.chars[1], class, color, vehicle_kind);
    let number = if form.repaired || prefix.is_some() || !form.is_text(number) {
        form.text().into()
    } else {
        number.into()
    };
    Ok(ReadPlate {
        number,
        class,
        class_reading,
        repaired: form.repaired,
        kind,
    })
}

/// The number of the plate in `text`, else the cleaned text.
pub(super) fn normalise(text: &str) -> String {
    if let Some(form) = Form::parse(text) {
        return form.text();
    }
    let clean = normal::clean(Grammar::Cn, text);
    find(&clean).map_or(clean, |(form, _)| form.text())
}

/// The plate in a cleaned text, and the colour that some cameras write before it.
fn find(clean: &str) -> Result<(Form, Option<Color>), PlateError> {
    if normal::is_sentinel(Grammar::Cn, clean) {
        return Err(PlateError::Unidentified);
    }
    if clean.len() > LONGEST {
        return Err(PlateError::Invalid("too long"));
    }
    if let Some(form) = Form::parse(clean) {
        return Ok((form, None));
    }
    if let Some((color, rest)) = Color::split_prefix(clean)
        && let Some(form) = Form::parse(rest)
    {
        return Ok((form, Some(color)));
    }
    Err(PlateError::Invalid(if clean.contains(['-', '?', '*', '_']) {
        "a character was not read"
    } else if clean.chars().next().is_some_and(is_province) {
        "not a form of GA 36"
    } else {
        "neither a province nor another known beginning"
    }))
}

/// One of the 31 province characters.
pub(super) fn is_province(char: char) -> bool {
    matches!(
        char,
        '京' | '津'
            | '冀'
            | '晋'
            | '蒙'
            | '辽'
            | '吉'
            | '黑'
            | '沪'
            | '苏'
            | '浙'
            | '皖'
            | '闽'
            | '赣'
            | '鲁'
            | '豫'
            | '鄂'
            | '湘'
            | '粤'
            | '桂'
            | '琼'
            | '渝'
            | '川'
            | '贵'
            | '云'
            | '藏'
            | '陕'
            | '甘'
            | '青'
            | '宁'
            | '新'
    )
}

/// The longest form, a temporary plate with all its groups: 湘K临时入境12345.
const WIDEST: usize = 12;

/// A plate's characters after repair, and the kind that they make.
struct Form {
    chars: [char; WIDEST],
    len: usize,
    kind: PlateKind,
    repaired: bool,
}

impl Form {
    fn parse(text: &str) -> Option<Self> {
        let mut chars = ['\0'; WIDEST];
        let mut len = 0;
        for char in text.chars() {
            *chars.get_mut(len)? = char;
            len += 1;
        }
        let read = chars;
        if let Some((kind, repaired)) = fixed(chars.get_mut(..len)?) {
            return Some(Self {
                chars,
                len,
                kind,
                repaired,
            });
        }
        // A form that failed may have repaired before it did.
        let kind = temporary(read.get(..len)?)?;
        Some(Self {
            chars: read,
            len,
            kind,
            repaired: false,
        })
    }

    fn text(&self) -> String {
        self.chars.iter().take(self.len).collect()
    }

    fn is_text(&self, text: &str) -> bool {
        self.chars.iter().take(self.len).copied().eq(text.chars())
    }
}

/// Every form of fixed length, repaired in place.
fn fixed(plate: &mut [char]) -> Option<(PlateKind, bool)> {
    match plate {
        ['使', digits @ ..] | [digits @ .., '使'] if digits.len() == 6 => {
            Some((PlateKind::Embassy, digits_of(digits)?))
        }
        ['民', '航', serial @ ..] if serial.len() == 5 => {
            Some((PlateKind::CivilAviation, serial_of(serial)?))
        }
        ['W', 'J', rest @ ..] => {
            let rest = match rest {
                [province, rest @ ..] if is_province(*province) => rest,
                rest => rest,
            };
            let [digits @ .., last] = rest else { return None };
            let repaired = digits_of(digits)? | serial_of(std::slice::from_mut(last))?;
            (digits.len() == 4).then_some((PlateKind::ArmedPolice, repaired))
        }
        [first, second, digits @ ..]
            if digits.len() == 5 && first.is_ascii_uppercase() && second.is_ascii_uppercase() =>
        {
            Some((PlateKind::Military, digits_of(digits)?))
        }
        [province, issuer, serial @ ..]
            if is_province(*province) && issuer.is_ascii_uppercase() && *issuer != 'I' =>
        {
            provincial(*province, *issuer, serial)
        }
        _ => None,
    }
}

/// What follows the province and the issuing letter.
fn provincial(province: char, issuer: char, serial: &mut [char]) -> Option<(PlateKind, bool)> {
    match serial {
        [digits @ .., '应', '急'] if digits.len() == 4 && matches!(issuer, 'X' | 'S') => {
            Some((PlateKind::Emergency, digits_of(digits)?))
        }
        [serial @ .., suffix] if serial.len() == 4 && !suffix.is_ascii() => {
            let kind = match *suffix {
                '挂' => PlateKind::Trailer,
                '学' => PlateKind::Learner,
                '警' => PlateKind::Police,
                '领' => PlateKind::Consulate,
                '港' if (province, issuer) == ('粤', 'Z') => PlateKind::HongKong,
                '澳' if (province, issuer) == ('粤', 'Z') => PlateKind::Macau,
                _ => return None,
            };
            Some((kind, serial_of(serial)?))
        }
        serial if serial.len() == 5 => Some((PlateKind::Ordinary, serial_of(serial)?)),
        serial if serial.len() == 6 => {
            let repaired = serial_of(serial)?;
            let kind = match serial {
                [energy, _, digits @ ..] if is_energy(*energy) && all_digits(digits) => {
                    PlateKind::NewEnergySmall
                }
                [digits @ .., energy] if is_energy(*energy) && all_digits(digits) => {
                    PlateKind::NewEnergyLarge
                }
                _ => return None,
            };
            Some((kind, repaired))
        }
        _ => None,
    }
}

/// Paper plates: one marker anywhere, and around it an optional province and letter and three to six of the serial.
/// Not repaired: the number stays with nobody, so that nothing could come of it.
fn temporary(plate: &[char]) -> Option<PlateKind> {
    const ENTRY: [char; 4] = ['临', '时', '入', '境'];
    let entry = plate.windows(ENTRY.len()).position(|window| window == ENTRY);
    let (at, len, kind) = match entry {
        Some(at) => (at, ENTRY.len(), PlateKind::TemporaryEntry),
        None => (
            plate.iter().position(|char| matches!(char, '临' | '超' | '试'))?,
            1,
            PlateKind::Temporary,
        ),
    };
    let mut rest = plate
        .iter()
        .take(at)
        .chain(plate.iter().skip(at + len))
        .copied()
        .peekable();
    if rest.next_if(|char| is_province(*char)).is_some() {
        rest.next_if(char::is_ascii_uppercase);
    }
    let mut count = 0;
    for char in rest {
        if !char.is_ascii_digit() && !char.is_ascii_uppercase() {
            return None;
        }
        count += 1;
    }
    (3..=6).contains(&count).then_some(kind)
}

/// Checks digits and letters without I and O, reading those two as 1 and 0; says whether it had to.
fn serial_of(serial: &mut [char]) -> Option<bool> {
    let mut repaired = false;
    for char in serial {
        match *char {
            'O' => (*char, repaired) = ('0', true),
            'I' => (*char, repaired) = ('1', true),
            'A'..='Z' | '0'..='9' => {}
            _ => return None,
        }
    }
    Some(repaired)
}

/// As [`serial_of`], for places that hold digits only.
fn digits_of(digits: &mut [char]) -> Option<bool> {
    let repaired = serial_of(digits)?;
    all_digits(digits).then_some(repaired)
}

fn all_digits(chars: &[char]) -> bool {
    chars.iter().all(char::is_ascii_digit)
}

/// D, A, B, C, E: battery electric; F, G, H, J, K: other new energy.
fn is_energy(char: char) -> bool {
    matches!(char, 'A'..='H' | 'J' | 'K')
}
