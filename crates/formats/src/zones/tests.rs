//! Zones over time, devices, and every mistake that a zones file can have.

use engine::zone::ZoneSpan;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

fn day(day: &str) -> String {
    format!("\"{day}T00:00:00+08:00\"")
}

fn instant(date: &str) -> Timestamp {
    at(day(date).trim_matches('"'))
}

fn read(text: &str) -> ZonesFile {
    parse("z.toml", text).unwrap_or_else(|errors| panic!("{errors}"))
}

fn spans(text: &str) -> Vec<ZoneSpan> {
    read(text).zones["Z1"].spans.clone()
}

#[test]
fn a_zone_without_dates_is_one_thing_for_ever() {
    let file = read("[zones.Z1]\nkind = \"bus-stop\"\nname = \"乐坪大道\"\nauthority = \"loudi\"\n");
    let zone = &file.zones["Z1"];
    assert_eq!(zone.name.as_deref(), Some("乐坪大道"));
    assert_eq!(zone.authority.as_deref(), Some("loudi"));
    assert_eq!(
        zone.spans,
        [ZoneSpan {
            from: None,
            to: None,
            kind: ZoneKind::BusStop
        }]
    );
    assert_eq!(file.devices, None);
}

#[test]
fn versions_replace_the_kind_for_a_time_and_the_zone_bounds_them() {
    let (may, june, july) = (day("2026-05-01"), day("2026-06-01"), day("2026-07-01"));
    let text = format!(
        "[zones.Z1]\nkind = \"sidewalk\"\nfrom = {may}\n[[zones.Z1.version]]\nkind = \"strict\"\nfrom = {june}\nto = {july}\n"
    );
    let span = |from, to, kind| ZoneSpan { from, to, kind };
    let [may, june, july] = ["2026-05-01", "2026-06-01", "2026-07-01"].map(|day| Some(instant(day)));
    assert_eq!(
        spans(&text),
        [
            span(may, june, ZoneKind::Sidewalk),
            span(june, july, ZoneKind::Strict),
            span(july, None, ZoneKind::Sidewalk),
        ]
    );
    let open = format!(
        "[zones.Z1]\nkind = \"sidewalk\"\nfrom = {}\n[[zones.Z1.version]]\nkind = \"strict\"\nfrom = {}\n",
        day("2026-05-01"),
        day("2026-06-01")
    );
    assert_eq!(
        spans(&open),
        [
            span(may, june, ZoneKind::Sidewalk),
            span(june, None, ZoneKind::Strict)
        ]
    );
    let whole = format!(
        "[zones.Z1]\nkind = \"sidewalk\"\nfrom = {}\nto = {}\n[[zones.Z1.version]]\nkind = \"strict\"\nto = {}\n\
         [[zones.Z1.version]]\nkind = \"crosswalk\"\nfrom = {}\n",
        day("2026-05-01"),
        day("2026-07-01"),
        day("2026-06-01"),
        day("2026-06-01")
    );
    assert_eq!(
        spans(&whole),
        [
            span(may, june, ZoneKind::Strict),
            span(june, july, ZoneKind::Crosswalk)
        ]
    );
}

#[test]
fn versions_alone_leave_the_zone_out_of_force_between_them() {
    let text = format!(
        "[[zones.Z1.version]]\nkind = \"strict\"\nfrom = {}\n[[zones.Z1.version]]\nkind = \"sidewalk\"\nto = {}\n",
        day("2026-06-01"),
        day("2026-05-01")
    );
    let zone = &read(&text).zones["Z1"];
    assert_eq!(
        zone.kind_at(at("2026-04-30T23:59:59+08:00")),
        Some(ZoneKind::Sidewalk)
    );
    assert_eq!(zone.kind_at(at("2026-05-01T00:00:00+08:00")), None);
    assert_eq!(
        zone.kind_at(at("2026-06-01T00:00:00+08:00")),
        Some(ZoneKind::Strict)
    );
}

#[test]
fn devices_are_read_with_their_dates() {
    let text = format!(
        "[zones.Z1]\nkind = \"sidewalk\"\n[devices.D1]\nzone = \"Z1\"\napproved_from = {}\nlive_from = {}\ncrs = \"gcj02\"\n[devices.D2]\n",
        day("2026-05-01"),
        day("2026-06-01")
    );
    let devices = read(&text).devices.unwrap();
    let expected = Device {
        zone: Some("Z1".into()),
        approved_from: Some(instant("2026-05-01")),
        published_from: None,
        live_from: Some(instant("2026-06-01")),
        crs: Some(Crs::Gcj02),
    };
    assert_eq!(devices["D1"], expected);
    assert_eq!(devices["D2"], Device::default());
    assert_eq!(read("[zones]\n[devices]\n").devices, Some(BTreeMap::new()));
}

const ZONE: &str = "[zones.Z1]\nkind = \"sidewalk\"\n";

fn all_are_told(mistakes: &[(String, String)]) {
    for (text, expected) in mistakes {
        let error = parse("z.toml", text).unwrap_err().to_string();
        assert_eq!(error, format!("z.toml:{expected}"), "{text}");
    }
}

#[test]
fn mistakes_of_zones_are_told_with_line_and_key() {
    let kinds =
        "fire-lane, tactile-paving, crosswalk, school-gate, hospital-gate, bus-stop, strict, sidewalk";
    let version = |more: &str| format!("{ZONE}[[zones.Z1.version]]\nkind = \"strict\"\n{more}");
    let (may, june) = (day("2026-05-01"), day("2026-06-01"));
    all_are_told(&[
        (
            "[devices.D1]\n".to_owned(),
            "1: zones: the table [zones] is missing; with a zones file a place that is not listed is unknown".to_owned(),
        ),
        (format!("{ZONE}[zone.Z2]\n"), "3: zone: unknown key; did you mean `zones`?".to_owned()),
        ("[zones.Z1]\n".to_owned(), format!("1: zones.Z1.kind: is missing; write one of {kinds}")),
        (
            "[zones.Z1]\nkind = \"sidewalks\"\n".to_owned(),
            format!("2: zones.Z1.kind: `sidewalks` is not known; did you mean `sidewalk`? There are {kinds}"),
        ),
        (
            "[zones]\nunknown = { kind = \"sidewalk\" }\n".to_owned(),
            "2: zones.unknown: stands in facts for a place that nobody knows; give the zone another id".to_owned(),
        ),
        (
            format!("{ZONE}from = \"2026-03-01\"\n"),
            "3: zones.Z1.from: `2026-03-01` is a day, not an instant; write it with time and offset, such as 2026-03-01T00:00:00+08:00".to_owned(),
        ),
        (
            format!("{ZONE}from = {june}\nto = {may}\n"),
            "4: zones.Z1.to: must be later than `from`; it is the first instant that is not included".to_owned(),
        ),
        (
            format!("{ZONE}polygon = \"z1.geojson\"\n"),
            "3: zones.Z1.polygon: is not supported by this release yet; remove it".to_owned(),
        ),
        (
            format!("{ZONE}bays = \"z1.geojson\"\n"),
            "3: zones.Z1.bays: is not supported by this release yet; remove it".to_owned(),
        ),
        (version(""), "3: zones.Z1.version[1]: says not when it holds; give `from`, `to` or both".to_owned()),
        (
            version(&format!("from = {may}\n[[zones.Z1.version]]\nkind = \"crosswalk\"\nfrom = {june}\n")),
            "6: zones.Z1.version[2]: begins before another version of the zone ends; at each instant it is one kind"
                .to_owned(),
        ),
        (
            format!("{ZONE}from = {june}\n[[zones.Z1.version]]\nkind = \"strict\"\nfrom = {may}\n"),
            "6: zones.Z1.version[1].from: is earlier than the zone's own `from`".to_owned(),
        ),
        (
            format!("{ZONE}to = {may}\n[[zones.Z1.version]]\nkind = \"strict\"\nto = {june}\n"),
            "6: zones.Z1.version[1].to: is later than the zone's own `to`".to_owned(),
        ),
        (
            version(&format!("from = {may}\nname = \"x\"\n")),
            "6: zones.Z1.version[1].name: unknown key; there are kind, from, to".to_owned(),
        ),
    ]);
}

#[test]
fn mistakes_of_devices_are_told_with_line_and_key() {
    let may = day("2026-05-01");
    all_are_told(&[
        (
            format!("{ZONE}[devices.D1]\nzone = \"z1\"\n"),
            "4: devices.D1.zone: this file has no zone `z1`; did you mean `Z1`?".to_owned(),
        ),
        (
            format!("{ZONE}[devices.D1]\nzone = \"market\"\n"),
            "4: devices.D1.zone: this file has no zone `market`; add [zones.market]".to_owned(),
        ),
        (
            format!("{ZONE}[devices.D1]\ncrs = \"wgs-84\"\n"),
            "4: devices.D1.crs: `wgs-84` is not known; did you mean `wgs84`? There are wgs84, gcj02, bd09"
                .to_owned(),
        ),
        (
            format!("{ZONE}[devices.D1]\napproved = {may}\n"),
            "4: devices.D1.approved: unknown key; did you mean `approved_from`?".to_owned(),
        ),
    ]);
}

#[test]
fn the_shipped_file_is_right() {
    let text = include_str!("../../../../deploy/zones.toml");
    let file = read(text);
    assert_eq!(
        file.zones["Z2"].kind_at(at("2026-05-05T12:00:00+08:00")),
        Some(ZoneKind::Strict)
    );
    assert_eq!(
        file.zones["Z2"].kind_at(at("2026-05-06T00:00:00+08:00")),
        Some(ZoneKind::Sidewalk)
    );
    assert!(file.devices.unwrap()["LD-0132"].may_speak(at("2026-03-01T00:00:00+08:00")));
}
