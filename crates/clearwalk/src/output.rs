//! stdout is data and stderr is talk. A reader that goes away ends the command quietly; colours are for terminals.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};
use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Value, json};

use crate::failure::{Code, Failure};

/// Some thousand lines between two system calls.
const BUFFER: usize = 1 << 17;

/// Standard output, for more than a line.
pub(crate) struct Output(BufWriter<Stdout>);

impl Output {
    pub(crate) fn new() -> Self {
        Self(BufWriter::with_capacity(BUFFER, io::stdout()))
    }

    /// Bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.0.write_all(bytes).map_err(|error| broken(&error))
    }

    /// A line.
    pub(crate) fn line(&mut self, line: impl Display) -> Result<(), Failure> {
        writeln!(self.0, "{line}").map_err(|error| broken(&error))
    }

    /// A JSON document on a line.
    pub(crate) fn json(&mut self, document: &impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.0, document).map_err(|error| match error.io_error_kind() {
            Some(kind) => broken(&kind.into()),
            None => Failure::new(Code::Failure, error),
        })?;
        self.bytes(b"\n")
    }

    /// Rows: aligned for people, separated by tabs and without a header for programs.
    pub(crate) fn table(&mut self, header: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
        if !io::stdout().is_terminal() {
            for row in rows {
                self.line(row.join("\t"))?;
            }
            return Ok(());
        }
        let mut table = comfy_table::Table::new();
        table.load_preset(comfy_table::presets::NOTHING);
        table.set_header(header);
        table.add_rows(rows);
        self.line(table.trim_fmt())
    }

    /// Hands everything over to the reader.
    pub(crate) fn end(mut self) -> Result<(), Failure> {
        self.0.flush().map_err(|error| broken(&error))
    }
}

/// Writes a text to stdout as it is.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = Output::new();
    out.bytes(text.as_bytes())?;
    out.end()
}

/// Writes one line to stdout.
pub(crate) fn print_line(line: &str) -> Result<(), Failure> {
    let mut out = Output::new();
    out.line(line)?;
    out.end()
}

/// Writes one JSON document to stdout.
pub(crate) fn print_json(document: &impl Serialize) -> Result<(), Failure> {
    let mut out = Output::new();
    out.json(document)?;
    out.end()
}

/// A line of talk on stderr. Whether anybody reads it changes nothing.
pub(crate) fn say(text: impl Display) {
    let _unread = writeln!(io::stderr().lock(), "{text}");
}

/// Text with a colour of the terminal (31 red, 32 green, 33 yellow), where stderr is one and wants colours.
pub(crate) fn coloured(colour: u8, text: &str) -> String {
    if io::stderr().is_terminal()
        && crate::environment::variable("NO_COLOR").is_none_or(|value| value.is_empty())
    {
        format!("\u{1b}[{colour}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

/// Tells why the command failed and gives its exit code.
pub(crate) fn fail(failure: &Failure, as_json: bool) -> ExitCode {
    if failure.code != Code::Closed {
        if as_json {
            say(document(failure));
        } else {
            say(format_args!("{} {}", coloured(31, "error:"), failure.message));
            if let Some(hint) = &failure.hint {
                say(format_args!("  {} {hint}", coloured(33, "hint:")));
            }
        }
    }
    ExitCode::from(failure.code.exit())
}

/// The JSON form of a failure.
fn document(failure: &Failure) -> Value {
    let mut error =
        json!({"code": failure.code.word(), "exit": failure.code.exit(), "message": failure.message});
    if let Some(hint) = &failure.hint {
        error["hint"] = json!(hint);
    }
    json!({ "error": error })
}

fn broken(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        Failure::new(Code::Closed, "the reader of the output has gone away")
    } else {
        Failure::new(
            Code::Failure,
            format_args!("the output cannot be written: {error}"),
        )
    }
}
