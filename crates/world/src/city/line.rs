//! Writes a record as one CloudEvents line.

use super::calendar::write_number;
use super::plates::Plate;
use super::stay::{Record, What};
use super::throws::{Purpose, Throws, mix};
use super::{City, Mode, papers};

/// Where the city's own officers write.
const DESK: &str = "/desk/review";
/// What a clock says that lost its battery.
const SKEWED_YEAR: i16 = 2097;
const COLORS: [&str; 6] = ["white", "black", "silver", "grey", "red", "blue"];

/// Replaces what is in `out` by the line of `record`, without its end.
pub(super) fn write(out: &mut String, city: &City, record: &Record) {
    out.clear();
    let plate = city.plates.of(record.vehicle);
    match record.what {
        What::Void(_) | What::Confirmed | What::Rejected => write_answer(out, city, record, &plate),
        _ => write_observation(out, city, record, &plate),
    }
    if record.what == What::Cut {
        let mut end = out.len() * 2 / 3;
        while !out.is_char_boundary(end) {
            end -= 1;
        }
        out.truncate(end);
    }
}

/// `source#id` of the line itself.
pub(super) fn fact_id(record: &Record) -> String {
    let mut text = String::with_capacity(48);
    match record.what {
        What::Void(_) | What::Confirmed | What::Rejected => text.push_str(DESK),
        _ => write_source(&mut text, record.device),
    }
    text.push('#');
    write_id(&mut text, record);
    text
}

fn write_source(out: &mut String, device: u16) {
    out.push_str("/devices/");
    papers::write_device(out, device);
}

/// What a person says has the id of the sighting that it is about, under the desk's own source.
fn write_id(out: &mut String, record: &Record) {
    write_hex(out, record.id);
    if record.what == What::Copy {
        // Greater in bytes than the id of the picture's first line, which therefore stands.
        out.push_str("-2");
    }
}

fn write_hex(out: &mut String, number: u64) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for shift in (0..16).rev() {
        out.push(char::from(DIGITS[(number >> (shift * 4) & 15) as usize]));
    }
}

fn write_observation(out: &mut String, city: &City, record: &Record, plate: &Plate) {
    out.push_str(r#"{"specversion":"1.0","type":"clearwalk.observation.v1","source":""#);
    write_source(out, record.device);
    out.push_str(r#"","id":""#);
    write_id(out, record);
    out.push_str(r#"","time":""#);
    city.calendar.write(out, record.time);
    out.push_str(r#"","data":{"plate":{"number":"#);
    write_number_field(out, record, plate);
    if record.with_class {
        out.push_str(r#","class":""#);
        out.push_str(plate.class());
        out.push('"');
    }
    out.push_str(r#","color":""#);
    out.push_str(plate.color());
    out.push_str(r#"","confidence":0."#);
    write_number(out, u32::from(record.confidence), 2);
    out.push('}');
    if record.what != What::Timeless {
        out.push_str(r#","captured_at":""#);
        write_captured(out, city, record);
        out.push('"');
    }
    out.push_str(r#","device":{"id":""#);
    papers::write_device(out, record.device);
    out.push_str(r#"","kind":"camera","mode":""#);
    out.push_str(match (record.what, city.plan.mode) {
        (What::Test, _) => "test",
        (_, Mode::Live) => "live",
        (_, Mode::History) => "history",
    });
    out.push_str(r#""},"place":{"zone":""#);
    papers::write_zone(out, record.device);
    out.push_str(r#"","name":""#);
    papers::write_place_name(out, record.device);
    out.push('"');
    write_position(out, record);
    out.push_str(r#","crs":"wgs84"},"violation_code":"1039","vehicle":{"kind":"car","color":""#);
    out.push_str(COLORS[(mix(u64::from(record.vehicle)) % COLORS.len() as u64) as usize]);
    out.push_str(r#""},"flags":[],"evidence":["#);
    write_evidence(out, city, record);
    out.push_str("]}}");
}

fn write_number_field(out: &mut String, record: &Record, plate: &Plate) {
    if record.what == What::Unread {
        out.push_str("null");
        return;
    }
    let number = plate.number();
    out.push('"');
    if record.what != What::Garbled {
        out.push_str(number);
    } else if record.id.is_multiple_of(2) {
        // Area and three characters: too short for every kind of plate.
        out.extend(number.chars().take(5));
    } else {
        out.push_str(&number[..number.len() - 1]);
        out.push('?');
    }
    out.push('"');
}

fn write_captured(out: &mut String, city: &City, record: &Record) {
    if record.what == What::Skewed {
        city.calendar.write_in_year(out, record.captured, SKEWED_YEAR);
    } else {
        city.calendar.write(out, record.captured);
    }
}

fn write_position(out: &mut String, record: &Record) {
    let mut degrees = |name: &str, millionths: u32| {
        out.push_str(name);
        write_number(out, millionths / 1_000_000, 1);
        out.push('.');
        write_number(out, millionths % 1_000_000, 6);
    };
    let (lon, lat) = papers::position(record.device, record.id);
    degrees(r#","lon":"#, lon);
    degrees(r#","lat":"#, lat);
}

fn write_evidence(out: &mut String, city: &City, record: &Record) {
    out.push_str(r#"{"url":"https://evidence.example/"#);
    write_hex(out, record.id);
    out.push_str(r#".jpg","sha256":""#);
    let mut throws = Throws::new(city.plan.seed, Purpose::Picture, record.id);
    for _ in 0..4 {
        write_hex(out, throws.next());
    }
    out.push_str(r#"","kind":"panorama","captured_at":""#);
    write_captured(out, city, record);
    out.push_str("\"}");
}

fn write_answer(out: &mut String, city: &City, record: &Record, plate: &Plate) {
    let is_void = matches!(record.what, What::Void(_));
    out.push_str(r#"{"specversion":"1.0","type":"clearwalk."#);
    out.push_str(if is_void { "void" } else { "review" });
    out.push_str(r#".v1","source":""#);
    out.push_str(DESK);
    out.push_str(r#"","id":""#);
    write_id(out, record);
    out.push_str(r#"","time":""#);
    city.calendar.write(out, record.time);
    out.push_str(r#"","data":{"about":""#);
    write_source(out, record.device);
    out.push('#');
    write_hex(out, record.id);
    out.push_str(r#"","plate":{"number":""#);
    out.push_str(plate.number());
    out.push_str(r#"","class":""#);
    out.push_str(plate.class());
    out.push_str(r#""},"#);
    out.push_str(match record.what {
        What::Confirmed => r#""verdict":"confirmed","reviewer":"officer-"#,
        What::Rejected => r#""verdict":"rejected","reason":"unclear_record","reviewer":"officer-"#,
        _ => r#""reason":""#,
    });
    if let What::Void(reason) = record.what {
        out.push_str(reason);
        out.push_str(r#"","by":"officer-"#);
    }
    write_number(out, record.vehicle % 12 + 1, 2);
    out.push_str(r#"","at":""#);
    city.calendar.write(out, record.time);
    out.push_str("\"}}");
}
