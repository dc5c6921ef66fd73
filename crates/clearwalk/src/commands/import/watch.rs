//! How far an import is, on stderr, where a person watches.

use std::io::IsTerminal as _;
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

use super::super::Context;
use crate::output;

/// A line that is drawn again and again; nothing where nobody watches.
pub(super) struct Watch(ProgressBar);

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
        Self(bar)
    }

    /// Over the records of the stream, up to its end.
    pub(super) fn records(context: &Context, end: u64) -> Self {
        let bar = if is_watched(context) {
            ProgressBar::new(end)
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("deciding {bar:30} {human_pos}/{human_len}, {per_sec}, {eta} left");
        bar.set_style(style.expect("the template is right"));
        Self(bar)
    }

    pub(super) fn at(&self, position: u64) {
        self.0.set_position(position);
    }

    /// A line above the bar.
    pub(super) fn say(&self, line: &str) {
        self.0.suspend(|| output::say(line));
    }

    pub(super) fn end(self) {
        self.0.finish_and_clear();
    }
}

fn is_watched(context: &Context) -> bool {
    !context.json && std::io::stderr().is_terminal()
}
