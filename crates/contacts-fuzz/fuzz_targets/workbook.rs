//! A workbook whose parts have any text is inspected and read: it ends with rows or with a problem
//! of the file, and never with an error of the storage.

#![no_main]
#![expect(clippy::unwrap_used, reason = "a panic is a finding")]

use std::io::{Cursor, Write};

use contacts_core::import::{LayoutChoice, Spreadsheets, TableProblem};
use contacts_import::TableFiles;
use libfuzzer_sys::fuzz_target;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The parts of both formats. The text of each follows the one before after a NUL.
const PARTS: [&str; 6] = [
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/sheet.xml",
    "xl/sharedStrings.xml",
    "xl/styles.xml",
    "content.xml",
];

fuzz_target!(|texts: &[u8]| {
    // Archives of any bytes, too: a checksum would keep most of them from being read.
    read(texts);
    let texts: Vec<_> = texts.split(|byte| *byte == 0).collect();
    let (content, xlsx) = (texts.get(5).copied(), &texts[..texts.len().min(5)]);
    let packed = |parts: &[(&str, &[u8])]| {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in parts {
            archive.start_file(*name, SimpleFileOptions::default()).unwrap();
            archive.write_all(text).unwrap();
        }
        archive.finish().unwrap().into_inner()
    };
    read(&packed(&PARTS.iter().copied().zip(xlsx.iter().copied()).collect::<Vec<_>>()));
    if let Some(content) = content {
        let manifest: (&str, &[u8]) = ("META-INF/manifest.xml", b"<manifest:manifest/>");
        read(&packed(&[(PARTS[5], content), manifest]));
    }
});

fn read(file: &[u8]) {
    let content = || Box::new(Cursor::new(file.to_vec()));
    let Ok(found) = TableFiles.inspect(content(), &LayoutChoice::default()).unwrap() else {
        return;
    };
    for row in TableFiles.rows(content(), &found.layout) {
        if let Err(error) = row {
            TableProblem::of(error).unwrap();
        }
    }
}
