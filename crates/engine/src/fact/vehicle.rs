//! What is known of vehicles, devices and rules beside what was seen.

use std::sync::Arc;

use super::RawPlate;
use crate::time::Timestamp;

/// See [`super::Body::Registration`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Which plate; without class all classes of the number.
    pub plate: RawPlate,
    /// From when.
    pub from: Timestamp,
    /// Whose it is now.
    pub owner_id: Option<Arc<str>>,
}

/// See [`super::Body::Permit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    /// The exempt plate; none: a suspension of the rule in `zone`.
    pub plate: Option<RawPlate>,
    /// The zone in which the rule is suspended.
    pub zone: Option<Arc<str>>,
    /// Where the permit holds.
    pub zones: Vec<Arc<str>>,
    /// From when.
    pub from: Option<Timestamp>,
    /// Until when.
    pub to: Option<Timestamp>,
    /// At which hours.
    pub hours: Option<Arc<str>>,
    /// Why.
    pub reason: Option<Arc<str>>,
}

/// See [`super::Body::VehicleStatus`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VehicleStatus {
    /// Which plate.
    pub plate: RawPlate,
    /// Stolen, on-duty, exempt.
    pub status: Arc<str>,
    /// From when.
    pub from: Option<Timestamp>,
    /// Until when.
    pub to: Option<Timestamp>,
}

/// See [`super::Body::VehicleRecord`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VehicleRecord {
    /// Which plate.
    pub plate: RawPlate,
    /// Vehicle kind.
    pub kind: Option<Arc<str>>,
    /// Brand.
    pub brand: Option<Arc<str>>,
    /// Colour.
    pub color: Option<Arc<str>>,
    /// Person or organisation.
    pub owner_kind: Option<Arc<str>>,
    /// From when.
    pub from: Option<Timestamp>,
}

/// See [`super::Body::DeviceSpan`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSpan {
    /// Which device.
    pub device: Arc<str>,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Option<Timestamp>,
    /// Suspended or drift.
    pub state: Arc<str>,
    /// By how much its clock was wrong, in milliseconds.
    pub drift_ms: Option<i64>,
}

/// See [`super::Body::Published`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// `policy` or `zones`.
    pub what: Arc<str>,
    /// The document's text.
    pub document: Arc<str>,
    /// By whom.
    pub by: Arc<str>,
    /// Who approved it.
    pub approved_by: Option<Arc<str>>,
    /// On which legal basis.
    pub legal_basis: Option<Arc<str>>,
    /// When.
    pub at: Timestamp,
}
