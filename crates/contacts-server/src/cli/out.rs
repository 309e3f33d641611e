//! Writing to the terminal.

use std::fmt::Display;
use std::io::{self, Write};

use crate::report::{Done, Failure};

/// Writes a line on standard output.
pub(super) fn say(line: impl Display) -> Done {
    writeln!(io::stdout().lock(), "{line}").map_err(|error| Failure::output(&error))
}

/// Writes a line on standard error, for people beside what programs read.
pub(super) fn remark(line: impl Display) {
    // Nobody is left to be told that it failed.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Says what went wrong.
pub(super) fn complain(sentence: &str) {
    remark(format_args!("contacts: {sentence}"));
}

/// A number with its thousands apart.
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

/// A number of things.
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let grouped: Vec<_> = [0, 999, 1_000, 1_234_567].map(grouped).into();
        assert_eq!(grouped, ["0", "999", "1,000", "1,234,567"]);
    }
}
