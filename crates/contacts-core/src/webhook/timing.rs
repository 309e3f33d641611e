//! Pauses between attempts to deliver a message.

use std::time::Duration;

use uuid::Uuid;

const SECOND: u64 = 1;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// Pauses between attempts, in seconds: nine attempts within about a day.
const PAUSES: [u64; 8] =
    [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR, 3 * HOUR, 8 * HOUR, 12 * HOUR];

/// Returns the pause after `attempts` failed attempts of a delivery, with a jitter of up to a
/// fifth; `None` after the last attempt.
pub fn retry_after(attempts: u32, delivery: Uuid) -> Option<Duration> {
    let at = usize::try_from(attempts.checked_sub(1)?).ok()?;
    let pause = Duration::from_secs(*PAUSES.get(at)?);
    let jitter = u32::try_from(delivery.as_u128() % 21).unwrap_or_default();
    Some(pause + pause * jitter / 100)
}

/// Returns the pause of a webhook after `failures` consecutive failed attempts. A webhook that does
/// not answer then costs one attempt every few minutes, not one for each event.
pub fn pause_after(failures: u32) -> Duration {
    Duration::from_secs(match failures {
        0 => 0,
        1 => 5 * SECOND,
        2 => 30 * SECOND,
        3 => 2 * MINUTE,
        _ => 5 * MINUTE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_make_about_a_day() {
        let pauses: Vec<_> = (1..).map_while(|n| retry_after(n, Uuid::nil())).collect();
        assert_eq!(pauses.len(), 8);
        assert!(pauses.is_sorted());
        let hours = pauses.iter().sum::<Duration>().as_secs() / HOUR;
        assert_eq!(hours, 24);
        assert_eq!(retry_after(9, Uuid::nil()), None);
    }

    #[test]
    fn retries_of_deliveries_are_spread() {
        let pauses: std::collections::BTreeSet<_> =
            (0..100).map(|n| retry_after(1, Uuid::from_u128(n)).unwrap()).collect();
        assert!(pauses.len() > 10);
        let bounds = Duration::from_secs(5)..=Duration::from_secs(6);
        assert!(pauses.iter().all(|pause| bounds.contains(pause)));
    }
}
