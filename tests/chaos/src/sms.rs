//! The campaign of messages: a town whose every fact owes a message, a provider that goes wrong in every known way, and a
//! service that is killed, frozen, stopped and started twice while people hold, cancel and pause.

mod check;
mod journal;
mod people;
mod provider;
mod rates;
mod report;
mod torment;
mod town;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::dice::Dice;
use crate::site::Site;
use crate::time::now;

pub use report::Outcome;
pub(crate) use report::{load, machine};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// The program under test.
    pub binary: PathBuf,
    /// Where everything is written; the folder is empty before.
    pub folder: PathBuf,
    /// How many messages are owed.
    pub notices: u64,
    /// Where the dice begin.
    pub seed: u64,
    /// How often something is done to the service, at least.
    pub disturbances: u32,
    /// The longest peace between two of them, in milliseconds; the shortest is an eighth of it.
    pub peace: u64,
    /// How long the campaign may last until it is calmed, whatever is left to send.
    pub longest: Duration,
    /// Within this a second instance must have given up.
    pub refusal: Duration,
    /// Calls at once.
    pub concurrency: u32,
    /// Seconds until the first quarter's quiet hours end, and those of another begin.
    pub dawn: Duration,
}

/// Runs the campaign to its end.
pub fn run(options: &Options) -> Result<Outcome> {
    let began = Instant::now();
    let site = Site::new(&options.folder, &options.binary)?;
    let town = town::Town::found(options.notices, now(), options.dawn);
    let rates = rates::Rates::new(options.notices, options.seed);
    let provider = provider::Provider::new(&site, &rates)?;
    let caps = town.write(&site, &provider.address(), options)?;
    let mut torment = torment::Torment::new(options, &site, &town, provider)?;
    let told = torment.run(Dice::new(options.seed, 1)).context("the campaign")?;
    let sent = began.elapsed();
    let evidence = check::gather(&site, torment.provider.ledger(), options)?;
    let findings = check::look(&site, &town, &told, &evidence, caps)?;
    Ok(Outcome {
        options: options.clone(),
        rates,
        told,
        findings,
        evidence,
        caps,
        sent,
        whole: began.elapsed(),
    })
}
