//! Reading ahead: one chunk is read while another is taken.

use std::sync::mpsc;
use std::thread;

/// Runs the items' own work on a thread beside, one item ahead.
pub(crate) fn prefetch<T: Send, R>(
    items: impl Iterator<Item = T> + Send,
    take: impl FnOnce(&mut dyn Iterator<Item = T>) -> R,
) -> R {
    thread::scope(|scope| {
        let (ahead, behind) = mpsc::sync_channel(0);
        scope.spawn(move || {
            for item in items {
                // Whoever took them has had enough.
                if ahead.send(item).is_err() {
                    return;
                }
            }
        });
        // Moved in, so that it is gone, and the reader stops, before the scope waits for it.
        let mut behind = behind.into_iter();
        let taken = take(&mut behind);
        drop(behind);
        taken
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_comes_in_order() {
        assert_eq!(prefetch(0..100, |items| items.sum::<i32>()), 4950);
    }

    #[test]
    fn a_reader_stops_when_nobody_takes_more() {
        assert_eq!(prefetch(0.., |items| items.take(3).collect::<Vec<i32>>()), [0, 1, 2]);
    }
}
