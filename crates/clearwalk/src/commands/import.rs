//! `import`: rows of a city's own export become facts of the stream, in chunks and flat memory. A killed import is simply
//! run again: what the store knows already is not appended twice.

mod append;
mod rows;
mod summary;
mod watch;

use std::sync::Arc;

use formats::mapping::{Mapping, Mode, Options};
use pipeline::intake::JudgeBy;
use ports::log::Stream as _;
use store_sqlite::SqliteStore;
use tokio::sync::mpsc;

use self::append::{Appended, append};
use self::rows::{Chunks, Rows, Stop};
use self::summary::Summary;
use self::watch::Watch;
use super::Context;
use crate::cli::{ImportArgs, ModeWord};
use crate::failure::{Code, Failure};
use crate::telemetry::{self, Talk};
use crate::wiring::{self, Access, Decider};
use crate::{files, instant, output};

/// Chunks that are read ahead of the disk.
const AHEAD: usize = 2;

pub(crate) fn run(context: &Context, args: &ImportArgs) -> Result<(), Failure> {
    let (name, text) = files::read_rules(&args.map)?;
    let mapping = Mapping::parse(&name, &text).map_err(Failure::configuration)?;
    for file in &args.files {
        // A name that was mistyped is told before the first row of another file is appended.
        std::fs::metadata(file).map_err(|error| Failure::reading(file, &error))?;
    }
    telemetry::start(context.json, Talk::Quiet)?;
    let rows = Rows {
        files: args.files.clone(),
        mapping,
        options: options(args),
    };
    let watch = Watch::new(context);
    if args.dry_run {
        let (summary, read) = rows.read(&Chunks::None, &watch);
        watch.end();
        read.map_err(|stop| broken_off(stop, 0))?;
        return summary.print(context, args);
    }
    super::runtime()?.block_on(import(context, args, rows, watch))
}

fn options(args: &ImportArgs) -> Options {
    Options {
        now: instant::now().to_jiff(),
        known_now: args.known.is_some(),
        mode: args.mode.map(|mode| match mode {
            ModeWord::Live => Mode::Live,
            ModeWord::History => Mode::History,
        }),
    }
}

async fn import(context: &Context, args: &ImportArgs, rows: Rows, watch: Watch) -> Result<(), Failure> {
    let settings = context.settings()?;
    if !args.process {
        let store = wiring::open(&settings, Access::Make).await?;
        let summary = take_in(&store, rows, &watch, None).await?;
        watch.end();
        wiring::close(store).await;
        return summary.print(context, args);
    }
    // Rules with a mistake stop an import before anything is made or appended.
    let rules = wiring::rules(&settings)?;
    let store = wiring::open(&settings, Access::Make).await?;
    let mut decider = Decider::find(&settings, &store, rules, JudgeBy::LargestKnown, "import").await?;
    let summary = take_in(&store, rows, &watch, Some(&mut decider)).await?;
    if let Some(holder) = decider.elsewhere().filter(|_| !context.json) {
        output::say(format!("{holder} decides; waiting until it has read to the end"));
    }
    let end = store.end().await?;
    decider.reach(end, |next| watch.decided(next)).await?;
    watch.end();
    drop(decider);
    wiring::close(store).await;
    summary.print(context, args)
}

/// Reads and appends all files, and decides in the meantime where this process does.
async fn take_in(
    store: &Arc<SqliteStore>,
    rows: Rows,
    watch: &Watch,
    decider: Option<&mut Decider<'_>>,
) -> Result<Summary, Failure> {
    let (chunks, queue) = mpsc::channel(AHEAD);
    let (ends, heard) = tokio::sync::watch::channel(0);
    let reading = {
        let watch = watch.clone();
        tokio::task::spawn_blocking(move || rows.read(&Some(chunks), &watch))
    };
    let deciding = async {
        match decider {
            Some(decider) => decider.follow(heard, |next| watch.decided(next)).await,
            None => Ok(()),
        }
    };
    // Where one of them fails, the reader finds that nobody listens any more, and stops.
    let (Appended { appended, duplicate }, ()) = tokio::try_join!(append(store, queue, ends), deciding)?;
    let (mut summary, read) = reading
        .await
        .map_err(|error| Failure::new(Code::Failure, format!("reading was stopped: {error}")))?;
    read.map_err(|stop| broken_off(stop, appended))?;
    summary.appended = appended;
    summary.duplicate = duplicate;
    Ok(summary)
}

/// The same import, run again once the file is whole, appends only the rest.
fn broken_off(stop: Stop, appended: u64) -> Failure {
    let mut failure = stop.failure;
    if !stop.is_midway {
        return failure;
    }
    if appended > 0 {
        failure.code = Code::Partly;
    }
    failure.hint(format!(
        "{appended} facts before it are in the stream; mend the file and run the import again"
    ))
}
