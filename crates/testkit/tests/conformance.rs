//! The model keeps every promise itself.

use std::sync::Arc;

use async_trait::async_trait;
use ports::read::Store;
use testkit::MemoryStore;
use testkit::conformance::Place;

struct Memory(MemoryStore);

#[async_trait]
impl Place for Memory {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.0.reopened())
    }
}

testkit::conformance!(Memory(MemoryStore::new()));
