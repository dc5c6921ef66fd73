//! Policy texts.

/// A version of the policy `p`: waives the first in the window, else proposes 100.00. `rest` holds further tables.
pub(crate) fn policy(window: &str, rest: &str) -> String {
    version("1", "2010-01-01 00:00", "", window, rest)
}

/// As [`policy`], with the keys of `[window]` written out.
pub(crate) fn policy_of_window(window: &str, rest: &str) -> String {
    named("p", "1", "2010-01-01 00:00", "", window, "10000", rest)
}

/// One version of the policy `p`, in force from `from` until `to`; no end where that is empty.
pub(crate) fn version(name: &str, from: &str, to: &str, kind: &str, rest: &str) -> String {
    named("p", name, from, to, &format!("kind = \"{kind}\""), "10000", rest)
}

/// One version of a policy. `head` of `rest` that begins before any table belongs to `[outcome]`.
pub(crate) fn named(
    id: &str,
    name: &str,
    from: &str,
    to: &str,
    window: &str,
    fine: &str,
    rest: &str,
) -> String {
    let from = crate::facts::instant(from);
    let to = if to.is_empty() {
        String::new()
    } else {
        format!(", to = \"{}\"", crate::facts::instant(to))
    };
    let authority = id
        .split_once('/')
        .map(|(authority, _)| format!("authority = \"{authority}\"\n"));
    let authority = authority.unwrap_or_default();
    let id = id.rsplit('/').next().unwrap_or(id);
    format!(
        "[policy]\nid = \"{id}\"\nversion = \"{name}\"\n{authority}effective = {{ from = \"{from}\"{to} }}\n\
         time_zone = \"Asia/Shanghai\"\n[window]\n{window}\n[outcome]\nfirst = \"waived\"\n\
         otherwise = \"penalty_proposed\"\nfine_minor = {fine}\ncurrency = \"CNY\"\n{rest}\n"
    )
}
