//! Tokens of people and machines.

use clap::{Subcommand, ValueEnum};

/// What `token` does. All of it works on `web.tokens_file`, which a running service reads again when it changes.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Makes a token and prints it, once.
    #[command(after_help = "Example: clearwalk token add --name li --scope read,act --authority loudi")]
    Add {
        /// Whose it is; the audit log calls it so.
        #[arg(long)]
        name: String,
        /// What it may be used for.
        #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',', required = true)]
        scopes: Vec<ScopeWord>,
        /// Only the cases of this authority.
        #[arg(long)]
        authority: Option<String>,
        /// Who makes it; else the login name.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Lists all tokens, without the tokens themselves.
    #[command(after_help = "Example: clearwalk token list --json")]
    List,
    /// Takes a token away; it is refused from the next request on.
    #[command(after_help = "Example: clearwalk token revoke li")]
    Revoke {
        /// Whose it is.
        name: String,
        /// Who takes it away; else the login name.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

/// A scope of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScopeWord {
    /// Sends facts.
    Ingest,
    /// Looks.
    Read,
    /// Decides about cases as a person.
    Act,
    /// Stops and resumes sending.
    Admin,
}

impl From<ScopeWord> for web::Scope {
    fn from(word: ScopeWord) -> Self {
        match word {
            ScopeWord::Ingest => Self::Ingest,
            ScopeWord::Read => Self::Read,
            ScopeWord::Act => Self::Act,
            ScopeWord::Admin => Self::Admin,
        }
    }
}
