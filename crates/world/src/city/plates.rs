//! Chinese plates by GA 36: each vehicle has one, and no two have the same.

use super::throws::{Purpose, Throws, mix};

/// Where the plates of the city come from; the first is its own.
const AREAS: [&str; 20] = [
    "湘K", "湘A", "湘B", "湘C", "湘D", "湘E", "湘F", "湘G", "湘H", "湘J", "湘L", "湘M", "湘N", "粤B", "京N",
    "沪C", "鄂A", "赣C", "桂C", "浙A",
];
/// Letters of a serial: no I and no O.
const LETTERS: &[u8; 24] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Letters that tell a small new-energy vehicle.
const ENERGY: &[u8; 10] = b"DABCEFGHJK";
/// Serials of five digits, then those of four digits and one letter in one of five places.
const SERIALS: u32 = 100_000 + 5 * 24 * 10_000;

/// The most vehicles that can be told apart.
pub(super) const MOST: u32 = SERIALS * AREAS.len() as u32;

/// Which vehicle has which plate.
#[derive(Debug)]
pub(super) struct Plates {
    seed: u64,
    /// Has no divisor in common with `SERIALS`, so that multiplying by it meets every serial once.
    stride: u32,
    shift: u32,
}

/// A plate and its class; ordered as the text `NUMBER/CLASS` is, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Plate {
    /// `NUMBER/CLASS`, filled up with zeros.
    subject: [u8; 16],
    length: u8,
}

impl Plates {
    pub(super) fn new(seed: u64) -> Plates {
        let mut throws = Throws::new(seed, Purpose::Plates, 0);
        let shift = throws.below(SERIALS);
        let mut stride = SERIALS / 3 + throws.below(SERIALS / 3);
        while divisor(stride, SERIALS) != 1 {
            stride += 1;
        }
        Plates { seed, stride, shift }
    }

    pub(super) fn of(&self, vehicle: u32) -> Plate {
        let (round, place) = (vehicle / SERIALS, vehicle % SERIALS);
        let serial = (u64::from(place) * u64::from(self.stride) + u64::from(self.shift)) % u64::from(SERIALS);
        let chance = mix(self.seed ^ mix(u64::from(place)));
        let away = if chance % 10 < 7 {
            0
        } else {
            (chance >> 8) % 19 + 1
        };
        // Two vehicles of one serial are of different rounds, and so of different areas.
        let area = AREAS[(away as usize + round as usize) % AREAS.len()];
        let energy = (chance >> 32) % 10 < 3;
        Plate::new(area, serial as u32, energy)
    }
}

impl Plate {
    fn new(area: &str, serial: u32, energy: bool) -> Plate {
        let mut plate = Plate {
            subject: [0; 16],
            length: 0,
        };
        plate.push(area.as_bytes());
        let (digits, class) = if energy {
            plate.push(&[ENERGY[serial as usize % 10]]);
            let rest = serial / 10;
            let second = (rest / 10_000 * 2 + rest % 2) as usize;
            plate.push(&[if second < 10 {
                b'0' + second as u8
            } else {
                LETTERS[second - 10]
            }]);
            (rest % 10_000, "52")
        } else {
            (serial, "02")
        };
        if energy {
            plate.push(&last_digits::<4>(digits));
        } else if let Some(lettered) = digits.checked_sub(100_000) {
            let serial = last_digits::<4>(lettered % 10_000);
            let (before, after) = serial.split_at((lettered / 240_000) as usize);
            plate.push(before);
            plate.push(&[LETTERS[(lettered / 10_000 % 24) as usize]]);
            plate.push(after);
        } else {
            plate.push(&last_digits::<5>(digits));
        }
        plate.push(b"/");
        plate.push(class.as_bytes());
        plate
    }

    fn push(&mut self, bytes: &[u8]) {
        let start = usize::from(self.length);
        self.subject[start..start + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len() as u8;
    }

    /// `NUMBER/CLASS`.
    pub(super) fn subject(&self) -> &str {
        std::str::from_utf8(&self.subject[..usize::from(self.length)]).expect("made of whole characters")
    }

    pub(super) fn number(&self) -> &str {
        &self.subject()[..usize::from(self.length) - 3]
    }

    pub(super) fn class(&self) -> &'static str {
        if self.is_energy() { "52" } else { "02" }
    }

    pub(super) fn color(&self) -> &'static str {
        if self.is_energy() { "green" } else { "blue" }
    }

    fn is_energy(&self) -> bool {
        self.subject[usize::from(self.length) - 2] == b'5'
    }
}

fn last_digits<const N: usize>(mut number: u32) -> [u8; N] {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit += (number % 10) as u8;
        number /= 10;
    }
    digits
}

/// The greatest common one.
fn divisor(left: u32, right: u32) -> u32 {
    if right == 0 {
        left
    } else {
        divisor(right, left % right)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn serials_begin_with_digits_and_go_on_with_one_letter() {
        let number = |serial, energy| Plate::new("湘K", serial, energy).subject().to_owned();
        assert_eq!(number(12_345, false), "湘K12345/02");
        assert_eq!(number(99_999, false), "湘K99999/02");
        assert_eq!(number(100_000, false), "湘KA0000/02");
        assert_eq!(number(SERIALS - 1, false), "湘K9999Z/02");
        assert_eq!(number(0, true), "湘KD00000/52");
        assert_eq!(number(SERIALS - 1, true), "湘KKR9999/52");
    }

    #[test]
    fn no_two_vehicles_share_a_plate() {
        let plates = Plates::new(8);
        let mut seen = HashSet::new();
        let samples = (0..200_000)
            .chain(SERIALS..SERIALS + 100_000)
            .chain(MOST - 50_000..MOST);
        for vehicle in samples {
            assert!(seen.insert(plates.of(vehicle).subject().to_owned()), "{vehicle}");
        }
    }

    #[test]
    fn every_serial_is_written_differently() {
        for energy in [false, true] {
            let seen: HashSet<_> = (0..SERIALS)
                .map(|serial| Plate::new("湘K", serial, energy).subject)
                .collect();
            assert_eq!(seen.len(), SERIALS as usize);
        }
    }

    #[test]
    fn plates_are_ordered_as_their_text() {
        let plates = Plates::new(1);
        let mut sorted: Vec<_> = (0..5_000).map(|vehicle| plates.of(vehicle)).collect();
        sorted.sort_unstable();
        assert!(sorted.is_sorted_by(|left, right| left.subject() < right.subject()));
    }
}
