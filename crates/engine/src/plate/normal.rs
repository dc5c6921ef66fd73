//! Cleaning of plate texts: compatibility forms, case, blanks and separators.

use unicode_normalization::UnicodeNormalization;

use super::Grammar;
use super::cn::is_province;

/// NFKC, upper case, without blanks and without the separators of the grammar. Repeated until it stands still,
/// because upper case and removal can make new compositions; two rounds do for all but freaks.
pub(super) fn clean(grammar: Grammar, text: &str) -> String {
    let mut current = round(grammar, text);
    for _ in 0..8 {
        let next = round(grammar, &current);
        if next == current {
            break;
        }
        current = next;
    }
    current
}

fn round(grammar: Grammar, text: &str) -> String {
    let upper = text
        .nfkc()
        .flat_map(char::to_uppercase)
        .filter(|char| !is_blank(*char));
    match grammar {
        Grammar::Generic => upper.filter(|char| !matches!(char, '/' | '#')).collect(),
        Grammar::Cn => {
            let mut out = String::with_capacity(text.len());
            for char in upper {
                match char {
                    '.' | '·' | '•' | '‧' | '∙' | '⋅' | '・' | '。' => {}
                    '-' | '‐' | '‒' | '–' | '—' | '―' | '−' if ends_a_group(&out) => {}
                    '-' | '‐' | '‒' | '–' | '—' | '―' | '−' => out.push('-'),
                    _ => out.push(char),
                }
            }
            out
        }
    }
}

/// Whether a hyphen here stands between two groups of a plate. Anywhere else it marks a character that the camera
/// could not read, and dropping it would make another plate.
fn ends_a_group(text: &str) -> bool {
    let mut chars = text.chars();
    match (chars.next(), chars.next(), chars.next(), chars.next()) {
        (Some('使'), None, ..) | (Some('民'), Some('航'), None, _) => true,
        (Some(first), Some(second), None, _) => {
            (is_province(first) || first.is_ascii_uppercase()) && second.is_ascii_uppercase()
        }
        (Some('W'), Some('J'), Some(third), None) => is_province(third),
        _ => false,
    }
}

/// White space, controls, and what takes no width.
fn is_blank(char: char) -> bool {
    char.is_whitespace()
        || char.is_control()
        || matches!(char, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Whether a cleaned text stands for "no plate".
pub(super) fn is_sentinel(grammar: Grammar, text: &str) -> bool {
    const HAN: [&str; 7] = [
        "无牌",
        "无车牌",
        "无号牌",
        "未识别",
        "无法识别",
        "未知",
        "未悬挂号牌",
    ];
    // Under the generic grammar these may be plates that somebody chose.
    const WORDS: [&str; 6] = ["NOPLATE", "NONE", "NULL", "N/A", "无", "车牌"];
    if !text.chars().any(char::is_alphanumeric) || text == "UNKNOWN" || HAN.contains(&text) {
        return true;
    }
    let zeros = text.bytes().all(|byte| byte == b'0');
    match grammar {
        Grammar::Cn => zeros || WORDS.contains(&text),
        Grammar::Generic => zeros && text.len() >= 5,
    }
}
