//! The model keeps every promise itself.

use std::sync::Arc;

use async_trait::async_trait;
use engine::time::Timestamp;
use ports::read::Store;
use ports::restore::RestoreStore;
use testkit::MemoryStore;
use testkit::conformance::{Place, RestorePlace};

struct Memory(MemoryStore);

#[async_trait]
impl Place for Memory {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.0.reopened())
    }
}

testkit::conformance!(Memory(MemoryStore::new()));

#[async_trait]
impl RestorePlace for Memory {
    async fn open(&self) -> Arc<dyn RestoreStore> {
        Arc::new(self.0.reopened())
    }

    async fn put_back(&self) -> Arc<dyn RestoreStore> {
        Arc::new(self.0.put_back(Timestamp::from_micros(0)))
    }
}

testkit::restore_conformance!(Memory(MemoryStore::new()));
