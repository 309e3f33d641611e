use rstest::rstest;

use super::*;

fn survey(header: &[&str], rows: &[&[&str]]) -> (Reading, Vec<Finding>) {
    let header: Vec<String> = header.iter().map(|&name| name.to_owned()).collect();
    let mut survey = Survey::new(&header, &[]);
    for (line, cells) in (2..).zip(rows) {
        let cells = Ok(cells.iter().map(|&cell| cell.to_owned()).collect());
        survey.add(&Row { line, cells });
    }
    survey.finish()
}

/// Surveys one column; the second one differs from row to row.
fn column(cells: &[&str]) -> (ColumnReading, Vec<FindingKind>) {
    let numbers: Vec<String> = (0..cells.len()).map(|at| format!("n{at}")).collect();
    let rows: Vec<[&str; 2]> = cells.iter().zip(&numbers).map(|(a, b)| [*a, b.as_str()]).collect();
    let rows: Vec<&[&str]> = rows.iter().map(|row| row.as_slice()).collect();
    let (reading, findings) = survey(&["a", "b"], &rows);
    (reading.columns[0], findings.into_iter().map(|finding| finding.kind).collect())
}

#[rstest]
#[case(&["31/12/1999", "03/04/2026"], Some(DateOrder::DayFirst), &[])]
#[case(&["12/31/1999", "03/04/2026"], Some(DateOrder::MonthFirst), &[])]
#[case(&["03/04/2026", "05/06/2026"], None, &[FindingKind::AmbiguousDate])]
#[case(&["31/12/1999", "12/31/1999", "03/04/2026"], None, &[FindingKind::AmbiguousDate])]
#[case(&["31.12.1999", "1999/12/31"], None, &[])]
fn one_date_shows_the_order_of_its_column(
    #[case] cells: &[&str],
    #[case] order: Option<DateOrder>,
    #[case] findings: &[FindingKind],
) {
    let (reading, found) = column(cells);
    assert_eq!((reading.date_order, found.as_slice()), (order, findings));
}

#[rstest]
#[case(&["1,5", "1.234"], Some(DecimalMark::Comma), &[])]
#[case(&["1.5", "1,234"], Some(DecimalMark::Point), &[])]
#[case(&["1.234", "2.345"], None, &[FindingKind::AmbiguousNumber])]
#[case(&["1,5", "1.5", "1.234"], Some(DecimalMark::Mixed), &[FindingKind::AmbiguousNumber])]
#[case(&["12", "13"], None, &[])]
fn one_number_shows_the_decimal_mark_of_its_column(
    #[case] cells: &[&str],
    #[case] mark: Option<DecimalMark>,
    #[case] findings: &[FindingKind],
) {
    let (reading, found) = column(cells);
    assert_eq!((reading.decimal_mark, found.as_slice()), (mark, findings));
}

#[rstest]
#[case(&["Lee, Ann", "Ro, Bo", "Cy"], true)]
#[case(&["Lee, Ann", "Bo Ro", "Cy Fa"], false)]
#[case(&["Acme, Inc.", "Bo Ro"], false)]
fn names_are_turned_where_half_of_the_column_is_inverted(
    #[case] cells: &[&str],
    #[case] is_inverted: bool,
) {
    assert_eq!(column(cells).0.is_inverted, is_inverted);
}

#[rstest]
#[case(&["JÃ¼rgen", "Ann"], &[FindingKind::GarbledText])]
#[case(&["J\u{fffd}rgen", "Ann"], &[FindingKind::DamagedText])]
#[case(&["4.91512E+12", "030"], &[FindingKind::Exponent])]
#[case(&["rep@example.org", "REP@example.org"], &[FindingKind::OneValue])]
#[case(&["rep@example.org", ""], &[])]
fn what_a_user_should_know_is_found(#[case] cells: &[&str], #[case] findings: &[FindingKind]) {
    assert_eq!(column(cells).1, findings);
}

#[test]
fn a_finding_counts_its_rows_and_shows_the_first() {
    let (_, findings) = survey(&["a"], &[&["x"], &["y", "", "Berlin"], &["z", "Köln"]]);
    let expected = Finding {
        kind: FindingKind::LongRow,
        column: None,
        rows: 2,
        line: 3,
        example: "Berlin".to_owned(),
    };
    assert_eq!(findings, [expected]);
}

#[rstest]
#[case(&["name", "e-mail"], &["Name", "E-Mail"], true)]
#[case(&["name", "e-mail"], &["Firma", "Telefon", "E-Mail-Adresse"], true)]
#[case(&["name", "e-mail"], &["Mail Smith", ""], false)]
#[case(&["name", "note"], &["Ann Lee", "sent her an email"], false)]
#[case(&["name", "e-mail"], &["Email Support", "help@example.org"], false)]
fn the_header_of_a_second_table_is_found(
    #[case] header: &[&str],
    #[case] row: &[&str],
    #[case] is_found: bool,
) {
    let (_, findings) = survey(header, &[&["Ann Lee", "ann@example.org"], row]);
    let found = findings.iter().find(|finding| finding.kind == FindingKind::HeaderRow);
    let (line, example) = (3, row.join(", "));
    assert_eq!(
        found.map(|found| (found.line, &found.example)),
        is_found.then_some((line, &example))
    );
}

#[test]
fn the_values_of_our_own_export_are_taken_as_they_stand() {
    let header = ["id", "name", "email", "phone", "tags", "source", "created_at", "updated_at"];
    let (reading, _) = survey(&header, &[&["", "Lee, Ann &amp; Co", "a@example.org"]]);
    assert_eq!(reading.columns[1], ColumnReading::default());
    let (reading, _) = survey(&["name", "e-mail"], &[&["Ann &amp; Co", "a@example.org"]]);
    assert!(reading.columns[0].has_entities);
}
