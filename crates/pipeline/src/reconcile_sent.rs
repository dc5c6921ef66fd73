//! After a store was put back in time: asks the providers about every message that may have been sent since, and records
//! what they have. Nothing is sent from here, and nothing is released: that is for whoever reads the summary.
//!
//! The names of attempts follow from the notice and their number, so that the names which the lost attempts bore are
//! known. What a provider strongly says that it never had is cleared; where nobody says anything, the notice stays in doubt.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::ids::{AttemptId, NoticeId};
use engine::notice::AttemptClass;
use engine::time::Timestamp;
use formats::notice_parameters::NoticeParameters;
use futures::StreamExt as _;
use ports::clock::Clock;
use ports::dispatch::Finished;
use ports::gateway::{Gateway, LookUp};
use ports::restore::{Adopted, Doubtful, RestoreStore, StrayReceipt};
use ports::store::StoreError;
use tokio::time::timeout;

use crate::told::Telling;

/// Notices that are read, asked for and written together.
const PAGE: usize = 256;
/// Look-ups at once.
const AT_ONCE: usize = 16;

/// What to ask.
#[derive(Clone, Debug)]
pub struct Question {
    /// Attempts that were submitted before are not in doubt.
    pub since: Timestamp,
    /// How many attempts of one notice may have been made in the lost span.
    pub attempts: u32,
    /// Only says what would be written.
    pub dry_run: bool,
    /// Who asks.
    pub by: Arc<str>,
}

/// A notice of which nobody knows whether it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// Which.
    pub notice: NoticeId,
    /// Why nobody knows.
    pub why: String,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Notices in doubt.
    pub asked: u64,
    /// Messages that were sent in the lost span, and are recorded now.
    pub adopted: u64,
    /// Attempts that were known and of unknown fate, and were found.
    pub settled: u64,
    /// Notices about which it is certain that nobody was written to in the lost span.
    pub cleared: u64,
    /// Those that stay in doubt.
    pub open: Vec<Open>,
}

/// How many attempts of one notice may have been made in the lost span, unless somebody says otherwise.
pub const ATTEMPTS: u32 = 8;

/// What is known of one notice.
pub(crate) enum Proof {
    Sent(Box<Adopted>),
    Settled(Box<Finished>),
    NeverReceived,
    Open(String),
}

/// Asks until no notice is left that was not asked about. `gateways` are all that may have sent; none: nothing was sent.
pub async fn reconcile(
    store: &dyn RestoreStore,
    gateways: &[Arc<dyn Gateway>],
    question: &Question,
    clock: &dyn Clock,
) -> Result<Summary, StoreError> {
    let mut summary = Summary::default();
    let mut seen = BTreeSet::new();
    let (mut after, mut is_new) = (0, false);
    loop {
        let page = store.doubtful(question.since, after, PAGE).await?;
        let Some(last) = page.last() else {
            // Deciding goes on meanwhile, and may have queued again what was passed.
            if !is_new {
                return Ok(summary);
            }
            (after, is_new) = (0, false);
            continue;
        };
        after = last.sequence;
        let page: Vec<Doubtful> = page
            .into_iter()
            .filter(|it| seen.insert(it.notice.clone()))
            .collect();
        is_new |= !page.is_empty();
        let asked = ask(store, gateways, question.attempts, clock.now(), page).await?;
        write(store, question, clock, asked, &mut summary).await?;
    }
}

/// Asks about a page of notices.
pub(crate) async fn ask(
    store: &dyn RestoreStore,
    gateways: &[Arc<dyn Gateway>],
    attempts: u32,
    now: Timestamp,
    page: Vec<Doubtful>,
) -> Result<Vec<(Doubtful, Proof)>, StoreError> {
    let names: Vec<AttemptId> = page.iter().flat_map(|it| names(it, attempts)).collect();
    let stray = store.stray_receipts(&names).await?;
    // The latest news of an attempt is the last.
    let stray: BTreeMap<AttemptId, StrayReceipt> = stray
        .into_iter()
        .map(|news| (news.attempt.clone(), news))
        .collect();
    let stray = &stray;
    let asked = futures::stream::iter(page)
        .map(|doubtful| async move {
            let proof = prove(gateways, attempts, stray, now, &doubtful).await;
            (doubtful, proof)
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    Ok(asked)
}

/// The names that the lost attempts of a notice bore, if there were any.
fn names(doubtful: &Doubtful, attempts: u32) -> impl Iterator<Item = AttemptId> + use<'_> {
    let first = doubtful.attempts + 1;
    (first..first + attempts).map(|number| doubtful.notice.attempt(number))
}

async fn prove(
    gateways: &[Arc<dyn Gateway>],
    attempts: u32,
    stray: &BTreeMap<AttemptId, StrayReceipt>,
    now: Timestamp,
    doubtful: &Doubtful,
) -> Proof {
    let parameters = match NoticeParameters::decode(&doubtful.parameters) {
        Ok(parameters) => parameters,
        Err(error) => return Proof::Open(error.to_string()),
    };
    let telling = Telling::new(&doubtful.plate, doubtful.kind, &parameters);
    let mut silent = None;
    for (number, attempt) in (doubtful.attempts + 1..).zip(names(doubtful, attempts)) {
        let news = match stray.get(&attempt) {
            Some(news) => Some((
                news.provider.clone(),
                (news.state, news.provider_id.clone(), news.code.clone()),
            )),
            None => first_that_has_it(gateways, &attempt, &mut silent).await,
        };
        if let Some((provider, (state, provider_id, code))) = news {
            return Proof::Sent(Box::new(Adopted {
                notice: doubtful.notice.clone(),
                told: telling.handed_over(&attempt, now),
                attempt,
                number,
                provider,
                state,
                provider_id,
                code,
            }));
        }
    }
    if let Some((attempt, provider)) = &doubtful.live {
        let own: Vec<_> = gateways
            .iter()
            .filter(|it| it.name() == provider)
            .cloned()
            .collect();
        if let Some((_, (state, provider_id, code))) = first_that_has_it(&own, attempt, &mut None).await {
            return Proof::Settled(Box::new(Finished {
                attempt: attempt.clone(),
                notice: doubtful.notice.clone(),
                class: AttemptClass::Accepted,
                code,
                provider_id,
                next: state,
                reason: Some("look_up".into()),
                not_before: None,
                told: None,
            }));
        }
    }
    match silent {
        None => Proof::NeverReceived,
        Some(provider) => Proof::Open(format!("provider {provider} does not say whether it was sent")),
    }
}

/// State, the provider's id and its code.
type News = (engine::notice::NoticeState, Option<Arc<str>>, Option<Arc<str>>);

/// Asks one after the other; `silent` is one that said nothing.
async fn first_that_has_it(
    gateways: &[Arc<dyn Gateway>],
    attempt: &AttemptId,
    silent: &mut Option<Arc<str>>,
) -> Option<(Arc<str>, News)> {
    for gateway in gateways {
        let answer = timeout(gateway.deadline(), gateway.look_up(attempt)).await;
        match answer.unwrap_or(LookUp::Nothing) {
            LookUp::Found {
                state,
                provider_id,
                code,
            } => {
                return Some((Arc::clone(gateway.name()), (state, provider_id, code)));
            }
            LookUp::NeverReceived => {}
            LookUp::Nothing => *silent = Some(Arc::clone(gateway.name())),
        }
    }
    None
}

/// Writes what was proved of a page.
async fn write(
    store: &dyn RestoreStore,
    question: &Question,
    clock: &dyn Clock,
    asked: Vec<(Doubtful, Proof)>,
    summary: &mut Summary,
) -> Result<(), StoreError> {
    let (mut sent, mut settled, mut cleared) = (Vec::new(), Vec::new(), Vec::new());
    for (doubtful, proof) in asked {
        summary.asked += 1;
        match proof {
            Proof::Sent(found) => sent.push(*found),
            Proof::Settled(found) => settled.push(*found),
            Proof::NeverReceived => cleared.push(doubtful.notice),
            Proof::Open(why) => summary.open.push(Open {
                notice: doubtful.notice,
                why,
            }),
        }
    }
    summary.settled += settled.len() as u64;
    summary.cleared += cleared.len() as u64;
    if question.dry_run {
        summary.adopted += sent.len() as u64;
        return Ok(());
    }
    let now = clock.now();
    let adopted = store.adopt_sent(now, &question.by, &sent).await?;
    for (sent, is_adopted) in sent.iter().zip(adopted) {
        if !is_adopted {
            // It changed in the meantime; the next run looks at it again.
            let why = "it changed while its provider was asked".to_owned();
            summary.open.push(Open {
                notice: sent.notice.clone(),
                why,
            });
            continue;
        }
        summary.adopted += 1;
    }
    if !settled.is_empty() {
        store.finish(now, &settled).await?;
    }
    if !cleared.is_empty() {
        store.clear(&cleared).await?;
    }
    Ok(())
}
