//! How a person or a supervisor stops the process.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::failure::{Code, Failure};
use crate::output;

/// As a shell reports a process that a signal has ended.
const TERMINATED: i32 = 128 + 15;

/// SIGTERM and Ctrl-C, taken before anything begins.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(crate) fn take() -> Result<Self, Failure> {
        let take = |kind| {
            signal(kind).map_err(|error| {
                Failure::new(Code::Failure, format_args!("signals cannot be taken: {error}"))
            })
        };
        Ok(Self {
            terminate: take(SignalKind::terminate())?,
            interrupt: take(SignalKind::interrupt())?,
        })
    }

    /// Returns at the next signal.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// The first signal stops the service; the second ends the process at once.
    pub(crate) async fn cancel(mut self, shutdown: CancellationToken) {
        self.next().await;
        tracing::info!("stopping: nothing new begins, and calls in flight are finished");
        shutdown.cancel();
        self.next().await;
        output::say("stopped at once by a second signal; what was in flight is unknown");
        std::process::exit(TERMINATED);
    }
}
