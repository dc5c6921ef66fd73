//! What was pushed, in a file: a line before a push leaves and a line when it is answered, so that whoever judges knows
//! what a receiver may have heard and what it has taken.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde_json::json;

use crate::gateway::desk::now;
use crate::gateway::receipts::ReceiptFault;

/// Opened at the first line, and anew when the plan names another file.
#[derive(Default)]
pub(super) struct Diary {
    open: Mutex<Option<(PathBuf, File)>>,
}

/// A message and the state that a push says it is in.
pub(super) type Told = (String, String);

impl Diary {
    pub(super) fn leaves(&self, log: Option<&Path>, told: &[Told], fault: Option<ReceiptFault>) {
        self.write(log, told, fault, "leaves", None);
    }

    pub(super) fn answered(
        &self,
        log: Option<&Path>,
        told: &[Told],
        fault: Option<ReceiptFault>,
        status: Option<u16>,
    ) {
        self.write(log, told, fault, "answered", status);
    }

    fn write(
        &self,
        log: Option<&Path>,
        told: &[Told],
        fault: Option<ReceiptFault>,
        event: &str,
        status: Option<u16>,
    ) {
        let Some(path) = log else { return };
        let at = format!("{:.6}", now());
        let line = json!({"at": at, "event": event, "fault": fault, "status": status, "told": told});
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.as_ref().is_none_or(|(known, _)| known != path) {
            *open = OpenOptions::new()
                .append(true)
                .create(true)
                .open(path)
                .map(|file| (path.to_owned(), file))
                .inspect_err(|error| eprintln!("{}: {error}", path.display()))
                .ok();
        }
        if let Some((_, file)) = open.as_mut()
            && let Err(error) = file.write_all(format!("{line}\n").as_bytes())
        {
            eprintln!("{}: {error}", path.display());
        }
    }
}
