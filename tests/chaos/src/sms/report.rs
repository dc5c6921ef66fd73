//! What a campaign came to, as text that can be kept.

use std::fmt::{self, Write as _};
use std::time::Duration;

use super::Options;
use super::check::{Evidence, Findings};
use super::journal::Journal;
use super::rates::Rates;
use super::town::Caps;

/// A campaign that has ended.
#[derive(Debug)]
pub struct Outcome {
    pub(super) options: Options,
    pub(super) rates: Rates,
    pub(super) told: Journal,
    pub(super) findings: Findings,
    pub(super) evidence: Evidence,
    pub(super) caps: Caps,
    /// Until everything was at rest.
    pub(super) sent: Duration,
    /// With all checks.
    pub(super) whole: Duration,
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

    /// How many messages the provider took.
    pub fn accepted(&self) -> u64 {
        self.findings.accepted
    }

    /// How often something was done, by its name.
    pub fn count(&self, what: &str) -> u64 {
        self.told
            .counts()
            .find(|(known, _)| *known == what)
            .map_or(0, |(_, count)| count)
    }

    /// How many faults befell sends, look-ups and receipts at least once, and which of those that were planned did not.
    pub fn missed(&self) -> Vec<String> {
        let [(_, sends), (_, _), (_, receipts)] = self.rates.all();
        let sends = sends
            .keys()
            .filter(|fault| !self.findings.faults.contains_key(*fault));
        let receipts = receipts
            .keys()
            .filter(|fault| *fault != "lost" && !self.findings.pushes.contains_key(*fault));
        sends.chain(receipts).cloned().collect()
    }

    fn conditions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Options {
            notices,
            seed,
            concurrency,
            ..
        } = &self.options;
        let caps = match (self.caps.per_hour, self.caps.per_day) {
            (Some(hour), Some(day)) => format!("{hour} an hour, {day} a day"),
            _ => "none: this release knows no caps".to_owned(),
        };
        let seconds = self.sent.as_secs_f64();
        writeln!(
            f,
            "## chaos sms: {notices} messages, every fault of the provider\n"
        )?;
        writeln!(f, "`cargo xtask chaos sms --notices {notices} --seed {seed}`\n")?;
        writeln!(f, "| condition | |\n|---|---|")?;
        writeln!(f, "| machine | {} |", machine())?;
        writeln!(f, "| load | {} |", load())?;
        writeln!(f, "| store | SQLite, WAL, synchronous FULL |")?;
        writeln!(
            f,
            "| provider | deadline 1 s, {concurrency} calls at once, lease 5 s, each group of faults 5 % |"
        )?;
        writeln!(f, "| caps | {caps} |")?;
        writeln!(
            f,
            "| seconds until all was at rest | {seconds:.0}, {:.0} sends/s |",
            self.findings.sends as f64 / seconds
        )?;
        writeln!(f, "| seconds in all | {:.0} |", self.whole.as_secs_f64())
    }

    fn results(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = &self.findings;
        let unknown = found.unknown.0 + found.unknown.1;
        writeln!(f, "\n| what | |\n|---|--:|")?;
        writeln!(f, "| **violations** | **{}** |", found.violations.count())?;
        writeln!(f, "| calls to send | {} |", found.sends)?;
        writeln!(f, "| messages taken | {} |", found.accepted)?;
        writeln!(f, "| of these without a plain answer | {} |", found.hidden)?;
        writeln!(
            f,
            "| unknown in the end, taken by the provider / not | {unknown}: {} / {} |",
            found.unknown.0, found.unknown.1
        )?;
        writeln!(f, "| look-ups | {} |", found.look_ups)?;
        writeln!(
            f,
            "| messages that left late after the service had been frozen | {} |",
            found.late_after_freeze
        )?;
        writeln!(
            f,
            "| most messages to one recipient in an hour | {} |",
            found.most_in_an_hour
        )?;
        for (what, count) in self.told.counts() {
            writeln!(f, "| {what} | {count} |")?;
        }
        writeln!(
            f,
            "| SIGTERM to exit, ms: median, most | {} |",
            spread(&self.told.terms)
        )?;
        writeln!(
            f,
            "| second instance gives up, ms: median, most | {} |",
            spread(&self.told.refusals)
        )?;
        writeln!(
            f,
            "| verify: held, broken, skipped | {}, {}, {} |",
            self.evidence.verify["held"], self.evidence.verify["broken"], self.evidence.verify["skipped"]
        )?;
        writeln!(
            f,
            "| verify: seconds, peak MiB | {:.0}, {} |",
            self.evidence.verify_seconds, self.evidence.verify_memory
        )
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.conditions(f)?;
        self.results(f)?;
        let found = &self.findings;
        for (title, counts) in [("notices", &found.states), ("attempts", &found.classes)] {
            let line: Vec<String> = counts
                .iter()
                .map(|(word, count)| format!("{word} {count}"))
                .collect();
            writeln!(f, "\n{title}: {}", line.join(", "))?;
        }
        writeln!(f, "\n| fault | rate | times |\n|---|--:|--:|")?;
        for (kind, rates) in self.rates.all() {
            for (name, rate) in rates {
                let times = match kind {
                    "send" => found.faults.get(name),
                    "look-up" => found.faults.get(&format!("look-up {name}")),
                    _ => found.pushes.get(name),
                };
                writeln!(
                    f,
                    "| {kind}: {name} | {rate:.6} | {} |",
                    times.copied().unwrap_or(0)
                )?;
            }
        }
        if found.violations.count() > 0 {
            let mut broken = String::new();
            writeln!(broken, "\n```text\n{}\n```", self.broken())?;
            f.write_str(&broken)?;
        }
        Ok(())
    }
}

/// Median and most of some numbers.
fn spread(numbers: &[u64]) -> String {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    match (sorted.get(sorted.len() / 2), sorted.last()) {
        (Some(median), Some(most)) => format!("{median}, {most}"),
        _ => "-".to_owned(),
    }
}

/// The processor, and how many cores of it.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .and_then(|rest| rest.split_once(": "));
    format!("{cores} cores, {}", model.map_or("unknown", |(_, name)| name))
}

/// The load of the machine, which others may share.
pub(crate) fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').take(3).collect::<Vec<_>>().join(" ")
}
