//! Serves the routes until the service stops; live streams end at once, other answers are finished.

use std::io;
use std::time::Duration;

use axum::{Extension, Router};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long answers may take after the signal; a request has a shorter limit of its own, a slow reader has none.
const GRACE: Duration = Duration::from_secs(3);

/// Tells live streams that the service stops.
#[derive(Clone)]
pub(crate) struct Closing(watch::Receiver<bool>);

impl Closing {
    /// Returns once the service stops.
    pub(crate) async fn closed(&mut self) {
        // An error means that the sender is gone, which is the end as well.
        let _ended = self.0.wait_for(|stops| *stops).await;
    }
}

/// Serves until `shutdown` is over and the answers under way are finished, or their grace is.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stop, stopping) = watch::channel(false);
    let mut closing = Closing(stopping.clone());
    let mut over = Closing(stopping.clone());
    let router = router.layer(Extension(Closing(stopping)));
    let serving = axum::serve(listener, router)
        .with_graceful_shutdown(async move { closing.closed().await })
        .into_future();
    let signal = tokio::spawn(async move {
        shutdown.await;
        stop.send_replace(true);
    });
    let served = tokio::select! {
        served = serving => served,
        () = async {
            over.closed().await;
            grace().await;
        } => {
            tracing::warn!(grace = GRACE.as_secs(), "answers under way were cut off");
            Ok(())
        }
    };
    signal.abort();
    served
}

async fn grace() {
    // A timeout around nothing is a wait that can only end by the clock.
    let _elapsed = tokio::time::timeout(GRACE, std::future::pending::<()>()).await;
}
