//! XLSX workbooks: Office Open XML, ECMA-376.

mod sheet;
mod strings;
mod styles;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use contacts_core::file::FileContent;
use contacts_core::import::{Sheet, TableProblem};
use quick_xml::events::Event;

use self::sheet::SheetReader;
use self::strings::Strings;
use super::archive::{Archive, MAX_PART_BYTES};
use super::number::{Epoch, NumberFormat};
use super::rows::SheetRows;
use super::storage::damaged;
use super::xml::{Xml, attribute};

/// Maximum unpacked bytes of the parts that are whole in memory: names of sheets and styles.
const MAX_INDEX_BYTES: u64 = 16 << 20;

/// The element with the pronunciation of a text, which spreadsheet programs do not show.
const PRONUNCIATION: &str = "rPh";

/// The element with a formula, whose value stands beside it.
const FORMULA: &str = "f";

/// What the sheets of a workbook share.
pub(super) struct XlsxBook {
    /// Each sheet, and the name of its part.
    sheets: Vec<(Sheet, String)>,
    /// The texts that cells refer to.
    strings: Arc<Strings>,
    /// The format of each style that cells refer to.
    formats: Arc<[NumberFormat]>,
    epoch: Epoch,
}

/// A reference from one part to another.
struct Relationship {
    kind: String,
    target: String,
}

impl XlsxBook {
    /// Reads which sheets there are, and what they share.
    pub(super) fn open(archive: &Archive, file: &mut impl FileContent) -> io::Result<Self> {
        let root = relationships(archive, file, "")?;
        let mut targets = root.into_values().filter(|found| found.kind == "officeDocument");
        let path =
            targets.next().map_or_else(|| "xl/workbook.xml".to_owned(), |found| found.target);
        let parts = relationships(archive, file, &path)?;
        let target = |kind: &str| {
            let mut found = parts.values().filter(|part| part.kind == kind);
            found.next().map(|part| part.target.clone()).filter(|target| archive.has(target))
        };
        let formats = match target("styles") {
            Some(name) => {
                let part = archive.open(&name, &mut *file, MAX_INDEX_BYTES)?;
                styles::formats(Xml::new(part, &[]))?
            }
            None => Vec::new(),
        };
        let strings = match target("sharedStrings") {
            Some(name) => {
                let part = archive.open(&name, &mut *file, MAX_PART_BYTES)?;
                Strings::read(Xml::new(part, &[PRONUNCIATION]))?
            }
            None => Strings::default(),
        };
        let mut book = Self {
            sheets: Vec::new(),
            strings: strings.into(),
            formats: formats.into(),
            epoch: Epoch::Year1900,
        };
        let mut xml = Xml::new(archive.open(&path, file, MAX_INDEX_BYTES)?, &[]);
        loop {
            let event = xml.next()?;
            let Event::Start(element) = &event else {
                if matches!(event, Event::Eof) {
                    return Ok(book);
                }
                continue;
            };
            match element.local_name().as_ref() {
                "workbookPr" => {
                    let is_1904 = attribute(element, "date1904")?;
                    if is_1904.is_some_and(|value| is_true(&value)) {
                        book.epoch = Epoch::Year1904;
                    }
                }
                "sheet" => {
                    let id = attribute(element, "id")?.ok_or_else(damaged)?;
                    let name = attribute(element, "name")?.ok_or_else(damaged)?.into_owned();
                    let state = attribute(element, "state")?;
                    let is_hidden = state.is_some_and(|state| state != "visible");
                    // Sheets of another kind are charts and dialogs.
                    let part = parts.get(&*id).filter(|part| part.kind == "worksheet");
                    if let Some(part) = part.filter(|part| archive.has(&part.target)) {
                        book.sheets.push((Sheet { name, is_hidden }, part.target.clone()));
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn sheets(&self) -> impl Iterator<Item = &Sheet> {
        self.sheets.iter().map(|(sheet, _)| sheet)
    }

    /// Returns the rows of a sheet.
    pub(super) fn rows<'a>(
        &self,
        archive: &Archive,
        file: impl FileContent + 'a,
        sheet: &str,
    ) -> io::Result<SheetRows<'a>> {
        let part = self.sheets.iter().find(|(found, _)| found.name == sheet);
        let (_, part) = part.ok_or_else(|| TableProblem::NoSheet(sheet.to_owned()))?;
        let part = archive.open(part, file, MAX_PART_BYTES)?;
        let xml = Xml::new(part, &[FORMULA, PRONUNCIATION]);
        let (strings, formats) = (self.strings.clone(), self.formats.clone());
        Ok(SheetRows::new(SheetReader::new(xml, strings, formats, self.epoch)))
    }
}

/// Whether an attribute or a cell says yes.
fn is_true(value: &str) -> bool {
    matches!(value, "1" | "true" | "TRUE" | "on")
}

/// Reads the references of a part by their ids. The root of the archive is the part without name.
fn relationships(
    archive: &Archive,
    file: &mut impl FileContent,
    part: &str,
) -> io::Result<HashMap<String, Relationship>> {
    let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
    let list = format!("{folder}/_rels/{name}.rels");
    let mut found = HashMap::new();
    if !archive.has(&list) {
        return Ok(found);
    }
    let mut xml = Xml::new(archive.open(&list, file, MAX_INDEX_BYTES)?, &[]);
    loop {
        match xml.next()? {
            Event::Start(element) if element.local_name().as_ref() == "Relationship" => {
                let id = attribute(&element, "Id")?.ok_or_else(damaged)?;
                let kind = attribute(&element, "Type")?.ok_or_else(damaged)?;
                let target = attribute(&element, "Target")?.ok_or_else(damaged)?;
                // Types are URLs that differ between the variants of the standard, but for the end.
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                let target = match target.strip_prefix('/') {
                    Some(absolute) => absolute.to_owned(),
                    None => resolved(folder, &target),
                };
                found.insert(id.into_owned(), Relationship { kind, target });
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

/// Returns the name of a part that is relative to a folder.
fn resolved(folder: &str, target: &str) -> String {
    let mut steps: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in target.split('/') {
        match step {
            ".." => drop(steps.pop()),
            "." => {}
            step => steps.push(step),
        }
    }
    steps.join("/")
}
