//! The configuration on paper: the commented file and the JSON Schema, both made from the table of keys.

use serde_json::{Map, Value, json};

use super::keys::{KEYS, Key, Kind};

/// Keys that the commented file sets, with their values; all others stand in comments.
pub(crate) fn commented(set: &[(&str, &str)]) -> String {
    let mut file =
        String::from("# Clearwalk. Every key can also be set in the environment: CLEARWALK__SECTION__KEY.\n");
    let mut section = "";
    for key in KEYS.iter().filter(|key| !matches!(key.kind, Kind::Secret { .. })) {
        let (table, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
        if table != section {
            section = table;
            file.push_str(&format!("\n[{}]\n", table.replace('*', "primary")));
        }
        let path = key.path.replace('*', "primary");
        let value = set
            .iter()
            .find(|(wanted, _)| *wanted == path)
            .map(|(_, value)| *value);
        match (value, key.default) {
            (Some(value), _) => file.push_str(&format!("{name} = {value}  # {}\n", remark(key))),
            (None, Some(default)) => file.push_str(&format!("# {name} = {default}  # {}\n", remark(key))),
            (None, None) => file.push_str(&format!("# {name} = {}  # {}\n", sample(key.kind), remark(key))),
        }
    }
    file
}

fn remark(key: &Key) -> String {
    match key.kind {
        Kind::Word { now, .. } if now.len() > 1 => format!("{} | {}", now.join(" | "), key.doc),
        _ => key.doc.to_owned(),
    }
}

fn sample(kind: Kind) -> &'static str {
    match kind {
        Kind::Files | Kind::Texts => "[]",
        Kind::Count => "10",
        Kind::Table => "{}",
        Kind::Word { now, .. } if now.contains(&"generic") => "\"generic\"",
        _ => "\"\"",
    }
}

/// The JSON Schema of the file.
pub(crate) fn schema() -> Value {
    let mut root = Map::new();
    for key in KEYS.iter().filter(|key| !matches!(key.kind, Kind::Secret { .. })) {
        let path: Vec<&str> = key.path.split('.').collect();
        insert(&mut root, &path, property(key));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Clearwalk",
        "type": "object",
        "additionalProperties": false,
        "properties": root,
    })
}

fn insert(properties: &mut Map<String, Value>, path: &[&str], leaf: Value) {
    let [name, rest @ ..] = path else { return };
    if rest.is_empty() {
        properties.insert((*name).to_owned(), leaf);
        return;
    }
    let table = properties.entry(*name).or_insert_with(|| {
        if rest.first() == Some(&"*") {
            let inner = json!({ "type": "object", "additionalProperties": false, "properties": {} });
            json!({ "type": "object", "additionalProperties": inner })
        } else {
            json!({ "type": "object", "additionalProperties": false, "properties": {} })
        }
    });
    let (table, rest) = match rest {
        ["*", rest @ ..] => (&mut table["additionalProperties"], rest),
        rest => (table, rest),
    };
    if let Some(Value::Object(properties)) = table.get_mut("properties") {
        insert(properties, rest, leaf);
    }
}

fn property(key: &Key) -> Value {
    let mut property = match key.kind {
        Kind::Word { now, .. } => json!({ "enum": now }),
        Kind::Files | Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Count => json!({ "type": "integer", "minimum": 1 }),
        Kind::Table => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Kind::Span => json!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h)$" }),
        Kind::Store => json!({ "type": "string", "pattern": "^sqlite:" }),
        _ => json!({ "type": "string", "minLength": 1 }),
    };
    property["description"] = key.doc.into();
    let default = key
        .default
        .and_then(|text| format!("v = {text}").parse::<toml::Table>().ok());
    if let Some(default) = default.and_then(|table| serde_json::to_value(table.get("v")).ok()) {
        property["default"] = default;
    }
    property
}
