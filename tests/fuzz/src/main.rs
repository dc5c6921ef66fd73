//! `cargo xtask fuzz`: long runs by hand, with a table for the results.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use fuzz::run::{self, Course, Outcome, Target};
use fuzz::targets;

/// That of the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(
    name = "cargo xtask fuzz",
    about = "Feeds every parser with what it should refuse"
)]
struct Arguments {
    /// Which targets; all without one
    targets: Vec<String>,
    /// Runs of each target
    #[arg(long, default_value_t = 1_000_000)]
    runs: u64,
    /// Makes the inputs
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The first run: repeats a finding together with `--runs 1`
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Seconds for each target, at most
    #[arg(long)]
    seconds: Option<u64>,
    /// Threads; all cores without it
    #[arg(long)]
    threads: Option<usize>,
    /// Where the inputs of findings are kept
    #[arg(long, default_value = "target/fuzz")]
    folder: PathBuf,
    /// Runs the bytes of this file once, against the one target that is named
    #[arg(long, conflicts_with_all = ["runs", "from"])]
    input: Option<PathBuf>,
    /// Names the targets and runs nothing
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    match fuzz(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(9),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether nothing was found.
fn fuzz(arguments: &Arguments) -> Result<bool> {
    let all = targets::all()?;
    if arguments.list {
        for target in &all {
            println!("{}", target.name);
        }
        return Ok(true);
    }
    for wanted in &arguments.targets {
        if !all.iter().any(|target| target.name == wanted) {
            let names: Vec<&str> = all.iter().map(|target| target.name).collect();
            bail!("there is no target `{wanted}`; there are {}", names.join(", "));
        }
    }
    let wanted = |target: &&Target| {
        arguments.targets.is_empty() || arguments.targets.iter().any(|name| name == target.name)
    };
    let chosen: Vec<&Target> = all.iter().filter(wanted).collect();
    if let Some(file) = &arguments.input {
        let [target] = chosen[..] else {
            bail!("--input wants one target");
        };
        let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let (verdict, took) = run::judge(&mut (target.prepare)(), &bytes);
        println!(
            "{took:?}: {}",
            verdict.err().unwrap_or_else(|| "nothing found".to_owned())
        );
        return Ok(true);
    }
    let course = Course {
        seed: arguments.seed,
        from: arguments.from,
        runs: arguments.runs,
        limit: arguments.seconds.map(Duration::from_secs),
        threads: arguments
            .threads
            .or_else(|| std::thread::available_parallelism().ok().map(usize::from))
            .unwrap_or(1),
        folder: Some(arguments.folder.clone()),
    };
    println!("## Fuzzing, seed {}", arguments.seed);
    println!("\n| target | runs | seconds | runs/s | slowest, ms | findings |");
    println!("|---|--:|--:|--:|--:|--:|");
    let mut is_clean = true;
    for target in chosen {
        let outcome = run::run(target, &course)?;
        println!("{}", outcome.row(target.name));
        tell(target, arguments, &outcome);
        is_clean &= outcome.findings.is_empty();
    }
    Ok(is_clean)
}

/// What was found, and how to see it again, beside the table.
fn tell(target: &Target, arguments: &Arguments, outcome: &Outcome) {
    for finding in &outcome.findings {
        let (name, run) = (target.name, finding.run);
        let file = run::input_file(&arguments.folder, name, arguments.seed, run);
        eprintln!("{name}: {}", finding.what);
        eprintln!(
            "    again: cargo xtask fuzz {name} --seed {} --from {run} --runs 1    input: {}",
            arguments.seed,
            file.display()
        );
    }
}
