//! `serve`: the service.

use super::Context;
use crate::cli::{RoleWord, ServeArgs};
use crate::failure::Failure;
use crate::service::{Parts, Service, Signals};
use crate::telemetry::{self, Talk};
use crate::wiring::{self, Access};

pub(crate) fn run(context: &Context, args: &ServeArgs) -> Result<(), Failure> {
    let settings = context.settings()?;
    telemetry::start(context.json, Talk::Service)?;
    let rules = wiring::rules(&settings)?;
    if rules.policies().is_empty() {
        tracing::warn!("no policy is configured: nothing is punishable; see rules.policies");
    }
    let roles = if args.roles.is_empty() {
        RoleWord::ALL.to_vec()
    } else {
        args.roles.clone()
    };
    stand_back();
    super::runtime()?.block_on(async {
        let signals = Signals::take()?;
        let _lock = wiring::take_lock(&settings, "serve")?;
        let store = wiring::open(&settings, Access::Make).await?;
        for name in wiring::publish(&settings, &*store, "serve").await? {
            tracing::info!(policy = name, "published");
        }
        let parts = Parts::new(&settings, rules, store.clone())?;
        if parts.gateways.route().is_empty() {
            tracing::warn!("no SMS provider is configured: messages wait until they expire; see sms.providers");
        }
        let words: Vec<&str> = roles.iter().map(|role| role.word()).collect();
        let (member, names) = (settings.member.as_deref().unwrap_or("this host"), words.join(","));
        let service = Service::prepare(parts, roles, settings.listen, wiring::holder("serve")).await?;
        let page = service.address().map(|address| format!("http://{address}"));
        tracing::info!(
            store = %settings.database.display(), roles = names, page = page.as_deref().unwrap_or("none"), member,
            "serving"
        );
        service.run(signals).await?;
        wiring::close(store).await;
        tracing::info!("stopped");
        Ok(())
    })
}

/// Judging a batch takes all cores; while it does, whoever waits for an answer comes first.
fn stand_back() {
    let pool = rayon::ThreadPoolBuilder::new()
        .thread_name(|number| format!("judge-{number}"))
        .start_handler(|_| yield_to_others());
    if let Err(error) = pool.build_global() {
        tracing::debug!(%error, "judging has the same priority as requests");
    }
}

/// On Linux this is about the one thread that calls it.
#[cfg(target_os = "linux")]
fn yield_to_others() {
    /// As `nice` counts it: enough to come second, and a third of a core where all want one.
    const STAND_BACK: i32 = 5;
    if let Err(error) = rustix::process::nice(STAND_BACK) {
        tracing::debug!(%error, "judging has the same priority as requests");
    }
}

#[cfg(not(target_os = "linux"))]
fn yield_to_others() {}
