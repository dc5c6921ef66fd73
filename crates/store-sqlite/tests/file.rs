//! What is particular to a store in a file: its version, its schema, its copies, and that nobody reads phones in it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use engine::time::Timestamp;
use ports::commit::Commit;
use ports::dispatch::DispatchStore as _;
use ports::log::{NewEnvelope, Stream as _};
use ports::read::ReadStore as _;
use ports::store::{IntakeStore as _, StoreError};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use store_sqlite::{Keys, OpenError, Options, SqliteStore};

fn options() -> Options {
    Options {
        keys: Keys::new(&[[7; 32]]).unwrap(),
        create: true,
        migrate: true,
    }
}

async fn open(file: &Path) -> SqliteStore {
    SqliteStore::open(file.to_str().unwrap(), options())
        .await
        .unwrap()
}

fn record(text: &str) -> NewEnvelope {
    NewEnvelope {
        known: Timestamp::from_micros(1),
        payload: text.to_owned().into(),
    }
}

async fn run(file: &Path, statement: &'static str) {
    let mut conn = SqliteConnectOptions::new()
        .filename(file)
        .connect()
        .await
        .unwrap();
    sqlx::query(statement).execute(&mut conn).await.unwrap();
}

#[tokio::test]
async fn sqlite_is_recent_enough_not_to_lose_a_write_ahead_log() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory.path().join("city.db")).await;
    let status = store.status().await.unwrap();
    let version: Vec<u32> = status
        .sqlite
        .split('.')
        .map(|part| part.parse().unwrap())
        .collect();
    assert!(version >= vec![3, 51, 3], "{}", status.sqlite);
    assert_eq!(status.schema, status.schema_of_release);
    assert!(status.size > 0);
}

#[tokio::test]
async fn a_file_is_made_only_when_asked_and_is_private() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("city.db");
    let looking = Options {
        create: false,
        ..options()
    };
    let missing = SqliteStore::open(file.to_str().unwrap(), looking.clone()).await;
    assert!(matches!(missing, Err(OpenError::Missing(_))));
    assert!(!file.exists());
    open(&file).await.close().await;
    SqliteStore::open(&format!("sqlite:{}", file.display()), looking)
        .await
        .unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
    }
    for address in [
        "sqlite:",
        "sqlite::memory:",
        "sqlite:a.db?mode=ro",
        "postgres://host/db",
    ] {
        let wrong = SqliteStore::open(address, options()).await;
        assert!(matches!(wrong, Err(OpenError::Address(_))), "{address}");
    }
}

#[tokio::test]
async fn an_older_a_newer_and_a_changed_schema_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("city.db");
    std::fs::write(&file, "").unwrap();
    let beside = Options {
        migrate: false,
        ..options()
    };
    let older = SqliteStore::open(file.to_str().unwrap(), beside).await;
    assert!(matches!(older, Err(OpenError::Older { found: 0, .. })));
    open(&file).await.close().await;
    run(&file, "UPDATE _sqlx_migrations SET checksum = x'00'").await;
    let changed = SqliteStore::open(file.to_str().unwrap(), options()).await;
    assert!(matches!(changed, Err(OpenError::Changed { version: 1, .. })));
    let file = directory.path().join("later.db");
    open(&file).await.close().await;
    run(
        &file,
        "UPDATE _sqlx_migrations SET version = 99 WHERE version = 2",
    )
    .await;
    let newer = SqliteStore::open(file.to_str().unwrap(), options()).await;
    assert!(matches!(newer, Err(OpenError::Newer { found: 99, .. })));
}

#[tokio::test]
async fn a_backup_is_a_whole_store_and_overwrites_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory.path().join("city.db")).await;
    store.append(&[record("one"), record("two")]).await.unwrap();
    let copy = directory.path().join("copy.db");
    store
        .backup(&copy, false, Timestamp::from_micros(1))
        .await
        .unwrap();
    store.append(&[record("three")]).await.unwrap();
    let again = store.backup(&copy, false, Timestamp::from_micros(1)).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    let copied = open(&copy).await;
    assert_eq!(copied.end().await.unwrap(), 3);
    assert_eq!(copied.read(2, 5).await.unwrap()[0].payload, "two");
    assert_eq!(store.end().await.unwrap(), 4);
}

#[tokio::test]
async fn tidying_moves_the_write_ahead_log_into_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("city.db");
    let store = open(&file).await;
    store.append(&[record("one")]).await.unwrap();
    let before = std::fs::metadata(&file).unwrap().len();
    store.tidy().await.unwrap();
    assert!(std::fs::metadata(&file).unwrap().len() > before);
    assert_eq!(store.read(1, 5).await.unwrap()[0].payload, "one");
}

#[tokio::test]
async fn a_damaged_row_is_an_error_that_names_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("city.db");
    let store = open(&file).await;
    store.append(&[record("one")]).await.unwrap();
    run(&file, "UPDATE log SET body = x'0102030405060708'").await;
    let error = store.read(1, 5).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Corrupt(_)) && error.to_string().contains("position 1"),
        "{error}"
    );
}

#[tokio::test]
async fn a_job_that_is_refused_leaves_those_that_share_its_transaction() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory.path().join("city.db")).await;
    let from = store.claim("test").await.unwrap();
    let mut wrong = Commit {
        from,
        to: from,
        inner: vec!["of a refused batch".into()],
        ..Commit::default()
    };
    wrong.from.next = 9;
    wrong.to.next = 9;
    let (mut appended, mut refused) = (Vec::new(), Vec::new());
    for _ in 0..30 {
        let records = [record("x")];
        let kept = ["kept".into()];
        let (one, other, another) = tokio::join!(
            store.append(&records),
            store.commit(&wrong),
            store.append_inner(from.high_water, &kept)
        );
        appended.push(one.unwrap());
        refused.push(other.is_err());
        another.unwrap();
    }
    assert!(refused.iter().all(|refused| *refused));
    assert_eq!(appended, (1..=30).collect::<Vec<_>>());
    let inner = store.inner(1, 100).await.unwrap();
    assert_eq!(inner.len(), 30);
    assert!(inner.iter().all(|entry| entry.payload == "kept"));
    assert!(store.audit(None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn work_that_was_begun_is_done_although_its_caller_has_gone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("city.db");
    let store = open(&file).await;
    for _ in 0..20 {
        let records = [record("x")];
        let append = store.append(&records);
        // Given up at some moment, mostly in the middle.
        let _given_up = tokio::time::timeout(std::time::Duration::from_micros(700), append).await;
    }
    let first = store.append(&[record("last")]).await.unwrap();
    store.close().await;
    let store = open(&file).await;
    assert_eq!(store.end().await.unwrap(), first + 1);
    assert_eq!(store.read(1, 100).await.unwrap().len() as u64, first);
}
