//! Values of settings: from TOML and from the text of a variable, checked against what their key takes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use toml::de::DeValue;

use super::keys::{Kind, nearest};

/// A value that fits its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Texts(Vec<String>),
    Table(BTreeMap<String, String>),
    Address(SocketAddr),
    Span(Duration),
    Count(u32),
}

/// A value of a file.
pub(super) fn from_toml(kind: Kind, value: &DeValue<'_>) -> Result<Value, String> {
    match (kind, value) {
        (Kind::Files | Kind::Texts, DeValue::Array(items)) => {
            let items = items.iter().map(|item| match item.get_ref() {
                DeValue::String(text) => full(text),
                other => Err(format!(
                    "lists {}; it takes strings in quotes only",
                    article(other)
                )),
            });
            items.collect::<Result<_, _>>().map(Value::Texts)
        }
        (Kind::Table, DeValue::Table(members)) => {
            let members = members.iter().map(|(name, item)| match item.get_ref() {
                DeValue::String(text) => Ok((name.get_ref().to_string(), text.to_string())),
                other => Err(format!(
                    "{} is {}; it takes strings in quotes only",
                    name.get_ref(),
                    article(other)
                )),
            });
            members.collect::<Result<_, _>>().map(Value::Table)
        }
        (Kind::Count, DeValue::Integer(number)) => count(number.as_str()),
        (Kind::Table, other) => Err(format!("is {}; it takes a table of strings", article(other))),
        (Kind::Count, other) => Err(format!("is {}; it takes a whole number", article(other))),
        (Kind::Files | Kind::Texts, DeValue::String(text)) => Ok(Value::Texts(vec![full(text)?])),
        (_, DeValue::String(text)) => from_text(kind, text),
        (Kind::Files | Kind::Texts, other) => {
            Err(format!("is {}; it takes a list of strings", article(other)))
        }
        (_, other) => Err(format!("is {}; it takes a string in quotes", article(other))),
    }
}

/// A value of a variable; lists are cut at commas.
pub(super) fn from_text(kind: Kind, text: &str) -> Result<Value, String> {
    match kind {
        Kind::Word { now, later } => word(text, now, later),
        Kind::Text | Kind::Secret { .. } | Kind::File | Kind::NewFile | Kind::Store => {
            full(text).map(Value::Text)
        }
        Kind::Files | Kind::Texts if text.trim_start().starts_with('[') => {
            let list = format!("v = {text}").parse::<toml::Table>().ok();
            let list = list.and_then(|list| list.get("v")?.clone().try_into().ok());
            list.map(Value::Texts)
                .ok_or_else(|| format!("{text:?} is no list; write it like \"a,b\" or \"['a', 'b']\""))
        }
        Kind::Files | Kind::Texts => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Ok(Value::Texts(items.map(str::to_owned).collect()))
        }
        Kind::Address => {
            // The one name that needs no network to be an address.
            let address = text
                .strip_prefix("localhost:")
                .map(|port| format!("127.0.0.1:{port}"));
            match address.as_deref().unwrap_or(text).parse() {
                Ok(address) => Ok(Value::Address(address)),
                Err(_) => Err(format!(
                    "{text:?} is no address; write it like \"127.0.0.1:8080\""
                )),
            }
        }
        Kind::Span => match span(text) {
            Some(span) if !span.is_zero() => Ok(Value::Span(span)),
            _ => Err(format!(
                "{text:?} is no length of time; write it like \"250ms\", \"30s\", \"5m\" or \"1h\""
            )),
        },
        Kind::Count => count(text),
        Kind::Table => Err("cannot be set by the environment".to_owned()),
    }
}

fn word(text: &str, now: &[&str], later: &[&str]) -> Result<Value, String> {
    if now.contains(&text) {
        return Ok(Value::Text(text.to_owned()));
    }
    if later.contains(&text) {
        return Err(format!(
            "`{text}` comes with a later release; this one has {}",
            now.join(", ")
        ));
    }
    Err(match nearest(text, now.iter().copied()) {
        Some(near) => format!("{text:?} is none of {}; did you mean `{near}`?", now.join(", ")),
        None => format!("{text:?} is none of {}", now.join(", ")),
    })
}

fn full(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("is empty; remove the key, or give it a value".to_owned());
    }
    Ok(text.to_owned())
}

fn count(text: &str) -> Result<Value, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(Value::Count(number)),
        _ => Err(format!("{text} is no count; it takes a whole number from 1")),
    }
}

fn span(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let millis = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}

/// A span as it is written.
pub(super) fn span_text(span: Duration) -> String {
    let millis = span.as_millis();
    for (unit, name) in [(3_600_000, "h"), (60_000, "m"), (1_000, "s")] {
        if millis >= unit && millis.is_multiple_of(unit) {
            return format!("{}{name}", millis / unit);
        }
    }
    format!("{millis}ms")
}

fn article(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_written() {
        for text in ["250ms", "30s", "5m", "1h", "90s"] {
            assert_eq!(span(text).map(span_text).as_deref(), Some(text));
        }
        for text in ["", "5", "5 days", "-1s", "1.5s", "99999999999999999999s"] {
            assert_eq!(span(text), None, "{text}");
        }
    }
}
