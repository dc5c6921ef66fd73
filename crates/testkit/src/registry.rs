//! A registry that knows what a test tells it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ports::registry::{Owner, OwnerQuery, Registry, RegistryError};

/// By number and class.
type Owners = BTreeMap<(Arc<str>, Arc<str>), Vec<Owner>>;

/// Owners by number and class; somebody for everybody else, if there is such a one.
#[derive(Default)]
pub struct StaticRegistry {
    owners: Mutex<Owners>,
    otherwise: Vec<Owner>,
    away: Mutex<bool>,
}

impl StaticRegistry {
    /// Knows nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names these for every plate that was not given owners of its own.
    pub fn for_everybody(owners: Vec<Owner>) -> Self {
        Self {
            otherwise: owners,
            ..Self::default()
        }
    }

    /// Names these for one plate.
    pub fn set(&self, number: &str, class: &str, owners: Vec<Owner>) {
        let mut known = self.owners.lock().expect("no holder panics");
        known.insert((number.into(), class.into()), owners);
    }

    /// Does not answer while `away`.
    pub fn set_away(&self, away: bool) {
        *self.away.lock().expect("no holder panics") = away;
    }
}

#[async_trait]
impl Registry for StaticRegistry {
    async fn owners(&self, query: &OwnerQuery) -> Result<Vec<Owner>, RegistryError> {
        if *self.away.lock().expect("no holder panics") {
            return Err(RegistryError::Unavailable("away, as the test says".to_owned()));
        }
        let known = self.owners.lock().expect("no holder panics");
        let found = known.get(&(query.number.clone(), query.class.clone()));
        Ok(found.unwrap_or(&self.otherwise).clone())
    }
}
