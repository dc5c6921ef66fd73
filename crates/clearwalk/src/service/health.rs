//! Whether the service can do its work. Providers and the registry are no part of it: they may be away.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pipeline::run::Heart;
use ports::clock::{Clock as _, SystemClock};
use ports::log::Stream as _;
use ports::store::IntakeStore as _;
use store_sqlite::SqliteStore;
use web::{Health, Readiness};

/// Every role looks around at least once a second; a slow disk may hold up a step.
const WITHIN: Duration = Duration::from_secs(10);

/// The schema, the stream, and the loop of every role of this process.
pub(super) struct StoreHealth {
    store: Arc<SqliteStore>,
    heart: Arc<Heart>,
    roles: Vec<&'static str>,
}

impl StoreHealth {
    pub(super) fn new(store: Arc<SqliteStore>, heart: Arc<Heart>, roles: Vec<&'static str>) -> Self {
        Self { store, heart, roles }
    }

    async fn schema(&self) -> Readiness {
        let (ok, detail) = match self.store.status().await {
            Ok(status) => (
                status.schema == status.schema_of_release,
                format!("version {}", status.schema),
            ),
            Err(error) => (false, error.to_string()),
        };
        item("schema", ok, detail)
    }

    async fn stream(&self) -> Readiness {
        let read = async {
            Ok::<_, ports::store::StoreError>((self.store.progress().await?.next, self.store.end().await?))
        };
        match read.await {
            Ok((next, end)) => item(
                "stream",
                true,
                format!("{} records wait", end.saturating_sub(next)),
            ),
            Err(error) => item("stream", false, error.to_string()),
        }
    }

    fn role(&self, name: &'static str) -> Readiness {
        let beat = self.heart.beats().into_iter().find(|beat| beat.role == name);
        let (ok, detail) = match beat {
            None => (false, "has not begun".to_owned()),
            Some(beat) => {
                let well = beat.is_well(SystemClock.now(), WITHIN);
                let detail = beat
                    .trouble
                    .unwrap_or_else(|| format!("last did its work at {}", beat.at));
                (well, detail)
            }
        };
        item(&format!("role {name}"), ok, detail)
    }
}

#[async_trait]
impl Health for StoreHealth {
    async fn readiness(&self) -> Vec<Readiness> {
        let mut items = vec![self.schema().await, self.stream().await];
        items.extend(self.roles.iter().map(|role| self.role(role)));
        items
    }
}

fn item(name: &str, ok: bool, detail: String) -> Readiness {
    Readiness {
        name: name.to_owned(),
        ok,
        detail,
    }
}
