//! The test gateway: an SMS provider over real HTTP that goes wrong as a plan says.
//!
//! It speaks the generic dialect, keeps a ledger of every request before anybody sees what became
//! of it, and is never idempotent: a message that is sent twice is received twice, and the ledger
//! shows it.

mod connection;
mod control;
mod desk;
mod door;
mod fault;
mod generic;
mod hole;
mod http;
mod ledger;
mod limits;
mod plan;
mod post;
mod receipts;
mod span;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use desk::Desk;
use ledger::Ledger;
use post::Post;

pub use door::{Connections, Tls};
pub use fault::{Fault, UnknownFault};
pub use ledger::{Call, Stats, Verdict};
pub use limits::Limits;
pub use plan::{Format, LookUpRates, Plan, PlanError, Rates, Rule, Span};
pub use post::Pushed;
pub use receipts::{ReceiptFault, ReceiptRule, Receipts};

/// More than any dispatcher has in flight; beyond it new connections wait.
const MAX_CONNECTIONS: usize = 4096;

/// How to start a gateway.
#[derive(Clone)]
pub struct Options {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Without a file the ledger is in memory and ends with the gateway.
    pub ledger: Option<PathBuf>,
    pub plan: Plan,
    /// The bearer token that requests must show; `None` asks for none.
    pub token: Option<String>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            ledger: None,
            plan: Plan::default(),
            token: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("listen", &self.listen)
            .field("ledger", &self.ledger)
            .field("plan", &self.plan)
            .field("token", &self.token.as_ref().map(|_| "***"))
            .finish()
    }
}

/// A running gateway; dropping it stops it.
pub struct Gateway {
    address: SocketAddr,
    desk: Arc<Desk>,
    /// Dropping it tells the listener to stop.
    stop: Option<oneshot::Sender<()>>,
    listening: JoinHandle<()>,
}

impl Gateway {
    /// Opens the ledger, reads back what is in it, and listens.
    #[expect(
        clippy::unused_async,
        reason = "it needs a runtime, and whoever awaits it has one"
    )]
    pub async fn start(options: Options) -> io::Result<Gateway> {
        let ledger = Ledger::open(options.ledger.as_deref())?;
        let listener = hole::listen(options.listen).map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("cannot listen on {}: {error}", options.listen),
            )
        })?;
        let address = listener.local_addr()?;
        let (post, deliveries) = Post::open();
        let desk = Arc::new(Desk::new(ledger, options.plan, options.token, post));
        let (stop, stopped) = oneshot::channel();
        let listening = tokio::spawn(listen(listener, Arc::clone(&desk), stopped, deliveries));
        Ok(Gateway {
            address,
            desk,
            stop: Some(stop),
            listening,
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where messages are sent and looked up.
    pub fn url(&self) -> String {
        format!("http://{}/v1/messages", self.address)
    }

    pub fn stats(&self) -> Stats {
        self.desk.books().ledger.stats()
    }

    /// Every line of the ledger, oldest first.
    pub fn calls(&self) -> io::Result<Vec<Call>> {
        let reader = self.desk.books().ledger.reader();
        reader.calls()
    }

    /// Every push that was made, and what came of it.
    pub fn pushes(&self) -> Vec<Pushed> {
        self.desk.post.pushed()
    }

    /// Puts a plan in force; its counts begin anew.
    pub fn set_plan(&self, plan: Plan) {
        self.desk.obey(plan);
    }

    /// Stops listening, cuts every connection, and frees port and ledger before it returns.
    pub async fn shutdown(mut self) {
        drop(self.stop.take());
        // The listener panics nowhere, and is cancelled only by a runtime that ends itself.
        let _ended = (&mut self.listening).await;
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(
    listener: TcpListener,
    desk: Arc<Desk>,
    mut stopped: oneshot::Receiver<()>,
    deliveries: impl Future<Output = ()> + Send + 'static,
) {
    /// Running out of file handles is the one cause that lasts; without a pause it would spin.
    const AFTER_FAILURE: Duration = Duration::from_millis(20);
    let mut connections = JoinSet::new();
    let mut pushing = JoinSet::new();
    pushing.spawn(deliveries);
    let mut holes = desk.holes();
    holes.mark_changed();
    let mut stuffing = hole::Stuffing::default();
    loop {
        while connections.try_join_next().is_some() {}
        if connections.len() >= MAX_CONNECTIONS {
            connections.join_next().await;
        }
        let accepted = tokio::select! {
            _ = &mut stopped => break,
            Ok(()) = holes.changed() => {
                let length = *holes.borrow_and_update();
                if let Some(length) = length {
                    tokio::select! {
                        _ = &mut stopped => break,
                        opened = hole::open(&listener, length) => stuffing = opened,
                    }
                }
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((_, from)) if stuffing.is_ours(from) => {}
            Ok((stream, _)) => {
                connections.spawn(connection::serve(stream, Arc::clone(&desk)));
            }
            Err(_) => connection::pause(AFTER_FAILURE).await,
        }
    }
    connections.shutdown().await;
    pushing.shutdown().await;
}
