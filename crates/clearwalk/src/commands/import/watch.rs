//! How far an import is, on stderr, where a person watches.

use std::io::IsTerminal as _;
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

use super::super::Context;
use crate::output;

/// A line that is drawn again and again; nothing where nobody watches.
pub(super) struct Watch {
    bar: ProgressBar,
    speaks: bool,
}

impl Watch {
    /// Over the rows of a file, of which nobody knows the number.
    pub(super) fn rows(context: &Context, file: &Path) -> Self {
        let bar = if is_watched(context) {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("{spinner} {msg}: {human_pos} rows, {per_sec}");
        bar.set_style(style.expect("the template is right"));
        bar.set_message(file.display().to_string());
        Self {
            bar,
            speaks: !context.json,
        }
    }

    /// Over the records of the stream, up to its end.
    pub(super) fn records(context: &Context, end: u64) -> Self {
        let bar = if is_watched(context) {
            ProgressBar::new(end)
        } else {
            ProgressBar::hidden()
        };
        let style =
            ProgressStyle::with_template("deciding {bar:30} {human_pos}/{human_len}, {per_sec}, {eta} left");
        bar.set_style(style.expect("the template is right"));
        Self {
            bar,
            speaks: !context.json,
        }
    }

    pub(super) fn at(&self, position: u64) {
        self.bar.set_position(position);
    }

    /// A line above the bar; none for programs.
    pub(super) fn say(&self, line: &str) {
        if self.speaks {
            self.bar.suspend(|| output::say(line));
        }
    }

    pub(super) fn end(self) {
        self.bar.finish_and_clear();
    }
}

fn is_watched(context: &Context) -> bool {
    !context.json && std::io::stderr().is_terminal()
}
