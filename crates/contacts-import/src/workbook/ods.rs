//! ODS workbooks: OpenDocument 1.3.
//!
//! All sheets are in one part, one after another, and are read as a stream. Programs that write
//! OpenDocument use the prefixes of the standard, so names are compared with theirs.

mod cell;

use std::collections::HashSet;
use std::io::{self, Read};

use contacts_core::file::FileContent;
use contacts_core::import::{Sheet, TableProblem};
use quick_xml::events::{BytesStart, Event};

use self::cell::CellStart;
use super::archive::{Archive, MAX_PART_BYTES};
use super::rows::{Cells, ReadRows, SheetRows, Span};
use super::storage::damaged;
use super::xml::{Xml, unescaped};

/// The part with the sheets.
const CONTENT: &str = "content.xml";

/// Elements that may contain text, cells or whole tables which are not in the cells of a sheet:
/// comments, drawings, forms, former versions, and the pronunciation of a text.
const LEFT_OUT: &[&str] =
    &["annotation", "custom-shape", "forms", "frame", "ruby-text", "shapes", "tracked-changes"];

/// Maximum bytes of the names that are whole in memory.
const MAX_NAME_BYTES: usize = 4 << 20;

/// Reads which sheets there are: the whole part, in which each follows the rows of the one before.
pub(super) fn sheets(archive: &Archive, file: &mut impl FileContent) -> io::Result<Vec<Sheet>> {
    let mut xml = Xml::new(archive.open(CONTENT, file, MAX_PART_BYTES)?, LEFT_OUT);
    let mut sheets = Vec::new();
    let mut hidden_styles = HashSet::new();
    let mut style = String::new();
    let mut tables = Tables::default();
    let mut bytes = 0;
    let mut is_spreadsheet = false;
    loop {
        let event = xml.next()?;
        match &event {
            Event::Start(element) => match element.name().as_ref() {
                "office:spreadsheet" => is_spreadsheet = true,
                "style:style" => style = value(element, "style:name")?.unwrap_or_default(),
                "style:table-properties"
                    if value(element, "table:display")?.as_deref() == Some("false") =>
                {
                    bytes += style.len();
                    hidden_styles.insert(std::mem::take(&mut style));
                }
                "table:table" if tables.start() => {
                    let name = value(element, "table:name")?.unwrap_or_default();
                    let style = value(element, "table:style-name")?.unwrap_or_default();
                    bytes += name.len();
                    sheets.push(Sheet { name, is_hidden: hidden_styles.contains(&style) });
                }
                _ => {}
            },
            Event::End(element) if element.name().as_ref() == "table:table" => tables.end(),
            Event::Eof if is_spreadsheet => return Ok(sheets),
            Event::Eof => {
                return Err(TableProblem::NotTable("an OpenDocument file without sheets").into());
            }
            _ => {}
        }
        if bytes > MAX_NAME_BYTES {
            return Err(TableProblem::TooLarge.into());
        }
    }
}

/// Returns the rows of a sheet.
pub(super) fn rows<'a>(
    archive: &Archive,
    file: impl FileContent + 'a,
    sheet: &str,
) -> io::Result<SheetRows<'a>> {
    let xml = Xml::new(archive.open(CONTENT, file, MAX_PART_BYTES)?, LEFT_OUT);
    let reader = SheetReader {
        xml,
        tables: Tables::default(),
        sheet: sheet.to_owned(),
        is_in_sheet: false,
        next: 1,
    };
    Ok(SheetRows::new(reader))
}

/// Checks that the parts are not encrypted.
///
/// # Errors
///
/// [`TableProblem::Encrypted`].
pub(super) fn check(archive: &Archive, file: &mut impl FileContent) -> io::Result<()> {
    let manifest = archive.open("META-INF/manifest.xml", file, MAX_PART_BYTES)?;
    let mut xml = Xml::new(manifest, &[]);
    loop {
        match xml.next()? {
            Event::Start(element) if element.local_name().as_ref() == "encryption-data" => {
                return Err(TableProblem::Encrypted.into());
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// Counts the open tables of a part. A table within a cell of another one is not a sheet.
#[derive(Default)]
struct Tables {
    open: usize,
}

impl Tables {
    /// Counts the start of a table. Returns whether it is a sheet.
    fn start(&mut self) -> bool {
        self.open += 1;
        self.open == 1
    }

    fn end(&mut self) {
        self.open = self.open.saturating_sub(1);
    }
}

/// Reads the rows of a sheet.
struct SheetReader<F: Read> {
    xml: Xml<F>,
    tables: Tables,
    /// The name of the sheet.
    sheet: String,
    /// Whether the table that was started last is the sheet.
    is_in_sheet: bool,
    /// The number of the next row.
    next: u64,
}

/// An event of a sheet.
enum Step {
    /// A row starts, which stands for a number of equal rows.
    Row(u64),
    /// A cell starts, which stands for a number of equal cells.
    Cell(CellStart, usize),
    RowEnd,
    End,
    Other,
}

impl<F: Read> ReadRows for SheetReader<F> {
    fn read(&mut self, cells: &mut Cells) -> io::Result<Option<Span>> {
        let (mut count, mut column) = (1, 0_usize);
        loop {
            match self.step()? {
                Step::Row(times) => (count, column) = (times, 0),
                Step::Cell(start, times) => {
                    let text = start.text(&mut self.xml)?;
                    if !text.is_empty() {
                        let columns = column..column.saturating_add(times);
                        for column in columns.take(Cells::MAX_COLUMNS) {
                            cells.set(column, text.clone());
                        }
                    }
                    column = column.saturating_add(times);
                }
                Step::RowEnd => {
                    let line = self.next;
                    self.next = self.next.saturating_add(count);
                    return Ok(Some(Span { line, count }));
                }
                Step::End => return Ok(None),
                Step::Other => {}
            }
        }
    }
}

impl<F: Read> SheetReader<F> {
    fn step(&mut self) -> io::Result<Step> {
        let is_inside = self.is_in_sheet && self.tables.open == 1;
        Ok(match self.xml.next()? {
            Event::Start(element) => match element.name().as_ref() {
                "table:table" => {
                    if self.tables.start() {
                        let name = value(&element, "table:name")?;
                        self.is_in_sheet = name.unwrap_or_default() == self.sheet;
                    }
                    Step::Other
                }
                "table:table-row" if is_inside => {
                    Step::Row(count(&element, "table:number-rows-repeated")?)
                }
                "table:table-cell" | "table:covered-table-cell" if is_inside => {
                    let times = count(&element, "table:number-columns-repeated")?;
                    let times = usize::try_from(times).unwrap_or(usize::MAX);
                    Step::Cell(CellStart::read(&element)?, times)
                }
                _ => Step::Other,
            },
            Event::End(element) => match element.name().as_ref() {
                "table:table-row" if is_inside => Step::RowEnd,
                "table:table" => {
                    self.tables.end();
                    Step::Other
                }
                _ => Step::Other,
            },
            Event::Eof => Step::End,
            _ => Step::Other,
        })
    }
}

/// Returns an attribute that counts; 1 when it is absent.
fn count(element: &BytesStart<'_>, name: &str) -> io::Result<u64> {
    let count = value(element, name)?.map_or(Ok(1), |count| count.parse::<u64>());
    count.map(|count| count.max(1)).map_err(|_not_a_number| damaged())
}

/// Returns the value of an attribute with a prefix.
fn value(element: &BytesStart<'_>, name: &str) -> io::Result<Option<String>> {
    let attribute = element.try_get_attribute(name).map_err(|_malformed| damaged())?;
    let value = attribute.map(|attribute| unescaped(attribute.value)).transpose()?;
    Ok(value.map(|value| value.into_owned()))
}
