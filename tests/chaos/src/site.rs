//! An installation in a folder: its files, its service, its commands.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::process::Running;
use crate::time::wait;
use crate::wire::Client;

/// How long a service may take until it is ready, on a busy machine with a long log to recover.
const READY: Duration = Duration::from_mins(1);
/// Patience with one answer of the page.
const ANSWER: Duration = Duration::from_secs(20);

/// An installation.
#[derive(Debug)]
pub struct Site {
    folder: PathBuf,
    binary: PathBuf,
    port: u16,
    logs: AtomicU32,
}

impl Site {
    /// In `folder`, for the program `binary`; its page gets a port that is free.
    pub fn new(folder: &Path, binary: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder.join("log"))?;
        Ok(Self {
            folder: folder.to_owned(),
            binary: binary.to_owned(),
            port: free_port()?,
            logs: AtomicU32::new(0),
        })
    }

    /// A path in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        std::fs::write(self.path(name), text).with_context(|| format!("{name} cannot be written"))
    }

    /// `HOST:PORT` of its page.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A client of its page.
    pub fn client(&self) -> Client {
        Client::new(&self.address(), ANSWER)
    }

    /// Starts a command and does not wait for it.
    pub fn start(&self, arguments: &[&str], name: &str) -> Result<Running> {
        let mut command = Command::new(&self.binary);
        command
            .env_remove("CLEARWALK_CONFIG")
            .current_dir(&self.folder)
            .args(["--config", "clearwalk.toml"])
            .args(arguments);
        Running::start(&command, self.log(name))
    }

    /// Runs a command that must succeed; answers its standard output.
    pub fn ask(&self, arguments: &[&str], patience: Duration) -> Result<String> {
        let running = self.start(arguments, arguments[0])?;
        running
            .succeeds_within(patience)
            .with_context(|| format!("clearwalk {}", arguments.join(" ")))
    }

    /// Starts the service and waits until it is ready.
    pub fn serve(&self) -> Result<Running> {
        let mut service = self.start(&["serve"], "serve")?;
        self.is_ready(&mut service)?;
        Ok(service)
    }

    /// Waits until a service is ready.
    pub fn is_ready(&self, service: &mut Running) -> Result<()> {
        let ready = wait(READY, || {
            if !service.is_running().unwrap_or(false) {
                return Some(false);
            }
            let answer = self.client().get("/readyz").ok()?;
            (answer.status == 200).then_some(true)
        });
        match ready {
            Some(true) => Ok(()),
            Some(false) => bail!("serve ended by itself: {}", service.said()),
            None => bail!("serve is not ready after {READY:?}: {}", service.said()),
        }
    }

    /// A file for the talk of a process, never used before.
    fn log(&self, name: &str) -> PathBuf {
        let number = self.logs.fetch_add(1, Ordering::Relaxed);
        self.folder.join("log").join(format!("{number:05}-{name}"))
    }
}

/// A port below those that outgoing connections take by themselves, so that it stays free between two lives of a service.
pub fn free_port() -> Result<u16> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let first = 9_000 + (std::process::id() % 1_000) * 20;
    (0..2_000)
        .map(|_| (first + NEXT.fetch_add(1, Ordering::Relaxed) % 2_000) as u16)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .context("there is no free port")
}
