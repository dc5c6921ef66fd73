//! Numbers that look random and are the same in every run.

/// `SplitMix64`: small, quick, and a good stream from any seed.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The dice of one run: a function of the seed, the target's name and the run's number alone.
    pub fn of_run(seed: u64, target: &str, run: u64) -> Self {
        let name = target.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut dice = Self(seed ^ name.rotate_left(17) ^ run.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        // Neighbouring runs begin near each other; one throw takes them apart.
        dice.0 = dice.roll();
        dice
    }

    /// The next 64 bits.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `sides`; 0 where there are none.
    pub fn below(&mut self, sides: usize) -> usize {
        if sides == 0 {
            return 0;
        }
        ((u128::from(self.roll()) * sides as u128) >> 64) as usize
    }

    /// Whether something happens that happens once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of a list; none of an empty one.
    pub fn pick<'l, T>(&mut self, list: &'l [T]) -> Option<&'l T> {
        list.get(self.below(list.len()))
    }
}
