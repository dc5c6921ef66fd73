//! The papers of the city: its places, and the files that a Clearwalk installation needs to work
//! for it. City, streets and people are made up.

use std::fmt::Write;

use super::City;
use super::calendar::write_number;
use super::throws::mix;

pub(super) const DEVICES: u32 = 192;
const ZONES: u16 = 24;
const AUTHORITY: &str = "qingbu";

const STREETS: [&str; 12] = [
    "清步大道",
    "梧桐路",
    "长庚路",
    "砚池街",
    "听松路",
    "石榴街",
    "渡口路",
    "南塘街",
    "云麓路",
    "书院街",
    "北极路",
    "花鼓街",
];
const CROSSINGS: [&str; 12] = [
    "一中东巷",
    "菜园巷",
    "邮亭巷",
    "银杏巷",
    "铁匠巷",
    "井湾巷",
    "戏台巷",
    "瓦窑巷",
    "春和巷",
    "柳堤巷",
    "灯笼巷",
    "磨坊巷",
];

/// Zones 0 to 6 are of special kinds, all others are ordinary.
const SPECIAL_KINDS: [&str; 7] = [
    "fire-lane",
    "tactile-paving",
    "crosswalk",
    "school-gate",
    "hospital-gate",
    "bus-stop",
    "strict",
];

/// `Z01` to `Z24`.
pub(super) fn write_zone(out: &mut String, device: u16) {
    out.push('Z');
    write_number(out, u32::from(device % ZONES) + 1, 2);
}

pub(super) fn write_place_name(out: &mut String, device: u16) {
    let zone = usize::from(device % ZONES);
    out.push_str(STREETS[zone % 12]);
    out.push('与');
    out.push_str(CROSSINGS[(zone / 12 * 7 + zone) % 12]);
    out.push('口');
}

/// `CW-0001` to `CW-0192`.
pub(super) fn write_device(out: &mut String, device: u16) {
    out.push_str("CW-");
    write_number(out, u32::from(device) + 1, 4);
}

/// Longitude and latitude in millionths of a degree: zones lie 600 m apart, and the devices of a
/// zone 40 m. Sightings stray by a metre.
pub(super) fn position(device: u16, sighting: u64) -> (u32, u32) {
    let zone = u32::from(device % ZONES);
    let in_zone = u32::from(device / ZONES);
    let stray = |chance: u64| (chance % 10) as u32;
    (
        112_000_000 + zone % 6 * 6_000 + in_zone * 400 + stray(sighting),
        27_700_000 + zone / 6 * 6_000 + stray(sighting >> 8),
    )
}

/// A made-up number; beyond a hundred thousand vehicles several share one, as those of companies do.
fn phone(seed: u64, vehicle: u32) -> Option<u32> {
    has_phone(seed, vehicle).then_some(vehicle % 100_000)
}

/// One vehicle in twenty has no number that anybody knows.
pub(super) fn has_phone(seed: u64, vehicle: u32) -> bool {
    !mix(seed ^ mix(u64::from(vehicle) | 1 << 40)).is_multiple_of(20)
}

/// One line of the registry file, without its end; `None` for a vehicle that stands not in it.
pub(super) fn owner(city: &City, vehicle: u32) -> Option<String> {
    let phone = phone(city.plan.seed, vehicle)?;
    let plate = city.plates.of(vehicle);
    let (number, class) = (plate.number(), plate.class());
    Some(format!(
        "{number},{class},+86199000{phone:05},虚构车主{vehicle:06},owner-{vehicle:08},2000-01-01,"
    ))
}

pub(super) fn zones_toml() -> String {
    let mut toml = String::from("# The zones of a made-up city.\n");
    for zone in 0..ZONES {
        let (mut id, mut name) = (String::new(), String::new());
        write_zone(&mut id, zone);
        write_place_name(&mut name, zone);
        let kind = SPECIAL_KINDS.get(usize::from(zone)).unwrap_or(&"sidewalk");
        let written = write!(
            toml,
            "\n[zones.{id}]\nkind = \"{kind}\"\nname = \"{name}\"\nauthority = \"{AUTHORITY}\"\n"
        );
        written.expect("a String takes everything");
    }
    toml
}

pub(super) fn policy_toml(year: i16) -> String {
    format!(
        r#"# The first offence of a calendar year is waived, the next ones are penalised.
[policy]
id = "{AUTHORITY}-sidewalk"
version = "{year}-01"
authority = "{AUTHORITY}"
codes = ["1039"]
effective = {{ from = "{year}-01-01T00:00:00+08:00" }}
time_zone = "Asia/Shanghai"
plates = "cn"
legal_basis = {{ waive = "行政处罚法第三十三条", penalise = "道路交通安全法第九十三条" }}

[window]
kind = "calendar-year"
per = "subject"
allowance = 1

[admission]
review = "none"
min_observations = 1

[outcome]
first = "waived"
otherwise = "penalty_proposed"
fine_minor = 10000
currency = "CNY"

[notice]
hold = "0s"
"#
    )
}
