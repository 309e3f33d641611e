//! Phone numbers in cells.

use super::quoted::{is_enclosed, quote, unquote};

/// The separator that some exports put between several numbers in one cell.
const SEVERAL: &str = " ::: ";

/// Returns the cell for a phone number, which reads back as the same number.
pub(crate) fn phone_cell(phone: &str) -> String {
    if !phone.contains(SEVERAL) && !is_enclosed(phone) {
        return phone.to_owned();
    }
    let mut cell = String::with_capacity(phone.len() + 2);
    quote(phone, &mut cell);
    cell
}

/// Returns the number in a cell: the first of several, or the whole text between quotation marks.
pub(super) fn phone_of_cell(cell: &str) -> String {
    unquote(cell).unwrap_or_else(|| first_of_several(cell).to_owned())
}

/// Returns the first number of a cell, which is the main one.
pub(super) fn first_of_several(cell: &str) -> &str {
    cell.split(SEVERAL).next().unwrap_or_default()
}

/// Returns whether a cell is a number in exponent form, such as `4.91512E+12`, in which spreadsheet
/// programs write long numbers: most of the digits are lost.
pub(super) fn is_exponent(cell: &str) -> bool {
    let Some((mantissa, exponent)) = cell.split_once(['E', 'e']) else { return false };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    let whole = whole.strip_prefix(['-', '+']).unwrap_or(whole);
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    is_digits(whole) && is_digits(fraction) && is_digits(exponent)
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
    #[case("4.91512E+12", true)]
    #[case("4,91512E+12", true)]
    #[case("5e11", true)]
    #[case("E12", false)]
    #[case("030 901820", false)]
    #[case("ext", false)]
    fn numbers_in_exponent_form_are_recognised(#[case] cell: &str, #[case] expected: bool) {
        assert_eq!(is_exponent(cell), expected);
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
