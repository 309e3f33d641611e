//! Reading ahead: one chunk is read while another is taken.

use std::sync::mpsc;
use std::{iter, panic, thread};

/// Runs the items' own work on a thread beside, one item ahead. Its panic comes out here.
pub(crate) fn prefetch<T: Send, R>(
    items: impl Iterator<Item = T> + Send,
    take: impl FnOnce(&mut dyn Iterator<Item = T>) -> R,
) -> R {
    thread::scope(|scope| {
        let (ahead, behind) = mpsc::sync_channel(0);
        let reader = scope.spawn(move || {
            for item in items {
                // Whoever took them has had enough.
                if ahead.send(item).is_err() {
                    return;
                }
            }
        });
        let mut reader = Some(reader);
        // Moved in, so that it is gone, and the reader stops, before the scope waits for it.
        let mut behind = iter::from_fn(move || {
            behind.recv().ok().or_else(|| {
                // A panic ends the items, too, and must not be taken for their end: an import
                // would be done without the rest of its rows.
                if let Some(Err(payload)) = reader.take().map(thread::ScopedJoinHandle::join) {
                    panic::resume_unwind(payload);
                }
                None
            })
        });
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

    #[test]
    #[should_panic(expected = "the third cannot be read")]
    fn a_panic_is_not_the_end_of_the_items() {
        let items = (1..).inspect(|item| assert!(*item < 3, "the third cannot be read"));
        prefetch(items, |items| items.count());
    }
}
