//! A small town: cars with known owners, and offences on days of last year.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;

use crate::site::{Papers, Provider, Running, Site, wait};

/// The city's ready mapping for tables: its rows are live.
const MAPPING: &str = include_str!("../../deploy/mappings/clearwalk.toml");
/// Cars with an owner in the registry.
const CARS: u32 = 40;
/// How long anything may take that should happen at once.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// The installation and its SMS provider.
pub(crate) struct Town {
    pub(crate) site: Site,
    pub(crate) provider: Provider,
    _folder: tempfile::TempDir,
}

/// How the town is set up where a test asks for more than the usual.
#[derive(Clone, Copy)]
pub(crate) struct Plan<'p> {
    /// How long a message waits before it is sent.
    pub(crate) hold: &'p str,
    /// What goes wrong at the provider.
    pub(crate) faults: &'p str,
    /// How many calls at once.
    pub(crate) concurrency: u32,
    /// Further lines of the provider in the configuration.
    pub(crate) more: &'p str,
}

impl Default for Plan<'_> {
    fn default() -> Self {
        Self {
            hold: "0s",
            faults: "",
            concurrency: 8,
            more: "",
        }
    }
}

impl Town {
    pub(crate) fn new(plan: Plan<'_>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let provider = Provider::start(folder.path(), plan.faults);
        let owners = (0..CARS).fold(
            "plate,class,phone,name,owner_id,valid_from,valid_to\n".to_owned(),
            |mut table, car| {
                writeln!(
                    table,
                    "{},02,+8619900000{car:03},车主{car},owner-{car},2000-01-01,",
                    plate(car)
                )
                .unwrap();
                table
            },
        );
        let site = Site::new(&Papers {
            policy: &policy(plan.hold),
            zones: "",
            owners: &owners,
            mapping: MAPPING,
            provider: &provider.url(),
            provider_lines: &format!(
                "deadline = \"4s\"\nconcurrency = {}\n{}",
                plan.concurrency, plan.more
            ),
            lease: "10s",
        });
        Self {
            site,
            provider,
            _folder: folder,
        }
    }

    /// Starts the service and appends one offence of each of the first so many cars; returns when all are decided.
    pub(crate) fn with_offences(&self, cars: u32) -> Running {
        let service = self.site.serve();
        let rows: Vec<(u32, &str)> = (0..cars).map(|car| (car, "2025-03-02")).collect();
        self.offend("first.csv", &rows);
        service
    }

    /// Imports offences, each of a car on a day, and waits until they are decided.
    pub(crate) fn offend(&self, file: &str, offences: &[(u32, &str)]) -> String {
        self.site.write(file, &table(offences));
        self.site
            .ask(&["import", file, "--map", "map.toml", "--process", "--json"])
    }

    /// The effective version of each case, those that began first in front.
    pub(crate) fn cases(&self) -> Vec<Value> {
        let mut cases = self.site.export("cases");
        cases.retain(|case| case["effective"] == true);
        cases.sort_by_key(|case| case["from"].to_string());
        cases
    }

    /// The messages that were posted to the provider.
    pub(crate) fn posted(&self) -> Vec<Value> {
        let mut calls = self.provider.ledger();
        calls.retain(|call| call["request"]["method"] == "POST");
        calls
    }

    /// Waits until so many notices are in a state.
    pub(crate) fn wait_for_notices(&self, state: &str, count: u64) {
        let mut last = Value::Null;
        let reached = wait(SOON, || {
            last = self.site.get("/v1/stats")["notices"].clone();
            (last["by_state"][state] == count).then_some(())
        });
        assert!(reached.is_some(), "no {count} notices are {state}: {last}");
    }
}

/// A blue plate of six characters, like all small cars here.
pub(crate) fn plate(car: u32) -> String {
    format!("湘K{}", 12_000 + car)
}

/// The table of offences, for the mapping.
pub(crate) fn table(offences: &[(u32, &str)]) -> String {
    offences.iter().fold(
        "source,id,plate,class,captured_at,zone,device,code\n".to_owned(),
        |mut table, (car, day)| {
            let (plate, minute) = (plate(*car), car % 60);
            writeln!(
                table,
                "/devices/D1,{day}-{car},{plate},02,{day}T10:{minute:02}:00+08:00,Z1,D1,1039"
            )
            .unwrap();
            table
        },
    )
}

fn policy(hold: &str) -> String {
    format!(
        r#"[policy]
id = "town-sidewalk"
version = "2025-01"
authority = "town"
codes = ["1039"]
effective = {{ from = "2025-01-01T00:00:00+08:00" }}
time_zone = "Asia/Shanghai"
plates = "cn"

[window]
kind = "calendar-year"

[outcome]
first = "waived"
otherwise = "penalty_proposed"
fine_minor = 10000
currency = "CNY"

[notice]
hold = "{hold}"
"#
    )
}
