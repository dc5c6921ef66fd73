//! The campaign of kills: clients send facts over HTTP, well and badly, while the service is killed again and again; then
//! every fact that was answered for must be there, once, and decided as if nothing had happened.

mod check;
mod facts;
mod load;
mod log;

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use self::check::Findings;
use self::load::Sender;
use self::log::Log;
use crate::dice::Dice;
use crate::process::Running;
use crate::site::Site;
use crate::sms::{load, machine};
use crate::time::{pause, wait};

/// Everything must have been read by then, on a busy machine.
const REST: Duration = Duration::from_mins(3);
/// What SIGTERM may take with nothing to send.
const TERM: Duration = Duration::from_secs(15);

const POLICY: &str = r#"[policy]
id = "kills"
version = "1"
effective = { from = "2020-01-01T00:00:00+08:00" }
time_zone = "Asia/Shanghai"
plates = "generic"
[window]
kind = "calendar-month"
[outcome]
first = "waived"
otherwise = "penalty_proposed"
fine_minor = 10000
currency = "CNY"
"#;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// The program under test.
    pub binary: PathBuf,
    /// Where everything is written; the folder is empty before.
    pub folder: PathBuf,
    /// How often the service is killed.
    pub kills: u32,
    /// Where the dice begin.
    pub seed: u64,
    /// How many clients send at once.
    pub clients: u64,
    /// The longest life of the service.
    pub life: Duration,
}

/// A campaign that has ended.
#[derive(Debug)]
pub struct Outcome {
    options: Options,
    findings: Findings,
    kills: u32,
    at_start: u32,
    counts: Vec<(&'static str, u64)>,
    restarts: Vec<u64>,
    load: String,
    stormed: Duration,
    whole: Duration,
}

/// Runs the campaign to its end.
pub fn run(options: &Options) -> Result<Outcome> {
    let began = Instant::now();
    let site = Site::new(&options.folder, &options.binary)?;
    site.write("policy.toml", POLICY)?;
    site.write(
        "clearwalk.toml",
        &format!(
            "[store]\nurl = \"sqlite:clearwalk.db\"\n[web]\nlisten = \"{}\"\n[rules]\npolicies = [\"policy.toml\"]\n",
            site.address()
        ),
    )?;
    let log = Mutex::new(Log::default());
    let stop = AtomicBool::new(false);
    let mut storm = Storm {
        site: &site,
        dice: Dice::new(options.seed, 1),
        kills: 0,
        at_start: 0,
        restarts: Vec::new(),
    };
    std::thread::scope(|scope| {
        for number in 0..options.clients {
            let sender = Sender::new(site.client(), number, Dice::new(options.seed, 100 + number), &log);
            let stop = &stop;
            scope.spawn(move || sender.work(stop));
        }
        let ended = storm.rage(options);
        stop.store(true, Ordering::Relaxed);
        ended
    })?;
    let stormed = began.elapsed();
    storm.rest()?;
    let log = log.into_inner().unwrap_or_else(PoisonError::into_inner);
    let findings = check::look(&site, &log)?;
    Ok(Outcome {
        options: options.clone(),
        findings,
        kills: storm.kills,
        at_start: storm.at_start,
        counts: log.counts(),
        restarts: storm.restarts,
        load: load(),
        stormed,
        whole: began.elapsed(),
    })
}

struct Storm<'a> {
    site: &'a Site,
    dice: Dice,
    kills: u32,
    at_start: u32,
    /// Milliseconds from a start to the first `ready`.
    restarts: Vec<u64>,
}

impl Storm<'_> {
    fn rage(&mut self, options: &Options) -> Result<()> {
        while self.kills < options.kills {
            let begun = Instant::now();
            let mut service = self.site.start(&["serve"], "serve")?;
            // A moment of its life that nothing announces: before it is ready, or while it works.
            if self.dice.percent(25) {
                self.at_start += 1;
                pause(Duration::from_millis(self.dice.below(250)));
            } else {
                self.site.is_ready(&mut service)?;
                self.restarts.push(begun.elapsed().as_millis() as u64);
                pause(Duration::from_millis(
                    self.dice.below(options.life.as_millis() as u64),
                ));
            }
            self.kill(service)?;
        }
        // A last life in which whoever has something in doubt can send it once more.
        let service = self.site.serve()?;
        pause(Duration::from_secs(1));
        self.kill(service)
    }

    fn kill(&mut self, mut service: Running) -> Result<()> {
        if !service.is_running()? {
            bail!("serve ended by itself: {}", service.said());
        }
        service.kill()?;
        self.kills += 1;
        Ok(())
    }

    /// One quiet life: everything is read and decided.
    fn rest(&mut self) -> Result<()> {
        let service = self.site.serve()?;
        let read = wait(REST, || {
            let stats = self.site.client().get("/v1/stats").ok()?.json();
            (stats["records"]["unread"] == 0).then_some(())
        });
        read.with_context(|| format!("not everything was read: {}", service.said()))?;
        service.stop(TERM)?;
        Ok(())
    }
}

impl Outcome {
    /// How many promises broke.
    pub fn violations(&self) -> u64 {
        self.findings.violations.count()
    }

    /// What broke, a line each.
    pub fn broken(&self) -> String {
        self.findings.violations.lines().join("\n")
    }

    /// How often something was sent or answered, by its name.
    pub fn count(&self, what: &str) -> u64 {
        let found = self.counts.iter().find(|(known, _)| *known == what);
        found.map_or(0, |(_, count)| *count)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Options {
            kills,
            seed,
            clients,
            life,
            ..
        } = &self.options;
        writeln!(
            f,
            "## chaos kills: {kills} kills of `serve` while facts come in over HTTP\n"
        )?;
        writeln!(f, "`cargo xtask chaos kills --kills {kills} --seed {seed}`\n")?;
        writeln!(f, "| condition | |\n|---|---|")?;
        writeln!(f, "| machine | {} |", machine())?;
        writeln!(f, "| load | {} |", self.load)?;
        writeln!(f, "| store | SQLite, WAL, synchronous FULL |")?;
        writeln!(
            f,
            "| clients, longest life | {clients}, {} ms |",
            life.as_millis()
        )?;
        writeln!(
            f,
            "| seconds of kills, in all | {:.0}, {:.0} |",
            self.stormed.as_secs_f64(),
            self.whole.as_secs_f64()
        )?;
        writeln!(f, "\n| what | |\n|---|--:|")?;
        writeln!(f, "| **violations** | **{}** |", self.violations())?;
        writeln!(f, "| kill -9 | {} |", self.kills)?;
        writeln!(f, "| of these before it was ready | {} |", self.at_start)?;
        let mut restarts = self.restarts.clone();
        restarts.sort_unstable();
        let at = |share: usize| restarts.get(restarts.len() * share / 100).copied().unwrap_or(0);
        writeln!(f, "| start to ready, ms: median, p99 | {}, {} |", at(50), at(99))?;
        for (what, count) in &self.counts {
            writeln!(f, "| {what} | {count} |")?;
        }
        let found = &self.findings;
        writeln!(f, "| records | {} |", found.records)?;
        writeln!(
            f,
            "| cases, as decided again from the recorded facts | {} |",
            found.cases
        )?;
        writeln!(
            f,
            "| verify: held, broken, skipped | {}, {}, {} |",
            found.verify["held"], found.verify["broken"], found.verify["skipped"]
        )?;
        let line: Vec<String> = found
            .dispositions
            .iter()
            .map(|(word, count)| format!("{word} {count}"))
            .collect();
        writeln!(f, "\nrecords: {}", line.join(", "))?;
        if self.violations() > 0 {
            writeln!(f, "\n```text\n{}\n```", self.broken())?;
        }
        Ok(())
    }
}
