//! Workbooks that are written by hand.

use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Returns an XLSX workbook of sheets, each with its name and the cells of its rows.
pub(crate) fn xlsx(sheets: &[(&str, &[&[&str]])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: String, text: String| {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    };
    let numbered = || (1..).zip(sheets);
    let list = numbered().map(|(number, (name, _))| {
        format!(r#"<sheet name="{name}" sheetId="{number}" r:id="r{number}"/>"#)
    });
    add("xl/workbook.xml".to_owned(), format!("<workbook>{}</workbook>", list.collect::<String>()));
    let parts = numbered().map(|(number, _)| {
        format!(r#"<Relationship Id="r{number}" Type="x/worksheet" Target="sheet{number}.xml"/>"#)
    });
    add(
        "xl/_rels/workbook.xml.rels".to_owned(),
        format!("<Relationships>{}</Relationships>", parts.collect::<String>()),
    );
    for (number, (_, rows)) in numbered() {
        let rows = rows.iter().map(|row| {
            let cells = row.iter().map(|cell| format!(r#"<c t="str"><v>{cell}</v></c>"#));
            format!("<row>{}</row>", cells.collect::<String>())
        });
        add(
            format!("xl/sheet{number}.xml"),
            format!("<worksheet><sheetData>{}</sheetData></worksheet>", rows.collect::<String>()),
        );
    }
    archive.finish().unwrap().into_inner()
}
