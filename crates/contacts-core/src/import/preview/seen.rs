//! Which addresses occur several times, in memory that does not grow with them.

/// How many addresses are told apart. Two that fall together are taken for repeated, which costs
/// time and is no error.
const PLACES: usize = 1 << 27;

/// A bit for what has occurred, and another for what has occurred again.
pub(super) struct Seen {
    once: Vec<u64>,
    again: Vec<u64>,
}

impl Default for Seen {
    fn default() -> Self {
        // Pages of zeros that are not written to take no memory.
        Self { once: vec![0; PLACES / 64], again: vec![0; PLACES / 64] }
    }
}

impl Seen {
    pub(super) fn note(&mut self, hash: u64) {
        let (word, bit) = place(hash);
        self.again[word] |= self.once[word] & bit;
        self.once[word] |= bit;
    }

    pub(super) fn is_repeated(&self, hash: u64) -> bool {
        let (word, bit) = place(hash);
        self.again[word] & bit != 0
    }
}

fn place(hash: u64) -> (usize, u64) {
    let place = (hash % PLACES as u64) as usize;
    (place / 64, 1 << (place % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_twice_is_repeated() {
        let mut seen = Seen::default();
        for hash in [1, 2, 1, 64, u64::MAX, u64::MAX] {
            seen.note(hash);
        }
        let repeated: Vec<_> = [0, 1, 2, 64, 65, u64::MAX]
            .into_iter()
            .filter(|hash| seen.is_repeated(*hash))
            .collect();
        assert_eq!(repeated, [1, u64::MAX]);
    }
}
