//! SQLite keeps every promise of the store.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use async_trait::async_trait;
use ports::read::Store;
use store_sqlite::{Keys, Options, SqliteStore};
use testkit::conformance::Place;

struct File(tempfile::TempDir);

#[async_trait]
impl Place for File {
    async fn open(&self) -> Arc<dyn Store> {
        let options = Options {
            keys: Keys::new(&[[7; 32]]).unwrap(),
            create: true,
            migrate: true,
        };
        let file = self.0.path().join("city.db");
        Arc::new(SqliteStore::open(file.to_str().unwrap(), options).await.unwrap())
    }
}

testkit::conformance!(File(tempfile::tempdir().unwrap()));
