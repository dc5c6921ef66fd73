//! What can go wrong inside, and which of the port's errors it is.

use ports::store::{CommitError, StoreError};

/// Anything that a function of this crate fails with. Texts of SQLite name tables and columns, never values.
#[derive(Debug)]
pub(crate) enum Fault {
    Sql(sqlx::Error),
    Store(StoreError),
    /// See [`CommitError`]; nothing else answers so.
    LostLane,
    IdentityTaken,
    NoticeSent,
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Sql(error) => translate(&error),
            Fault::Store(error) => error,
            Fault::LostLane | Fault::IdentityTaken | Fault::NoticeSent => {
                Self::Corrupt("a batch was refused outside of a commit".to_owned())
            }
        }
    }
}

impl From<Fault> for CommitError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::LostLane => Self::LostLane,
            Fault::IdentityTaken => Self::IdentityTaken,
            Fault::NoticeSent => Self::NoticeSent,
            Fault::Sql(_) | Fault::Store(_) => Self::Store(fault.into()),
        }
    }
}

/// What the store holds contradicts itself.
pub(crate) fn corrupt(what: impl Into<String>) -> Fault {
    Fault::Store(StoreError::Corrupt(what.into()))
}

/// The caller asks for what cannot be.
pub(crate) fn conflict(what: impl Into<String>) -> Fault {
    Fault::Store(StoreError::Conflict(what.into()))
}

const SQLITE_CONSTRAINT: u32 = 19;
const SQLITE_CORRUPT: u32 = 11;
const SQLITE_NOTADB: u32 = 26;
const SQLITE_MISMATCH: u32 = 20;

fn translate(error: &sqlx::Error) -> StoreError {
    let text = error.to_string();
    match error {
        sqlx::Error::Database(database) => {
            // Extended codes carry the plain one in their lowest byte.
            let code = database
                .code()
                .and_then(|code| code.parse::<u32>().ok())
                .unwrap_or(0);
            match code & 0xff {
                SQLITE_CONSTRAINT => StoreError::Conflict(text),
                SQLITE_CORRUPT | SQLITE_NOTADB | SQLITE_MISMATCH => StoreError::Corrupt(text),
                _ => StoreError::Unavailable(text),
            }
        }
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::RowNotFound
        | sqlx::Error::TypeNotFound { .. } => StoreError::Corrupt(text),
        _ => StoreError::Unavailable(text),
    }
}
