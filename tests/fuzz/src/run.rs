//! Runs of one target on several threads, each judged by itself: no panic, no run that takes long, and what the target
//! promises beside that.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::dice::Dice;
use crate::mutate::Mutator;

/// Longer than this, three times in a row, is a finding. A build without optimisation beside other tests gets more.
pub const LONGEST: Duration = Duration::from_secs(if cfg!(debug_assertions) { 10 } else { 1 });
/// What takes so long is looked at once more.
const NOTABLE: Duration = Duration::from_millis(2);
/// Runs that share what a target has prepared.
const BLOCK: u64 = 1000;
/// A target with more findings than this is not run on.
const MOST: usize = 20;

/// Judges one input; an error says which promise it breaks.
pub type Check = Box<dyn FnMut(&[u8]) -> Result<(), String>>;

/// A parser, and what it is fed with.
pub struct Target {
    /// As it is typed.
    pub name: &'static str,
    /// Valid inputs.
    pub corpus: Vec<Vec<u8>>,
    /// Words of the format.
    pub words: &'static [&'static str],
    /// Longest input.
    pub longest: usize,
    /// Makes the check that a block of runs uses.
    pub prepare: Box<dyn Fn() -> Check + Sync>,
}

/// Which runs.
#[derive(Clone, Debug)]
pub struct Course {
    /// Makes the inputs, with the numbers of the runs.
    pub seed: u64,
    /// The first run.
    pub from: u64,
    /// How many.
    pub runs: u64,
    /// No run begins after so long.
    pub limit: Option<Duration>,
    /// How many threads.
    pub threads: usize,
    /// Where inputs that find something are written, and where each thread says which runs it is at.
    pub folder: Option<PathBuf>,
}

/// What one run found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which run.
    pub run: u64,
    /// What is wrong.
    pub what: String,
    /// What it was fed with.
    pub input: Vec<u8>,
}

/// What became of a course.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Runs made.
    pub runs: u64,
    /// How long they took together, by the clock on the wall.
    pub took: Duration,
    /// The slowest of them.
    pub slowest: Duration,
    /// All that was found, by run.
    pub findings: Vec<Finding>,
}

thread_local! {
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Panics are findings and not talk.
fn keep_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|info| {
            PANIC.with_borrow_mut(|panic| *panic = Some(format!("panic: {info}")));
        }));
    });
}

/// Runs a course of a target.
pub fn run(target: &Target, course: &Course) -> Result<Outcome> {
    keep_panics();
    if let Some(folder) = &course.folder {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let start = Instant::now();
    let shared = Shared {
        target,
        course,
        start,
        next: AtomicU64::new(course.from),
        found: Mutex::default(),
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..course.threads.max(1))
            .map(|number| {
                scope.spawn({
                    let shared = &shared;
                    move || shared.work(number)
                })
            })
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().expect("panics are caught run by run"))
    })?;
    let mut outcome = shared.found.into_inner().expect("no holder panics");
    outcome.took = start.elapsed();
    outcome.findings.sort_by_key(|finding| finding.run);
    Ok(outcome)
}

/// The input of one run.
pub fn input(target: &Target, seed: u64, run: u64) -> Vec<u8> {
    let mutator = Mutator {
        corpus: &target.corpus,
        words: target.words,
        longest: target.longest,
    };
    mutator.input(&mut Dice::of_run(seed, target.name, run))
}

struct Shared<'c> {
    target: &'c Target,
    course: &'c Course,
    start: Instant,
    next: AtomicU64,
    found: Mutex<Outcome>,
}

impl Shared<'_> {
    fn work(&self, thread: usize) -> Result<()> {
        // What a parser spreads over the cores stays on this thread: the others have runs of their own, and waking them up
        // takes longer than a run.
        let _alone = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .use_current_thread()
            .build()
            .context("this thread belongs to others")?;
        let end = self.course.from.saturating_add(self.course.runs);
        loop {
            let first = self.next.fetch_add(BLOCK, Ordering::Relaxed);
            let is_over = self
                .course
                .limit
                .is_some_and(|limit| self.start.elapsed() >= limit)
                || self.found.lock().expect("no holder panics").findings.len() >= MOST;
            if first >= end || is_over {
                return Ok(());
            }
            let last = end.min(first + BLOCK);
            self.note(thread, first)?;
            let block = self.block(first, last);
            for finding in &block.findings {
                self.keep(finding)?;
            }
            let mut found = self.found.lock().expect("no holder panics");
            found.runs += block.runs;
            found.slowest = found.slowest.max(block.slowest);
            found.findings.extend(block.findings);
        }
    }

    fn is_late(&self) -> bool {
        self.course
            .limit
            .is_some_and(|limit| self.start.elapsed() >= limit)
    }

    fn block(&self, first: u64, last: u64) -> Outcome {
        let mut block = Outcome::default();
        let mut check = (self.target.prepare)();
        for run in first..last {
            if run > first && self.is_late() {
                break;
            }
            let input = input(self.target, self.course.seed, run);
            let (verdict, mut took) = judge(&mut check, &input);
            block.runs += 1;
            // A thread that had to wait for a core says nothing about the input.
            if took > NOTABLE && took > block.slowest && verdict.is_ok() {
                took = took.min(judge(&mut check, &input).1);
            }
            block.slowest = block.slowest.max(took);
            let slow = took > LONGEST && (0..2).all(|_| judge(&mut check, &input).1 > LONGEST);
            let what = match verdict {
                Err(what) => what,
                Ok(()) if slow => format!("slow: {took:?} for {} bytes", input.len()),
                Ok(()) => continue,
            };
            block.findings.push(Finding { run, what, input });
            // What panicked half way may be in any state.
            check = (self.target.prepare)();
            if block.findings.len() >= MOST {
                break;
            }
        }
        block
    }

    /// Says where a thread is, for runs that end the process: a stack that overflows cannot be caught.
    fn note(&self, thread: usize, first: u64) -> Result<()> {
        let Some(folder) = &self.course.folder else {
            return Ok(());
        };
        let path = folder.join(format!("{}-{thread}.at", self.target.name));
        let text = format!(
            "{} --seed {} --from {first} --runs {BLOCK}\n",
            self.target.name, self.course.seed
        );
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    fn keep(&self, finding: &Finding) -> Result<()> {
        let Some(folder) = &self.course.folder else {
            return Ok(());
        };
        let path = input_file(folder, self.target.name, self.course.seed, finding.run);
        fs::write(&path, &finding.input).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Where the input of a finding is kept.
pub fn input_file(folder: &Path, target: &str, seed: u64, run: u64) -> PathBuf {
    folder.join(format!("{target}-{seed}-{run}.input"))
}

/// One run, and how long it took.
pub fn judge(check: &mut Check, input: &[u8]) -> (Result<(), String>, Duration) {
    keep_panics();
    let start = Instant::now();
    let verdict = panic::catch_unwind(AssertUnwindSafe(|| check(input)));
    let took = start.elapsed();
    let told = PANIC.with_borrow_mut(Option::take);
    let verdict = verdict.unwrap_or_else(|_| Err(told.unwrap_or_else(|| "panic".to_owned())));
    (verdict, took)
}

impl Outcome {
    /// One line of a table in a report.
    pub fn row(&self, name: &str) -> String {
        let seconds = self.took.as_secs_f64();
        let mut row = String::new();
        // Writing to a string cannot fail.
        let _written = write!(
            row,
            "| {name} | {} | {seconds:.0} | {:.0} | {:.1} | {} |",
            self.runs,
            self.runs as f64 / seconds.max(1e-9),
            self.slowest.as_secs_f64() * 1000.0,
            self.findings.len()
        );
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(prepare: impl Fn() -> Check + Sync + 'static) -> Target {
        Target {
            name: "sample",
            corpus: vec![b"abc".to_vec()],
            words: &["x"],
            longest: 50,
            prepare: Box::new(prepare),
        }
    }

    fn course(folder: Option<PathBuf>) -> Course {
        Course {
            seed: 3,
            from: 0,
            runs: 5000,
            limit: None,
            threads: 2,
            folder,
        }
    }

    #[test]
    fn a_panic_is_found_kept_and_repeated_by_its_run() {
        let folder = tempfile::tempdir().unwrap();
        let panics = target(|| {
            Box::new(|input| {
                assert!(!input.ends_with(b"bcx"), "no such end");
                Ok(())
            })
        });
        let found = run(&panics, &course(Some(folder.path().to_owned()))).unwrap();
        let first = found.findings.first().expect("words are put anywhere");
        assert!(first.what.contains("no such end"), "{}", first.what);
        let kept = fs::read(input_file(folder.path(), "sample", 3, first.run)).unwrap();
        assert_eq!(kept, first.input);
        let again = Course {
            from: first.run,
            runs: 1,
            threads: 1,
            ..course(None)
        };
        let again = run(&panics, &again).unwrap();
        assert_eq!((again.runs, &again.findings[0].input), (1, &first.input));
    }

    #[test]
    fn a_broken_promise_is_found_and_a_kept_one_is_not() {
        let promise = target(|| {
            Box::new(|input| {
                if input.len() > 3 {
                    Err("long".to_owned())
                } else {
                    Ok(())
                }
            })
        });
        assert!(!run(&promise, &course(None)).unwrap().findings.is_empty());
        let kept = run(&target(|| Box::new(|_| Ok(()))), &course(None)).unwrap();
        assert_eq!((kept.runs, kept.findings.len()), (5000, 0));
    }
}
