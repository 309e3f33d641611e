//! What is read of XLSX workbooks.

use contacts_core::import::{Format, Sheet, Unreadable};
use rstest::rstest;

use super::package::{Package, row, xlsx, xlsx_value};
use super::*;

const STYLES: &str = r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy hh:mm"/><numFmt numFmtId="165" formatCode="00000"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="49"/><xf numFmtId="10"/><xf numFmtId="20"/><xf numFmtId="46"/></cellXfs></styleSheet>"#;

const STRINGS: &str = r#"<sst><si><t>plain</t></si><si><r><rPr><b/></rPr><t>Rich </t></r><r><t xml:space="preserve">text</t></r></si><si><t>課きく</t><rPh sb="0" eb="1"><t>カ</t></rPh></si><si><t>a_x000D_b &amp; c</t></si><si/></sst>"#;

fn with_styles(package: Package) -> Vec<u8> {
    package.with("xl/styles.xml", STYLES).with("xl/sharedStrings.xml", STRINGS).packed()
}

#[rstest]
#[case::whole_number("<c><v>493012345678</v></c>", "493012345678")]
#[case::exponent("<c><v>4.93012345678E+11</v></c>", "493012345678")]
#[case::binary_noise("<c><v>0.30000000000000004</v></c>", "0.3")]
#[case::percentage(r#"<c s="5"><v>0.25</v></c>"#, "0.25")]
#[case::text_of_digits(r#"<c s="4" t="inlineStr"><is><t>00493012</t></is></c>"#, "00493012")]
#[case::number_formatted_as_text(r#"<c s="4"><v>493012</v></c>"#, "493012")]
#[case::zeros_in_front(r#"<c s="3"><v>1067</v></c>"#, "01067")]
#[case::date(r#"<c s="1"><v>46354</v></c>"#, "2026-11-28")]
#[case::time_stamp(r#"<c s="2"><v>46354.395833333336</v></c>"#, "2026-11-28T09:30:00")]
#[case::time(r#"<c s="6"><v>0.39583333333333331</v></c>"#, "09:30:00")]
#[case::duration(r#"<c s="7"><v>1.0625</v></c>"#, "25:30:00")]
#[case::iso_date(r#"<c t="d"><v>2026-11-28</v></c>"#, "2026-11-28")]
#[case::unknown_style(r#"<c s="99"><v>5</v></c>"#, "5")]
#[case::yes(r#"<c t="b"><v>1</v></c>"#, "true")]
#[case::no(r#"<c t="b"><v>0</v></c>"#, "false")]
#[case::formula(r#"<c><f>SUM(A1:A9)</f><v>7</v></c>"#, "7")]
#[case::text_formula(r#"<c t="str"><f>A1&amp;"x"</f><v>Lee &amp; Co</v></c>"#, "Lee & Co")]
#[case::shared(r#"<c t="s"><v>0</v></c>"#, "plain")]
#[case::rich(r#"<c t="s"><v>1</v></c>"#, "Rich text")]
#[case::pronunciation(r#"<c t="s"><v>2</v></c>"#, "課きく")]
#[case::escapes(r#"<c t="s"><v>3</v></c>"#, "a\rb & c")]
#[case::rich_inline(
    r#"<c t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r><rPh><t>x</t></rPh></is></c>"#,
    "ab"
)]
#[case::character_data(r#"<c t="str"><v><![CDATA[<b>&amp;]]></v></c>"#, "<b>&amp;")]
#[case::guarded_formula(r#"<c t="inlineStr"><is><t>'=1+1</t></is></c>"#, "=1+1")]
fn a_cell_is_read_as_its_format_says(#[case] cell: &str, #[case] expected: &str) {
    assert_eq!(value(&with_styles(xlsx_value(cell))), expected);
}

#[rstest]
#[case::error(r#"<c t="e"><v>#N/A</v></c>"#)]
#[case::empty("<c/>")]
#[case::style_only(r#"<c s="1"/>"#)]
#[case::empty_shared(r#"<c t="s"><v>4</v></c>"#)]
#[case::formula_without_value("<c><f>A1</f></c>")]
fn a_cell_without_a_value_is_blank(#[case] cell: &str) {
    assert_eq!(rows(&with_styles(xlsx_value(cell))), [["Ann"]]);
}

#[test]
fn days_may_count_from_1904() {
    let package = xlsx_value(r#"<c s="1"><v>44892</v></c>"#);
    let workbook = package.0.iter().find(|(name, _)| name == "xl/workbook.xml").unwrap().1.clone();
    let workbook = workbook.replace("<sheets>", r#"<workbookPr date1904="1"/><sheets>"#);
    assert_eq!(value(&with_styles(package.with("xl/workbook.xml", workbook))), "2026-11-28");
}

#[test]
fn cells_are_where_their_references_say_and_rows_keep_their_numbers() {
    let rows = r#"<row r="2"><c r="A2" t="str"><v>Report of today</v></c></row>
        <row r="4"><c r="A4" t="str"><v>Name</v></c><c r="B4" t="str"><v>Email</v></c><c r="C4" t="str"><v>Phone</v></c></row>
        <row r="5"/><row r="6"><c r="C6"><v>5</v></c><c r="A6" t="str"><v>Ann</v></c></row>
        <row r="9"><c r="B9" t="str"><v>b@example.org</v></c><c r="D9" t="str"><v> </v></c></row>
        <row><c/><c t="str"><v>next</v></c></row>"#;
    let file = xlsx(&[("People", "visible", rows)]).packed();
    let layout = inspected(&file, None).unwrap().layout;
    assert_eq!(
        (layout.header_line, &layout.header[..]),
        (4, &["Name", "Email", "Phone"].map(str::to_owned)[..])
    );
    let expected = [
        (6, vec!["Ann", "", "5"]),
        (9, vec!["", "b@example.org", "", " "]),
        (10, vec!["", "next"]),
    ];
    let expected =
        expected.map(|(line, cells)| (line, cells.into_iter().map(str::to_owned).collect()));
    assert_eq!(numbered(&file, &layout), expected);
}

#[test]
fn a_merged_cell_has_its_value_in_the_first_one_only() {
    let head = row(&["Name", "City", "Email"]);
    let merged = r#"<row r="2"><c r="A2" t="str"><v>Ann</v></c><c r="B2" s="1"/><c r="C2" t="str"><v>a@example.org</v></c></row>"#;
    let package = xlsx(&[("People", "visible", &(head + merged))]);
    assert_eq!(rows(&package.packed()), [["Ann", "", "a@example.org"]]);
}

#[test]
fn the_first_visible_sheet_with_a_table_is_suggested_and_others_can_be_chosen() {
    let people = row(&["Name", "Email"]) + &row(&["Ann", "ann@example.org"]);
    let more = row(&["Name", "Email"]) + &row(&["Bo", "bo@example.org"]);
    let file = xlsx(&[
        ("Lists", "hidden", &more),
        ("Secret", "veryHidden", &more),
        ("Empty", "visible", "<row/>"),
        ("No header", "visible", &row(&["1", "2"])),
        ("People &amp; more", "visible", &people),
        ("Other", "visible", &more),
    ])
    .packed();
    let found = inspected(&file, None).unwrap();
    let sheets = ["Empty", "No header", "People & more", "Other", "Lists", "Secret"];
    let sheet = |(at, name): (usize, &str)| Sheet { name: name.to_owned(), is_hidden: at > 3 };
    assert_eq!(found.sheets, sheets.into_iter().enumerate().map(sheet).collect::<Vec<_>>());
    assert_eq!(found.layout.format, Format::Sheet("People & more".to_owned()));
    for name in ["Other", "Lists"] {
        let found = inspected(&file, Some(name)).unwrap();
        assert_eq!(found.layout.format, Format::Sheet(name.to_owned()));
        assert_eq!(numbered(&file, &found.layout)[0].1, ["Bo", "bo@example.org"]);
    }
    assert_eq!(inspected(&file, Some("Empty")), Err(TableProblem::Empty));
    assert_eq!(inspected(&file, Some("No header")), Err(TableProblem::NoHeader));
    assert_eq!(inspected(&file, Some("none")), Err(TableProblem::NoSheet("none".to_owned())));
}

#[test]
fn a_sheet_without_rows_below_its_header_is_suggested_last() {
    let people = row(&["Name", "Email"]) + &row(&["Ann", "ann@example.org"]);
    let cover = row(&["Report of November"]);
    let sheets = [("Cover", "visible", cover.as_str()), ("People", "visible", &people)];
    let suggested = |sheets| inspected(&xlsx(sheets).packed(), None).unwrap().layout.format;
    assert_eq!(suggested(&sheets), Format::Sheet("People".to_owned()));
    assert_eq!(suggested(&sheets[..1]), Format::Sheet("Cover".to_owned()));
    let hidden = [sheets[0], ("People", "hidden", people.as_str())];
    assert_eq!(suggested(&hidden), Format::Sheet("Cover".to_owned()));
}

#[test]
fn a_hidden_sheet_is_suggested_only_where_no_visible_one_has_rows() {
    let people = row(&["Name", "Email"]) + &row(&["Ann", "ann@example.org"]);
    let file = xlsx(&[("Lists", "hidden", &people), ("Empty", "visible", "")]).packed();
    assert_eq!(inspected(&file, None).unwrap().layout.format, Format::Sheet("Lists".to_owned()));
    let data = row(&["1", "2"]);
    let file = xlsx(&[("Lists", "hidden", &people), ("Data", "visible", &data)]).packed();
    assert_eq!(problem(&file), TableProblem::NoHeader);
}

#[test]
fn only_the_first_sheets_are_examined_for_the_suggestion() {
    let people = row(&["Name", "Email"]) + &row(&["Ann", "ann@example.org"]);
    let names: Vec<_> = (0..=20).map(|at| format!("Sheet {at}")).collect();
    let sheets = |full: usize| -> Vec<_> {
        let sheets = names.iter().enumerate();
        sheets
            .map(|(at, name)| {
                (name.as_str(), "visible", if at == full { people.as_str() } else { "" })
            })
            .collect()
    };
    let suggested = inspected(&xlsx(&sheets(19)).packed(), None).unwrap().layout.format;
    assert_eq!(suggested, Format::Sheet("Sheet 19".to_owned()));
    let file = xlsx(&sheets(20)).packed();
    assert_eq!(problem(&file), TableProblem::Empty);
    assert!(inspected(&file, Some("Sheet 20")).is_ok());
}

#[test]
fn names_of_parts_and_elements_may_be_written_in_other_ways() {
    let package = Package::default()
        .with("_rels/.rels", r#"<Relationships><Relationship Id="a" Type="http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument" Target="/XL/Workbook.xml"/></Relationships>"#)
        .with("xl\\workbook.xml", r#"<x:workbook xmlns:x="a" xmlns:q="b"><x:sheets><x:sheet name="S" sheetId="1" q:id="z"/></x:sheets></x:workbook>"#)
        .with("xl/_rels/workbook.xml.rels", r#"<Relationships><Relationship Id="z" Type="http://purl.oclc.org/ooxml/officeDocument/relationships/worksheet" Target="./sheets/../Sheet.XML"/></Relationships>"#)
        .with("xl/sheet.xml", "\u{feff}<x:worksheet><x:sheetData><x:row><x:c t=\"str\"><x:v>Name</x:v></x:c></x:row><x:row><x:c t=\"str\"><x:v>Ann</x:v></x:c></x:row></x:sheetData><x:controls><row><c><v>9</v></c></row></x:controls></x:worksheet>");
    assert_eq!(rows(&package.packed()), [["Ann"]]);
}

#[test]
fn a_row_that_is_too_long_does_not_end_the_sheet() {
    let long = "x".repeat(Row::MAX_BYTES / 2 + 1);
    let text = row(&["Name", "Email"]) + &row(&[&long, &long]) + &row(&["Ann", "a@example.org"]);
    let file = xlsx(&[("People", "visible", &text)]).packed();
    let layout = inspected(&file, None).unwrap().layout;
    let rows: Vec<_> = TableFiles.rows(content(&file), &layout).map(Result::unwrap).collect();
    assert_eq!(rows[0], Row { line: 2, cells: Err(Unreadable::TooLong) });
    assert_eq!(rows[1].cells.as_ref().unwrap()[0], "Ann");
}

#[test]
fn columns_beyond_the_maximum_are_dropped_or_refused() {
    let head = row(&["Name", "Email"]);
    let wide = r#"<row><c t="str"><v>Ann</v></c><c r="CXK2"><v>1</v></c><c r="ZZZZZZ2"><v>2</v></c></row>"#;
    let file = xlsx(&[("People", "visible", &(head + wide))]).packed();
    assert_eq!(rows(&file)[0].len(), TableProblem::MAX_COLUMNS);
    let cells: Vec<_> = (0..=TableProblem::MAX_COLUMNS).map(|at| format!("Name {at}")).collect();
    let cells: Vec<_> = cells.iter().map(String::as_str).collect();
    let file = xlsx(&[("People", "visible", &row(&cells))]).packed();
    assert_eq!(problem(&file), TableProblem::TooManyColumns(2_001));
}
