use rstest::rstest;
use uuid::Uuid;

use super::*;
use crate::import::{DateOrder, DecimalMark};

/// Reads a row whose only column has a target and a reading, beside an address in the first column.
fn read(
    target: &str,
    kind: Option<FieldType>,
    reading: ColumnReading,
    cell: &str,
) -> (ImportRow, Vec<Warning>) {
    let columns = vec![Some(Target::Id), Target::parse(target)];
    let plan = Plan { columns, ..Plan::default() };
    let fields: Vec<Field> = kind.into_iter().map(field).collect();
    let reading = Reading { family_name_first: false, columns: vec![<_>::default(), reading] };
    let reader = RowReader::new(&plan, &fields, None).with_reading(&reading);
    let cells = vec![Uuid::nil().to_string(), cell.to_owned()];
    let (row, warnings) = reader.read(Row { line: 2, cells: Ok(cells) });
    (row.unwrap(), warnings)
}

fn field(kind: FieldType) -> Field {
    Field::new("value", "Value", kind, 0).unwrap()
}

/// Reads a cell of a custom field.
fn value(kind: FieldType, reading: ColumnReading, cell: &str) -> Option<String> {
    let (row, _) = read("custom:value", Some(kind), reading, cell);
    row.custom.into_values().next().map(|value| value.to_string())
}

#[rstest]
#[case("name", "N/A")]
#[case("phone", "-")]
#[case("phone", "#N/A")]
#[case("tags", "none")]
#[case("email", "null")]
fn a_placeholder_is_a_blank(#[case] target: &str, #[case] cell: &str) {
    let (row, warnings) = read(target, None, ColumnReading::default(), cell);
    let id = Some(ContactId(Uuid::nil()));
    assert_eq!((row, warnings), (ImportRow { id, ..ImportRow::default() }, Vec::new()));
}

#[test]
fn a_placeholder_that_is_an_option_of_its_field_is_a_value() {
    let kind = || FieldType::Select(vec!["None".to_owned(), "Some".to_owned()]);
    assert_eq!(value(kind(), ColumnReading::default(), "None").as_deref(), Some("None"));
    assert_eq!(value(kind(), ColumnReading::default(), "N/A"), None);
}

#[test]
fn a_phone_number_in_exponent_form_is_lost_with_a_warning() {
    let (row, warnings) = read("phone", None, ColumnReading::default(), "4.91512E+12");
    assert_eq!((row.phone, warnings.len()), (None, 1));
    assert!(warnings[0].reason.contains("digits are lost"));
}

#[test]
fn of_several_addresses_in_a_cell_the_first_is_primary() {
    let cell = "Ann <ann@example.org>; bo@example.org, ANN@example.org / cy@example.org";
    let (row, warnings) = read("email", None, ColumnReading::default(), cell);
    let emails: Vec<_> = row.emails().map(EmailAddress::as_str).collect();
    assert_eq!(emails, ["ann@example.org", "bo@example.org", "cy@example.org"]);
    assert_eq!(warnings, []);
    let (row, warnings) = read("email", None, ColumnReading::default(), "a@x.org; b@x; c@x.org");
    assert_eq!((row.emails().count(), warnings.len()), (2, 1));
    let (row, warnings) = read("other_emails", None, ColumnReading::default(), "b@x");
    assert_eq!((row.emails().count(), warnings.len()), (0, 1));
}

#[test]
fn addresses_in_several_columns_are_further_addresses() {
    let targets = ["other_emails", "email", "email", "name"];
    let columns = targets.map(Target::parse).to_vec();
    let reader = RowReader::new(&Plan { columns, ..Plan::default() }, &[], None);
    let read = |cells: [&str; 4]| {
        let cells = Ok(cells.map(str::to_owned).to_vec());
        let (row, warnings) = reader.read(Row { line: 2, cells });
        let row = row.unwrap();
        let emails: Vec<_> = row.emails().map(|email| email.as_str().to_owned()).collect();
        (emails.join(" "), warnings.len())
    };
    assert_eq!(
        read(["c@x.org", "a@x.org", "b@x.org", "Ann"]),
        ("a@x.org c@x.org b@x.org".into(), 0)
    );
    assert_eq!(read(["", "", "b@x.org", "Ann"]), ("b@x.org".into(), 0));
    assert_eq!(read(["b@x.org", "", "", "Ann"]), ("b@x.org".into(), 0));
    assert_eq!(read(["", "a@x.org", "none at all", "Ann"]), ("a@x.org".into(), 1));
    let many: Vec<_> = (0..25).map(|at| format!("n{at}@x.org")).collect();
    let (emails, warnings) = read([&many.join(";"), "a@x.org", "", "Ann"]);
    assert_eq!((emails.split(' ').count(), warnings), (Contact::MAX_ADDRESSES, 1));
}

#[rstest]
#[case("Lee, Ann", true, "Ann Lee")]
#[case("Lee, Ann", false, "Lee, Ann")]
#[case("Acme, Inc.", true, "Acme, Inc.")]
fn names_are_turned_where_the_column_is_inverted(
    #[case] cell: &str,
    #[case] is_inverted: bool,
    #[case] name: &str,
) {
    let reading = ColumnReading { is_inverted, ..ColumnReading::default() };
    let (row, _) = read("name", None, reading, cell);
    assert_eq!(row.name.unwrap().as_str(), name);
}

#[rstest]
#[case(true, "Tess O'Neil")]
#[case(false, "Tess O&#039;Neil")]
fn entities_are_read_where_the_column_has_them(#[case] has_entities: bool, #[case] name: &str) {
    let reading = ColumnReading { has_entities, ..ColumnReading::default() };
    let (row, _) = read("name", None, reading, "Tess O&#039;Neil");
    assert_eq!(row.name.unwrap().as_str(), name);
}

#[rstest]
#[case("31.12.1999", None, Some("1999-12-31"))]
#[case("1999-12-31 00:00", None, Some("1999-12-31"))]
#[case("03/04/2026", None, None)]
#[case("03/04/2026", Some(DateOrder::DayFirst), Some("2026-04-03"))]
#[case("03/04/2026", Some(DateOrder::MonthFirst), Some("2026-03-04"))]
#[case("31.02.2026", None, None)]
fn a_date_is_read_as_its_column_shows(
    #[case] cell: &str,
    #[case] date_order: Option<DateOrder>,
    #[case] day: Option<&str>,
) {
    let reading = ColumnReading { date_order, ..ColumnReading::default() };
    assert_eq!(value(FieldType::Date, reading, cell).as_deref(), day);
}

#[rstest]
#[case("1.234,56", None, Some("1234.56"))]
#[case("1.234", None, Some("1.234"))]
#[case("1.234", Some(DecimalMark::Comma), Some("1234"))]
#[case("1.234", Some(DecimalMark::Mixed), None)]
#[case("1,5", Some(DecimalMark::Mixed), Some("1.5"))]
#[case("1e3", None, Some("1000"))]
fn a_number_is_read_as_its_column_shows(
    #[case] cell: &str,
    #[case] decimal_mark: Option<DecimalMark>,
    #[case] number: Option<&str>,
) {
    let reading = ColumnReading { decimal_mark, ..ColumnReading::default() };
    assert_eq!(value(FieldType::Number, reading, cell).as_deref(), number);
}

#[rstest]
#[case(&["", "bo@example.org"], "bo@example.org")]
#[case(&["ann@example.org", "bo@example.org"], "ann@example.org")]
#[case(&["nobody", "bo@example.org"], "bo@example.org")]
fn of_several_columns_of_addresses_the_first_that_is_filled_is_read(
    #[case] cells: &[&str],
    #[case] expected: &str,
) {
    let columns = vec![Some(Target::Email); cells.len()];
    let plan = Plan { columns, ..Plan::default() };
    let cells = cells.iter().map(|&cell| cell.to_owned()).collect();
    let (row, _) = RowReader::new(&plan, &[], None).read(Row { line: 2, cells: Ok(cells) });
    assert_eq!(row.unwrap().email.unwrap().as_str(), expected);
}

#[rstest]
#[case(false, "Hương Thị Nguyễn")]
#[case(true, "Nguyễn Thị Hương")]
fn the_parts_of_a_name_are_joined_in_the_order_of_the_header(
    #[case] family_name_first: bool,
    #[case] name: &str,
) {
    let targets = ["email", "last_name", "middle_name", "first_name"];
    let columns = targets.into_iter().map(Target::parse).collect();
    let plan = Plan { columns, ..Plan::default() };
    let reading = Reading { family_name_first, columns: Vec::new() };
    let reader = RowReader::new(&plan, &[], None).with_reading(&reading);
    let cells = ["huong@example.org", "Nguyễn", "Thị", "Hương"].map(str::to_owned).into();
    let (row, _) = reader.read(Row { line: 2, cells: Ok(cells) });
    assert_eq!(row.unwrap().name.unwrap().as_str(), name);
}

#[rstest]
#[case(DateOrder::DayFirst, "2026-04-03")]
#[case(DateOrder::MonthFirst, "2026-03-04")]
fn a_chosen_order_of_dates_takes_the_place_of_the_one_shown(
    #[case] order: DateOrder,
    #[case] day: &str,
) {
    let shown = ColumnReading { date_order: Some(DateOrder::DayFirst), ..Default::default() };
    let chosen = ColumnFormat { column: 1, date_order: Some(order), decimal_mark: None };
    assert_eq!(value_by(FieldType::Date, shown, chosen, "03/04/2026").as_deref(), Some(day));
    let only = value_by(FieldType::Date, shown, chosen, "31/12/2026");
    assert_eq!(only.as_deref(), Some("2026-12-31"), "it has one reading");
}

#[rstest]
#[case(DecimalMark::Comma, "1.234", "1234")]
#[case(DecimalMark::Point, "1.234", "1.234")]
#[case(DecimalMark::Point, "1,5", "1.5")]
fn a_chosen_decimal_mark_takes_the_place_of_the_one_shown(
    #[case] mark: DecimalMark,
    #[case] cell: &str,
    #[case] number: &str,
) {
    let shown = ColumnReading { decimal_mark: Some(DecimalMark::Mixed), ..Default::default() };
    let chosen = ColumnFormat { column: 1, date_order: None, decimal_mark: Some(mark) };
    assert_eq!(value_by(FieldType::Number, shown, chosen, cell).as_deref(), Some(number));
}

/// Returns the value that a cell has for a custom field, by what its column shows and the format that
/// a user chose.
fn value_by(
    kind: FieldType,
    shown: ColumnReading,
    chosen: ColumnFormat,
    cell: &str,
) -> Option<String> {
    let columns = vec![Some(Target::Id), Target::parse("custom:value")];
    let plan = Plan { columns, formats: vec![chosen], ..Plan::default() };
    let reading = Reading { family_name_first: false, columns: vec![<_>::default(), shown] };
    let reader = RowReader::new(&plan, &[field(kind)], None).with_reading(&reading);
    let cells = vec![Uuid::nil().to_string(), cell.to_owned()];
    let row = reader.read(Row { line: 2, cells: Ok(cells) }).0.unwrap();
    row.custom.into_values().next().map(|value| value.to_string())
}
