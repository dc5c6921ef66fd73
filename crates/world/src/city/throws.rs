//! Chance that can be asked again: the same seed, purpose and place give the same throws.
//!
//! Whole numbers only, so that every machine makes the same city.

/// What the throws are for; each purpose has a sequence of its own.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    /// How often a vehicle offends.
    Habit,
    /// One stay of a vehicle.
    Stay,
    /// The order of the plates of a city.
    Plates,
    /// The hash of a picture.
    Picture,
}

pub(super) struct Throws {
    state: u64,
}

/// Odd, and its bits look random: successive states differ in about half of their bits.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Throws {
    pub(super) fn new(seed: u64, purpose: Purpose, place: u64) -> Throws {
        let begin = mix(seed) ^ mix(place ^ ((purpose as u64) << 56));
        Throws { state: mix(begin) }
    }

    pub(super) fn next(&mut self) -> u64 {
        let thrown = mix(self.state);
        self.state = self.state.wrapping_add(STEP);
        thrown
    }

    /// From 0 to `limit`, that not included.
    pub(super) fn below(&mut self, limit: u32) -> u32 {
        // Uneven by limit / 2^32, which no test here can see.
        (((self.next() >> 32) * u64::from(limit)) >> 32) as u32
    }

    /// From `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    /// True `rate` times out of a thousand.
    pub(super) fn per_mille(&mut self, rate: u16) -> bool {
        self.below(1_000) < u32::from(rate)
    }
}

/// Scatters a number over all 64 bits; different numbers stay different.
pub(super) const fn mix(number: u64) -> u64 {
    // Without it 0 would stay 0.
    let number = number.wrapping_add(STEP);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throws_depend_on_seed_purpose_and_place_alone() {
        let first = |seed, purpose, place| Throws::new(seed, purpose, place).next();
        assert_eq!(first(1, Purpose::Stay, 5), first(1, Purpose::Stay, 5));
        assert_ne!(first(1, Purpose::Stay, 5), first(2, Purpose::Stay, 5));
        assert_ne!(first(1, Purpose::Stay, 5), first(1, Purpose::Stay, 6));
        assert_ne!(first(1, Purpose::Stay, 5), first(1, Purpose::Habit, 5));
    }

    #[test]
    fn throws_are_even_and_within_their_limits() {
        let mut throws = Throws::new(3, Purpose::Stay, 0);
        let mut seen = [0; 6];
        for _ in 0..6_000 {
            seen[throws.between(0, 5) as usize] += 1;
        }
        assert!(seen.iter().all(|count| (880..1_120).contains(count)), "{seen:?}");
        assert!(!(0..1_000).any(|_| throws.per_mille(0)));
        assert!((0..1_000).all(|_| throws.per_mille(1_000)));
    }
}
