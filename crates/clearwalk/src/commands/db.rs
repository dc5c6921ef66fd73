//! `db`: the schema, and copies of the database. The keys that seal personal data are kept apart from copies.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::json;
use store_sqlite::{Options, SqliteStore};

use super::Context;
use crate::cli::{BackupArgs, DbCommand, RestoreArgs};
use crate::config::Settings;
use crate::failure::{Code, Failure};
use crate::output::{self, Output};
use crate::telemetry::{self, Talk};
use crate::wiring::{self, Access};

pub(crate) fn run(context: &Context, command: &DbCommand) -> Result<(), Failure> {
    let settings = context.settings()?;
    telemetry::start(context.json, Talk::Quiet)?;
    super::runtime()?.block_on(async {
        match command {
            DbCommand::Migrate => {
                let _lock = wiring::take_lock(&settings, "db migrate")?;
                let store = wiring::open(&settings, Access::Make).await?;
                status(context, &settings, &store).await
            }
            DbCommand::Status => {
                let store = wiring::open(&settings, Access::Use).await?;
                status(context, &settings, &store).await
            }
            DbCommand::Backup(args) => backup(context, &settings, args).await,
            DbCommand::Restore(args) => restore(context, &settings, args).await,
        }
    })
}

async fn status(context: &Context, settings: &Settings, store: &SqliteStore) -> Result<(), Failure> {
    let status = store.status().await?;
    let database = settings.database.display().to_string();
    if context.json {
        return output::print_json(&json!({
            "database": database,
            "schema": status.schema,
            "schema_of_release": status.schema_of_release,
            "sqlite": status.sqlite,
            "bytes": status.size,
            "free_bytes": status.free,
            "wal_bytes": status.wal,
        }));
    }
    let mut out = Output::new();
    out.table(
        &["what", "value"],
        &[
            vec!["database".to_owned(), database],
            vec![
                "schema".to_owned(),
                format!("{} of {}", status.schema, status.schema_of_release),
            ],
            vec!["sqlite".to_owned(), status.sqlite],
            vec!["bytes".to_owned(), status.size.to_string()],
            vec!["free bytes".to_owned(), status.free.to_string()],
            vec!["wal bytes".to_owned(), status.wal.to_string()],
        ],
    )?;
    out.end()
}

async fn backup(context: &Context, settings: &Settings, args: &BackupArgs) -> Result<(), Failure> {
    let store = wiring::open(settings, Access::Use).await?;
    store.backup(&args.to).await?;
    done(context, "backup", &args.to)?;
    if context.json {
        return Ok(());
    }
    let key = wiring::key_file(settings);
    output::say(format!(
        "keep {} too, and apart from it: without the key, phones and texts stay sealed",
        key.display()
    ));
    Ok(())
}

/// The copy is opened before anything is moved, and the present database is kept.
async fn restore(context: &Context, settings: &Settings, args: &RestoreArgs) -> Result<(), Failure> {
    let database = settings.database.as_path();
    if !args.yes {
        let failure = Failure::usage(format_args!(
            "{} would be replaced by {}",
            database.display(),
            args.from.display()
        ));
        return Err(
            failure.hint("add --yes; the present database is kept beside with the ending .before-restore")
        );
    }
    std::fs::metadata(&args.from).map_err(|error| Failure::reading(&args.from, &error))?;
    let _lock = wiring::take_lock(settings, "db restore")?;
    let kept = ending(database, ".before-restore");
    if kept.exists() {
        let failure = Failure::new(
            Code::Conflict,
            format_args!("{} is there already", kept.display()),
        );
        return Err(failure.hint("it is the database before an earlier restore; move it away"));
    }
    let draft = ending(database, ".restoring");
    std::fs::copy(&args.from, &draft).map_err(|error| Failure::writing(&draft, &error))?;
    check(settings, &draft).await.inspect_err(|_| {
        // The reason why it is no database of ours is the news; that a draft stays is not.
        let _left = std::fs::remove_file(&draft);
    })?;
    if database.exists() {
        // Whatever the write-ahead log holds belongs to the old database.
        let store = wiring::open(settings, Access::Use).await?;
        wiring::close(store).await;
        rename(database, &kept)?;
        for side in ["-wal", "-shm"] {
            let file = ending(database, side);
            if file.exists() {
                rename(&file, &ending(&kept, side))?;
            }
        }
    }
    rename(&draft, database)?;
    done(context, "restored", database)
}

/// Whether it is a database of ours that this release can open with the present keys.
async fn check(settings: &Settings, copy: &Path) -> Result<(), Failure> {
    let keys =
        store_sqlite::key::load_or_create(&wiring::key_file(settings)).map_err(Failure::configuration)?;
    let options = Options {
        keys,
        create: false,
        migrate: false,
    };
    let store = SqliteStore::open(&format!("sqlite:{}", copy.display()), options).await?;
    store.status().await?;
    store.close().await;
    Ok(())
}

fn ending(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn rename(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::rename(from, to).map_err(|error| Failure::writing(to, &error))
}

fn done(context: &Context, word: &str, path: &Path) -> Result<(), Failure> {
    let path = path.display().to_string();
    if context.json {
        return output::print_json(&json!({ word: path }));
    }
    output::print_line(&path)
}
