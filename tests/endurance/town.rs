//! A town with as many cars as a test wants, each with an owner, and two ways in for what they do: a file, and the door.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use ports::clock::{Clock as _, SystemClock};
use serde_json::Value;

use crate::SOON;
use crate::provider::Provider;
use crate::site::{Papers, Running, Site, wait};

const MAPPING: &str = include_str!("../../deploy/mappings/clearwalk.toml");

/// The installation; its SMS provider lives in the test.
pub(crate) struct Town {
    pub(crate) site: Site,
    cars: u32,
}

impl Town {
    /// `lines` are further settings of the provider, `notice` further ones of `[notice]`.
    pub(crate) fn new(cars: u32, provider: &Provider, lines: &str, notice: &str) -> Self {
        let mut owners = "plate,class,phone,name,owner_id,valid_from,valid_to\n".to_owned();
        for car in 0..cars {
            writeln!(
                owners,
                "{},02,+86199{car:08},车主,owner-{car},2000-01-01,",
                plate(car)
            )
            .unwrap();
        }
        let policy = format!("{POLICY}\n[notice]\nhold = \"0s\"\n{notice}\n");
        let site = Site::new(&Papers {
            policy: &policy,
            zones: "",
            owners: &owners,
            mapping: MAPPING,
            provider: &provider.url(),
            provider_lines: lines,
            lease: "10s",
        });
        Self { site, cars }
    }

    /// One offence of every car for each of the days, appended and not yet decided.
    pub(crate) fn offend(&self, days: &[&str]) {
        let mut table = "source,id,plate,class,captured_at,zone,device,code\n".to_owned();
        for day in days {
            for car in 0..self.cars {
                let (plate, minute) = (plate(car), car % 60);
                writeln!(
                    table,
                    "/d,{day}-{car},{plate},02,{day}T10:{minute:02}:00+08:00,Z1,D1,1039"
                )
                .unwrap();
            }
        }
        self.site.write("offences.csv", &table);
        self.site.ask(&["import", "offences.csv", "--map", "map.toml"]);
    }

    /// Sends an offence of each of some cars, seen just now, through the door; whether it was answered for.
    pub(crate) fn send(&self, cars: std::ops::Range<u32>) -> bool {
        let now = SystemClock.now();
        let lines = cars.fold(String::new(), |mut lines, car| {
            let plate = plate(car);
            writeln!(
                lines,
                r#"{{"specversion":"1.0","type":"clearwalk.observation.v1","source":"/d","id":"now-{car}","data":{{"plate":{{"number":"{plate}","class":"02"}},"captured_at":"{now}","device":{{"id":"D1"}},"place":{{"zone":"Z1"}},"violation_code":"1039"}}}}"#
            )
            .unwrap();
            lines
        });
        self.post("/v1/facts", "application/x-ndjson", &lines) == Some(202)
    }

    /// The status of the answer to a POST, when there is one.
    pub(crate) fn post(&self, path: &str, media: &str, body: &str) -> Option<u16> {
        let address = self.site.address();
        let mut stream = TcpStream::connect(&address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(15))).ok()?;
        write!(
            stream,
            "POST {path} HTTP/1.0\r\nHost: {address}\r\nContent-Type: {media}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.split(' ').nth(1)?.parse().ok()
    }

    /// Lets the provider go on if it was paused for its unknowns.
    pub(crate) fn resume(&self) {
        if !self.site.get("/v1/sms")["providers"][0]["paused"].is_null() {
            let answer = self.post("/v1/sms/resume", "application/json", "{}");
            assert_eq!(answer, Some(200));
        }
    }

    /// How many notices are in a state, as the service counts them.
    pub(crate) fn count(&self, state: &str) -> u64 {
        let Some((200, body)) = self.site.try_get("/v1/stats") else {
            return 0;
        };
        let stats: Value = serde_json::from_str(&body).unwrap();
        stats["notices"]["by_state"][state].as_u64().unwrap_or(0)
    }

    /// Waits until so many are.
    pub(crate) fn wait_for(&self, state: &str, count: u64, patience: Duration, service: &Running) {
        let reached = wait(patience, || (self.count(state) == count).then_some(()));
        let stats = self.site.try_get("/v1/stats");
        assert!(
            reached.is_some(),
            "no {count} are {state} after {patience:?}: {stats:?}\n{}",
            service.said()
        );
    }
}

/// A small blue car.
fn plate(car: u32) -> String {
    format!("湘K{car:05}")
}

/// The most memory that a process ever had, in megabytes.
pub(crate) fn peak(service: &Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", service.child.id())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() / 1024
}

/// Waits for the provider to have got so many messages.
pub(crate) fn wait_for_calls(provider: &Provider, count: usize, service: &Running) {
    let begun = wait(SOON, || (provider.calls().len() >= count).then_some(()));
    assert!(
        begun.is_some(),
        "fewer than {count} messages came: {}",
        service.said()
    );
}

const POLICY: &str = r#"[policy]
id = "town-sidewalk"
version = "2025-01"
authority = "town"
codes = ["1039"]
effective = { from = "2025-01-01T00:00:00+08:00" }
time_zone = "Asia/Shanghai"
plates = "cn"

[window]
kind = "calendar-year"

[outcome]
first = "waived"
otherwise = "penalty_proposed"
fine_minor = 10000
currency = "CNY"
"#;
