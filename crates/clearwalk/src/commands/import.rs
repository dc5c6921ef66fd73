//! `import`: rows of a city's own export become facts of the stream, in chunks and flat memory. A killed import is simply
//! run again: what the store knows already is not appended twice.

mod chunk;
mod summary;
mod watch;

use std::path::Path;

use formats::mapping::{Mapping, Mode, Options, Reader, Row};
use pipeline::intake::JudgeBy;
use ports::log::Stream as _;
use store_sqlite::SqliteStore;

use self::chunk::Chunk;
use self::summary::Summary;
use self::watch::Watch;
use super::Context;
use crate::cli::{ImportArgs, ModeWord};
use crate::failure::{Code, Failure};
use crate::telemetry::{self, Talk};
use crate::wiring::{self, Access, Decider};
use crate::{files, instant, output};

/// So many bad rows are named one by one.
const NAMED: u64 = 20;

pub(crate) fn run(context: &Context, args: &ImportArgs) -> Result<(), Failure> {
    let (name, text) = files::read_rules(&args.map)?;
    let mapping = Mapping::parse(&name, &text).map_err(Failure::configuration)?;
    for file in &args.files {
        // A name that was mistyped is told before the first row of another file is appended.
        std::fs::metadata(file).map_err(|error| Failure::reading(file, &error))?;
    }
    telemetry::start(context.json, Talk::Quiet)?;
    super::runtime()?.block_on(import(context, args, &mapping))
}

async fn import(context: &Context, args: &ImportArgs, mapping: &Mapping) -> Result<(), Failure> {
    let mut summary = Summary::default();
    if args.dry_run {
        for file in &args.files {
            read(context, args, mapping, file, None, &mut summary).await?;
        }
        return summary.print(context, args);
    }
    let settings = context.settings()?;
    if !args.process {
        let store = wiring::open(&settings, Access::Make).await?;
        for file in &args.files {
            read(context, args, mapping, file, Some(&store), &mut summary).await?;
        }
        wiring::close(store).await;
        return summary.print(context, args);
    }
    // Rules with a mistake stop an import before anything is made or appended.
    let rules = wiring::rules(&settings)?;
    let store = wiring::open(&settings, Access::Make).await?;
    let mut decider = Decider::find(&settings, &store, rules, JudgeBy::LargestKnown, "import").await?;
    for file in &args.files {
        read(context, args, mapping, file, Some(&store), &mut summary).await?;
    }
    if let Some(holder) = decider.elsewhere().filter(|_| !context.json) {
        output::say(format!("{holder} decides; waiting until it has read to the end"));
    }
    let end = store.end().await?;
    let watch = Watch::records(context, end);
    decider.reach(end, |next| watch.at(next)).await?;
    watch.end();
    drop(decider);
    wiring::close(store).await;
    summary.print(context, args)
}

/// Reads one file; without a store it only counts.
async fn read(
    context: &Context,
    args: &ImportArgs,
    mapping: &Mapping,
    file: &Path,
    store: Option<&SqliteStore>,
    summary: &mut Summary,
) -> Result<(), Failure> {
    let options = Options {
        now: instant::now().to_jiff(),
        known_now: args.known.is_some(),
        mode: args.mode.map(|mode| match mode {
            ModeWord::Live => Mode::Live,
            ModeWord::History => Mode::History,
        }),
    };
    let mut reader = Reader::open(file, mapping, options).map_err(unreadable)?;
    let mut chunk = Chunk::new();
    let watch = Watch::rows(context, file);
    loop {
        // A row borrows the reader, which is asked for the next one in the same turn.
        let next = reader.next_row().map_err(unreadable);
        match next {
            Ok(None) => break,
            Ok(Some(Row::Fact(fact))) => chunk.add(fact),
            Ok(Some(Row::Filtered)) => {}
            Ok(Some(Row::Quarantined { reason, detail, line })) => {
                summary.named += 1;
                if summary.named <= NAMED {
                    watch.say(&format!(
                        "{}:{line}: {}: {detail}",
                        file.display(),
                        reason.as_str()
                    ));
                }
            }
            Err(error) => {
                // What was read before the break is kept: the same import, run again, goes on from there.
                chunk.flush(store, summary).await?;
                summary.add(reader.counts());
                return Err(broken_off(error, summary.appended));
            }
        }
        if chunk.is_full() {
            chunk.flush(store, summary).await?;
            watch.at(reader.counts().read);
        }
    }
    chunk.flush(store, summary).await?;
    summary.add(reader.counts());
    watch.end();
    Ok(())
}

/// The same import, run again once the file is whole, appends only the rest.
fn broken_off(mut failure: Failure, appended: u64) -> Failure {
    if appended > 0 {
        failure.code = Code::Partly;
    }
    failure.hint(format!(
        "{appended} facts before it are in the stream; mend the file and run the import again"
    ))
}

fn unreadable(error: formats::mapping::ReadError) -> Failure {
    use formats::mapping::ReadError;
    match &error {
        ReadError::Open { file, source } => Failure::reading(Path::new(file), source),
        ReadError::Column(_) => Failure::configuration(error),
        ReadError::Read { .. } | ReadError::Shape { .. } => Failure::new(Code::Failure, error),
    }
}
