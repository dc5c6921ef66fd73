//! Every key of the configuration: what it takes, what it is without being set, and what it is for. Reading, showing,
//! the schema and the commented file of `config init` are all made from this table.

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One of a closed list; words of later releases are refused by name.
    Word {
        now: &'static [&'static str],
        later: &'static [&'static str],
    },
    Text,
    /// The address of a database.
    Store,
    /// A file that must be there.
    File,
    /// A file that is made when it is not there.
    NewFile,
    Files,
    Texts,
    /// `HOST:PORT` with an address for the host.
    Address,
    /// `250ms`, `30s`, `5m` or `1h`.
    Span,
    /// A whole number from 1.
    Count,
    /// From the environment only.
    Secret {
        instead: &'static str,
    },
    /// Free names with texts.
    Table,
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// Dotted; `*` stands for a name of the city's choice.
    pub(super) path: &'static str,
    pub(super) kind: Kind,
    /// As it would be written in a file; none: not set.
    pub(super) default: Option<&'static str>,
    pub(super) doc: &'static str,
}

const fn key(path: &'static str, kind: Kind, default: Option<&'static str>, doc: &'static str) -> Key {
    Key {
        path,
        kind,
        default,
        doc,
    }
}

pub(super) const KEYS: &[Key] = &[
    key(
        "stream.kind",
        Kind::Word {
            now: &["embedded"],
            later: &["kafka"],
        },
        Some("\"embedded\""),
        "Where facts wait for intake.",
    ),
    key("stream.brokers", Kind::Text, None, "Brokers, for kafka."),
    key(
        "stream.topic",
        Kind::Text,
        Some("\"clearwalk.facts\""),
        "The topic of facts, for kafka.",
    ),
    key(
        "stream.group",
        Kind::Text,
        Some("\"clearwalk\""),
        "The consumer group, for kafka.",
    ),
    key(
        "stream.member",
        Kind::Text,
        None,
        "How this process calls itself; the host's name when not set.",
    ),
    key(
        "stream.properties",
        Kind::Table,
        None,
        "Further properties of the client, for kafka.",
    ),
    key(
        "store.url",
        Kind::Store,
        Some("\"sqlite:clearwalk.db\""),
        "The database.",
    ),
    key(
        "store.key_file",
        Kind::NewFile,
        None,
        "Keys that seal personal data; made beside the database at the first start when not set.",
    ),
    key(
        "store.pooler",
        Kind::Word {
            now: &["none"],
            later: &["transaction"],
        },
        Some("\"none\""),
        "The connection pooler in front of PostgreSQL.",
    ),
    key(
        "web.listen",
        Kind::Address,
        Some("\"127.0.0.1:8080\""),
        "Where the page and the operations API listen.",
    ),
    key(
        "web.tokens_file",
        Kind::File,
        None,
        "Tokens of people and machines; without it only loopback is allowed.",
    ),
    key(
        "rules.policies",
        Kind::Files,
        Some("[]"),
        "The policies, one version in each file.",
    ),
    key(
        "rules.publish",
        Kind::Word {
            now: &["files"],
            later: &["command"],
        },
        Some("\"files\""),
        "A new version in the files is published at start.",
    ),
    key(
        "rules.zones",
        Kind::File,
        None,
        "Zones and devices; without it every zone is an ordinary sidewalk.",
    ),
    key(
        "rules.calendar",
        Kind::File,
        None,
        "Holidays and make-up workdays; without it only weekends are free.",
    ),
    key(
        "rules.templates",
        Kind::File,
        None,
        "The city's own texts of messages.",
    ),
    key(
        "sms.route",
        Kind::Texts,
        None,
        "Providers in order of preference; the only one when not set.",
    ),
    key(
        "sms.lease",
        Kind::Span,
        Some("\"30s\""),
        "How long one process may hold a notice; exceeds every deadline.",
    ),
    key(
        "sms.resend",
        Kind::Word {
            now: &["never", "after_proof"],
            later: &[],
        },
        Some("\"never\""),
        "Whether a message is sent again after the provider has proved that it never had it.",
    ),
    key(
        "sms.per_recipient_hour",
        Kind::Count,
        None,
        "Most messages to one recipient in any hour, over all providers; no limit of ours when not set.",
    ),
    key(
        "sms.per_recipient_day",
        Kind::Count,
        None,
        "Most messages to one recipient in any 24 hours; what is too much waits.",
    ),
    key(
        "sms.providers.*.kind",
        Kind::Word {
            now: &["generic", "log"],
            later: &["aliyun", "tencent", "twilio", "huawei"],
        },
        None,
        "The provider's dialect; log writes what would be sent and sends nothing.",
    ),
    key(
        "sms.providers.*.url",
        Kind::Text,
        None,
        "Where messages are posted.",
    ),
    key(
        "sms.providers.*.token_file",
        Kind::File,
        None,
        "A file of one line: the bearer token; without it no header.",
    ),
    key(
        "sms.providers.*.token",
        Kind::Secret {
            instead: "token_file",
        },
        None,
        "The bearer token itself.",
    ),
    key(
        "sms.providers.*.receipt_secret_file",
        Kind::File,
        None,
        "A file of one line, whsec_..., that receipts are signed by.",
    ),
    key(
        "sms.providers.*.deadline",
        Kind::Span,
        Some("\"10s\""),
        "For a whole call, the body of the answer included.",
    ),
    key(
        "sms.providers.*.concurrency",
        Kind::Count,
        Some("32"),
        "Most calls at once.",
    ),
    key(
        "sms.providers.*.rate",
        Kind::Count,
        None,
        "Most calls in a second; no limit of ours when not set.",
    ),
    key(
        "sms.providers.*.recipient",
        Kind::Word {
            now: &["phone", "plate"],
            later: &[],
        },
        Some("\"phone\""),
        "What names the recipient; with plate the provider finds the owner.",
    ),
    key(
        "registry.kind",
        Kind::Word {
            now: &["file", "none", "demo"],
            later: &["http"],
        },
        Some("\"none\""),
        "Where owners are found; demo makes numbers up, and is refused beside a real provider.",
    ),
    key(
        "registry.path",
        Kind::File,
        None,
        "The registry file: plate,class,phone,name,owner_id,valid_from,valid_to.",
    ),
];

/// What stands at a dotted path.
pub(super) enum Found {
    Key(&'static Key),
    /// A table, with the names in it; none: any name.
    Section(Option<Vec<&'static str>>),
    Nothing,
}

/// What a dotted path of a file or of the environment leads to.
pub(super) fn find(path: &[&str]) -> Found {
    if let Some(key) = KEYS.iter().find(|key| fits(key, path).is_some_and(str::is_empty)) {
        return Found::Key(key);
    }
    let mut names: Vec<&str> = KEYS
        .iter()
        .filter_map(|key| fits(key, path))
        .map(|rest| first(rest))
        .collect();
    names.dedup();
    match names.as_slice() {
        [] => Found::Nothing,
        ["*"] => Found::Section(None),
        _ => Found::Section(Some(names)),
    }
}

/// What of a key's path follows after `path`; none: it does not begin so.
fn fits(key: &'static Key, path: &[&str]) -> Option<&'static str> {
    let mut rest = key.path;
    for name in path {
        let part = first(rest);
        if part.is_empty() || (part != "*" && part != *name) {
            return None;
        }
        rest = rest[part.len()..].trim_start_matches('.');
    }
    Some(rest)
}

fn first(path: &'static str) -> &'static str {
    path.split('.').next().unwrap_or(path)
}

/// The candidate nearest to `word`, if any is near enough to be meant.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Below 0.8 the similarity joins words that only share a beginning.
    const ENOUGH: f64 = 0.8;
    // Longer than any key; comparing takes as long as the word times the candidate.
    const LONGEST: usize = 128;
    if word.len() > LONGEST {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(similarity, _)| *similarity >= ENOUGH)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_keys_and_sections() {
        assert!(matches!(find(&["stream", "kind"]), Found::Key(key) if key.path == "stream.kind"));
        assert!(matches!(find(&["sms", "providers", "a", "url"]), Found::Key(_)));
        assert!(matches!(find(&["sms", "providers"]), Found::Section(None)));
        assert!(
            matches!(find(&["store"]), Found::Section(Some(names)) if names == ["url", "key_file", "pooler"])
        );
        assert!(matches!(find(&["store", "path"]), Found::Nothing));
        assert!(matches!(find(&["stream", "kind", "x"]), Found::Nothing));
    }

    #[test]
    fn defaults_are_toml() {
        for key in KEYS {
            if let Some(default) = key.default {
                let text = format!("value = {default}");
                assert!(text.parse::<toml::Table>().is_ok(), "{}", key.path);
            }
        }
    }
}
