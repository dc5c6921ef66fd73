//! What befalls a connection before anything is asked on it: it is closed, reset or left alone; a client that greets it
//! with TLS gets no such thing; and it may be closed as soon as it is idle.

use serde::{Deserialize, Serialize};

use super::plan::Span;

/// The first byte of a TLS greeting.
pub(super) const TLS_GREETING: u8 = 0x16;

/// Shares of connections, and how idle and encrypted ones fare.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Connections {
    /// The share that is closed before anything is read.
    pub close: f64,
    /// The share that is reset before anything is read.
    pub reset: f64,
    /// The share on which nothing ever happens.
    pub hang: f64,
    /// For how long from now on no new connection comes about: its first packet is dropped, as behind a broken router.
    /// Connections that stand go on, and so does `/_control` on them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub black_hole: Option<Span>,
    /// After how much idleness a connection is closed; absent: long after any client has closed it. A client that writes
    /// at that moment meets the close.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle: Option<Span>,
    /// What a TLS greeting is answered.
    pub tls: Tls,
}

/// What a TLS greeting is answered; there is no certificate here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// Bytes that are no TLS.
    #[default]
    Garbage,
    /// A close.
    Close,
    /// Nothing.
    Hang,
}

/// What befalls one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    Close,
    Reset,
    Hang,
}

impl Connections {
    /// The fate at `point`, which lies in `0.0..1.0`; none: it is served.
    pub(super) fn fate(&self, point: f64) -> Option<Door> {
        let mut reached = 0.0;
        let shares = [
            (Door::Close, self.close),
            (Door::Reset, self.reset),
            (Door::Hang, self.hang),
        ];
        shares.into_iter().find_map(|(door, share)| {
            reached += share;
            (point < reached).then_some(door)
        })
    }
}
