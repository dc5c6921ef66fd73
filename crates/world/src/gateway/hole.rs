//! A black hole: no connection comes about, as when a router drops every first packet. The system drops them by itself
//! once the queue of connections that nobody has taken is full, so that it is stuffed with our own.

use std::collections::BTreeSet;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::task::spawn_blocking;

use super::connection::pause;

/// Many more than come at once, and few enough to stuff in an instant.
const QUEUE: u32 = 128;
/// A connection on one machine that takes longer has been dropped.
const DROPPED: Duration = Duration::from_millis(100);
/// So many dropped connections are no accident of a busy machine.
const SURE: u32 = 2;

/// Our own connections of a hole that has ended; they still lie in the queue.
#[derive(Default)]
pub(super) struct Stuffing(BTreeSet<SocketAddr>);

impl Stuffing {
    /// Whether a connection is one of those.
    pub(super) fn is_ours(&mut self, from: SocketAddr) -> bool {
        self.0.remove(&from)
    }
}

/// Listens with a queue that can be stuffed.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(QUEUE)
}

/// Takes no connection for so long, and lets none come about; then the stuffing is let go.
pub(super) async fn open(listener: &TcpListener, length: Duration) -> Stuffing {
    let Ok(address) = listener.local_addr() else {
        return Stuffing::default();
    };
    // By a thread of its own, so that a busy runtime is not taken for a full queue. It panics nowhere.
    let stuffing = spawn_blocking(move || stuff(address)).await.unwrap_or_default();
    pause(length).await;
    let ours = stuffing.iter().filter_map(|stream| stream.local_addr().ok());
    Stuffing(ours.collect())
}

/// Fills the queue until connections are dropped. One that cannot be made for another reason ends it too: then the
/// machine has no room for any.
fn stuff(address: SocketAddr) -> Vec<TcpStream> {
    let (mut stuffing, mut dropped) = (Vec::new(), 0);
    while dropped < SURE {
        match TcpStream::connect_timeout(&address, DROPPED) {
            Ok(stream) => stuffing.push(stream),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => dropped += 1,
            Err(_) => break,
        }
    }
    stuffing
}
