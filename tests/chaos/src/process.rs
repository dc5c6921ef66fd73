//! Processes of the binary under test, and what is done to them.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::time::wait;

/// A process that dies with this value.
#[derive(Debug)]
pub struct Running {
    child: Child,
    /// Its talk is in `LOG.stdout` and `LOG.stderr`.
    log: PathBuf,
}

impl Running {
    /// Starts a command; its talk goes into files beside `log`.
    /// It does not outlive the thread that starts it, whatever kills that.
    pub fn start(command: &Command, log: PathBuf) -> Result<Self> {
        let mut command = leashed(command);
        let file = |ending| File::create(log.with_extension(ending)).context("a log file cannot be made");
        let child = command
            .stdin(Stdio::null())
            .stdout(file("stdout")?)
            .stderr(file("stderr")?)
            .spawn()
            .with_context(|| format!("{} cannot be started", command.get_program().display()))?;
        Ok(Self { child, log })
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it runs.
    pub fn is_running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Waits for its end.
    pub fn ends_within(&mut self, patience: Duration) -> Result<Option<ExitStatus>> {
        let mut failure = None;
        let ended = wait(patience, || match self.child.try_wait() {
            Ok(status) => status,
            Err(error) => {
                failure = Some(error);
                None
            }
        });
        failure.map_or(Ok(ended), |error| Err(error.into()))
    }

    /// Waits for its end, which must be with 0; answers its standard output.
    pub fn succeeds_within(mut self, patience: Duration) -> Result<String> {
        match self.ends_within(patience)? {
            None => bail!("no end after {patience:?}: {}", self.said()),
            Some(status) if !status.success() => bail!("{status}: {}", self.said()),
            Some(_) => self.printed(),
        }
    }

    /// Sends a signal, as `kill -NAME PID` does.
    pub fn signal(&self, name: &str) -> Result<()> {
        let status = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.child.id().to_string())
            .stderr(Stdio::null())
            .status()
            .context("kill cannot be started")?;
        if !status.success() {
            bail!("kill -{name} {} failed", self.child.id());
        }
        Ok(())
    }

    /// Kill -9.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM; answers how long it took, and it must end with 0.
    pub fn stop(mut self, patience: Duration) -> Result<Duration> {
        let asked = Instant::now();
        self.signal("TERM")?;
        match self.ends_within(patience)? {
            Some(status) if status.success() => Ok(asked.elapsed()),
            Some(status) => bail!("after SIGTERM it ended with {status}: {}", self.said()),
            None => bail!("no end {patience:?} after SIGTERM: {}", self.said()),
        }
    }

    /// The first line that it prints.
    pub fn first_line(&mut self, patience: Duration) -> Result<String> {
        let output = self.log.with_extension("stdout");
        let line = wait(patience, || {
            let line = BufReader::new(File::open(&output).ok()?).lines().next()?.ok()?;
            Some(line.trim().to_owned())
        });
        line.with_context(|| format!("nothing was printed: {}", self.said()))
    }

    /// All that it printed.
    pub fn printed(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.log.with_extension("stdout"))?)
    }

    /// The end of what it said on stderr.
    pub fn said(&self) -> String {
        tail(&self.log.with_extension("stderr"))
    }

    /// The most memory that it ever had, in KiB, while it still runs.
    pub fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.split_whitespace().next()?.parse().ok()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// The same command under a leash: the system kills it when who started it dies, so that a campaign that is killed leaves no
/// service behind. `setpriv` becomes the program and keeps its number; where it is missing, nothing holds the child.
fn leashed(command: &Command) -> Command {
    static IS_HERE: LazyLock<bool> = LazyLock::new(|| {
        let mut asked = Command::new("setpriv");
        asked.arg("--version").stdin(Stdio::null()).stdout(Stdio::null());
        asked.status().is_ok_and(|status| status.success())
    });
    let mut leashed = if *IS_HERE {
        let mut leash = Command::new("setpriv");
        leash
            .args(["--pdeathsig", "KILL", "--"])
            .arg(command.get_program());
        leash
    } else {
        Command::new(command.get_program())
    };
    leashed.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => leashed.env(name, value),
            None => leashed.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        leashed.current_dir(folder);
    }
    leashed
}

/// The last lines of a log.
fn tail(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outlives_who_started_it() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("sleep");
        let starts = std::thread::spawn(move || {
            let mut command = Command::new("sleep");
            command.arg("600");
            let running = Running::start(&command, log).unwrap();
            let name = format!("/proc/{}/comm", running.id());
            // The leash is on once the program itself runs.
            let is_on = || (std::fs::read_to_string(&name).ok()?.trim() == "sleep").then_some(());
            assert!(wait(Duration::from_secs(30), is_on).is_some());
            running
        });
        let mut running = starts.join().unwrap();
        let ended = running.ends_within(Duration::from_secs(10)).unwrap();
        assert!(ended.is_some_and(|status| !status.success()), "{ended:?}");
    }
}
