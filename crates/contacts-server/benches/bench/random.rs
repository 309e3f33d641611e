//! Numbers that look random and are the same in every run.

/// The generator SplitMix64: small, good enough for names, and with another sequence for each seed.
pub(crate) struct Random(u64);

impl Random {
    /// Returns the numbers of a thing, such as person 7 of organisation 3.
    pub(crate) fn of(group: u64, thing: u64) -> Self {
        let mut random = Self(group.wrapping_mul(0xA076_1D64_78BD_642F) ^ thing);
        // Seeds that are close to each other must not yield similar numbers.
        Self(random.next())
    }

    /// Returns the next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below a bound.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// Returns true with a probability of `share` percent.
    pub(crate) fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    /// Returns one of the items, each with the same probability.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// Returns an index below a bound. Low indexes are much more likely.
    pub(crate) fn skewed(&mut self, bound: usize, steepness: i32) -> usize {
        let unit = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        ((unit.powi(steepness) * bound as f64) as usize).min(bound - 1)
    }
}
