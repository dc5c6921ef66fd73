//! The right answers for the real files, worked out without any of our crates: read row by row, judged by a dozen lines.
//! Only what the files hold is needed: one ticket is one offence, and the first of a vehicle in its window is waived.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// What an import of one source must report, and what must come of each offence.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) read: u64,
    pub(crate) filtered: u64,
    /// By reason.
    pub(crate) quarantined: BTreeMap<String, u64>,
    /// Rows that are facts, repeats included.
    pub(crate) kept: u64,
    /// First offence in the calendar year.
    pub(crate) calendar_year: Outcomes,
    /// First offence in 365 days from the last waived one, whole days.
    pub(crate) rolling_365_days: Outcomes,
}

/// Facts, as `source#id`, by what becomes of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcomes {
    pub(crate) waived: BTreeSet<String>,
    pub(crate) penalised: BTreeSet<String>,
}

/// Philadelphia 2013, under a policy of the time zone America/New_York.
pub(crate) fn philadelphia_2013(path: &Path) -> Expected {
    let mut tally = Tally::new("/import/philadelphia-2013", "America/New_York");
    for row in rows(path, false) {
        if !row[2].starts_with("SIDEWALK") {
            tally.filter();
            continue;
        }
        // The Z is not true: the publisher writes local time.
        let local = DateTime::strptime("%Y-%m-%dT%H:%M:%SZ", &row[0]).expect("every row has a time");
        let at = tally
            .zone
            .to_zoned(local)
            .expect("a time of our days")
            .timestamp();
        tally.offence(&row[5], Some(&row[3]), Some(at));
    }
    tally.finish()
}

/// Philadelphia's unpaid tickets: dates only, and the hash of the row for an id.
pub(crate) fn philadelphia_unpaid(path: &Path) -> Expected {
    let mut tally = Tally::new("/import/philadelphia-unpaid", "America/New_York");
    for row in rows(path, true) {
        if !row[5].starts_with("SIDEWALK") {
            tally.filter();
            continue;
        }
        let number = |column: usize| row[column].parse::<i16>().expect("a number");
        let date = Date::new(number(1), number(2) as i8, number(3) as i8).expect("a date");
        let at = date
            .to_zoned(tally.zone.clone())
            .expect("a date of our days")
            .timestamp();
        let mut bytes = Vec::new();
        for cell in &row {
            bytes.extend_from_slice(format!("{}:{cell},", cell.len()).as_bytes());
        }
        tally.offence(&sha256_hex(&bytes), Some(&row[0]), Some(at));
    }
    tally.finish()
}

/// New York's fiscal years, one import after another into one store.
pub(crate) fn new_york_fiscal_year(paths: &[&Path]) -> Expected {
    let mut tally = Tally::new("/import/new-york", "America/New_York");
    for path in paths {
        for row in rows(path, true) {
            let [summons, plate, state, date, code, time] =
                [0, 1, 2, 4, 5, 19].map(|column| row[column].trim());
            if code != "51" {
                tally.filter();
                continue;
            }
            let unknown = |text: &str| ["", "BLANKPLATE", "N/S", "NS", "N/A"].contains(&text);
            let vehicle = (!unknown(plate) && !unknown(state)).then(|| format!("{plate}-{state}"));
            let at = new_york_time(date, time)
                .and_then(|local| Some(tally.zone.to_zoned(local).ok()?.timestamp()));
            tally.offence(summons, vehicle.as_deref(), at);
        }
    }
    tally.finish()
}

/// Bengaluru, the text's own offset taken by its word, under a policy of the time zone Asia/Kolkata.
pub(crate) fn bengaluru(path: &Path) -> Expected {
    let mut tally = Tally::new("/import/bengaluru", "Asia/Kolkata");
    for row in rows(path, true) {
        let types: Vec<String> = serde_json::from_str(&row[8]).expect("a JSON array in a cell");
        if !types.iter().any(|it| it == "PARKING ON FOOTPATH") || row[23] == "rejected" {
            tally.filter();
            continue;
        }
        let utc = row[10].strip_suffix("+00").expect("every row is said to be UTC");
        let local = DateTime::strptime("%Y-%m-%d %H:%M:%S", utc).expect("every row has a time");
        let at = TimeZone::UTC.to_timestamp(local).expect("a time of our days");
        tally.offence(&row[1], Some(&row[5]), Some(at));
    }
    tally.finish()
}

struct Tally {
    source: &'static str,
    zone: TimeZone,
    now: Timestamp,
    /// By vehicle; a fact that comes again is there already.
    offences: BTreeMap<String, BTreeSet<(Timestamp, String)>>,
    expected: Expected,
}

impl Tally {
    #[expect(
        clippy::disallowed_methods,
        reason = "an import of its own reads the clock of the machine"
    )]
    fn new(source: &'static str, zone: &str) -> Self {
        let zone = TimeZone::get(zone).expect("a zone of the database");
        Self {
            source,
            zone,
            now: Timestamp::now(),
            offences: BTreeMap::new(),
            expected: Expected::default(),
        }
    }

    fn filter(&mut self) {
        self.expected.read += 1;
        self.expected.filtered += 1;
    }

    fn offence(&mut self, id: &str, vehicle: Option<&str>, at: Option<Timestamp>) {
        self.expected.read += 1;
        let (vehicle, at) = match (vehicle, at) {
            (None, _) => return self.quarantine("unidentified_vehicle"),
            (_, None) => return self.quarantine("schema"),
            (_, Some(at)) if at > self.now => return self.quarantine("clock_skew"),
            (Some(vehicle), Some(at)) => (vehicle, at),
        };
        self.expected.kept += 1;
        // Generic plates are compared in upper case without blanks, slashes and number signs.
        assert!(vehicle.is_ascii(), "compatibility forms would have to be folded");
        let ignored = |c: &char| !c.is_whitespace() && !matches!(c, '/' | '#');
        let vehicle = vehicle
            .chars()
            .filter(ignored)
            .map(|c| c.to_ascii_uppercase())
            .collect();
        self.offences
            .entry(vehicle)
            .or_default()
            .insert((at, format!("{}#{id}", self.source)));
    }

    fn quarantine(&mut self, reason: &str) {
        *self.expected.quarantined.entry(reason.to_owned()).or_default() += 1;
    }

    fn finish(mut self) -> Expected {
        for offences in self.offences.values() {
            let mut years = BTreeSet::new();
            let mut last_waived: Option<Date> = None;
            for (at, fact) in offences {
                let day = self.zone.to_datetime(*at).date();
                let Expected {
                    calendar_year,
                    rolling_365_days,
                    ..
                } = &mut self.expected;
                calendar_year.put(fact, years.insert(day.year()));
                // A waiver reaches to the end of the 365th day after its own.
                let free = last_waived.is_none_or(|used| day > used + Span::new().days(365));
                rolling_365_days.put(fact, free);
                if free {
                    last_waived = Some(day);
                }
            }
        }
        self.expected
    }
}

impl Outcomes {
    fn put(&mut self, fact: &str, waived: bool) {
        let into = if waived {
            &mut self.waived
        } else {
            &mut self.penalised
        };
        assert!(into.insert(fact.to_owned()), "one fact, one vehicle");
    }
}

fn rows(path: &Path, header: bool) -> Vec<Vec<String>> {
    let file = BufReader::new(File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
    let input: Box<dyn Read> = if path.extension().is_some_and(|it| it == "gz") {
        Box::new(flate2::read::GzDecoder::new(file))
    } else {
        Box::new(file)
    };
    let mut reader = csv::ReaderBuilder::new().has_headers(header).from_reader(input);
    reader
        .records()
        .map(|row| row.expect("a whole row").iter().map(str::to_owned).collect())
        .collect()
}

/// `08/04/2013` and `0752A`.
fn new_york_time(date: &str, time: &str) -> Option<DateTime> {
    let date = Date::strptime("%m/%d/%Y", date).ok()?;
    let (digits, half) = time.split_at_checked(4)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hour, minute): (i8, i8) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
    let noon = match half {
        "A" => 0,
        "P" => 12,
        _ => return None,
    };
    (hour <= 12 && minute <= 59).then(|| date.at(hour % 12 + noon, minute, 0, 0))
}

/// FIPS 180-4, so that nothing here leans on what is tested.
fn sha256_hex(message: &[u8]) -> String {
    let primes: Vec<u64> = (2..).filter(|n| (2..*n).all(|d| n % d != 0)).take(64).collect();
    // The first 32 bits of the fractional parts of roots, by whole numbers.
    let root = |n: u64, power: u32| {
        let wanted = u128::from(n) << (32 * power);
        let (mut low, mut high) = (0_u128, 1 << 40);
        while high - low > 1 {
            let middle = u128::midpoint(low, high);
            if middle.pow(power) <= wanted {
                low = middle;
            } else {
                high = middle;
            }
        }
        low as u32
    };
    let constants: Vec<u32> = primes.iter().map(|prime| root(*prime, 3)).collect();
    let mut state: Vec<u32> = primes[..8].iter().map(|prime| root(*prime, 2)).collect();
    let mut padded = message.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(64), 0);
    if padded.len() - message.len() < 9 {
        padded.resize(padded.len() + 64, 0);
    }
    let end = padded.len() - 8;
    padded[end..].copy_from_slice(&(message.len() as u64 * 8).to_be_bytes());
    for block in padded.chunks(64) {
        let mut words: Vec<u32> = block
            .chunks(4)
            .map(|it| u32::from_be_bytes(it.try_into().expect("four bytes")))
            .collect();
        for t in 16..64 {
            let (x, y) = (words[t - 15], words[t - 2]);
            let s0 = x.rotate_right(7) ^ x.rotate_right(18) ^ (x >> 3);
            let s1 = y.rotate_right(17) ^ y.rotate_right(19) ^ (y >> 10);
            words.push(
                words[t - 16]
                    .wrapping_add(s0)
                    .wrapping_add(words[t - 7])
                    .wrapping_add(s1),
            );
        }
        let mut now = state.clone();
        for (constant, word) in constants.iter().zip(&words) {
            let e = now[4];
            let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let choice = (e & now[5]) ^ (!e & now[6]);
            let one = [s1, choice, *constant, *word]
                .iter()
                .fold(now[7], |sum, it| sum.wrapping_add(*it));
            let a = now[0];
            let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            let majority = (a & now[1]) ^ (a & now[2]) ^ (now[1] & now[2]);
            now.rotate_right(1);
            now[4] = now[4].wrapping_add(one);
            now[0] = one.wrapping_add(s0).wrapping_add(majority);
        }
        for (into, from) in state.iter_mut().zip(&now) {
            *into = into.wrapping_add(*from);
        }
    }
    let mut text = String::new();
    for word in state {
        write!(text, "{word:08x}").expect("writing to a String cannot fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(expected: &Expected) -> [usize; 7] {
        let Expected {
            calendar_year: year,
            rolling_365_days: rolling,
            ..
        } = expected;
        let sums = [expected.read, expected.filtered, expected.kept].map(|it| it as usize);
        let outcomes =
            [&year.waived, &year.penalised, &rolling.waived, &rolling.penalised].map(BTreeSet::len);
        [
            sums[0],
            sums[1],
            sums[2],
            outcomes[0],
            outcomes[1],
            outcomes[2],
            outcomes[3],
        ]
    }

    /// A real file, or a word on why nothing was checked.
    fn real(file: &str) -> Option<std::path::PathBuf> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../shared/data")
            .join(file);
        if !path.exists() {
            eprintln!(
                "NOT CHECKED: {} is absent; this test needs the real data beside the project",
                path.display()
            );
            return None;
        }
        Some(path)
    }

    #[test]
    fn the_hash_is_that_of_the_standard() {
        for (text, expected) in [
            (
                "",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            (
                "abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
            ),
        ] {
            assert_eq!(sha256_hex(text.as_bytes()), expected);
        }
    }

    #[test]
    fn the_answers_are_those_that_another_language_finds() {
        // read, filtered, kept, waived and penalised by calendar year, waived and penalised by 365 days.
        if let Some(path) = real("philadelphia-ppa-2013-vehicle-sample-part-a.csv.gz") {
            assert_eq!(
                counts(&philadelphia_2013(&path)),
                [13_084, 12_804, 280, 150, 130, 150, 130]
            );
        }
        if let Some(path) = real("philadelphia-unpaid-tickets-1991-2021-part-a.csv.gz") {
            assert_eq!(
                counts(&philadelphia_unpaid(&path)),
                [38_288, 36_595, 1_693, 706, 312, 660, 358]
            );
        }
        let years =
            ["2014", "2015", "2016"].map(|it| real(&format!("nyc-parking-violations-fy{it}-sample.csv.gz")));
        if let [Some(a), Some(b), Some(c)] = &years {
            let expected = new_york_fiscal_year(&[a, b, c]);
            assert_eq!(counts(&expected), [29_997, 29_717, 274, 269, 0, 269, 0]);
            let reasons = [("schema".to_owned(), 4), ("unidentified_vehicle".to_owned(), 2)];
            assert_eq!(expected.quarantined, BTreeMap::from(reasons));
        }
        if let Some(path) = real("bengaluru-police-parking-2023-11_2024-04-part-a.csv.gz") {
            assert_eq!(counts(&bengaluru(&path)), [5_111, 5_028, 83, 82, 1, 82, 1]);
        }
    }
}
