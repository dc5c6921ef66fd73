//! Observations and departures: what devices see.

use std::borrow::Cow;
use std::sync::Arc;

use engine::fact::{Departure, DeviceKind, Mode, Observation, Precision, RawPlate};
use engine::place::{Crs, Place, Point};

use super::document::Value;
use super::fields::{Fault, Object};

const KINDS: [(DeviceKind, &str); 3] = [
    (DeviceKind::Camera, "camera"),
    (DeviceKind::Patrol, "patrol"),
    (DeviceKind::Citizen, "citizen"),
];
const MODES: [(Mode, &str); 3] = [
    (Mode::Live, "live"),
    (Mode::Test, "test"),
    (Mode::History, "history"),
];
const PRECISIONS: [(Precision, &str); 2] = [(Precision::Second, "second"), (Precision::Day, "day")];
const SYSTEMS: [(Crs, &str); 3] = [(Crs::Wgs84, "wgs84"), (Crs::Gcj02, "gcj02"), (Crs::Bd09, "bd09")];

/// The zone of a place that the sender does not know.
const UNKNOWN_ZONE: &str = "unknown";

pub(super) fn observation(data: Object<'_>) -> Result<Observation, Fault> {
    let captured_at = data.need_time("captured_at")?;
    // A plate of null is one that nobody could read; only a plate that is not there at all is a broken record.
    let plate = match data.raw("plate") {
        None => return Err(data.fault("plate", "required")),
        Some(Value::Null) => RawPlate::default(),
        Some(_) => data.plate()?.unwrap_or_default(),
    };
    let device = data.need_object("device", "/data/device")?;
    let vehicle = data.object("vehicle", "/data/vehicle")?;
    let of_vehicle = |key| vehicle.map_or(Ok(None), |vehicle| vehicle.kept(key));
    Ok(Observation {
        plate,
        captured_at,
        precision: data.word("captured_precision", &PRECISIONS)?.unwrap_or_default(),
        device: device.need_kept("id")?,
        device_kind: device.word("kind", &KINDS)?.unwrap_or_default(),
        mode: device.word("mode", &MODES)?.unwrap_or_default(),
        place: place(data)?,
        code: data.kept("violation_code")?,
        vehicle_kind: of_vehicle("kind")?,
        vehicle_color: of_vehicle("color")?,
        ticket: data.kept("ticket")?,
        session: data.kept("session")?,
        track: data.kept("track")?,
        driver: data.kept_word("driver", &["absent", "refused", "left"])?,
        obstructing: data.flag("obstructing")?,
        flags: data.texts("flags")?,
        officers: data.texts("officers")?,
        images: images(data)?,
        corrected: false,
    })
}

pub(super) fn departure(data: Object<'_>) -> Result<Departure, Fault> {
    Ok(Departure {
        departed_at: data.need_time("departed_at")?,
        plate: data.need_plate()?,
        place: place(data)?,
        device: device_id(data)?,
    })
}

/// The device of a fact that needs only its id: the id itself, or an object that has it.
pub(super) fn device_id(data: Object<'_>) -> Result<Arc<str>, Fault> {
    match data.raw("device") {
        Some(Value::Object(_)) => data.need_object("device", "/data/device")?.need_kept("id"),
        _ => data.need_kept("device"),
    }
}

fn place(data: Object<'_>) -> Result<Place, Fault> {
    let place = data.need_object("place", "/data/place")?;
    let zone = place.text("zone")?;
    let point = match (place.degrees("lon", 180)?, place.degrees("lat", 90)?) {
        (Some(lon), Some(lat)) => Some(Point {
            lon,
            lat,
            crs: place.word("crs", &SYSTEMS)?,
        }),
        (None, None) => None,
        (Some(_), None) => return Err(place.fault("lat", "required beside lon")),
        (None, Some(_)) => return Err(place.fault("lon", "required beside lat")),
    };
    if zone.is_none() && point.is_none() {
        return Err(place.fault(
            "zone",
            "required where there are no lon and lat; `unknown` where nobody knows it",
        ));
    }
    let zone = zone.filter(|zone| *zone != UNKNOWN_ZONE).map(Arc::from);
    Ok(Place {
        zone,
        name: place.kept("name")?,
        point,
    })
}

/// A hash over the images' own hashes, whatever their order and the case of their letters; none without any.
fn images(data: Object<'_>) -> Result<Option<[u8; 16]>, Fault> {
    let mut hashes: Vec<Cow<'_, str>> = Vec::new();
    for item in data.list("evidence")? {
        let Ok(item) = Object::of(data.document(), item, "/data/evidence") else {
            return Err(data.fault("evidence", "must be a list of objects"));
        };
        if let Some(hash) = item.text("sha256")? {
            let upper = hash.bytes().any(|byte| byte.is_ascii_uppercase());
            hashes.push(if upper {
                hash.to_ascii_lowercase().into()
            } else {
                hash.into()
            });
        }
    }
    if hashes.is_empty() {
        return Ok(None);
    }
    hashes.sort_unstable();
    let parts: Vec<&[u8]> = hashes.iter().map(|hash| hash.as_bytes()).collect();
    let hash = engine::ids::hash(&parts);
    Ok(Some(*hash.first_chunk().expect("32 bytes begin with 16")))
}
