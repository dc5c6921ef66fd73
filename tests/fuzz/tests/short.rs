//! A few thousand runs of every target, as part of every check. Long runs are `cargo xtask fuzz`.

use std::time::{Duration, Instant};

use fuzz::run::{self, Course};
use fuzz::targets;

/// Of each target.
const RUNS: u64 = 3000;
/// For all targets together, so that a slow machine runs less instead of waiting.
const BUDGET: Duration = Duration::from_secs(14);

#[test]
fn nothing_from_outside_breaks_a_parser_or_its_promise() {
    let all = targets::all().unwrap();
    let start = Instant::now();
    let mut found = Vec::new();
    for (done, target) in all.iter().enumerate() {
        let left = BUDGET.saturating_sub(start.elapsed()) / (all.len() - done) as u32;
        let course = Course {
            seed: 1,
            from: 0,
            runs: RUNS,
            limit: Some(left),
            threads: 2,
            folder: None,
        };
        let outcome = run::run(target, &course).unwrap();
        assert!(outcome.runs > 0, "{} did not run", target.name);
        println!("{}", outcome.row(target.name));
        for finding in outcome.findings {
            found.push(format!(
                "{}: {}\n    again: cargo xtask fuzz {} --seed 1 --from {} --runs 1",
                target.name, finding.what, target.name, finding.run
            ));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_samples_themselves_are_taken() {
    for target in targets::all().unwrap() {
        for sample in &target.corpus {
            let (verdict, _) = run::judge(&mut (target.prepare)(), sample);
            assert_eq!(verdict, Ok(()), "{}", target.name);
        }
    }
}
