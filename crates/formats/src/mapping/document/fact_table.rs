//! `[fact]`: where each part of a fact comes from.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::super::fact::{Crs, Mode};
use super::super::field::{Degrees, Field, Fields, Precision, Source, TimeField, Word};
use super::super::{MappingError, instant::TimeReader, time_format::TimeFormat};
use super::Columns;
use crate::plan::{Section, not_one_of, time_zone};

const FIELDS: &[&str] = &[
    "source",
    "id",
    "ticket",
    "session",
    "plate",
    "class",
    "color",
    "captured_at",
    "time",
    "precision",
    "zone",
    "name",
    "lon",
    "lat",
    "crs",
    "device",
    "code",
    "mode",
];
const WAYS: [&str; 5] = ["column", "columns", "const", "hash", "from"];
/// Fields that tell rows apart: one text for several rows would make one fact or one car of them.
const TELLING_APART: [&str; 2] = ["id", "plate"];

/// Reads the table and resolves every `from`.
pub(super) fn parse(fact: &Section<'_>, columns: &mut Columns) -> Result<Fields, MappingError> {
    fact.only(FIELDS)?;
    let mut entries = BTreeMap::new();
    for name in FIELDS {
        if let Some(value) = fact.table.get(*name) {
            let section = fact.table_of(name, value).map_err(|mut error| {
                error.message += "; write { column = \"...\" } or { const = \"...\" }";
                error
            })?;
            entries.insert(*name, entry(name, section, columns)?);
        }
    }
    let entries = Entries { fact, entries };
    entries.check_place()?;
    let required = |name, help| entries.field(name)?.ok_or_else(|| fact.missing(name, help));
    Ok(Fields {
        source: required(
            "source",
            "name the sender, such as { const = \"/import/our-city\" }",
        )?,
        id: required(
            "id",
            "name the column that tells rows apart, or write { hash = true }",
        )?,
        plate: required("plate", "name the column that tells vehicles apart")?,
        captured_at: entries.time("captured_at")?.ok_or_else(|| {
            fact.missing(
                "captured_at",
                "name the column with the time of the offence, and its `formats`",
            )
        })?,
        device: required("device", "name the column, or write { const = \"import\" }")?,
        time: entries.time("time")?,
        class: entries.field("class")?,
        color: entries.field("color")?,
        zone: entries.field("zone")?,
        name: entries.field("name")?,
        code: entries.field("code")?,
        ticket: entries.field("ticket")?,
        session: entries.field("session")?,
        lon: entries.word(
            "lon",
            |text| Degrees::parse(text, 180),
            "a longitude in decimal degrees, -180 to 180",
        )?,
        lat: entries.word(
            "lat",
            |text| Degrees::parse(text, 90),
            "a latitude in decimal degrees, -90 to 90",
        )?,
        crs: entries.word("crs", Crs::parse, &Crs::NAMES.join(", "))?,
        mode: entries.word("mode", Mode::parse, &Mode::NAMES.join(", "))?,
        precision: entries.word("precision", Precision::parse, &Precision::NAMES.join(", "))?,
    })
}

/// One field as written.
struct Entry<'a> {
    section: Section<'a>,
    way: Way,
    null: Option<Vec<String>>,
    default: Option<String>,
    formats: Option<Vec<TimeFormat>>,
    zone: Option<TimeZone>,
}

enum Way {
    Source(Source),
    From(String),
}

struct Entries<'s, 'a> {
    fact: &'s Section<'a>,
    entries: BTreeMap<&'static str, Entry<'a>>,
}

impl Entries<'_, '_> {
    /// The entries from `name` along `from` to the one with a source of its own.
    fn chain(&self, name: &str) -> Result<Vec<&Entry<'_>>, MappingError> {
        let Some(mut entry) = self.entries.get(name) else {
            return Ok(Vec::new());
        };
        let mut names = vec![name];
        let mut chain = vec![entry];
        while let Way::From(target) = &entry.way {
            let at = entry.section.position("from").unwrap_or(entry.section.at);
            if names.contains(&target.as_str()) {
                let ring = format!("{} -> {target}", names.join(" -> "));
                return Err(entry
                    .section
                    .error("from", at, format!("goes round in a ring: {ring}")));
            }
            let Some((name, next)) = self.entries.get_key_value(target.as_str()) else {
                let message = if FIELDS.contains(&target.as_str()) {
                    format!("names the field `{target}`, which this mapping does not give")
                } else {
                    not_one_of(target, FIELDS)
                };
                return Err(entry.section.error("from", at, message));
            };
            names.push(name);
            chain.push(next);
            entry = next;
        }
        Ok(chain)
    }

    /// A field with its `from` resolved: what it does not say itself it takes from where it comes from.
    fn field(&self, name: &'static str) -> Result<Option<Field>, MappingError> {
        let chain = self.chain(name)?;
        let Some(Entry {
            way: Way::Source(source),
            ..
        }) = chain.last()
        else {
            return Ok(None);
        };
        if name == "plate" && matches!(source, Source::Hash) {
            return Err(chain[0].section.error(
                "",
                chain[0].section.at,
                "cannot come from the hash of a row",
            ));
        }
        Ok(Some(Field {
            key: name,
            source: source.clone(),
            null: chain
                .iter()
                .find_map(|entry| entry.null.clone())
                .unwrap_or_default(),
            default: chain.iter().find_map(|entry| entry.default.clone()),
        }))
    }

    fn time(&self, name: &'static str) -> Result<Option<TimeField>, MappingError> {
        let Some(field) = self.field(name)? else {
            return Ok(None);
        };
        let chain = self.chain(name)?;
        let section = &chain[0].section;
        let formats = chain
            .iter()
            .find_map(|entry| entry.formats.clone())
            .unwrap_or_default();
        let zone = chain.iter().find_map(|entry| entry.zone.clone());
        let at = section.position("formats").unwrap_or(section.at);
        if zone.is_none() && formats.iter().any(|format| !format.absolute) {
            return Err(section.error(
                "zone",
                at,
                "is missing: a format has no offset, so name the zone of its times",
            ));
        }
        if zone.is_some() && formats.iter().any(TimeFormat::is_epoch) {
            return Err(section.error(
                "zone",
                at,
                "has no meaning for `%s`, which counts from an instant; remove it",
            ));
        }
        let reader = TimeReader::new(formats, zone);
        if let Some(text) = field.constant() {
            reader
                .read(text)
                .map_err(|mismatch| section.error("const", section.at, mismatch.to_string()))?;
        }
        Ok(Some(TimeField { field, reader }))
    }

    /// A field of a closed form; a constant and a default are tried at once.
    fn word<T>(
        &self,
        name: &'static str,
        parse: fn(&str) -> Option<T>,
        form: &str,
    ) -> Result<Option<Word<T>>, MappingError> {
        let Some(field) = self.field(name)? else {
            return Ok(None);
        };
        for (key, text) in [("const", field.constant()), ("default", field.default.as_deref())] {
            if let Some(text) = text
                && parse(text).is_none()
            {
                let section = &self.entries[name].section;
                let at = section.position(key).unwrap_or(section.at);
                return Err(section.error(key, at, format!("`{text}` is not {form}")));
            }
        }
        Ok(Some(Word { field, parse }))
    }

    fn check_place(&self) -> Result<(), MappingError> {
        let has = |name| self.entries.contains_key(name);
        for (one, other) in [("lon", "lat"), ("lat", "lon")] {
            if has(one) && !has(other) {
                return Err(self.fact.error(
                    one,
                    self.entries[one].section.at,
                    format!("needs `{other}` beside it"),
                ));
            }
        }
        if has("crs") && !has("lon") {
            return Err(self.fact.error(
                "crs",
                self.entries["crs"].section.at,
                "needs `lon` and `lat` beside it",
            ));
        }
        if !has("zone") && !has("lon") {
            return Err(self.fact.missing(
                "zone",
                "name the column, or `lon` and `lat`, or write { const = \"unknown\" }",
            ));
        }
        Ok(())
    }
}

fn entry<'a>(name: &str, section: Section<'a>, columns: &mut Columns) -> Result<Entry<'a>, MappingError> {
    let is_time = matches!(name, "captured_at" | "time");
    for key in ["formats", "zone"] {
        if let Some(at) = section.position(key)
            && !is_time
        {
            return Err(section.error(key, at, "belongs to `captured_at` and `time` only"));
        }
    }
    section.only(&[
        "column", "columns", "join", "const", "hash", "from", "default", "null", "formats", "zone",
    ])?;
    let way = way(name, &section, columns)?;
    for key in ["default", "null"] {
        if let Some(at) = section.position(key)
            && matches!(way, Way::Source(Source::Const(_) | Source::Hash))
        {
            return Err(section.error(
                key,
                at,
                "has no effect here: the value is never absent; remove it",
            ));
        }
    }
    let default = section.text("default")?;
    if let Some((_, at)) = default
        && (is_time || TELLING_APART.contains(&name))
    {
        let message = match name {
            "id" => "would make one fact of all rows without an id; remove it",
            "plate" => "would make one vehicle of all that nobody could read; remove it",
            _ => "would invent a time; remove it",
        };
        return Err(section.error("default", at, message));
    }
    let null = section.texts("null")?.map(|(values, _)| values);
    let (formats, zone) = (formats(&section)?, zone(&section)?);
    Ok(Entry {
        section,
        way,
        null,
        default: default.map(|(text, _)| text),
        formats,
        zone,
    })
}

fn way(name: &str, section: &Section<'_>, columns: &mut Columns) -> Result<Way, MappingError> {
    let given: Vec<_> = WAYS
        .iter()
        .filter(|way| section.position(way).is_some())
        .collect();
    let [way] = given[..] else {
        let message = match given.as_slice() {
            [one, other, ..] => format!("has both `{one}` and `{other}`; a field comes from one place"),
            _ => format!(
                "does not say where it comes from; give one of {}",
                WAYS.join(", ")
            ),
        };
        return Err(section.error("", section.at, message));
    };
    if let Some(at) = section.position("join")
        && *way != "columns"
    {
        return Err(section.error("join", at, "belongs to `columns` only"));
    }
    let at = section.position(way).unwrap_or(section.at);
    Ok(Way::Source(match *way {
        "column" => {
            let (column, at) = section.text("column")?.expect("given");
            Source::Cell(columns.slot(section, "column", &column, at)?)
        }
        "columns" => {
            let (names, at) = section.texts("columns")?.expect("given");
            if names.is_empty() {
                return Err(section.error("columns", at, "lists no column"));
            }
            let slots = names
                .iter()
                .map(|name| columns.slot(section, "columns", name, at))
                .collect::<Result<_, _>>()?;
            Source::Join(
                slots,
                section
                    .text("join")?
                    .map_or_else(|| " ".to_owned(), |(join, _)| join),
            )
        }
        "const" => constant(name, section)?,
        "hash" => {
            if !matches!(name, "id" | "ticket" | "session") {
                return Err(section.error("hash", at, "is for `id`, `ticket` and `session` only"));
            }
            if section.boolean("hash")?.is_some_and(|(value, _)| !value) {
                return Err(section.error("hash", at, "can only be true; leave it out and give a column"));
            }
            Source::Hash
        }
        _ => return Ok(Way::From(section.text("from")?.expect("given").0)),
    }))
}

fn constant(name: &str, section: &Section<'_>) -> Result<Source, MappingError> {
    let (text, at) = section.text("const")?.expect("the caller has seen the key");
    let message = match name {
        "id" => "would make one fact of all rows; name a column or write { hash = true }",
        "ticket" => "would make one offence of all rows; name a column or write { from = \"id\" }",
        "plate" if text.is_empty() => return Ok(Source::Const(text)),
        "plate" => {
            "would make one vehicle of all rows; name a column, or write \"\" where the file has no plates"
        }
        "source" if text.contains('#') => {
            "must not contain `#`, which ends a source wherever source#id is written"
        }
        _ if text.trim().is_empty() => "is blank; leave the field out, or give it a text",
        _ => return Ok(Source::Const(text.trim().to_owned())),
    };
    Err(section.error("const", at, message))
}

fn formats(section: &Section<'_>) -> Result<Option<Vec<TimeFormat>>, MappingError> {
    let Some((formats, at)) = section.texts("formats")? else {
        return Ok(None);
    };
    if formats.is_empty() {
        return Err(section.error("formats", at, "lists no format; leave it out to read RFC 3339"));
    }
    let compile = |format: &String| {
        TimeFormat::compile(format).map_err(|why| section.error("formats", at, format!("`{format}`: {why}")))
    };
    formats.iter().map(compile).collect::<Result<_, _>>().map(Some)
}

fn zone(section: &Section<'_>) -> Result<Option<TimeZone>, MappingError> {
    let Some((name, at)) = section.text("zone")? else {
        return Ok(None);
    };
    time_zone(&name)
        .map(Some)
        .map_err(|message| section.error("zone", at, message))
}
