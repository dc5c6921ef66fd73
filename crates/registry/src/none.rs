//! No registry: nobody to write to. For cities that only decide, and for gateways that keep the phones themselves.

use async_trait::async_trait;
use ports::registry::{Owner, OwnerQuery, Registry, RegistryError};

/// Knows nobody; `kind = "none"`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRegistry;

#[async_trait]
impl Registry for NoRegistry {
    async fn owners(&self, _query: &OwnerQuery) -> Result<Vec<Owner>, RegistryError> {
        Ok(Vec::new())
    }
}
