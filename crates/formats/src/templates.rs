//! Template files: the city's own texts of messages, its signature and its hotline.
//!
//! ```toml
//! sign = { zh = "娄底城管", en = "Loudi UM" }
//! hotline = "12345"
//! [A1]
//! zh = "您的{plate}[于{time}][停放在{place}]，{finding}违法停车[，为{nth}]，依法不予处罚。[编号{case}，]咨询{hotline}。"
//! en = "{plate}: {finding} sidewalk parking[ at {place}][ on {time}][, {nth}]: no penalty.[ Ref {case}.]"
//! ```
//!
//! Every other key is a template's id, the built-in ones (A1, A2, B1, C1, D1, D2, D3) or one that a policy names under
//! `[notice] templates`. A plain string stands for both languages; what a file does not say stays built in.

use engine::message::{Lang, TemplateError, Texts};

use crate::plan::{PlanErrors, Table, read};

const LANGUAGES: [(Lang, &str); 2] = [(Lang::Zh, "zh"), (Lang::En, "en")];

/// Reads a templates file; `file` is for the errors only.
pub fn parse(file: &str, text: &str) -> Result<Texts, PlanErrors> {
    read(file, text, |root| {
        let mut texts = Texts::built_in();
        for key in root.keys() {
            match key {
                "hotline" => {
                    if let Some(number) = root.text(key) {
                        note(root, key, texts.set_hotline(&number));
                    }
                }
                "sign" => each(root, key, |lang, sign| texts.set_sign(lang, sign)),
                id if id.trim().is_empty() || id.contains(char::is_whitespace) => {
                    root.wrong(
                        id,
                        "a template's id has no blanks; call it as the policy does, such as A1",
                    );
                }
                id => each(root, id, |lang, text| texts.put(id, lang, text)),
            }
        }
        Some(texts)
    })
}

/// One text for both languages, or one for each in a table.
fn each(root: &Table<'_>, key: &str, mut set: impl FnMut(Lang, &str) -> Result<(), TemplateError>) {
    if !root.is_table(key) {
        if let Some(text) = root.text(key) {
            let set = LANGUAGES.iter().try_for_each(|(lang, _)| set(*lang, &text));
            note(root, key, set);
        }
        return;
    }
    let Some(table) = root.table(key) else { return };
    table.only(&LANGUAGES.map(|(_, word)| word), &[]);
    if LANGUAGES.iter().all(|(_, word)| !table.has(word)) {
        table.wrong("", "has no text; give zh, en or both");
    }
    for (lang, word) in LANGUAGES {
        if let Some(text) = table.text(word) {
            note(&table, word, set(lang, &text));
        }
    }
}

fn note(table: &Table<'_>, key: &str, result: Result<(), TemplateError>) {
    if let Err(error) = result {
        table.wrong(key, error.to_string());
    }
}

#[cfg(test)]
mod tests;
