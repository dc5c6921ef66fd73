//! `case`: shows a case, or says something about it. What is said is a fact like any other: it goes into the stream, and
//! the command answers when it has been decided on.

mod saying;
mod show;

use std::sync::Arc;

use bytes::Bytes;
use engine::ids::CaseId;
use formats::case_line::CaseLine;
use formats::event::{self, Known};
use pipeline::intake::JudgeBy;
use ports::log::{NewEnvelope, Stream as _};
use ports::read::{NewAudit, ReadStore as _, StoredCase};
use ports::store::StoreError;
use store_sqlite::SqliteStore;
use tokio::time::timeout;

use self::saying::Saying;
use super::{Context, actor};
use crate::cli::CaseCommand;
use crate::config::Settings;
use crate::failure::{Code, Failure};
use crate::instant;
use crate::telemetry::{self, Talk};
use crate::wiring::{self, Access, Decider};

/// How long another process may take to decide on the fact; it is in the stream by then and not lost.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);

pub(crate) fn run(context: &Context, command: &CaseCommand) -> Result<(), Failure> {
    let settings = context.settings()?;
    telemetry::start(context.json, Talk::Quiet)?;
    super::runtime()?.block_on(async {
        let store = wiring::open(&settings, Access::Use).await?;
        let id = CaseId::from_text(command.case());
        let versions = versions(&store, &id).await?;
        if let Some(saying) = Saying::of(command)? {
            let by = actor(command.by())?;
            say(&settings, &store, &versions, &saying, &by).await?;
        }
        show::print(context, &settings, &store, &id).await?;
        wiring::close(store).await;
        Ok(())
    })
}

/// All versions of a case; at least one.
async fn versions(store: &SqliteStore, id: &CaseId) -> Result<Vec<StoredCase>, Failure> {
    let versions = store.case(id).await?;
    if versions.is_empty() {
        let failure = Failure::new(Code::NotFound, format_args!("there is no case {id}"));
        return Err(failure.hint("`clearwalk export cases` lists all of them"));
    }
    Ok(versions)
}

/// Appends the fact and waits until it has been decided on.
async fn say(
    settings: &Settings,
    store: &Arc<SqliteStore>,
    versions: &[StoredCase],
    saying: &Saying,
    by: &str,
) -> Result<(), Failure> {
    let rules = wiring::rules(settings)?;
    let latest = versions.last().map(|version| CaseLine::parse(&version.body));
    let Some(Ok(case)) = latest else {
        return Err(StoreError::Corrupt("the latest version of the case cannot be read".to_owned()).into());
    };
    let now = instant::now();
    let payload = saying.event(&case, by, now)?;
    let decoded = event::decode(payload.as_bytes(), Known::At(now), 0).map_err(|rejected| {
        Failure::usage(format_args!(
            "{}: {}",
            rejected.pointer.trim_start_matches("/data/"),
            rejected.detail
        ))
    })?;
    let entry = NewAudit {
        at: now,
        actor: by.into(),
        action: format!("case.{}", saying.action()).into(),
        object: case.case.as_str().into(),
        before: Some(case.outcome.as_str().into()),
        after: Some(decoded.fact.id.as_str().into()),
    };
    store.append_audit(&entry).await?;
    let record = NewEnvelope {
        known: now,
        payload: Bytes::from(payload),
    };
    let end = store.append(&[record]).await? + 1;
    let mut decider = Decider::find(settings, store, rules, JudgeBy::WallClock, "case").await?;
    let Ok(reached) = timeout(PATIENCE, decider.reach(end, |_| {})).await else {
        let holder = decider.elsewhere().unwrap_or("this process");
        let failure = Failure::new(
            Code::Partly,
            format_args!("the fact is in the stream; {holder} has not decided on it yet"),
        );
        return Err(failure.hint("it is not lost; look again with `clearwalk case show`"));
    };
    reached?;
    Ok(())
}
