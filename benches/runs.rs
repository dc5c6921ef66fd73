//! How runs are taken: one that is thrown away, then several; the median is the number, the range is its worth.

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Clock ticks per second in /proc: fixed at 100 for every program on Linux.
const TICKS: f64 = 100.0;

/// What several runs of one thing took.
pub struct Runs {
    /// In order of length.
    walls: Vec<Duration>,
    /// Processor time of all threads over all runs, where the system tells.
    busy: Option<Duration>,
}

impl Runs {
    /// Runs `work` on a fresh `setup()` each time; only `work` is timed, and what it returns is dropped outside.
    pub fn take<S, T>(count: usize, mut setup: impl FnMut() -> S, mut work: impl FnMut(S) -> T) -> Self {
        drop(work(setup()));
        let mut walls = Vec::with_capacity(count);
        let mut busy = Some(Duration::ZERO);
        for _ in 0..count {
            let ready = setup();
            let (spent, began) = (processor_time(), Instant::now());
            let made = black_box(work(black_box(ready)));
            walls.push(began.elapsed());
            let more = processor_time()
                .zip(spent)
                .map(|(now, before)| now.saturating_sub(before));
            busy = busy.zip(more).map(|(sum, more)| sum + more);
            drop(made);
        }
        walls.sort_unstable();
        Self { walls, busy }
    }

    /// The middle one.
    pub fn median(&self) -> Duration {
        self.walls[self.walls.len() / 2]
    }

    /// The shortest: what the machine can do when nobody else is on it.
    pub fn shortest(&self) -> Duration {
        self.walls[0]
    }

    /// The longest.
    pub fn longest(&self) -> Duration {
        self.walls[self.walls.len() - 1]
    }

    /// A row of [`rates_head`] for a run over `items`.
    pub fn print_rate(&self, name: &str, items: usize) {
        let rate = |wall: Duration| items as f64 / wall.as_secs_f64();
        let busy = self.busy.map_or_else(
            || "-".to_owned(),
            |busy| {
                let million = busy.as_secs_f64() / self.walls.len() as f64 / items as f64 * 1e6;
                format!("{million:.2}")
            },
        );
        println!(
            "| {name} | {:.0} | {:.0} | {:.0} | {} | {busy} |",
            rate(self.median()),
            rate(self.shortest()),
            rate(self.longest()),
            self.walls.len(),
        );
    }

    /// A row of [`times_head`].
    pub fn print_time(&self, name: &str) {
        let millis = |wall: Duration| wall.as_secs_f64() * 1e3;
        let busy = self.busy.map(|busy| busy / self.walls.len() as u32);
        println!(
            "| {name} | {} | {:.3} | {:.3} | {:.3} | {} |",
            busy.map_or_else(|| "-".to_owned(), |busy| format!("{:.2}", millis(busy))),
            millis(self.median()),
            millis(self.shortest()),
            millis(self.longest()),
            self.walls.len(),
        );
    }
}

/// The head of a table of rates.
pub fn rates_head(items: &str) {
    println!("| work | {items}/s, median | best | worst | runs | CPU s per million |");
    println!("|---|--:|--:|--:|--:|--:|");
}

/// The head of a table of times.
pub fn times_head() {
    println!("| work | CPU ms, mean | wall ms, median | best | worst | runs |");
    println!("|---|--:|--:|--:|--:|--:|");
}

/// Processor time of this process so far, ended threads included; to a hundredth of a second.
fn processor_time() -> Option<Duration> {
    ticks_from("self", 11)
}

/// Processor time of a process so far, to a hundredth of a second.
pub fn processor_time_of(process: &str) -> Option<Duration> {
    ticks_from(process, 11)
}

/// Processor time of children that have ended.
pub fn children_time() -> Duration {
    ticks_from("self", 13).unwrap_or_default()
}

/// Two neighbouring fields of a process's stat in /proc, in user and in system mode, counted after the name.
fn ticks_from(process: &str, field: usize) -> Option<Duration> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(field);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(Duration::from_secs_f64((ticks()? + ticks()?) as f64 / TICKS))
}
