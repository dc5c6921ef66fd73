//! SQLite keeps every promise of the store.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use async_trait::async_trait;
use engine::time::Timestamp;
use ports::read::Store;
use ports::restore::RestoreStore;
use store_sqlite::{Keys, Options, SqliteStore};
use testkit::conformance::{Place, RestorePlace};

struct File(tempfile::TempDir);

impl File {
    async fn open_as(&self, name: &str) -> SqliteStore {
        let options = Options {
            keys: Keys::new(&[[7; 32]]).unwrap(),
            create: true,
            migrate: true,
        };
        let file = self.0.path().join(name);
        SqliteStore::open(file.to_str().unwrap(), options).await.unwrap()
    }
}

#[async_trait]
impl Place for File {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.open_as("city.db").await)
    }
}

#[async_trait]
impl RestorePlace for File {
    async fn open(&self) -> Arc<dyn RestoreStore> {
        Arc::new(self.open_as("city.db").await)
    }

    async fn put_back(&self) -> Arc<dyn RestoreStore> {
        let now = Timestamp::from_micros(0);
        let store = self.open_as("city.db").await;
        store
            .backup(&self.0.path().join("copy.db"), false, now)
            .await
            .unwrap();
        Arc::new(self.open_as("copy.db").await)
    }
}

testkit::conformance!(File(tempfile::tempdir().unwrap()));
testkit::restore_conformance!(File(tempfile::tempdir().unwrap()));
