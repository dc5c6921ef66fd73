//! One connection: reads requests, asks the desk, and carries out what the client is to see.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::desk::Desk;
use super::door::{Door, TLS_GREETING, Tls};
use super::fault::Manner;
use super::http::{self, Malformed, Parsed, Request};

/// Longer than any client should keep an idle connection, so that the client closes first.
const IDLE: Duration = Duration::from_secs(75);
/// Enough for a whole send, so that it can be judged while it still lies in the socket.
const PEEK: usize = 16 << 10;

/// Serves a connection to its end; how a client goes away is the client's business.
pub(super) async fn serve(stream: TcpStream, desk: Arc<Desk>) {
    let mut wire = Wire {
        stream,
        buffer: Vec::new(),
        unread: 0,
    };
    let fate = desk.books().course.fate_of_connection();
    // An error here means that the client is gone, which ends the connection like a close.
    let _gone: io::Result<()> = match fate {
        None => wire.converse(&desk).await,
        Some(door) => wire.turn_away(door, &desk).await,
    };
}

/// A delay that the client is meant to feel; nothing else waits like this.
#[expect(
    clippy::disallowed_methods,
    reason = "being slow is the fault that is asked for"
)]
pub(super) async fn pause(length: Duration) {
    tokio::time::sleep(length).await;
}

struct Wire {
    stream: TcpStream,
    /// Bytes that were read and belong to no request yet.
    buffer: Vec<u8>,
    /// Bytes of the present request that still lie in the socket.
    unread: usize,
}

enum Next {
    Request(Request),
    Malformed(Malformed),
    Closed,
}

impl Wire {
    async fn converse(&mut self, desk: &Desk) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        loop {
            match self.next(desk).await? {
                Next::Closed => return Ok(()),
                Next::Malformed(malformed) => {
                    let answer = desk.note_malformed(&malformed).encode(&desk.date(), false);
                    return self.send_last(&answer).await;
                }
                Next::Request(request) => {
                    let manner = desk.receive(&request);
                    if !self.carry_out(manner, request.keep_alive, desk).await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// What befalls a connection on which nothing is to be asked.
    async fn turn_away(&mut self, door: Door, desk: &Desk) -> io::Result<()> {
        match door {
            Door::Close => {}
            Door::Reset => self.stream.set_zero_linger()?,
            Door::Hang => self.wait_for_close(desk.pace().hang_limit).await,
        }
        Ok(())
    }

    /// A client that wants TLS is told so in its own way.
    async fn greet(&mut self, desk: &Desk) -> io::Result<()> {
        let tls = desk.books().course.plan().connections.tls;
        match tls {
            Tls::Garbage => self.send_last(b"no TLS is spoken here\r\n").await,
            Tls::Close => Ok(()),
            Tls::Hang => {
                self.wait_for_close(desk.pace().hang_limit).await;
                Ok(())
            }
        }
    }

    async fn next(&mut self, desk: &Desk) -> io::Result<Next> {
        if self.buffer.is_empty() {
            let idle = desk.books().course.plan().connections.idle;
            let mut front = vec![0; PEEK];
            let patience = idle.map_or(IDLE, |idle| idle.0);
            let Ok(length) = timeout(patience, self.stream.peek(&mut front)).await else {
                return Ok(Next::Closed);
            };
            if front[0] == TLS_GREETING {
                self.greet(desk).await?;
                return Ok(Next::Closed);
            }
            if let Parsed::Whole(request, length) = http::parse(&front[..length?]) {
                self.unread = length;
                return Ok(Next::Request(request));
            }
        }
        loop {
            match http::parse(&self.buffer) {
                Parsed::Whole(request, length) => {
                    self.buffer.drain(..length);
                    return Ok(Next::Request(request));
                }
                Parsed::Malformed(malformed) => return Ok(Next::Malformed(malformed)),
                Parsed::Partial => {}
            }
            match timeout(IDLE, self.stream.read_buf(&mut self.buffer)).await {
                Ok(Ok(1..)) => {}
                Ok(Err(error)) => return Err(error),
                Ok(Ok(_)) | Err(_) => return Ok(Next::Closed),
            }
        }
    }

    /// Says whether the connection goes on.
    async fn carry_out(&mut self, manner: Manner, keep_alive: bool, desk: &Desk) -> io::Result<bool> {
        let manner = match manner {
            Manner::After(pushed, manner) => {
                // Answered, or past all patience: either way the answer may go.
                let _either = timeout(desk.pace().hang_limit, pushed).await;
                *manner
            }
            manner => manner,
        };
        if let Manner::Reset = manner {
            // Lingering for no time makes the close a reset.
            self.stream.set_zero_linger()?;
            return Ok(false);
        }
        self.read_the_rest().await?;
        let pace = desk.pace();
        match manner {
            Manner::After(..) | Manner::Reset | Manner::Close => return Ok(false),
            Manner::Hang => {
                self.wait_for_close(pace.hang_limit).await;
                return Ok(false);
            }
            Manner::RawThenClose(bytes) => {
                self.send_last(&bytes).await?;
                return Ok(false);
            }
            Manner::RawThenHang(bytes) => {
                self.stream.write_all(&bytes).await?;
                self.wait_for_close(pace.hang_limit).await;
                return Ok(false);
            }
            Manner::AnswerSlowly(answer) => {
                pause(pace.slow_by).await;
                self.stream
                    .write_all(&answer.encode(&desk.date(), keep_alive))
                    .await?;
            }
            Manner::AnswerInDrips(answer) => {
                for byte in answer.encode(&desk.date(), keep_alive) {
                    self.stream.write_all(&[byte]).await?;
                    pause(pace.drip).await;
                }
            }
            Manner::Answer(answer) => {
                self.stream
                    .write_all(&answer.encode(&desk.date(), keep_alive))
                    .await?;
            }
        }
        Ok(keep_alive)
    }

    async fn read_the_rest(&mut self) -> io::Result<()> {
        let mut rest = vec![0; self.unread];
        self.stream.read_exact(&mut rest).await?;
        self.unread = 0;
        Ok(())
    }

    async fn wait_for_close(&mut self, limit: Duration) {
        let mut ignored = [0; 1024];
        let closed = async { while matches!(self.stream.read(&mut ignored).await, Ok(1..)) {} };
        // Closed by the client or past the limit: either way the connection ends here.
        let _either = timeout(limit, closed).await;
    }

    /// Sends and closes in order; bytes left unread would turn the close into a reset, and the
    /// client would lose the answer.
    async fn send_last(&mut self, bytes: &[u8]) -> io::Result<()> {
        const PATIENCE: Duration = Duration::from_secs(2);
        self.stream.write_all(bytes).await?;
        self.stream.shutdown().await?;
        self.wait_for_close(PATIENCE).await;
        Ok(())
    }
}
