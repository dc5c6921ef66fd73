//! The city of the torment: what `clearwalk simulate` writes, with its sightings as rows of a table.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use serde_json::Value;

use crate::site;

/// How the rows become facts again, as early as they became known.
pub(crate) const MAPPING: &str = r#"
[read]
format = "csv"
[fact]
source = { column = "source" }
id = { column = "id" }
time = { column = "time" }
plate = { column = "plate" }
class = { column = "class" }
captured_at = { column = "captured_at" }
zone = { column = "zone" }
device = { column = "device" }
code = { column = "code" }
mode = { column = "mode" }
"#;

const HEADER: &str = "source,id,time,plate,class,captured_at,zone,device,code,mode\n";

/// Facts, and the files that an installation needs to judge them.
pub(crate) struct City {
    pub(crate) policy: String,
    pub(crate) zones: String,
    pub(crate) owners: String,
    /// Rows in the order of their arrival, each of another fact.
    rows: Vec<String>,
    /// `source#id` of each.
    pub(crate) facts: BTreeSet<String>,
}

impl City {
    /// All days of a year that is over, so that no clock is behind.
    pub(crate) fn simulate(seed: u64, events: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        let made = site::clearwalk()
            .args([
                "simulate",
                "--year",
                "2025",
                "--seed",
                &seed.to_string(),
                "--events",
                &events.to_string(),
            ])
            .arg("--out")
            .arg(file("facts"))
            .arg("--owners")
            .arg(file("owners"))
            .arg("--zones")
            .arg(file("zones"))
            .arg("--policy")
            .arg(file("policy"))
            .output()
            .unwrap_or_else(|error| {
                panic!("the binary is not there ({error}); run `cargo build -p clearwalk` first")
            });
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let read = |name| fs::read_to_string(file(name)).unwrap();
        let (mut rows, mut facts) = (Vec::new(), BTreeSet::new());
        for line in read("facts").lines() {
            if let Some((fact, row)) = row(line)
                && facts.insert(fact)
            {
                rows.push(row);
            }
        }
        Self {
            policy: read("policy"),
            zones: read("zones"),
            owners: read("owners"),
            rows,
            facts,
        }
    }

    /// The rows in so many tables of about the same size.
    pub(crate) fn portions(&self, count: usize) -> Vec<String> {
        let portions = self.rows.chunks(self.rows.len().div_ceil(count));
        portions
            .map(|rows| rows.iter().fold(HEADER.to_owned(), |table, row| table + row))
            .collect()
    }
}

/// A sighting that an import keeps, as a row; nothing for half lines, unread plates, clocks of the far future, and what
/// people say.
fn row(line: &str) -> Option<(String, String)> {
    let event: Value = serde_json::from_str(line).ok()?;
    let data = &event["data"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let (source, id) = (text(&event["source"])?, text(&event["id"])?);
    let captured_at = text(&data["captured_at"]).filter(|at| at.starts_with("202"))?;
    let mut row = format!(
        "{source},{id},{},{},",
        text(&event["time"])?,
        text(&data["plate"]["number"])?
    );
    let class = text(&data["plate"]["class"]).unwrap_or_default();
    let (zone, device) = (text(&data["place"]["zone"])?, text(&data["device"]["id"])?);
    let (code, mode) = (text(&data["violation_code"])?, text(&data["device"]["mode"])?);
    writeln!(row, "{class},{captured_at},{zone},{device},{code},{mode}").unwrap();
    Some((format!("{source}#{id}"), row))
}
