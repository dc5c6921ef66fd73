//! `db`: the schema, and copies of the database. The keys that seal personal data are kept apart from copies.

use ports::store::StoreError;
use serde_json::json;
use store_sqlite::{RestoreError, SqliteStore};

use super::Context;
use crate::cli::{BackupArgs, DbCommand, RestoreArgs};
use crate::config::Settings;
use crate::failure::{Code, Failure};
use crate::instant;
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
    let failed = |error: StoreError| match error {
        StoreError::Conflict(what) => {
            Failure::new(Code::Conflict, what).hint("name another file, or add --force to replace it")
        }
        other => other.into(),
    };
    store
        .backup(&args.to, args.force, instant::now())
        .await
        .map_err(failed)?;
    let key = wiring::key_file(settings).display().to_string();
    if context.json {
        return output::print_json(&json!({ "backup": args.to.display().to_string(), "key_file": key }));
    }
    output::print_line(&args.to.display().to_string())?;
    output::say(format!(
        "the key file is not in it: keep {key} too, and apart from it; without the key, phones and texts stay sealed"
    ));
    Ok(())
}

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
    let by = super::actor(args.by.as_deref())?;
    let _lock = wiring::take_lock(settings, "db restore")?;
    let keys =
        store_sqlite::key::load_or_create(&wiring::key_file(settings)).map_err(Failure::configuration)?;
    let restored = store_sqlite::restore(database, &args.from, keys, &by, instant::now()).await?;
    let kept = restored.kept.map(|kept| kept.display().to_string());
    let name = database.display().to_string();
    if context.json {
        return output::print_json(&json!({ "restored": name, "kept": kept, "paused": restored.reason }));
    }
    output::print_line(&name)?;
    if let Some(kept) = kept {
        output::say(format!("the replaced database is kept as {kept}"));
    }
    output::say(
        "nothing is sent until `clearwalk sms reconcile` has asked what was sent since the copy was made",
    );
    Ok(())
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Self {
        let code = match error {
            RestoreError::Schema(error) => return error.into(),
            RestoreError::Store(error) => return error.into(),
            RestoreError::Damaged { .. } => Code::CheckFailed,
            RestoreError::Keys { .. } => Code::Configuration,
            RestoreError::InUse(_) => Code::Conflict,
            RestoreError::File { .. } => Code::Failure,
        };
        Self::new(code, error)
    }
}
