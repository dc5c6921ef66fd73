//! Providers: pauses that last over restarts, and runs of unknown answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use engine::notice::AttemptClass;
use engine::time::Timestamp;
use ports::dispatch::{Finished, Pause, ProviderState};
use ports::restore::is_restored;
use sqlx::{Row as _, SqliteConnection};

use crate::error::{Fault, conflict};
use crate::writer::Job;

/// So many unknown answers in a row pause a provider.
const UNKNOWNS_IN_A_ROW: u32 = 10;
const UNKNOWNS: &str = "unknowns";
const ACCOUNT_BLOCKED: &str = "account_blocked";
/// Who pauses when no person does.
const BY: &str = "clearwalk";

/// All providers that have a row, by name.
pub(super) async fn load(conn: &mut SqliteConnection) -> Result<BTreeMap<Arc<str>, ProviderState>, Fault> {
    let query = sqlx::query("SELECT name, unknowns, pause_reason, pause_by, pause_at FROM provider");
    let mut states = BTreeMap::new();
    for row in query.fetch_all(conn).await? {
        let name: Arc<str> = row.try_get::<&str, _>(0)?.into();
        let paused = match row.try_get::<Option<&str>, _>(2)? {
            None => None,
            Some(reason) => Some(Pause {
                reason: reason.into(),
                by: row.try_get::<&str, _>(3)?.into(),
                at: Timestamp::from_micros(row.try_get(4)?),
            }),
        };
        let state = ProviderState {
            name: name.clone(),
            paused,
            unknowns: row.try_get(1)?,
        };
        states.insert(name, state);
    }
    Ok(states)
}

async fn save(conn: &mut SqliteConnection, state: &ProviderState) -> Result<(), Fault> {
    let pause = state.paused.as_ref();
    sqlx::query(
        "INSERT INTO provider (name, unknowns, pause_reason, pause_by, pause_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (name) DO UPDATE SET unknowns = excluded.unknowns, pause_reason = excluded.pause_reason,
             pause_by = excluded.pause_by, pause_at = excluded.pause_at",
    )
    .bind(&*state.name)
    .bind(state.unknowns)
    .bind(pause.map(|pause| &*pause.reason))
    .bind(pause.map(|pause| &*pause.by))
    .bind(pause.map(|pause| pause.at.as_micros()))
    .execute(conn)
    .await?;
    Ok(())
}

/// How hard a pause is to end: a look-up ends one for unknowns, which must not end what a person or the provider said.
fn weight(reason: &str) -> u8 {
    if reason.starts_with(UNKNOWNS) {
        0
    } else if reason.starts_with(ACCOUNT_BLOCKED) {
        1
    } else {
        2
    }
}

/// Pauses, unless a pause of at least that weight stands already; a person's word replaces a person's word.
fn pause(state: &mut ProviderState, pause: Pause) {
    let weight_of_new = weight(&pause.reason);
    let stands = state.paused.as_ref().map(|stands| weight(&stands.reason));
    if stands.is_none_or(|stands| stands < weight_of_new || weight_of_new == 2) {
        state.paused = Some(pause);
    }
}

pub(super) struct SetPause {
    pub(super) provider: Arc<str>,
    pub(super) pause: Pause,
}

#[async_trait]
impl Job for SetPause {
    type Output = ();

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<(), Fault> {
        let mut states = load(conn).await?;
        let mut state = states.remove(&self.provider).unwrap_or_default();
        state.name = self.provider.clone();
        if let Some(stands) = state.paused.as_ref().filter(|stands| is_restored(&stands.reason)) {
            // To take it in silence would let the release of the one end the other.
            return Err(conflict(format!("paused already: {}", stands.reason)));
        }
        pause(&mut state, self.pause.clone());
        save(conn, &state).await
    }
}

pub(super) struct Resume(pub(super) Arc<str>);

#[async_trait]
impl Job for Resume {
    type Output = bool;

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<bool, Fault> {
        let Some(mut state) = load(conn).await?.remove(&self.0) else {
            return Ok(false);
        };
        if let Some(pause) = state.paused.as_ref().filter(|pause| is_restored(&pause.reason)) {
            return Err(conflict(format!(
                "{}; only `clearwalk sms reconcile` ends this pause",
                pause.reason
            )));
        }
        let was_paused = state.paused.take().is_some();
        state.unknowns = 0;
        save(conn, &state).await?;
        Ok(was_paused)
    }
}

/// Runs of unknown answers, as outcomes go on.
pub(super) struct Streaks {
    states: BTreeMap<Arc<str>, ProviderState>,
    changed: BTreeSet<Arc<str>>,
}

impl Streaks {
    pub(super) async fn load(conn: &mut SqliteConnection) -> Result<Self, Fault> {
        Ok(Self {
            states: load(conn).await?,
            changed: BTreeSet::new(),
        })
    }

    pub(super) fn note(&mut self, provider: &str, outcome: &Finished, now: Timestamp) {
        let is_quiet = !matches!(
            outcome.class,
            AttemptClass::Unknown | AttemptClass::AccountBlocked
        );
        let name: Arc<str> = provider.into();
        if is_quiet && self.states.get(&name).is_none_or(|state| state.unknowns == 0) {
            return;
        }
        let state = self.states.entry(name.clone()).or_insert_with(|| ProviderState {
            name: name.clone(),
            ..ProviderState::default()
        });
        self.changed.insert(name);
        let by_us = |reason: String| Pause {
            reason: reason.into(),
            by: BY.into(),
            at: now,
        };
        match outcome.class {
            AttemptClass::Unknown => {
                state.unknowns += 1;
                if state.unknowns >= UNKNOWNS_IN_A_ROW {
                    pause(state, by_us(UNKNOWNS.to_owned()));
                }
            }
            AttemptClass::AccountBlocked => {
                state.unknowns = 0;
                let code = outcome.code.as_deref().unwrap_or("refused");
                pause(state, by_us(format!("{ACCOUNT_BLOCKED}: {code}")));
            }
            _ => state.unknowns = 0,
        }
    }

    pub(super) async fn write(self, conn: &mut SqliteConnection) -> Result<(), Fault> {
        for name in &self.changed {
            if let Some(state) = self.states.get(name) {
                save(conn, state).await?;
            }
        }
        Ok(())
    }
}
