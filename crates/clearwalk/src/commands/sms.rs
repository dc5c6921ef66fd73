//! `sms`: what waits to be sent, and the switch that stops sending. Both work beside a running service.

mod reconcile;

use ports::dispatch::{ALL_PROVIDERS, DispatchStore as _, Pause, ProviderState};
use ports::read::{NewAudit, ReadStore as _, Stats};
use ports::restore::{RestoreStore as _, is_restored};
use serde_json::{Map, Value, json};
use store_sqlite::SqliteStore;

use super::{Context, actor};
use crate::cli::SmsCommand;
use crate::config::Settings;
use crate::failure::{Code, Failure};
use crate::instant;
use crate::output::{self, Output};
use crate::telemetry::{self, Talk};
use crate::wiring::{self, Access};

pub(crate) fn run(context: &Context, command: &SmsCommand) -> Result<(), Failure> {
    let settings = context.settings()?;
    telemetry::start(context.json, Talk::Quiet)?;
    super::runtime()?.block_on(async {
        let store = wiring::open(&settings, Access::Use).await?;
        match command {
            SmsCommand::Status => {}
            SmsCommand::Pause { provider, reason, by } => {
                let provider = known(&settings, provider.as_deref())?;
                pause(&store, provider, reason, &actor(by.as_deref())?).await?;
            }
            SmsCommand::Resume {
                provider,
                force,
                reason,
                by,
            } => {
                let provider = known(&settings, provider.as_deref())?;
                let reason = reason.as_deref();
                if *force {
                    release(&store, reason, &actor(by.as_deref())?).await?;
                }
                resume(context, &store, provider, reason, &actor(by.as_deref())?).await?;
            }
            SmsCommand::Reconcile(args) => return reconcile::run(context, &settings, &store, args).await,
        }
        let providers = store.providers().await?;
        print(context, &settings, &providers, &store.stats().await?)
    })
}

/// The name under which the store keeps the switch.
fn known<'a>(settings: &Settings, provider: Option<&'a str>) -> Result<&'a str, Failure> {
    let Some(name) = provider else {
        return Ok(ALL_PROVIDERS);
    };
    if settings.providers.contains_key(name) {
        return Ok(name);
    }
    let names: Vec<&str> = settings.providers.keys().map(String::as_str).collect();
    let failure = Failure::new(Code::NotFound, format_args!("there is no provider `{name}`"));
    Err(failure.hint(format!(
        "there are {}; without a name everything is meant",
        names.join(", ")
    )))
}

async fn pause(store: &SqliteStore, provider: &str, reason: &str, by: &str) -> Result<(), Failure> {
    let at = instant::now();
    let pause = Pause {
        reason: format!("person: {reason}").into(),
        by: by.into(),
        at,
    };
    store.pause(provider, &pause).await?;
    note(store, "sms.pause", provider, by, Some(reason)).await
}

/// A person takes it upon himself that nothing was sent of which the database knows nothing.
async fn release(store: &SqliteStore, reason: Option<&str>, by: &str) -> Result<(), Failure> {
    if store.release_restored().await? {
        note(store, "sms.release", ALL_PROVIDERS, by, reason).await?;
    }
    Ok(())
}

async fn resume(
    context: &Context,
    store: &SqliteStore,
    provider: &str,
    reason: Option<&str>,
    by: &str,
) -> Result<(), Failure> {
    let mut was_paused = false;
    for state in store.providers().await? {
        // Everything goes on only when no provider stays paused for a reason of its own.
        let is_meant = provider == ALL_PROVIDERS || *state.name == *provider;
        if let Some(pause) = state
            .paused
            .as_ref()
            .filter(|it| is_meant && is_restored(&it.reason))
        {
            let failure = Failure::new(Code::Conflict, &pause.reason);
            return Err(failure.hint(
                "`clearwalk sms reconcile` asks what was sent and then sends again; to send without asking, add --force --reason",
            ));
        }
        if is_meant && state.paused.is_some() && store.resume(&state.name, by, instant::now()).await? {
            was_paused = true;
            note(store, "sms.resume", &state.name, by, reason).await?;
        }
    }
    if !was_paused && !context.json {
        output::say(format!("{} was not paused", shown(provider)));
    }
    Ok(())
}

async fn note(
    store: &SqliteStore,
    action: &str,
    provider: &str,
    by: &str,
    reason: Option<&str>,
) -> Result<(), Failure> {
    let entry = NewAudit {
        at: instant::now(),
        actor: by.into(),
        action: action.into(),
        object: provider.into(),
        before: None,
        after: reason.map(Into::into),
    };
    Ok(store.append_audit(&entry).await?)
}

fn print(
    context: &Context,
    settings: &Settings,
    providers: &[ProviderState],
    stats: &Stats,
) -> Result<(), Failure> {
    // A provider that nothing was sent to yet has no row.
    let mut names: Vec<&str> = vec![ALL_PROVIDERS];
    names.extend(settings.providers.keys().map(String::as_str));
    for state in providers {
        if !names.contains(&&*state.name) {
            names.push(&state.name);
        }
    }
    let find = |name: &str| providers.iter().find(|state| &*state.name == name);
    if context.json {
        let list: Vec<Value> = names.iter().map(|name| describe(name, find(name))).collect();
        let states: Map<String, Value> = stats
            .notices
            .iter()
            .map(|(state, count)| (state.as_str().to_owned(), json!(count)))
            .collect();
        return output::print_json(
            &json!({ "providers": list, "notices": states, "in_flight": stats.in_flight }),
        );
    }
    let mut out = Output::new();
    let rows: Vec<Vec<String>> = names
        .iter()
        .map(|name| {
            let paused = find(name).and_then(|state| state.paused.as_ref());
            let how = match paused {
                None => "runs".to_owned(),
                Some(pause) => format!("paused since {} by {}: {}", pause.at, pause.by, pause.reason),
            };
            let unknowns = find(name).map_or(0, |state| state.unknowns);
            vec![
                shown(name).to_owned(),
                how,
                format!("{unknowns} unknown in a row"),
            ]
        })
        .collect();
    out.table(&["provider", "state", "unknown"], &rows)?;
    let rows: Vec<Vec<String>> = stats
        .notices
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(state, count)| vec![state.as_str().to_owned(), count.to_string()])
        .collect();
    out.table(&["notices", "count"], &rows)?;
    out.end()
}

fn describe(name: &str, state: Option<&ProviderState>) -> Value {
    let paused = state.and_then(|state| state.paused.as_ref());
    json!({
        "provider": name,
        "paused": paused.map(|pause| json!({
            "reason": &*pause.reason, "by": &*pause.by, "at": pause.at.to_string(),
        })),
        "unknowns": state.map_or(0, |state| state.unknowns),
    })
}

fn shown(provider: &str) -> &str {
    if provider == ALL_PROVIDERS {
        "everything"
    } else {
        provider
    }
}
