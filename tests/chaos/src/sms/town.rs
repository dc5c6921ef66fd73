//! The town: quarters with a policy each, a car with an owner for every message that is to be owed.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::time::Duration;

use anyhow::Result;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Options;
use crate::site::Site;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
/// Cars of a fleet share a phone.
const FLEET: u64 = 12;
/// A brief message may be sent after this, and only until that.
const BRIEF_HOLD: &str = "5s";
const BRIEF_EXPIRY: &str = "25s";
/// The mapping of the town's tables.
const MAPPING: &str = "[read]\nformat = \"csv\"\n[fact]\nsource = { column = \"source\" }\nid = { column = \"id\" }\n\
    plate = { column = \"plate\" }\nclass = { const = \"-\" }\ncaptured_at = { column = \"captured_at\" }\n\
    zone = { column = \"zone\" }\ndevice = { const = \"D1\" }\ncode = { const = \"1039\" }\nmode = { const = \"live\" }\n";

/// A part of the town with rules of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Quarter {
    /// Nothing special.
    Main,
    /// Many cars have one phone.
    Fleet,
    /// Quiet from before the campaign until long after.
    Quiet,
    /// Quiet hours end during the campaign.
    Dawn,
    /// Quiet hours begin during the campaign.
    Dusk,
    /// Messages are worth nothing after seconds.
    Brief,
}

impl Quarter {
    /// Each with its share in a thousand.
    pub(super) const ALL: [(Quarter, u64); 6] = [
        (Quarter::Main, 880),
        (Quarter::Fleet, 40),
        (Quarter::Quiet, 15),
        (Quarter::Dawn, 20),
        (Quarter::Dusk, 20),
        (Quarter::Brief, 25),
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Quarter::Main => "main",
            Quarter::Fleet => "fleet",
            Quarter::Quiet => "quiet",
            Quarter::Dawn => "dawn",
            Quarter::Dusk => "dusk",
            Quarter::Brief => "brief",
        }
    }

    /// Whose phone it is; the digit after +861 says so.
    pub(super) fn of_phone(phone: &str) -> Option<Quarter> {
        let digit = phone.strip_prefix("+861")?.bytes().next()?;
        let at = usize::from(digit.checked_sub(b'3')?);
        Quarter::ALL.get(at).map(|(quarter, _)| *quarter)
    }
}

/// How many messages a recipient may get, where the release knows such caps.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Caps {
    /// In any hour.
    pub(super) per_hour: Option<u64>,
    /// In a day.
    pub(super) per_day: Option<u64>,
}

/// Who lives where, and when it is night.
#[derive(Clone, Debug)]
pub(super) struct Town {
    notices: u64,
    founded: i64,
    /// When the quiet hours of [`Quarter::Dawn`] end.
    pub(super) dawn: i64,
    /// When those of [`Quarter::Dusk`] begin.
    pub(super) dusk: i64,
}

/// A car: its quarter and its number there.
#[derive(Clone, Copy)]
struct Car {
    quarter: Quarter,
    number: u64,
}

impl Town {
    /// With so many cars, founded now.
    pub(super) fn found(notices: u64, now: i64, dawn: Duration) -> Town {
        let until = i64::try_from(dawn.as_micros()).unwrap_or(i64::MAX / 4);
        // Quiet hours end and begin with a minute.
        let dawn = (now + until).div_euclid(MINUTE) * MINUTE + MINUTE;
        Town {
            notices,
            founded: now,
            dawn,
            // In a short run at the same minute: the one begins to be sent to, the other ends.
            dusk: dawn + (until / 2).div_euclid(MINUTE) * MINUTE,
        }
    }

    /// How many messages are owed.
    pub(super) fn notices(&self) -> u64 {
        self.notices
    }

    /// The cars from one to another, spread over the quarters by their shares.
    fn cars(&self, from: u64, to: u64) -> impl Iterator<Item = Car> + use<> {
        (from..to.min(self.notices)).map(|number| {
            // Spread, so that every portion has cars of every quarter.
            let mut point = number.wrapping_mul(389) % 1_000;
            let mut quarter = Quarter::Main;
            for (candidate, share) in Quarter::ALL {
                if point < share {
                    quarter = candidate;
                    break;
                }
                point -= share;
            }
            Car { quarter, number }
        })
    }

    /// Writes everything but the facts; says which caps are configured.
    pub(super) fn write(&self, site: &Site, provider: &str, options: &Options) -> Result<Caps> {
        let schema = site.ask(&["config", "schema"], Duration::from_secs(30));
        let knows_caps = schema.is_ok_and(|schema| schema.contains("per_recipient_hour"));
        let caps = if knows_caps {
            Caps {
                per_hour: Some(3),
                per_day: Some(5),
            }
        } else {
            Caps::default()
        };
        site.write("clearwalk.toml", &configuration(site, provider, options, caps))?;
        site.write("secret", super::provider::SECRET)?;
        site.write("map.toml", MAPPING)?;
        let mut zones = String::new();
        for (quarter, _) in Quarter::ALL {
            let name = quarter.name();
            write!(
                zones,
                "[zones.{name}]\nkind = \"sidewalk\"\nname = \"{name} street\"\nauthority = \"{name}\"\n"
            )?;
            site.write(&format!("policy-{name}.toml"), &self.policy(quarter))?;
        }
        site.write("zones.toml", &zones)?;
        let mut owners = BufWriter::new(File::create(site.path("owners.csv"))?);
        writeln!(owners, "plate,class,phone,name,owner_id,valid_from,valid_to")?;
        for car in self.cars(0, self.notices) {
            let (plate, phone, number) = (car.plate(), car.phone(), car.number);
            writeln!(owners, "{plate},-,{phone},owner,o{number},2000-01-01,")?;
        }
        owners.flush()?;
        Ok(caps)
    }

    /// Writes the facts about the cars from one to another as a table.
    pub(super) fn write_facts(&self, site: &Site, name: &str, from: u64, to: u64) -> Result<()> {
        let mut table = BufWriter::new(File::create(site.path(name))?);
        writeln!(table, "source,id,plate,captured_at,zone")?;
        for car in self.cars(from, to) {
            let at = Timestamp::from_microsecond(self.founded)? - SignedDuration::from_hours(20)
                + SignedDuration::from_millis(car.number as i64 * 3);
            writeln!(
                table,
                "/devices/D1,{},{},{at:.6},{}",
                car.number,
                car.plate(),
                car.quarter.name()
            )?;
        }
        table.flush()?;
        Ok(())
    }

    fn policy(&self, quarter: Quarter) -> String {
        let hour = 60 * MINUTE;
        let quiet = match quarter {
            Quarter::Main | Quarter::Fleet | Quarter::Brief => String::new(),
            Quarter::Quiet => hours(self.founded - 6 * hour, self.founded + 12 * hour),
            Quarter::Dawn => hours(self.dawn - 6 * hour, self.dawn),
            Quarter::Dusk => hours(self.dusk, self.dusk + 6 * hour),
        };
        let (hold, expires) = match quarter {
            Quarter::Brief => (BRIEF_HOLD, BRIEF_EXPIRY),
            _ => ("0s", "20h"),
        };
        let name = quarter.name();
        format!(
            "[policy]\nid = \"{name}\"\nversion = \"1\"\nauthority = \"{name}\"\n\
             effective = {{ from = \"2020-01-01T00:00:00+08:00\" }}\ntime_zone = \"Asia/Shanghai\"\nplates = \"generic\"\n\
             [window]\nkind = \"lifetime\"\n[outcome]\nfirst = \"waived\"\notherwise = \"penalty_proposed\"\n\
             fine_minor = 10000\ncurrency = \"CNY\"\n[notice]\nhold = \"{hold}\"\nexpires = \"{expires}\"\n{quiet}"
        )
    }
}

impl Car {
    fn plate(self) -> String {
        format!("T{:08}", self.number)
    }

    fn phone(self) -> String {
        let digit = Quarter::ALL
            .iter()
            .position(|(quarter, _)| *quarter == self.quarter)
            .map_or(3, |at| at + 3);
        let number = match self.quarter {
            // Neighbours in the table belong to different quarters, so a fleet is spread over a portion.
            Quarter::Fleet => self.number / (FLEET * 25),
            _ => self.number,
        };
        format!("+861{digit}{number:09}")
    }
}

/// The line of a policy with quiet hours from one instant to another.
fn hours(from: i64, to: i64) -> String {
    let shanghai = TimeZone::fixed(jiff::tz::offset(8));
    let time = |at: i64| {
        let at = Timestamp::from_microsecond(at).unwrap_or_default();
        at.to_zoned(shanghai.clone()).strftime("%H:%M").to_string()
    };
    format!("quiet_hours = \"{}-{}\"\n", time(from), time(to))
}

fn configuration(site: &Site, provider: &str, options: &Options, caps: Caps) -> String {
    let policies: Vec<String> = Quarter::ALL
        .iter()
        .map(|(quarter, _)| format!("\"policy-{}.toml\"", quarter.name()))
        .collect();
    let cap = |key: &str, cap: Option<u64>| cap.map_or_else(String::new, |cap| format!("{key} = {cap}\n"));
    format!(
        "[store]\nurl = \"sqlite:clearwalk.db\"\n[web]\nlisten = \"{address}\"\n\
         [rules]\npolicies = [{policies}]\nzones = \"zones.toml\"\n\
         [sms]\nroute = [\"primary\"]\nlease = \"5s\"\n{hour}{day}\
         [sms.providers.primary]\nkind = \"generic\"\nurl = \"http://{provider}/v1/messages\"\n\
         receipt_secret_file = \"secret\"\ndeadline = \"1s\"\nconcurrency = {concurrency}\n\
         [registry]\nkind = \"file\"\npath = \"owners.csv\"\n",
        address = site.address(),
        policies = policies.join(", "),
        hour = cap("per_recipient_hour", caps.per_hour),
        day = cap("per_recipient_day", caps.per_day),
        concurrency = options.concurrency,
    )
}
