//! Facts about vehicles, devices and rules, field by field.

use engine::fact::{Departure, DeviceSpan, Permit, Published, Registration, VehicleRecord, VehicleStatus};

use super::wire::record;

record! { Departure { plate: plate, place: part, device: text, departed_at: time, } }
record! { Registration { plate: plate, from: time, owner_id: maybe_text, } }
record! {
    Permit {
        plate: maybe_plate,
        zone: maybe_text,
        zones: texts,
        from: maybe_time,
        to: maybe_time,
        hours: maybe_text,
        reason: maybe_text,
    }
}
record! { VehicleStatus { plate: plate, status: text, from: maybe_time, to: maybe_time, } }
record! {
    VehicleRecord {
        plate: plate,
        kind: maybe_text,
        brand: maybe_text,
        color: maybe_text,
        owner_kind: maybe_text,
        from: maybe_time,
    }
}
record! { DeviceSpan { device: text, from: time, to: maybe_time, state: text, drift_ms: maybe_signed, } }
record! {
    Published {
        what: text,
        document: once,
        by: text,
        approved_by: maybe_text,
        legal_basis: maybe_text,
        at: time,
    }
}
