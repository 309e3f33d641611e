//! What is read of ODS workbooks.

use contacts_core::import::{Format, Sheet};
use rstest::rstest;

use super::package::{ods, ods_row, ods_value, table};
use super::*;

#[rstest]
#[case::whole_number(r#"<table:table-cell office:value-type="float" office:value="493012345678"><text:p>4.93E+11</text:p></table:table-cell>"#, "493012345678")]
#[case::exponent(r#"<table:table-cell office:value-type="float" office:value="4.93012345678E11"><text:p>4.93E+11</text:p></table:table-cell>"#, "493012345678")]
#[case::percentage(r#"<table:table-cell office:value-type="percentage" office:value="0.25"><text:p>25.00%</text:p></table:table-cell>"#, "0.25")]
#[case::currency(r#"<table:table-cell office:value-type="currency" office:currency="EUR" office:value="9.5"><text:p>9,50 €</text:p></table:table-cell>"#, "9.5")]
#[case::zeros_in_front(r#"<table:table-cell office:value-type="float" office:value="1067"><text:p>01067</text:p></table:table-cell>"#, "01067")]
#[case::date(r#"<table:table-cell office:value-type="date" office:date-value="2026-11-28"><text:p>28.11.26</text:p></table:table-cell>"#, "2026-11-28")]
#[case::time_stamp(r#"<table:table-cell office:value-type="date" office:date-value="2026-11-28T09:30:00.5"><text:p>28.11.26</text:p></table:table-cell>"#, "2026-11-28T09:30:00")]
#[case::time(r#"<table:table-cell office:value-type="time" office:time-value="PT09H30M00S"><text:p>9:30</text:p></table:table-cell>"#, "09:30:00")]
#[case::duration(r#"<table:table-cell office:value-type="time" office:time-value="PT25H30M00.000S"><text:p>25:30</text:p></table:table-cell>"#, "25:30:00")]
#[case::yes(r#"<table:table-cell office:value-type="boolean" office:boolean-value="true"><text:p>WAHR</text:p></table:table-cell>"#, "true")]
#[case::formula(r#"<table:table-cell table:formula="of:=1+1" office:value-type="float" office:value="2"><text:p>2</text:p></table:table-cell>"#, "2")]
#[case::text(r#"<table:table-cell office:value-type="string"><text:p>Lee<text:s text:c="2"/>&amp; <text:span>Co</text:span></text:p><text:p>Berlin<text:tab/>x<text:line-break/>y</text:p></table:table-cell>"#, "Lee  & Co\nBerlin\tx\ny")]
#[case::text_in_the_attribute(
    r#"<table:table-cell office:value-type="string" office:string-value="a&lt;b"/>"#,
    "a<b"
)]
#[case::comment(r#"<table:table-cell office:value-type="string"><office:annotation><text:p>a note</text:p></office:annotation><text:p>value</text:p></table:table-cell>"#, "value")]
#[case::pronunciation(r#"<table:table-cell office:value-type="string"><text:p><text:ruby><text:ruby-base>課</text:ruby-base><text:ruby-text>カ</text:ruby-text></text:ruby></text:p></table:table-cell>"#, "課")]
#[case::indented(
    "<table:table-cell office:value-type=\"string\">\n  <text:p>value</text:p>\n </table:table-cell>",
    "value"
)]
fn a_cell_is_read_as_its_type_says(#[case] cell: &str, #[case] expected: &str) {
    assert_eq!(value(&ods_value(cell).packed()), expected);
}

#[rstest]
#[case::error(r#"<table:table-cell office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>"#)]
#[case::empty(r#"<table:table-cell table:number-columns-repeated="16382"/>"#)]
#[case::hidden_by_a_merged_cell(r#"<table:covered-table-cell office:value-type="string"><text:p>old</text:p></table:covered-table-cell>"#)]
fn a_cell_without_a_value_is_blank(#[case] cell: &str) {
    assert_eq!(rows(&ods_value(cell).packed()), [["Ann"]]);
}

#[test]
fn repeated_rows_and_cells_are_all_read() {
    let cells = r#"<table:table-row table:number-rows-repeated="2"><table:table-cell office:value-type="string" table:number-columns-repeated="2"><text:p>x</text:p></table:table-cell><table:table-cell/><table:table-cell office:value-type="string"><text:p>y</text:p></table:table-cell></table:table-row>"#;
    let blank = r#"<table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="1024"/></table:table-row>"#;
    let end = r#"<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>"#;
    let head = ods_row(&["Name", "Email", "Phone", "City"]);
    let grouped = format!("<table:table-row-group>{}</table:table-row-group>", ods_row(&["last"]));
    let file =
        ods("", &table("People", &[blank, &head, blank, cells, &grouped, end].concat())).packed();
    let layout = inspected(&file, None).unwrap().layout;
    assert_eq!(layout.header_line, 4);
    let twice = ["x", "x", "", "y"].map(str::to_owned).to_vec();
    assert_eq!(
        numbered(&file, &layout),
        [(8, twice.clone()), (9, twice), (10, vec!["last".to_owned()])]
    );
}

#[test]
fn hidden_sheets_are_last_and_tables_within_cells_are_none() {
    let style = r#"<style:style style:name="ta1" style:family="table"><style:table-properties table:display="true"/></style:style><style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>"#;
    let people = ods_row(&["Name", "Email"]) + &ods_row(&["Ann", "ann@example.org"]);
    let inner = format!(
        "<table:table-row><table:table-cell>{}</table:table-cell></table:table-row>",
        table("Inner", &people)
    );
    let shapes = format!(
        "<table:shapes><draw:frame>{}</draw:frame></table:shapes>",
        table("Chart", &people)
    );
    let lists =
        table("Lists", &people).replace("table:name=", r#"table:style-name="ta2" table:name="#);
    let tables = format!(
        "<table:tracked-changes>{}</table:tracked-changes>{lists}{}{}",
        table("Old", &people),
        table("Notes", &(shapes + &inner)),
        table("People", &people)
    );
    let file = ods(style, &tables).packed();
    let found = inspected(&file, None).unwrap();
    let sheets = [("Notes", false), ("People", false), ("Lists", true)];
    let sheets = sheets.map(|(name, is_hidden)| Sheet { name: name.to_owned(), is_hidden });
    assert_eq!(found.sheets, sheets);
    assert_eq!(found.layout.format, Format::Sheet("People".to_owned()));
    assert_eq!(rows(&file), [["Ann", "ann@example.org"]]);
}
