//! Every setting and where it was made, without secrets.

use super::keys::{KEYS, Kind};
use super::settings::{Settings, kind_of};
use super::source::{Entry, Origin};
use super::value::{self, Value};

/// A setting as `config show` prints it.
pub(crate) struct Shown {
    pub(crate) key: String,
    /// As TOML; a secret is hidden.
    pub(crate) value: String,
    pub(crate) origin: String,
}

impl Settings {
    /// Every setting that is made, and every default.
    pub(crate) fn shown(&self) -> Vec<Shown> {
        let mut shown = Vec::new();
        for key in KEYS.iter().filter(|key| !key.path.contains('*')) {
            match (self.entries.get(key.path), key.default) {
                (Some(entry), _) => shown.push(show(key.path, key.kind, entry)),
                (None, Some(default)) => shown.push(Shown {
                    key: key.path.to_owned(),
                    value: default.to_owned(),
                    origin: Origin::Default.to_string(),
                }),
                (None, None) => {}
            }
        }
        for (name, entry) in self
            .entries
            .iter()
            .filter(|(name, _)| name.starts_with("sms.providers."))
        {
            shown.push(show(name, kind_of(name).unwrap_or(Kind::Text), entry));
        }
        shown
    }
}

fn show(key: &str, kind: Kind, entry: &Entry) -> Shown {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let value = match (&entry.value, kind) {
        (_, Kind::Secret { .. }) => "\"******\"".to_owned(),
        (Value::Text(text), _) => quoted(text),
        (Value::Texts(texts), _) => format!(
            "[{}]",
            texts.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(", ")
        ),
        (Value::Table(members), _) => {
            // TLS and SASL passwords stand among them.
            let members = members
                .keys()
                .map(|name| format!("{} = \"******\"", quoted(name)));
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        (Value::Address(address), _) => quoted(&address.to_string()),
        (Value::Span(span), _) => quoted(&value::span_text(*span)),
        (Value::Count(count), _) => count.to_string(),
    };
    Shown {
        key: key.to_owned(),
        value,
        origin: entry.origin.to_string(),
    }
}
