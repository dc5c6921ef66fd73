//! The registry as a CSV file with the header `plate,class,phone,name,owner_id,valid_from,valid_to`.
//!
//! The file is read whole when it is opened, and not again: restart the process after a change. A file with a mistake
//! is refused, since a row that is left out in silence is an owner who is never told.
//!
//! A row whose class is `-` or empty holds for every class of its plate. A plate that was seen without a class is
//! looked up only where the rows of that day know of one class; between the owners of two cars nothing chooses.

mod read;
mod rows;

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use engine::plate::Grammar;
use ports::registry::{Owner, OwnerQuery, Registry, RegistryError};
use thiserror::Error;

use rows::Rows;

/// Why a registry file was refused.
#[derive(Debug, Error)]
pub enum FileError {
    /// It is not there or cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What it says cannot be used.
    #[error("{}", list(.mistakes, *.more))]
    Mistakes {
        /// The first of them, in order.
        mistakes: Vec<Mistake>,
        /// How many there are beside those.
        more: u64,
    },
}

/// One thing that is wrong: `owners.csv:12: phone: not a number in E.164`. Never holds what the field says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Which file.
    pub path: PathBuf,
    /// From 1; the header is the first.
    pub line: u64,
    /// The column; none: the row as a whole.
    pub column: Option<&'static str>,
    /// What is wrong and what to write instead.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.path.display(), self.line)?;
        if let Some(column) = self.column {
            write!(f, "{column}: ")?;
        }
        f.write_str(&self.what)
    }
}

/// Owners from a file; `kind = "file"`.
pub struct FileRegistry {
    grammar: Grammar,
    rows: Rows,
}

impl FileRegistry {
    /// Reads the file; plates are normalised by `grammar`, as those of the facts are.
    pub fn open(path: &Path, grammar: Grammar) -> Result<Self, FileError> {
        let io = |source| FileError::Io {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(io)?;
        Self::read(path, BufReader::new(file), grammar)
    }

    /// Reads what a file says; `path` is for messages.
    pub fn read(path: &Path, input: impl Read, grammar: Grammar) -> Result<Self, FileError> {
        let rows = read::rows(path, input, grammar)?;
        Ok(Self { grammar, rows })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.len() == 0
    }
}

impl fmt::Debug for FileRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileRegistry")
            .field("grammar", &self.grammar)
            .field("rows", &self.rows.len())
            .finish()
    }
}

#[async_trait]
impl Registry for FileRegistry {
    async fn owners(&self, query: &OwnerQuery) -> Result<Vec<Owner>, RegistryError> {
        Ok(self.rows.owners(query))
    }
}

fn list(mistakes: &[Mistake], more: u64) -> String {
    let mut text: Vec<String> = mistakes.iter().map(Mistake::to_string).collect();
    if more > 0 {
        text.push(format!("and {more} more"));
    }
    text.join("\n")
}

#[cfg(test)]
mod tests;
