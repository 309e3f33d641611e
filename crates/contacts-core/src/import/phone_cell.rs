//! A phone number in a cell.

use super::quoted::{is_enclosed, quote, unquote};

/// Some exports put several numbers into one cell.
const SEVERAL: &str = " ::: ";

/// The cell that holds a number, whatever that is.
pub(crate) fn phone_cell(phone: &str) -> String {
    if !phone.contains(SEVERAL) && !is_enclosed(phone) {
        return phone.to_owned();
    }
    let mut cell = String::with_capacity(phone.len() + 2);
    quote(phone, &mut cell);
    cell
}

/// The number in a cell: the first one of several, or all of it within quotation marks.
pub(super) fn phone_of_cell(cell: &str) -> String {
    unquote(cell).unwrap_or_else(|| first_of_several(cell).to_owned())
}

/// The first one is the main one.
pub(super) fn first_of_several(cell: &str) -> &str {
    cell.split(SEVERAL).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("+1 202 555 0101", "+1 202 555 0101")]
    #[case("+1 202 555 0101 ::: 030 901820", "+1 202 555 0101")]
    #[case("\"030\" or \"040\"", "\"030\" or \"040\"")]
    #[case("\"030 901820\"", "030 901820")]
    fn the_first_of_several_numbers_is_read(#[case] cell: &str, #[case] expected: &str) {
        assert_eq!(phone_of_cell(cell), expected);
    }

    #[rstest]
    #[case("+1 202 555 0101")]
    #[case("a ::: b")]
    #[case("\"x\"")]
    #[case("\"a\" ::: \"b\"")]
    #[case("\"\"")]
    #[case("\"")]
    #[case("\"\"\"")]
    #[case("\"a ::: b")]
    fn a_number_is_read_as_it_was_written(#[case] phone: &str) {
        assert_eq!(phone_of_cell(&phone_cell(phone)), phone);
    }
}
