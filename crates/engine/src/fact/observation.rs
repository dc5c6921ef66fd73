//! What devices see.

use std::sync::Arc;

use crate::place::Place;
use crate::time::Timestamp;

/// A plate as it was read, before any normalisation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawPlate {
    /// The characters; none = unread.
    pub number: Option<Arc<str>>,
    /// 号牌种类 (GA/T 16.7) or, under the generic grammar, any token.
    pub class: Option<Arc<str>>,
    /// The plate's colour in the sender's words.
    pub color: Option<Arc<str>>,
    /// Overall confidence in millionths.
    pub confidence: Option<u32>,
    /// The lowest confidence of a character, in millionths.
    pub min_char_confidence: Option<u32>,
}

/// How exact `captured_at` is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// To the second or better.
    #[default]
    Second,
    /// Only the day is known.
    Day,
}

/// What kind of device saw the vehicle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeviceKind {
    /// 电子技术监控设备.
    #[default]
    Camera,
    /// An officer's hand-held.
    Patrol,
    /// A citizen's photograph.
    Citizen,
}

/// Whether an observation counts, and whether its case is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Counts and is told.
    #[default]
    Live,
    /// Never counts.
    Test,
    /// Counts like live; a case made only of history is never sent.
    History,
}

/// One sensing of a vehicle by one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The plate as read.
    pub plate: RawPlate,
    /// When the picture was taken.
    pub captured_at: Timestamp,
    /// How exact that is.
    pub precision: Precision,
    /// The device's id.
    pub device: Arc<str>,
    /// The device's kind.
    pub device_kind: DeviceKind,
    /// Live, test or history.
    pub mode: Mode,
    /// Where.
    pub place: Place,
    /// 违法行为代码.
    pub code: Option<Arc<str>>,
    /// The vehicle's kind in the sender's word.
    pub vehicle_kind: Option<Arc<str>>,
    /// The vehicle's colour in the sender's word.
    pub vehicle_color: Option<Arc<str>>,
    /// Number of an offence that the sender already issued.
    pub ticket: Option<Arc<str>>,
    /// The sender's own id of one stay.
    pub session: Option<Arc<str>>,
    /// The camera's id of the car that it follows. No effect yet.
    pub track: Option<Arc<str>>,
    /// Absent, refused, left. No effect yet.
    pub driver: Option<Arc<str>>,
    /// Whether passage was obstructed. No effect yet.
    pub obstructing: Option<bool>,
    /// The sender's flags. No effect yet.
    pub flags: Vec<Arc<str>>,
    /// Officers' ids.
    pub officers: Vec<Arc<str>>,
    /// First 16 bytes of a hash over the images' SHA-256 values; none without images.
    pub images: Option<[u8; 16]>,
    /// Set by the engine when a person named the plate: the reading is certain and its colour no longer speaks.
    pub corrected: bool,
}

/// See [`super::Body::Departure`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// Who left.
    pub plate: RawPlate,
    /// From where.
    pub place: Place,
    /// Who saw it.
    pub device: Arc<str>,
    /// When.
    pub departed_at: Timestamp,
}
