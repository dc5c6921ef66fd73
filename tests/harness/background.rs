//! Programs that run beside a test and end with it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A running program; dropping it kills it.
pub(crate) struct Background {
    child: Child,
}

impl Background {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self {
            child: command.spawn().expect("the binary starts"),
        }
    }

    /// Starts a program and reads the first line that it prints.
    pub(crate) fn start_and_read(command: &mut Command) -> (Self, String) {
        let mut this = Self::start(command.stdout(Stdio::piped()));
        let stdout = this.child.stdout.take().expect("stdout was asked for as a pipe");
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it prints a line");
        (this, line.trim().to_owned())
    }

    /// Asks it to stop and waits until it has.
    pub(crate) fn terminate(mut self, within: Duration) -> ExitStatus {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .expect("kill starts");
        assert!(asked.success());
        let mut ended = None;
        wait_until("the service stops", within, || {
            ended = self.child.try_wait().expect("it can be waited for");
            ended.is_some()
        });
        ended.expect("it has ended")
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Looks again and again until `done`, at most for `within`.
pub(crate) fn wait_until(what: &str, within: Duration, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + within;
    while !done() {
        assert!(
            Instant::now() < until,
            "after {within:?} it is still not so that {what}"
        );
        pause();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "between two looks at another process, which cannot ring"
)]
fn pause() {
    std::thread::sleep(Duration::from_millis(100));
}
