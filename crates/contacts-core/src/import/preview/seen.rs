//! Finds the addresses that occur several times, in a constant amount of memory.

/// Number of hash values. Two addresses with the same hash value count as repeated: that costs
/// time, but the result stays correct.
const SLOTS: usize = 1 << 27;

/// Two bits for each hash value: whether it has occurred, and whether it has occurred again.
pub(super) struct OccurrenceBits {
    seen_once: Vec<u64>,
    again: Vec<u64>,
}

impl Default for OccurrenceBits {
    fn default() -> Self {
        // The operating system allocates zeroed pages only when they are written.
        Self { seen_once: vec![0; SLOTS / 64], again: vec![0; SLOTS / 64] }
    }
}

impl OccurrenceBits {
    pub(super) fn note(&mut self, hash: u64) {
        let (word, bit) = slot(hash);
        self.again[word] |= self.seen_once[word] & bit;
        self.seen_once[word] |= bit;
    }

    pub(super) fn is_repeated(&self, hash: u64) -> bool {
        let (word, bit) = slot(hash);
        self.again[word] & bit != 0
    }
}

fn slot(hash: u64) -> (usize, u64) {
    let slot = (hash % SLOTS as u64) as usize;
    (slot / 64, 1 << (slot % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_of_several_chunks_is_marked() {
        let mut seen = OccurrenceBits::default();
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
