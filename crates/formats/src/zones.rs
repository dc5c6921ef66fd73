//! Zones files: what a city registered about its places and its devices.
//!
//! ```toml
//! [zones.Z1]
//! kind = "sidewalk"
//! name = "乐坪大道与长青街口东侧"
//! authority = "loudi"
//! from = "2026-01-01T00:00:00+08:00"
//! [[zones.Z1.version]]
//! kind = "strict"
//! from = "2026-05-01T00:00:00+08:00"
//! to = "2026-05-06T00:00:00+08:00"
//!
//! [devices.LD-0132]
//! zone = "Z1"
//! approved_from = "2026-01-01T00:00:00+08:00"
//! ```
//!
//! A zone's own `kind` holds between its `from` and `to`, or for ever where they are absent. A version replaces it for a
//! time; versions do not overlap and stay within the zone's own span. A zone that has versions and no `kind` of its own
//! is in force only while a version is. All dates are instants with an offset; the end is not included.
//!
//! With a zones file every zone must stand in it, and with a `[devices]` table every device: what is not listed is not
//! known. A device that names a date is evidence from the latest of its dates on.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::place::Crs;
use engine::time::Timestamp;
use engine::zone::{Device, Zone, ZoneKind, ZoneSpan};

use crate::plan::{PlanErrors, Table, nearest, read};

const SYSTEMS: [(Crs, &str); 3] = [(Crs::Wgs84, "wgs84"), (Crs::Gcj02, "gcj02"), (Crs::Bd09, "bd09")];

/// A checked zones file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZonesFile {
    /// By id.
    pub zones: BTreeMap<Arc<str>, Zone>,
    /// By id; none: the file says nothing of devices, and every one is approved.
    pub devices: Option<BTreeMap<Arc<str>, Device>>,
}

/// Reads a zones file; `file` is for the errors only.
pub fn parse(file: &str, text: &str) -> Result<ZonesFile, PlanErrors> {
    read(file, text, |root| {
        root.only(&["zones", "devices"], &[]);
        let listed = root.need_table("zones", "with a zones file a place that is not listed is unknown")?;
        if listed.has("unknown") {
            listed.wrong(
                "unknown",
                "stands in facts for a place that nobody knows; give the zone another id",
            );
        }
        let zones = entries(&listed, zone);
        let devices = root
            .table("devices")
            .map(|listed| entries(&listed, |table| device(table, &zones)));
        Some(ZonesFile { zones, devices })
    })
}

/// The tables within one, by id.
fn entries<T>(listed: &Table<'_>, each: impl Fn(&Table<'_>) -> T) -> BTreeMap<Arc<str>, T> {
    let entry = |id| Some((Arc::from(id), each(&listed.table(id)?)));
    listed.keys().filter_map(entry).collect()
}

fn zone(table: &Table<'_>) -> Zone {
    table.only(
        &["kind", "name", "authority", "from", "to", "version"],
        &["polygon", "bays"],
    );
    let (from, to) = dates(table);
    let tables = table.tables("version");
    let mut versions: Vec<(ZoneSpan, &Table<'_>)> = tables
        .iter()
        .filter_map(|table| Some((version(table, (from, to))?, table)))
        .collect();
    versions.sort_by_key(|(span, _)| span.from);
    for pair in versions.windows(2) {
        let [(first, _), (second, table)] = pair else {
            continue;
        };
        if first.to.is_none_or(|to| second.from.is_none_or(|from| from < to)) {
            table.wrong(
                "",
                "begins before another version of the zone ends; at each instant it is one kind",
            );
        }
    }
    if tables.is_empty() {
        table.need("kind", &one_of_the_kinds());
    }
    let versions = versions.into_iter().map(|(span, _)| span);
    Zone {
        name: table.text("name").map(Into::into),
        authority: table.name("authority").map(Into::into),
        spans: match kind(table) {
            Some(kind) => around(ZoneSpan { from, to, kind }, versions),
            None => versions.collect(),
        },
    }
}

/// One `[[version]]`, its open ends those of the zone.
fn version(table: &Table<'_>, (zone_from, zone_to): Ends) -> Option<ZoneSpan> {
    table.only(&["kind", "from", "to"], &[]);
    table.need("kind", &one_of_the_kinds());
    if !table.has("from") && !table.has("to") {
        table.wrong("", "says not when it holds; give `from`, `to` or both");
    }
    let (from, to) = dates(table);
    if from.zip(zone_from).is_some_and(|(from, zone)| from < zone) {
        table.wrong("from", "is earlier than the zone's own `from`");
    }
    if to.zip(zone_to).is_some_and(|(to, zone)| to > zone) {
        table.wrong("to", "is later than the zone's own `to`");
    }
    Some(ZoneSpan {
        from: from.or(zone_from),
        to: to.or(zone_to),
        kind: kind(table)?,
    })
}

/// What is left of `rest` beside the versions, and they, in order of time.
fn around(rest: ZoneSpan, versions: impl Iterator<Item = ZoneSpan>) -> Vec<ZoneSpan> {
    let mut spans = Vec::new();
    let mut from = rest.from;
    for version in versions {
        if from < version.from {
            spans.push(ZoneSpan {
                from,
                to: version.from,
                ..rest
            });
        }
        spans.push(version);
        if version.to.is_none() {
            return spans;
        }
        from = version.to;
    }
    if from.is_none() || rest.to.is_none() || from < rest.to {
        spans.push(ZoneSpan { from, ..rest });
    }
    spans
}

fn one_of_the_kinds() -> String {
    format!("write one of {}", ZoneKind::ALL.map(|(_, word)| word).join(", "))
}

fn kind(table: &Table<'_>) -> Option<ZoneKind> {
    table.choice("kind", &ZoneKind::ALL, &[])
}

/// From when to when; open where it is not said.
type Ends = (Option<Timestamp>, Option<Timestamp>);

fn dates(table: &Table<'_>) -> Ends {
    let (from, to) = (table.timestamp("from"), table.timestamp("to"));
    if from.zip(to).is_some_and(|(from, to)| to <= from) {
        table.wrong(
            "to",
            "must be later than `from`; it is the first instant that is not included",
        );
    }
    (from, to)
}

fn device(table: &Table<'_>, zones: &BTreeMap<Arc<str>, Zone>) -> Device {
    table.only(
        &["zone", "approved_from", "published_from", "live_from", "crs"],
        &[],
    );
    let zone = table.text("zone");
    if let Some(zone) = &zone
        && !zones.contains_key(zone.as_str())
    {
        let message = match nearest(zone, zones.keys().map(|id| &**id)) {
            Some(near) => format!("this file has no zone `{zone}`; did you mean `{near}`?"),
            None => format!("this file has no zone `{zone}`; add [zones.{zone}]"),
        };
        table.wrong("zone", message);
    }
    Device {
        zone: zone.map(Into::into),
        approved_from: table.timestamp("approved_from"),
        published_from: table.timestamp("published_from"),
        live_from: table.timestamp("live_from"),
        crs: table.choice("crs", &SYSTEMS, &[]),
    }
}

#[cfg(test)]
mod tests;
