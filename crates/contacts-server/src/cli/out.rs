//! Output for people and programs.

use std::fmt::Display;
use std::io::{self, Write};

use crate::report::{Done, Failure};

/// Writes a line to standard output.
pub(super) fn print_line(line: impl Display) -> Done {
    writeln!(io::stdout().lock(), "{line}").map_err(|error| Failure::output(&error))
}

/// Writes a line for people to standard error, so that programs can read standard output.
pub(super) fn remark(line: impl Display) {
    // There is no other place to report that standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Reports a failure on standard error.
pub(super) fn print_warning(sentence: &str) {
    remark(format_args!("contacts: {sentence}"));
}

/// A number with commas between its thousands.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with the singular or plural of what it counts.
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        let grouped: Vec<_> = [0, 999, 1_000, 1_234_567].map(grouped).into();
        assert_eq!(grouped, ["0", "999", "1,000", "1,234,567"]);
    }
}
