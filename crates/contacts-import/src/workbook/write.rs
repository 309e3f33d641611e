//! Writes an XLSX workbook from the text of an export, while that is read (R25).

mod chunks;
mod parts;
mod sheet;

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use contacts_core::import::{CellKind, FileBytes};
use contacts_core::{Error, Result};
use csv::{ByteRecord, Reader, ReaderBuilder};
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};

use self::chunks::Chunks;
use self::sheet::SheetXml;

/// Number of rows that are written before their bytes are returned.
const ROWS_AT_ONCE: usize = 500;

/// Number of rows of a sheet, with the header: the limit of Excel.
const MAX_SHEET_ROWS: usize = 1 << 20;

/// Number of bytes of a sheet after which the next one begins. An import reads sheets of twice that.
const MAX_SHEET_BYTES: usize = 1 << 30;

/// Returns the bytes of a workbook with the rows of a CSV file that begins with its header. Cells
/// are of the kind of their column where they can be, and text otherwise. Rows that do not fit into
/// one sheet are continued in others, each with the header.
pub(crate) fn workbook(csv: FileBytes, kinds: Vec<CellKind>) -> FileBytes {
    Box::new(Workbook::new(csv, kinds, MAX_SHEET_ROWS))
}

struct Workbook {
    rows: Reader<Chunks>,
    header: Option<ByteRecord>,
    sheet: SheetXml,
    /// Maximum number of rows of a sheet, with the header.
    max_rows: usize,
    /// Number of sheets that were begun.
    sheets: usize,
    buffer: Buffer,
    /// The archive, until it is complete.
    zip: Option<ZipWriter<StreamWriter<Buffer>>>,
}

impl Workbook {
    fn new(csv: FileBytes, kinds: Vec<CellKind>, max_rows: usize) -> Self {
        let rows =
            ReaderBuilder::new().has_headers(false).flexible(true).from_reader(Chunks::of(csv));
        let buffer = Buffer::default();
        let zip = Some(ZipWriter::new_stream(buffer.clone()));
        let sheet = SheetXml::new(kinds);
        Self { rows, header: None, sheet, max_rows, sheets: 0, buffer, zip }
    }

    /// Writes some rows. Returns whether there may be more.
    fn write_rows(&mut self, zip: &mut ZipWriter<StreamWriter<Buffer>>) -> io::Result<bool> {
        let mut record = ByteRecord::new();
        for _ in 0..ROWS_AT_ONCE {
            if !self.rows.read_byte_record(&mut record).map_err(io_error)? {
                return Ok(false);
            }
            let Some(header) = &self.header else {
                self.begin_sheet(zip, &record)?;
                self.header = Some(mem::take(&mut record));
                continue;
            };
            if self.sheet.rows() == self.max_rows || self.sheet.bytes() >= MAX_SHEET_BYTES {
                zip.write_all(sheet::END.as_bytes())?;
                let header = header.clone();
                self.begin_sheet(zip, &header)?;
            }
            zip.write_all(self.sheet.row(&record))?;
        }
        Ok(true)
    }

    fn begin_sheet(
        &mut self,
        zip: &mut ZipWriter<StreamWriter<Buffer>>,
        header: &ByteRecord,
    ) -> io::Result<()> {
        self.sheets += 1;
        zip.start_file(parts::sheet_path(self.sheets), SimpleFileOptions::default())?;
        zip.write_all(sheet::START.as_bytes())?;
        zip.write_all(self.sheet.header(header))
    }

    fn finish(&mut self, mut zip: ZipWriter<StreamWriter<Buffer>>) -> io::Result<()> {
        if self.sheets == 0 {
            self.begin_sheet(&mut zip, &ByteRecord::new())?;
        }
        zip.write_all(sheet::END.as_bytes())?;
        for (path, xml) in parts::others(self.sheets) {
            zip.start_file(path, SimpleFileOptions::default())?;
            zip.write_all(xml.as_bytes())?;
        }
        zip.finish()?;
        Ok(())
    }
}

impl Iterator for Workbook {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Result<Vec<u8>>> {
        let mut zip = self.zip.take()?;
        let written = match self.write_rows(&mut zip) {
            Ok(true) => {
                self.zip = Some(zip);
                Ok(())
            }
            Ok(false) => self.finish(zip),
            Err(error) => Err(error),
        };
        Some(written.map(|()| self.buffer.take()).map_err(error_of))
    }
}

/// Returns the error of the reader: any bytes are rows.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("{kind:?}")),
    }
}

/// Returns the error of the export, or that of writing the archive.
fn error_of(error: io::Error) -> Error {
    error.downcast().unwrap_or_else(|error| Error::Store(Box::new(error)))
}

/// Bytes of the archive that were not returned yet.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn take(&self) -> Vec<u8> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
