//! Zones and devices: what a city registered about its places and cameras.

use std::sync::Arc;

use crate::place::Crs;
use crate::time::Timestamp;

/// Kinds of zones, strictest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ZoneKind {
    /// 消防车通道.
    FireLane,
    /// 盲道.
    TactilePaving,
    /// 人行横道.
    Crosswalk,
    /// 校门口.
    SchoolGate,
    /// 医院门口.
    HospitalGate,
    /// 公交站.
    BusStop,
    /// 严管路段.
    Strict,
    /// 人行道.
    Sidewalk,
}

impl ZoneKind {
    /// Every kind with its word.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::FireLane, "fire-lane"),
        (Self::TactilePaving, "tactile-paving"),
        (Self::Crosswalk, "crosswalk"),
        (Self::SchoolGate, "school-gate"),
        (Self::HospitalGate, "hospital-gate"),
        (Self::BusStop, "bus-stop"),
        (Self::Strict, "strict"),
        (Self::Sidewalk, "sidewalk"),
    ];

    /// The kind of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, text)| *text == word)
            .map(|(kind, _)| *kind)
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("", |(_, word)| word)
    }
}

/// A zone with its kinds over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    /// Its name in words.
    pub name: Option<Arc<str>>,
    /// Whose it is.
    pub authority: Option<Arc<str>>,
    /// What it is from when to when; outside all of them it is not in force. They do not overlap.
    pub spans: Vec<ZoneSpan>,
}

impl Zone {
    /// The kind at `at`; none: not in force.
    pub fn kind_at(&self, at: Timestamp) -> Option<ZoneKind> {
        let in_force =
            |span: &&ZoneSpan| span.from.is_none_or(|from| from <= at) && span.to.is_none_or(|to| at < to);
        self.spans.iter().find(in_force).map(|span| span.kind)
    }
}

/// One kind for one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZoneSpan {
    /// From this instant; none: always.
    pub from: Option<Timestamp>,
    /// Until this one, not included; none: for ever.
    pub to: Option<Timestamp>,
    /// What it is.
    pub kind: ZoneKind,
}

/// A registered device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// The zone it looks at, for sightings that name no place.
    pub zone: Option<Arc<str>>,
    /// Approved from (administrative penalty law art. 41); none: approved without a date.
    pub approved_from: Option<Timestamp>,
    /// Its place was published from.
    pub published_from: Option<Timestamp>,
    /// Live from.
    pub live_from: Option<Timestamp>,
    /// What its coordinates refer to.
    pub crs: Option<Crs>,
}

impl Device {
    /// Whether its pictures are evidence at `at`.
    pub fn may_speak(&self, at: Timestamp) -> bool {
        [self.approved_from, self.published_from, self.live_from]
            .iter()
            .flatten()
            .all(|from| *from <= at)
    }
}
