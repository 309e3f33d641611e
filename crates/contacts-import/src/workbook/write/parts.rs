//! The parts of a workbook that list its sheets and its styles.

use std::fmt::Write;

const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;

const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const DOCUMENT: &str = "http://schemas.openxmlformats.org/officeDocument/2006";
const TYPES: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/// The namespace of workbooks.
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// The styles of cells: numbers, dates, text, and the header.
pub(super) const DATE_STYLE: usize = 1;
pub(super) const TEXT_STYLE: usize = 2;
pub(super) const HEADER_STYLE: usize = 3;

/// The path of a sheet; the first is 1.
pub(super) fn sheet_path(sheet: usize) -> String {
    format!("xl/worksheets/sheet{sheet}.xml")
}

/// The paths of the other parts, and their XML.
pub(super) fn others(sheets: usize) -> [(&'static str, String); 5] {
    [
        ("[Content_Types].xml", content_types(sheets)),
        ("_rels/.rels", relations(&[("officeDocument", "xl/workbook.xml".to_owned())])),
        ("xl/workbook.xml", workbook(sheets)),
        ("xl/_rels/workbook.xml.rels", workbook_relations(sheets)),
        ("xl/styles.xml", styles()),
    ]
}

fn content_types(sheets: usize) -> String {
    let mut xml = format!(
        r#"{DECLARATION}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{TYPES}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="{TYPES}.styles+xml"/>"#
    );
    for sheet in 1..=sheets {
        let path = sheet_path(sheet);
        // Writing to a string does not fail.
        let _ =
            write!(xml, r#"<Override PartName="/{path}" ContentType="{TYPES}.worksheet+xml"/>"#);
    }
    xml + "</Types>"
}

fn workbook(sheets: usize) -> String {
    let mut xml = format!(
        r#"{DECLARATION}<workbook xmlns="{MAIN}" xmlns:r="{DOCUMENT}/relationships"><sheets>"#
    );
    for sheet in 1..=sheets {
        let name = if sheet == 1 { "Contacts".to_owned() } else { format!("Contacts {sheet}") };
        let _ = write!(xml, r#"<sheet name="{name}" sheetId="{sheet}" r:id="rId{sheet}"/>"#);
    }
    xml + "</sheets></workbook>"
}

fn workbook_relations(sheets: usize) -> String {
    let sheets = (1..=sheets).map(|sheet| ("worksheet", format!("worksheets/sheet{sheet}.xml")));
    let styles = ("styles", "styles.xml".to_owned());
    relations(&sheets.chain([styles]).collect::<Vec<_>>())
}

/// Relations to parts of a type, with the ids `rId1`, `rId2` and so on.
fn relations(parts: &[(&str, String)]) -> String {
    let mut xml = format!(r#"{DECLARATION}<Relationships xmlns="{PACKAGE}/relationships">"#);
    for (id, (kind, target)) in (1..).zip(parts) {
        let _ = write!(
            xml,
            r#"<Relationship Id="rId{id}" Type="{DOCUMENT}/relationships/{kind}" Target="{target}"/>"#
        );
    }
    xml + "</Relationships>"
}

/// Numbers are formatted as they are, dates by the built-in format 14, and text by 49, which keeps
/// what is typed into the cell later as text, too.
fn styles() -> String {
    format!(
        r#"{DECLARATION}<styleSheet xmlns="{MAIN}"><fonts count="2"><font/><font><b/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="4"><xf/><xf numFmtId="14" applyNumberFormat="1"/><xf numFmtId="49" applyNumberFormat="1"/><xf numFmtId="49" fontId="1" applyNumberFormat="1" applyFont="1"/></cellXfs></styleSheet>"#
    )
}
