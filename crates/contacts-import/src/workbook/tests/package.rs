//! Workbooks that are written by hand.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The parts of an archive by their names.
#[derive(Clone, Default)]
pub(super) struct Package(pub(super) Vec<(String, String)>);

impl Package {
    /// Adds a part, or replaces it.
    pub(super) fn with(mut self, name: &str, text: impl Into<String>) -> Self {
        self.0.retain(|(other, _)| other != name);
        self.0.push((name.to_owned(), text.into()));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(other, _)| other != name);
        self
    }

    pub(super) fn packed(&self) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (at, (name, text)) in self.0.iter().enumerate() {
            // Both ways of storing occur.
            let method =
                if at % 2 == 0 { CompressionMethod::Deflated } else { CompressionMethod::Stored };
            let options = SimpleFileOptions::default().compression_method(method);
            archive.start_file(name.as_str(), options).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }
}

/// An XLSX workbook of sheets, each with its name, its state and the XML of its rows.
pub(super) fn xlsx(sheets: &[(&str, &str, &str)]) -> Package {
    let (mut list, mut parts) = (String::new(), String::new());
    let mut package = Package::default().with(
        "_rels/.rels",
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    );
    for (number, (name, state, rows)) in (1..).zip(sheets) {
        write!(
            list,
            r#"<sheet name="{name}" sheetId="{number}" state="{state}" r:id="r{number}"/>"#
        )
        .unwrap();
        parts += &relationship(
            &format!("r{number}"),
            "worksheet",
            &format!("worksheets/sheet{number}.xml"),
        );
        let sheet = format!(
            r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#
        );
        package = package.with(&format!("xl/worksheets/sheet{number}.xml"), sheet);
    }
    parts += &relationship("s", "sharedStrings", "/xl/sharedStrings.xml");
    parts += &relationship("t", "styles", "styles.xml");
    package
        .with("xl/workbook.xml", format!(r#"<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>{list}</sheets></workbook>"#))
        .with("xl/_rels/workbook.xml.rels", format!("<Relationships>{parts}</Relationships>"))
}

fn relationship(id: &str, kind: &str, target: &str) -> String {
    format!(
        r#"<Relationship Id="{id}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{target}"/>"#
    )
}

/// The XML of a row of XLSX with texts.
pub(super) fn row(cells: &[&str]) -> String {
    let cells = cells
        .iter()
        .map(|cell| format!(r#"<c t="inlineStr"><is><t xml:space="preserve">{cell}</t></is></c>"#));
    format!("<row>{}</row>", cells.collect::<String>())
}

/// A workbook with the header `Name`, `Value` and one row, whose second cell is given as XML.
pub(super) fn xlsx_value(cell: &str) -> Package {
    let name = r#"<c t="inlineStr"><is><t>Ann</t></is></c>"#;
    let rows = format!("{}<row>{name}{cell}</row>", row(&["Name", "Value"]));
    xlsx(&[("People", "visible", &rows)])
}

/// An ODS workbook of tables, each as XML, with the automatic styles.
pub(super) fn ods(styles: &str, tables: &str) -> Package {
    Package::default()
        .with("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        .with("META-INF/manifest.xml", "<manifest:manifest/>")
        .with("content.xml", format!("<office:document-content><office:automatic-styles>{styles}</office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"))
}

/// The XML of a table of ODS.
pub(super) fn table(name: &str, rows: &str) -> String {
    format!(r#"<table:table table:name="{name}">{rows}</table:table>"#)
}

/// The XML of a row of ODS with texts.
pub(super) fn ods_row(cells: &[&str]) -> String {
    let cells = cells.iter().map(|cell| {
        format!(r#"<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>"#)
    });
    format!("<table:table-row>{}</table:table-row>", cells.collect::<String>())
}

/// Like [`xlsx_value`], as ODS.
pub(super) fn ods_value(cell: &str) -> Package {
    let name =
        r#"<table:table-cell office:value-type="string"><text:p>Ann</text:p></table:table-cell>"#;
    let rows =
        format!("{}<table:table-row>{name}{cell}</table:table-row>", ods_row(&["Name", "Value"]));
    ods("", &table("People", &rows))
}
