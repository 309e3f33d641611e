//! Reads ahead: the next chunk is read while the current one is written.

use std::sync::mpsc;
use std::{iter, panic, thread};

/// Runs the iterator on another thread, one item ahead of `take`. A panic of the iterator is resumed on
/// this thread.
pub(crate) fn prefetch<T: Send, R>(
    items: impl Iterator<Item = T> + Send,
    take: impl FnOnce(&mut dyn Iterator<Item = T>) -> R,
) -> R {
    thread::scope(|scope| {
        let (ahead, waiting) = mpsc::sync_channel(0);
        let reader = scope.spawn(move || {
            for item in items {
                // `take` returned before the last item.
                if ahead.send(item).is_err() {
                    return;
                }
            }
        });
        let mut reader = Some(reader);
        // The receiver is moved in and dropped with `waiting`, so that the reader stops before the
        // scope waits for it.
        let mut waiting = iter::from_fn(move || {
            waiting.recv().ok().or_else(|| {
                // The items end on a panic, too. Without this check, an import would be done without
                // its remaining rows.
                if let Some(Err(payload)) = reader.take().map(thread::ScopedJoinHandle::join) {
                    panic::resume_unwind(payload);
                }
                None
            })
        });
        let chunk = take(&mut waiting);
        drop(waiting);
        chunk
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_listed_in_order() {
        assert_eq!(prefetch(0..100, |items| items.sum::<i32>()), 4950);
    }

    #[test]
    fn a_reader_stops_when_no_more_items_are_taken() {
        assert_eq!(prefetch(0.., |items| items.take(3).collect::<Vec<i32>>()), [0, 1, 2]);
    }

    #[test]
    #[should_panic(expected = "the third cannot be read")]
    fn a_panic_is_not_the_end_of_the_items() {
        let items = (1..).inspect(|item| assert!(*item < 3, "the third cannot be read"));
        prefetch(items, |items| items.count());
    }
}
