//! `sms reconcile`: after the database was put back from a copy, what was sent since is asked for, recorded, and then
//! sending goes on.

use std::sync::Arc;

use pipeline::reconcile_sent::{self, Question, Summary};
use ports::clock::SystemClock;
use ports::dispatch::{ALL_PROVIDERS, DispatchStore as _};
use ports::gateway::Gateway;
use ports::restore::{LostSpan, RestoreStore as _};
use serde_json::json;
use store_sqlite::SqliteStore;

use super::{Context, actor, note};
use crate::cli::ReconcileArgs;
use crate::config::Settings;
use crate::failure::{Code, Failure};
use crate::output::{self, Output};
use crate::wiring::Gateways;

pub(super) async fn run(
    context: &Context,
    settings: &Settings,
    store: &SqliteStore,
    args: &ReconcileArgs,
) -> Result<(), Failure> {
    let by = actor(args.by.as_deref())?;
    let span = store.lost_span().await?;
    let question = Question {
        since: since(args, span)?,
        attempts: args.attempts,
        dry_run: args.dry_run,
        by: by.as_str().into(),
    };
    is_paused(store).await?;
    let gateways = askable(settings)?;
    let summary = reconcile_sent::reconcile(store, &gateways, &question, &SystemClock).await?;
    let released = !args.dry_run && summary.open.is_empty();
    if !args.dry_run {
        let said = format!(
            "asked {}, found {}, settled {}, cleared {}, open {}",
            summary.asked,
            summary.adopted,
            summary.settled,
            summary.cleared,
            summary.open.len()
        );
        note(store, "sms.reconcile", ALL_PROVIDERS, &by, Some(&said)).await?;
    }
    if released {
        store.release_restored().await?;
    }
    print(context, &question, &summary, released)?;
    if summary.open.is_empty() {
        return Ok(());
    }
    let message = format!(
        "of {} messages nobody knows whether they were sent",
        summary.open.len()
    );
    let failure = Failure::new(Code::Partly, message);
    Err(failure.hint(
        "run it again when the provider answers; to send without asking, `sms resume --force --reason`",
    ))
}

fn since(args: &ReconcileArgs, span: Option<LostSpan>) -> Result<engine::time::Timestamp, Failure> {
    match (args.since, span) {
        (None, Some(span)) => Ok(span.since),
        (Some(since), Some(span)) if since > span.since => {
            let failure = Failure::usage(format_args!(
                "--since {since} leaves out what was sent after {}, the last submission that the database knows of",
                span.since
            ));
            Err(failure.hint("leave --since away"))
        }
        (Some(since), _) => Ok(since),
        (None, None) => {
            let failure = Failure::usage("the database was not put back from a copy as far as it knows");
            Err(failure.hint("if it was, say since when by --since, after `clearwalk sms pause`"))
        }
    }
}

/// While something is being sent, the answers would be about now and not about then.
async fn is_paused(store: &SqliteStore) -> Result<(), Failure> {
    let states = store.providers().await?;
    if states
        .iter()
        .any(|state| &*state.name == ALL_PROVIDERS && state.paused.is_some())
    {
        return Ok(());
    }
    Err(Failure::new(Code::Conflict, "messages are being sent").hint("`clearwalk sms pause` first"))
}

/// Whoever may have sent something; a provider that only writes into the log sends nothing.
fn askable(settings: &Settings) -> Result<Vec<Arc<dyn Gateway>>, Failure> {
    let all = Gateways::new(settings)?.by_kind();
    if all.is_empty() {
        return Err(
            Failure::configuration("no SMS provider is configured that could be asked")
                .hint("put the providers back that messages were sent by; see sms.providers"),
        );
    }
    let real = all.into_iter().filter(|(kind, _)| *kind != "log");
    Ok(real.map(|(_, gateway)| gateway).collect())
}

fn print(context: &Context, question: &Question, summary: &Summary, released: bool) -> Result<(), Failure> {
    if context.json {
        let open: Vec<_> = summary
            .open
            .iter()
            .map(|open| json!({ "notice": open.notice.as_str(), "why": open.why }))
            .collect();
        return output::print_json(&json!({
            "since": question.since.to_string(),
            "dry_run": question.dry_run,
            "asked": summary.asked,
            "found": summary.adopted,
            "settled": summary.settled,
            "cleared": summary.cleared,
            "open": open,
            "released": released,
        }));
    }
    let mut out = Output::new();
    let row = |what: &str, count: u64| vec![what.to_owned(), count.to_string()];
    out.table(
        &["messages", "count"],
        &[
            row("in doubt", summary.asked),
            row("sent since, recorded now", summary.adopted),
            row("known and found", summary.settled),
            row("never sent", summary.cleared),
            row("nobody knows", summary.open.len() as u64),
        ],
    )?;
    for open in &summary.open {
        out.line(format_args!("{} {}", open.notice, open.why))?;
    }
    out.end()?;
    output::say(if released {
        "sending goes on"
    } else {
        "nothing is sent yet"
    });
    Ok(())
}
