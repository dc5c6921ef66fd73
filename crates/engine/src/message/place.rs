//! Foreign words in a message: what they must not bring along, and how a long place name is made to fit.

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;

use super::Lang;

/// Characters of a place in a text: a variable of a Chinese provider holds 20, and two parts hold a whole notice.
const ROOM_ZH: usize = 20;
/// Twice that for letters, which say less each.
const ROOM_EN: usize = 40;

/// A value without what a message must not hold: signature brackets, template brackets, line breaks, controls and
/// symbols that providers refuse. None when nothing is left, or when it carries a link.
pub(super) fn plain(text: &str) -> Option<Cow<'_, str>> {
    let unfit = |char: char| char.is_control() || "【】[]{}·•※→\u{2028}\u{2029}".contains(char);
    let trimmed = text.trim();
    let kept = if trimmed.contains(unfit) {
        let spaced = trimmed
            .chars()
            .map(|char| if char.is_control() { ' ' } else { char });
        let kept: String = spaced.filter(|char| !unfit(*char)).collect();
        Cow::Owned(kept.trim().to_owned())
    } else {
        Cow::Borrowed(trimmed)
    };
    (!kept.is_empty() && !has_link(&kept)).then_some(kept)
}

/// Whether a text holds what a phone would make a link of.
pub(super) fn has_link(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["://", "www.", "http"].iter().any(|sign| lower.contains(sign))
}

/// A place name that fits into a message: without remarks in brackets when it is too long, then without the names of
/// province, city and district, then cut behind a road, a number or a side, else at a character. Empty when the name
/// is unfit. The full name stays with the case.
pub fn fit_place(name: &str, lang: Lang) -> String {
    let Some(name) = plain(name) else {
        return String::new();
    };
    let room = if lang == Lang::Zh { ROOM_ZH } else { ROOM_EN };
    let fits = |text: &str| text.chars().count() <= room;
    if fits(&name) {
        return name.into_owned();
    }
    let name = without_remarks(&name);
    let name = if fits(&name) {
        &*name
    } else {
        without_regions(&name)
    };
    if fits(name) {
        name.to_owned()
    } else {
        cut(name, room)
    }
}

/// Leaves out `（…）` and `(…)`.
fn without_remarks(name: &str) -> String {
    let mut depth = 0_usize;
    let mut kept = String::with_capacity(name.len());
    for char in name.chars() {
        match char {
            '（' | '(' => depth += 1,
            '）' | ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(char),
            _ => {}
        }
    }
    let kept = kept.trim();
    if kept.is_empty() {
        name.to_owned()
    } else {
        kept.to_owned()
    }
}

/// Leaves out the leading 省, 市, 区 and 县, each named in two to five characters, where enough remains.
fn without_regions(name: &str) -> &str {
    let mut rest = name;
    'regions: while rest.chars().count() > 8 {
        for (count, (at, char)) in rest.char_indices().take(6).enumerate() {
            if count >= 2 && matches!(char, '省' | '市' | '区' | '县') {
                rest = rest.get(at + char.len_utf8()..).unwrap_or_default();
                continue 'regions;
            }
        }
        break;
    }
    rest.trim()
}

/// The longest head of at most `room` characters that ends well.
fn cut(name: &str, room: usize) -> String {
    let chars: Vec<char> = name.chars().collect();
    let ends_well = |end: usize| {
        let closes = chars
            .get(end - 1)
            .is_some_and(|char| "路街道巷号口侧旁段处米".contains(*char));
        closes || chars.get(end).is_some_and(|char| matches!(char, ' ' | ','))
    };
    let mut end = (room / 2..=room)
        .rev()
        .find(|end| ends_well(*end))
        .unwrap_or(room);
    while end > 1 && chars.get(end).is_some_and(|next| is_combining_mark(*next)) {
        end -= 1;
    }
    chars.iter().take(end).collect::<String>().trim_end().to_owned()
}
