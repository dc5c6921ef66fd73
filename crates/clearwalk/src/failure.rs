//! Why a command did not do what it was asked: one type, with the exit code that scripts act upon and, where there is
//! one, the next thing to try.

use std::fmt::Display;
use std::io;
use std::path::Path;

use ports::store::StoreError;

/// What kind of failure; the exit code of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// Anything else.
    Failure,
    /// The arguments make no sense.
    Usage,
    /// The configuration, a policy or another file of rules is wrong.
    Configuration,
    /// There is no such thing.
    NotFound,
    /// Somebody else has it, or it is already there.
    Conflict,
    /// It is not allowed.
    NotPermitted,
    /// Something that it depends on does not answer.
    Unreachable,
    /// Some of it was done.
    Partly,
    /// A check ran and failed.
    CheckFailed,
    /// The reader of stdout has gone away: nobody is left to fail for.
    Closed,
}

impl Code {
    /// The exit code.
    pub(crate) fn exit(self) -> u8 {
        match self {
            Self::Closed => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::Configuration => 3,
            Self::NotFound => 4,
            Self::Conflict => 5,
            Self::NotPermitted => 6,
            Self::Unreachable => 7,
            Self::Partly => 8,
            Self::CheckFailed => 9,
        }
    }

    /// The word in JSON errors.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Failure => "failure",
            Self::Usage => "usage",
            Self::Configuration => "bad_configuration",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::NotPermitted => "not_permitted",
            Self::Unreachable => "unreachable",
            Self::Partly => "partly_done",
            Self::CheckFailed => "check_failed",
        }
    }
}

/// A failure.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    /// What kind.
    pub(crate) code: Code,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// A failure without a hint.
    pub(crate) fn new(code: Code, message: impl Display) -> Self {
        Self {
            code,
            message: message.to_string(),
            hint: None,
        }
    }

    /// Wrong arguments that only the command itself can see.
    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(Code::Usage, message)
    }

    /// A wrong configuration, policy or mapping.
    pub(crate) fn configuration(message: impl Display) -> Self {
        Self::new(Code::Configuration, message)
    }

    /// A file that cannot be read: absent is `not_found`, anything else a failure.
    pub(crate) fn reading(path: &Path, error: &io::Error) -> Self {
        let code = if error.kind() == io::ErrorKind::NotFound {
            Code::NotFound
        } else {
            Code::Failure
        };
        Self::new(code, format_args!("cannot read {}: {error}", path.display()))
    }

    /// A file that cannot be written.
    pub(crate) fn writing(path: &Path, error: &io::Error) -> Self {
        Self::new(
            Code::Failure,
            format_args!("cannot write {}: {error}", path.display()),
        )
    }

    /// What to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let code = match error {
            StoreError::Unavailable(_) => Code::Unreachable,
            StoreError::Corrupt(_) => Code::Failure,
            StoreError::Conflict(_) => Code::Conflict,
            StoreError::NotFound(_) => Code::NotFound,
        };
        Self::new(code, error)
    }
}
