//! The amount of long work that is done in one transaction.

use std::time::Duration;

/// Number of rows that are written in one transaction (R63).
///
/// A transaction locks the contacts that it changes, and somebody who edits one of them waits until
/// it ends. So rows are written in parts that take about [`ChunkPace::TARGET`], however slow the
/// store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkPace {
    rows: usize,
    max: usize,
}

impl ChunkPace {
    /// Duration that a part aims at.
    pub const TARGET: Duration = Duration::from_millis(250);
    /// Rows of the first part, whose duration is not known.
    pub const FIRST_ROWS: usize = 1_000;
    /// The fewest rows of a part. With fewer, an overloaded store would be busy with transactions
    /// alone.
    const MIN_ROWS: usize = 500;

    /// Begins with [`ChunkPace::FIRST_ROWS`]; a part never has more rows than `max`.
    pub fn new(max: usize) -> Self {
        Self { rows: Self::FIRST_ROWS.min(max), max }
    }

    /// Returns the number of rows of the next part. The parts of a chunk have similar sizes.
    pub fn next_part(self, left: usize) -> usize {
        left.div_ceil(left.div_ceil(self.rows).max(1))
    }

    /// Records how long a part took. `took` is zero for a part that locked no row that others edit.
    pub fn record(&mut self, rows: usize, took: Duration) {
        // A short last part is not representative.
        if rows * 2 < self.rows {
            return;
        }
        let took = took.as_micros().max(1);
        let next_rows = Self::TARGET.as_micros().saturating_mul(rows as u128) / took;
        let next_rows = usize::try_from(next_rows).unwrap_or(usize::MAX);
        let most = (self.rows * 2).min(self.max);
        self.rows = next_rows.clamp(Self::MIN_ROWS.min(most), most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn parts_of_a_fast_store_grow_to_the_whole_chunk() {
        let mut pace = ChunkPace::new(5_000);
        let mut parts = Vec::new();
        for _ in 0..5 {
            let part = pace.next_part(5_000);
            parts.push(part);
            pace.record(part, ms(10));
        }
        assert_eq!(parts, [1_000, 1_667, 2_500, 5_000, 5_000]);
    }

    #[test]
    fn parts_of_a_slow_store_take_as_long_as_they_aim_at() {
        let mut pace = ChunkPace::new(5_000);
        for _ in 0..3 {
            let part = pace.next_part(5_000);
            // A third of a millisecond a row.
            pace.record(part, ms(part as u64 / 3));
        }
        assert_eq!(pace.next_part(5_000), 715);
        assert_eq!(pace.next_part(7), 7);
        pace.record(715, Duration::from_secs(60));
        assert_eq!(pace.next_part(5_000), 500, "never fewer");
    }

    #[test]
    fn a_tail_says_nothing() {
        let mut pace = ChunkPace::new(5_000);
        pace.record(1, ms(50));
        assert_eq!(pace.next_part(1_000), 1_000);
    }

    #[test]
    fn few_rows_at_most_stay_few() {
        let mut pace = ChunkPace::new(2);
        pace.record(2, Duration::ZERO);
        assert_eq!((pace.next_part(5), pace.next_part(0)), (2, 0));
    }
}
