//! How far an import is, on stderr, where a person watches.

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::super::Context;
use crate::output;

/// A line that is drawn again and again; nothing where nobody watches.
#[derive(Clone)]
pub(super) struct Watch {
    bar: ProgressBar,
    speaks: bool,
}

impl Watch {
    pub(super) fn new(context: &Context) -> Self {
        let bar = if !context.json && std::io::stderr().is_terminal() {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        let style =
            ProgressStyle::with_template("{spinner} {prefix}: {human_pos} rows, {per_sec}{msg} {elapsed}");
        bar.set_style(style.expect("the template is right"));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self {
            bar,
            speaks: !context.json,
        }
    }

    pub(super) fn file(&self, file: &Path) {
        self.bar.set_prefix(file.display().to_string());
    }

    /// How many rows have been read.
    pub(super) fn rows(&self, count: u64) {
        self.bar.set_position(count);
    }

    /// Which record of the stream is decided next.
    pub(super) fn decided(&self, next: u64) {
        let count = indicatif::HumanCount(next.saturating_sub(1));
        self.bar.set_message(format!(", decided up to record {count}"));
    }

    /// A line above the bar; none for programs.
    pub(super) fn say(&self, line: &str) {
        if self.speaks {
            self.bar.suspend(|| output::say(line));
        }
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
