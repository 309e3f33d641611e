//! Cells that programs and people fill in when there is no value (R57).

/// Placeholders as they are written. A capitalised `Null` may be a surname.
const PLACEHOLDERS: [&str; 34] = [
    "-",
    "--",
    "---",
    "–",
    "—",
    "?",
    "??",
    "???",
    ".",
    "/",
    "N/A",
    "n/a",
    "N/a",
    "#N/A",
    "#n/a",
    "#N/A!",
    "#NV",
    "#NAME?",
    "#REF!",
    "#VALUE!",
    "#DIV/0!",
    "#NUM!",
    "#NULL!",
    "null",
    "NULL",
    "(null)",
    "<null>",
    "\\N",
    "none",
    "None",
    "NONE",
    "NaN",
    "nan",
    "undefined",
];

/// Returns whether a trimmed cell stands for a blank.
pub(super) fn is_placeholder(cell: &str) -> bool {
    cell.len() <= 9 && PLACEHOLDERS.contains(&cell)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("N/A", true)]
    #[case("-", true)]
    #[case("#N/A", true)]
    #[case("null", true)]
    #[case("None", true)]
    #[case("?", true)]
    #[case("Null", false)]
    #[case("NA", false)]
    #[case("0", false)]
    #[case("Nonet", false)]
    fn placeholders_are_told_from_values(#[case] cell: &str, #[case] expected: bool) {
        assert_eq!(is_placeholder(cell), expected);
    }
}
