//! `[notice]`: how messages leave, for all kinds at once or by kind.

use engine::fact::NoticeKind;
use engine::policy::NoticeRule;
use engine::time::Length;

use crate::plan::{Table, is_zero};

const KINDS: usize = NoticeKind::ALL.len();

/// Whether a value that names no kind is for reminders too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reminders {
    Too,
    NotThem,
}

/// In the order of [`NoticeKind::ALL`].
pub(super) fn read(table: Option<&Table<'_>>) -> [NoticeRule; KINDS] {
    let mut rules = NoticeKind::ALL.map(|(kind, _)| NoticeRule::standard(kind));
    let Some(table) = table else {
        return rules;
    };
    table.only(&["hold", "quiet_hours", "expires", "templates"], &[]);
    let holds = by_kind(table, "hold", Reminders::NotThem, Table::exact);
    let quiet = by_kind(table, "quiet_hours", Reminders::NotThem, Table::hours);
    let expiries = by_kind(table, "expires", Reminders::Too, expires);
    let templates = table.table("templates");
    let templates = templates.map(|templates| each_kind(&templates, Table::name));
    for (at, rule) in rules.iter_mut().enumerate() {
        rule.hold = holds[at].unwrap_or(rule.hold);
        rule.quiet_hours = quiet[at];
        rule.expires = expiries[at].unwrap_or(rule.expires);
        rule.template = templates
            .as_ref()
            .and_then(|templates| templates[at].as_deref())
            .map(Into::into);
    }
    rules
}

fn expires(table: &Table<'_>, key: &str) -> Option<Length> {
    let length = table.length(key)?;
    if is_zero(length) {
        table.wrong(
            key,
            "must be more than nothing, or the message would never be sent",
        );
    }
    Some(length)
}

/// One value, or a table with a value for each kind that it names.
fn by_kind<'a, T: Copy>(
    table: &Table<'a>,
    key: &str,
    reminders: Reminders,
    get: impl Fn(&Table<'a>, &str) -> Option<T>,
) -> [Option<T>; KINDS] {
    if table.is_table(key) {
        return table
            .table(key)
            .map_or([None; KINDS], |table| each_kind(&table, get));
    }
    let value = get(table, key);
    NoticeKind::ALL.map(|(kind, _)| {
        let meant = kind != NoticeKind::Reminded || reminders == Reminders::Too;
        value.filter(|_| meant)
    })
}

fn each_kind<'a, T>(table: &Table<'a>, get: impl Fn(&Table<'a>, &str) -> Option<T>) -> [Option<T>; KINDS] {
    table.only(&NoticeKind::ALL.map(|(_, word)| word), &[]);
    NoticeKind::ALL.map(|(_, word)| get(table, word))
}
