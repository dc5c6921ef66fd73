//! Facts about vehicles, devices and rules.

use engine::fact::{DeviceSpan, Permit, Published, Registration, VehicleRecord, VehicleStatus};

use super::fields::{Fault, Object};
use super::sighting::device_id;

pub(super) fn registration(data: Object<'_>) -> Result<Registration, Fault> {
    Ok(Registration {
        plate: data.need_plate()?,
        from: data.need_time("from")?,
        owner_id: data.kept("owner_id")?,
    })
}

pub(super) fn permit(data: Object<'_>) -> Result<Permit, Fault> {
    let plate = if data.plate()?.is_some() {
        Some(data.need_plate()?)
    } else {
        None
    };
    let zone = data.kept("zone")?;
    if plate.is_none() && zone.is_none() {
        return Err(data.fault("plate", "required, or `zone`"));
    }
    let (from, to) = (data.time("from")?, data.time("to")?);
    let hours = data.kept("hours")?;
    if hours.as_deref().is_some_and(|hours| !are_hours(hours)) {
        return Err(data.fault("hours", "must be two times of day, like 06:00-08:00"));
    }
    Ok(Permit {
        plate,
        zone,
        zones: data.texts("zones")?,
        from,
        to,
        hours,
        reason: data.kept("reason")?,
    })
}

pub(super) fn vehicle_status(data: Object<'_>) -> Result<VehicleStatus, Fault> {
    Ok(VehicleStatus {
        plate: data.need_plate()?,
        status: data.need_kept_word("status", &["stolen", "on-duty", "exempt"])?,
        from: data.time("from")?,
        to: data.time("to")?,
    })
}

pub(super) fn vehicle_record(data: Object<'_>) -> Result<VehicleRecord, Fault> {
    Ok(VehicleRecord {
        plate: data.need_plate()?,
        kind: data.kept("kind")?,
        brand: data.kept("brand")?,
        color: data.kept("color")?,
        owner_kind: data.kept_word("owner_kind", &["person", "organisation"])?,
        from: data.time("from")?,
    })
}

pub(super) fn device_span(data: Object<'_>) -> Result<DeviceSpan, Fault> {
    Ok(DeviceSpan {
        device: device_id(data)?,
        from: data.need_time("from")?,
        to: data.time("to")?,
        state: data.need_kept_word("state", &["suspended", "drift"])?,
        drift_ms: data.whole("drift_ms")?,
    })
}

pub(super) fn published(what: &str, data: Object<'_>) -> Result<Published, Fault> {
    Ok(Published {
        what: what.into(),
        document: data.need_kept("document")?,
        by: data.need_kept("by")?,
        approved_by: data.kept("approved_by")?,
        legal_basis: data.kept("legal_basis")?,
        at: data.need_time("at")?,
    })
}

/// Whether `text` is two times of day; 24:00 ends a day.
fn are_hours(text: &str) -> bool {
    let time = |text: &str| match text.as_bytes() {
        [a, b, b':', c, d] if [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()) => {
            let (hour, minute) = ((a - b'0') * 10 + (b - b'0'), (c - b'0') * 10 + (d - b'0'));
            (hour < 24 && minute < 60) || (hour == 24 && minute == 0)
        }
        _ => false,
    };
    text.split_once('-')
        .is_some_and(|(from, to)| time(from) && time(to))
}
