//! Pushes receipts to whoever the plan names, and keeps what the receiver answered.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::connection::pause;
use super::receipts::{Manner, Push, ReceiptFault};

/// A receiver that answers later is taken for one that does not.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two bytes of a slow upload.
const DRIP: Duration = Duration::from_millis(2);

/// A push and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pushed {
    pub client_ref: String,
    pub fault: Option<ReceiptFault>,
    /// The status of the answer; none: there was no answer.
    pub status: Option<u16>,
}

/// All pushes about a message.
pub(super) struct Parcel {
    pub(super) to: String,
    pub(super) client_ref: String,
    pub(super) fault: Option<ReceiptFault>,
    pub(super) pushes: Vec<Push>,
    /// Told when the last one is answered.
    pub(super) done: Option<oneshot::Sender<()>>,
}

/// Takes parcels; the pushes are made beside.
#[derive(Clone, Debug)]
pub(super) struct Post {
    parcels: mpsc::UnboundedSender<Parcel>,
    log: Arc<Mutex<Vec<Pushed>>>,
}

impl Post {
    /// The post, and the work that pushes until the post is dropped.
    pub(super) fn open() -> (Post, impl Future<Output = ()>) {
        let (parcels, mut waiting) = mpsc::unbounded_channel::<Parcel>();
        let log = Arc::new(Mutex::new(Vec::new()));
        let post = Post {
            parcels,
            log: Arc::clone(&log),
        };
        let work = async move {
            let mut under_way = JoinSet::new();
            while let Some(parcel) = waiting.recv().await {
                while under_way.try_join_next().is_some() {}
                under_way.spawn(deliver(parcel, Arc::clone(&log)));
            }
        };
        (post, work)
    }

    pub(super) fn send(&self, parcel: Parcel) {
        // The work ends only with the gateway, whose receipts nobody misses then.
        let _ended = self.parcels.send(parcel);
    }

    pub(super) fn pushed(&self) -> Vec<Pushed> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn deliver(parcel: Parcel, log: Arc<Mutex<Vec<Pushed>>>) {
    for push in &parcel.pushes {
        if !push.after.is_zero() {
            pause(push.after).await;
        }
        let answered = timeout(PATIENCE, make(&parcel.to, push)).await;
        let pushed = Pushed {
            client_ref: parcel.client_ref.clone(),
            fault: parcel.fault,
            status: answered.ok().and_then(Result::ok).flatten(),
        };
        log.lock().unwrap_or_else(PoisonError::into_inner).push(pushed);
    }
    if let Some(done) = parcel.done {
        // Whoever waited has gone away, which is no harm.
        let _gone = done.send(());
    }
}

/// Makes one push; gives the status of the answer.
async fn make(to: &str, push: &Push) -> io::Result<Option<u16>> {
    let bad = || {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            "receipts go to http://HOST:PORT/PATH",
        )
    };
    let rest = to.strip_prefix("http://").ok_or_else(bad)?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host).await?;
    let (method, body) = match push.manner {
        Manner::Check => ("GET", &[][..]),
        _ => ("POST", &push.body[..]),
    };
    let mut head = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n",
        body.len()
    );
    for (name, value) in &push.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let request = [head.as_bytes(), body].concat();
    if push.manner == Manner::InDrips {
        for byte in &request {
            stream.write_all(&[*byte]).await?;
            pause(DRIP).await;
        }
    } else {
        stream.write_all(&request).await?;
    }
    if push.manner == Manner::HangUp {
        return Ok(None);
    }
    let mut front = Vec::new();
    while front.len() < 12 && stream.read_buf(&mut front).await? > 0 {}
    let status = front
        .get(9..12)
        .and_then(|digits| std::str::from_utf8(digits).ok());
    Ok(status.and_then(|digits| digits.parse().ok()))
}
