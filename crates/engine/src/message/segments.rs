//! How many parts a text is billed and sent as.

/// Which road a message takes; the rules of counting differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// Mainland China: every character counts one, letters and digits too; 70, or 67 a part.
    #[default]
    DomesticChina,
    /// Elsewhere: GSM-7 with 160 and 153, else UCS-2 with 70 and 67.
    International,
}

/// The number of parts of a text as it is sent, signature included; none for an empty one.
pub fn segments(text: &str, route: Route) -> u32 {
    if text.is_empty() {
        return 0;
    }
    match route {
        // A character outside the basic plane counts two at the carriers, so that is what is expected.
        Route::DomesticChina => {
            let units = text.encode_utf16().count();
            if units <= 70 {
                1
            } else {
                saturated(units.div_ceil(67))
            }
        }
        Route::International => match text.chars().map(gsm_7).sum::<Option<usize>>() {
            Some(septets) if septets <= 160 => 1,
            Some(_) => parts(text.chars().filter_map(gsm_7), 153),
            None if text.encode_utf16().count() <= 70 => 1,
            None => parts(text.chars().map(char::len_utf16), 67),
        },
    }
}

/// Parts of `room` units when no character may be split between two.
fn parts(widths: impl Iterator<Item = usize>, room: usize) -> u32 {
    let (mut parts, mut used) = (1_u32, 0);
    for width in widths {
        if used + width > room {
            parts = parts.saturating_add(1);
            used = 0;
        }
        used += width;
    }
    parts
}

fn saturated(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Septets of a character in the default alphabet of GSM 03.38: one, two for the extension table, none where it has
/// no place.
fn gsm_7(char: char) -> Option<usize> {
    const OTHERS: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
    match char {
        '0'..='9' | 'A'..='Z' | 'a'..='z' => Some(1),
        '^' | '{' | '}' | '\\' | '[' | '~' | ']' | '|' | '€' | '\u{c}' => Some(2),
        _ => OTHERS.contains(char).then_some(1),
    }
}
