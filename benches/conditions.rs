//! What a number is worth nothing without: machine, profile and data.

use std::fs;
use std::thread;

/// Prints the head of a report: what is measured, on what, over which data.
pub fn print(title: &str, what: &str, conditions: &[(&str, String)]) {
    println!("## {title}\n\n{what}\n");
    println!("| condition | |\n|---|---|");
    let profile = if cfg!(debug_assertions) {
        "debug: these numbers mean nothing"
    } else {
        "release (bench)"
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    println!("| machine | {cores} cores, {} |", cpu_model());
    println!("| profile | {profile} |");
    println!(
        "| load before | {} |",
        load().unwrap_or_else(|| "not known".to_owned())
    );
    for (name, value) in conditions {
        println!("| {name} | {value} |");
    }
    println!();
}

fn cpu_model() -> String {
    let model = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        text.lines().find_map(|line| {
            Some(
                line.strip_prefix("model name")?
                    .split_once(':')?
                    .1
                    .trim()
                    .to_owned(),
            )
        })
    });
    model.unwrap_or_else(|| "model not known".to_owned())
}

/// Runnable processes over the last minute: others on the machine make every wall time longer.
fn load() -> Option<String> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    Some(text.split(' ').next()?.to_owned())
}

/// The largest resident size so far, in MiB.
pub fn peak_memory() -> Option<u64> {
    peak_memory_of("self")
}

/// The largest resident size of a process so far, in MiB.
pub fn peak_memory_of(process: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? / 1024)
}
