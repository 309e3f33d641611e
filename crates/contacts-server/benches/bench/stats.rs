//! Formats medians and ranges as text.

use std::time::Duration;

/// The median and the range of some numbers.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    /// The smallest number.
    pub(crate) least: f64,
    /// The median.
    pub(crate) median: f64,
    /// The largest number.
    pub(crate) most: f64,
}

impl Spread {
    /// Returns the spread of at least one number.
    pub(crate) fn of(figures: &[f64]) -> Self {
        let mut sorted = figures.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
        let half = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 {
            at(half)
        } else {
            f64::midpoint(at(half.saturating_sub(1)), at(half))
        };
        Self { least: at(0), median, most: at(sorted.len().saturating_sub(1)) }
    }

    /// Returns the spread of the ratios of paired numbers, ours to the limit.
    pub(crate) fn of_ratios(ours: &[f64], limits: &[f64]) -> Self {
        let ratios: Vec<_> = ours.iter().zip(limits).map(|(one, other)| one / other).collect();
        Self::of(&ratios)
    }

    /// Returns the median, with the range in brackets.
    pub(crate) fn show(&self, unit: &str) -> String {
        let Self { least, median, most } = *self;
        format!("{}{unit} ({} to {})", digits(median), digits(least), digits(most))
    }
}

/// Formats a number with three significant digits.
pub(crate) fn digits(figure: f64) -> String {
    match figure.abs() {
        0.0 => "0".to_owned(),
        size if size >= 100.0 => thousands(figure.round() as u64),
        size if size >= 10.0 => format!("{figure:.1}"),
        size if size >= 0.1 => format!("{figure:.2}"),
        _ => format!("{figure:.3}"),
    }
}

/// Formats a number with commas between its thousands.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns a percentile of durations, in milliseconds.
pub(crate) fn percentile(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    let place = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(place).map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0)
}
