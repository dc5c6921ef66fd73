//! The rule alone: ledgers of a city judged, parsed and put together in advance.

use std::sync::Arc;

use benches::{city, conditions, runs};
use engine::judge::judge;
use engine::ledger::Ledger;

type Judged = (Arc<str>, Ledger);

fn main() {
    const LINES: u64 = 200_000;
    let rules = city::rules();
    let facts = city::facts(&city::lines(LINES));
    let now = facts.iter().map(|fact| fact.known).max().unwrap_or_default();
    let count = facts.len();
    let ledgers: Vec<Judged> = city::ledgers(&rules, facts).into_iter().collect();
    conditions::print(
        "engine: judge",
        "Every ledger of a city judged once from scratch, on one thread and on all cores.",
        &[(
            "data",
            format!("{count} facts of world::city in {} ledgers", ledgers.len()),
        )],
    );
    let part = |part: &[Judged]| -> usize {
        let judge = |(home, ledger): &Judged| judge(&rules, home, ledger, now).cases.len();
        part.iter().map(judge).sum()
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let on_all_cores = || -> usize {
        std::thread::scope(|scope| {
            let parts = ledgers.chunks(ledgers.len().div_ceil(cores));
            let parts: Vec<_> = parts.map(|it| scope.spawn(|| part(it))).collect();
            let judged = parts
                .into_iter()
                .map(|it| it.join().expect("a judgement is total"));
            judged.sum()
        })
    };
    let cases = part(&ledgers);
    assert_eq!(cases, on_all_cores());
    runs::rates_head("facts");
    runs::Runs::take(15, || (), |()| part(&ledgers)).print_rate("judge, one thread", count);
    runs::Runs::take(15, || (), |()| on_all_cores()).print_rate("judge, all cores", count);
    println!("\n{cases} cases.");
}
