//! Observations. Most of their parts may be absent, and most of those are, so one number says which are there.

use engine::fact::{DeviceKind, Mode, Observation, Precision, RawPlate};
use engine::place::{Crs, Place, Point};

use super::wire::words;
use super::{DocumentError, Reader, Wire, Writer};

words! { DeviceKind { 0 => Camera, 1 => Patrol, 2 => Citizen, } }
words! { Mode { 0 => Live, 1 => Test, 2 => History, } }
words! { Precision { 0 => Second, 1 => Day, } }
words! { Crs { 0 => Wgs84, 1 => Gcj02, 2 => Bd09, } }

// The first seven bits stand for what is common, so that the number has one byte where nothing else is there.
const CODE: u64 = 1;
const VEHICLE_KIND: u64 = 1 << 1;
const VEHICLE_COLOR: u64 = 1 << 2;
const IMAGES: u64 = 1 << 3;
const TICKET: u64 = 1 << 4;
const SESSION: u64 = 1 << 5;
const NOT_PLAIN: u64 = 1 << 6;
const TRACK: u64 = 1 << 7;
const DRIVER: u64 = 1 << 8;
const OBSTRUCTING: u64 = 1 << 9;
const NOT_OBSTRUCTING: u64 = 1 << 10;
const FLAGS: u64 = 1 << 11;
const OFFICERS: u64 = 1 << 12;
const CORRECTED: u64 = 1 << 13;

impl Wire for Observation {
    fn write<'a>(&'a self, to: &mut Writer<'a>) {
        let bit = |bit: u64, set: bool| if set { bit } else { 0 };
        let plain = self.precision == Precision::Second
            && self.device_kind == DeviceKind::Camera
            && self.mode == Mode::Live;
        let there = bit(CODE, self.code.is_some())
            | bit(VEHICLE_KIND, self.vehicle_kind.is_some())
            | bit(VEHICLE_COLOR, self.vehicle_color.is_some())
            | bit(IMAGES, self.images.is_some())
            | bit(TICKET, self.ticket.is_some())
            | bit(SESSION, self.session.is_some())
            | bit(NOT_PLAIN, !plain)
            | bit(TRACK, self.track.is_some())
            | bit(DRIVER, self.driver.is_some())
            | bit(OBSTRUCTING, self.obstructing == Some(true))
            | bit(NOT_OBSTRUCTING, self.obstructing == Some(false))
            | bit(FLAGS, !self.flags.is_empty())
            | bit(OFFICERS, !self.officers.is_empty())
            | bit(CORRECTED, self.corrected);
        to.number(&there);
        to.time(&self.captured_at);
        to.plate(&self.plate);
        to.text(&self.device);
        to.part(&self.place);
        if !plain {
            to.word(&self.precision);
            to.word(&self.device_kind);
            to.word(&self.mode);
        }
        for text in [&self.code, &self.vehicle_kind, &self.vehicle_color, &self.driver]
            .into_iter()
            .flatten()
        {
            to.text(text);
        }
        for text in [&self.ticket, &self.session, &self.track].into_iter().flatten() {
            to.once(text);
        }
        if let Some(images) = &self.images {
            to.bytes(images);
        }
        for texts in [&self.flags, &self.officers] {
            if !texts.is_empty() {
                to.texts(texts);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DocumentError> {
        let there = from.number()?;
        let has = |bit: u64| there & bit != 0;
        if there >= CORRECTED << 1 || (has(OBSTRUCTING) && has(NOT_OBSTRUCTING)) {
            return Err(from.damaged("unknown parts of an observation"));
        }
        let captured_at = from.time()?;
        let plate = from.plate()?;
        let device = from.text()?;
        let place = from.part()?;
        let (precision, device_kind, mode) = if has(NOT_PLAIN) {
            (from.word()?, from.word()?, from.word()?)
        } else {
            (Precision::Second, DeviceKind::Camera, Mode::Live)
        };
        let mut text = |bit| if has(bit) { from.text().map(Some) } else { Ok(None) };
        let (code, vehicle_kind, vehicle_color, driver) = (
            text(CODE)?,
            text(VEHICLE_KIND)?,
            text(VEHICLE_COLOR)?,
            text(DRIVER)?,
        );
        let mut once = |bit| if has(bit) { from.once().map(Some) } else { Ok(None) };
        let (ticket, session, track) = (once(TICKET)?, once(SESSION)?, once(TRACK)?);
        Ok(Self {
            plate,
            captured_at,
            precision,
            device,
            device_kind,
            mode,
            place,
            code,
            vehicle_kind,
            vehicle_color,
            ticket,
            session,
            track,
            driver,
            obstructing: (has(OBSTRUCTING) || has(NOT_OBSTRUCTING)).then(|| has(OBSTRUCTING)),
            images: if has(IMAGES) { Some(from.bytes()?) } else { None },
            flags: if has(FLAGS) { from.texts()? } else { Vec::new() },
            officers: if has(OFFICERS) { from.texts()? } else { Vec::new() },
            corrected: has(CORRECTED),
        })
    }
}

impl Wire for RawPlate {
    fn write<'a>(&'a self, to: &mut Writer<'a>) {
        to.maybe_text(&self.number);
        to.maybe_text(&self.class);
        to.maybe_text(&self.color);
        for value in [self.confidence, self.min_char_confidence] {
            to.number(&value.map_or(0, |value| u64::from(value) + 1));
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DocumentError> {
        let (number, class, color) = (from.maybe_text()?, from.maybe_text()?, from.maybe_text()?);
        let mut share = || match from.number()?.checked_sub(1) {
            None => Ok(None),
            Some(value) => u32::try_from(value)
                .map(Some)
                .map_err(|_| from.damaged("a confidence out of range")),
        };
        Ok(Self {
            number,
            class,
            color,
            confidence: share()?,
            min_char_confidence: share()?,
        })
    }
}

// What follows zone and name of a place: nothing, or a point and the system of its numbers.
const NO_POINT: u8 = 0;
const POINT: u8 = 1;
const POINT_WITH_SYSTEM: u8 = 2;

impl Wire for Place {
    fn write<'a>(&'a self, to: &mut Writer<'a>) {
        to.maybe_text(&self.zone);
        to.maybe_text(&self.name);
        let Some(point) = &self.point else {
            return to.byte(NO_POINT);
        };
        to.byte(if point.crs.is_some() {
            POINT_WITH_SYSTEM
        } else {
            POINT
        });
        to.degrees([point.lon, point.lat]);
        if let Some(crs) = &point.crs {
            to.word(crs);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DocumentError> {
        let (zone, name) = (from.maybe_text()?, from.maybe_text()?);
        let what = from.byte()?;
        if what == NO_POINT {
            return Ok(Self {
                zone,
                name,
                point: None,
            });
        }
        let [lon, lat] = from.degrees()?;
        let crs = match what {
            POINT => None,
            POINT_WITH_SYSTEM => Some(from.word()?),
            _ => return Err(from.damaged("an unknown kind of place")),
        };
        Ok(Self {
            zone,
            name,
            point: Some(Point { lon, lat, crs }),
        })
    }
}
