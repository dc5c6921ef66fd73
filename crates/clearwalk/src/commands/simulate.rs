//! `simulate`: a made-up city in files.

use std::path::Path;

use serde_json::json;
use world::city::{City, Mode, Plan, Rates};

use super::Context;
use crate::cli::{ModeWord, SimulateArgs};
use crate::failure::{Code, Failure};
use crate::files::Draft;
use crate::output::{self, Output};

pub(crate) fn run(context: &Context, args: &SimulateArgs) -> Result<(), Failure> {
    let city = City::new(plan(args)).map_err(Failure::usage)?;
    let out = args.out.as_deref().filter(|path| *path != Path::new("-"));
    match out {
        Some(path) => write_lines(path, city.events())?,
        None => print_lines(city.events())?,
    }
    if let Some(path) = &args.truth {
        let mut truth = Draft::begin(path)?;
        for answer in city.truth() {
            let line = serde_json::to_string(&answer).map_err(|error| Failure::new(Code::Failure, error))?;
            truth.line(&line)?;
        }
        truth.end()?;
    }
    if let Some(path) = &args.owners {
        write_lines(path, city.owners())?;
    }
    if let Some(path) = &args.zones {
        crate::files::write(path, &city.zones_toml())?;
    }
    if let Some(path) = &args.policy {
        crate::files::write(path, &city.policy_toml())?;
    }
    if out.is_none() {
        return Ok(());
    }
    let (events, vehicles) = (city.plan().events, city.vehicles());
    if context.json {
        return output::print_json(&json!({ "events": events, "vehicles": vehicles, "seed": args.seed }));
    }
    output::say(format!(
        "{events} events of {vehicles} vehicles, seed {}",
        args.seed
    ));
    Ok(())
}

fn plan(args: &SimulateArgs) -> Plan {
    let plan = Plan {
        seed: args.seed,
        events: args.events,
        vehicles: args.vehicles,
        rates: if args.faultless {
            Rates::NONE
        } else {
            Rates::default()
        },
        mode: match args.mode {
            ModeWord::Live => Mode::Live,
            ModeWord::History => Mode::History,
        },
        shuffle: args.shuffle,
        ..Plan::default()
    };
    plan.in_year(args.year)
}

fn write_lines(path: &Path, lines: impl Iterator<Item = String>) -> Result<(), Failure> {
    let mut file = Draft::begin(path)?;
    for line in lines {
        file.line(&line)?;
    }
    file.end()
}

fn print_lines(lines: impl Iterator<Item = String>) -> Result<(), Failure> {
    let mut out = Output::new();
    for line in lines {
        out.line(&line)?;
    }
    out.end()
}
