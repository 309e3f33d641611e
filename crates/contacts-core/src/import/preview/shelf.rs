//! Stores rows in scratch files, partitioned so that each part fits into memory.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};

use crate::import::Row;

/// A private temporary file: empty at first, and deleted when it is dropped.
pub trait ScratchFile: Read + Write + Seek {}

impl<T: Read + Write + Seek> ScratchFile for T {}

/// Creates scratch files.
pub type Scratch<'a> = dyn Fn() -> io::Result<Box<dyn ScratchFile>> + 'a;

/// Number of parts. A file about twenty million contacts has about a hundred thousand in each part.
const PARTS: u64 = 256;

type Part = BufWriter<Box<dyn ScratchFile>>;

/// Numbered rows. Rows with the same hash are in the same part, in their order.
pub(super) struct PartitionedRows<'a> {
    scratch: &'a Scratch<'a>,
    parts: Vec<Option<Part>>,
}

impl<'a> PartitionedRows<'a> {
    pub(super) fn new(scratch: &'a Scratch<'a>) -> Self {
        Self { scratch, parts: (0..PARTS).map(|_| None).collect() }
    }

    pub(super) fn put(&mut self, hash: u64, number: u64, row: &Row) -> io::Result<()> {
        let Ok(cells) = &row.cells else { return Ok(()) };
        // The upper bits select the part, because `OccurrenceBits` uses the lower ones.
        let part = &mut self.parts[(hash >> 56) as usize];
        let part = match part {
            Some(part) => part,
            None => part.insert(BufWriter::new((self.scratch)()?)),
        };
        for value in [number, row.line, cells.len() as u64] {
            part.write_all(&value.to_le_bytes())?;
        }
        for cell in cells {
            part.write_all(&(cell.len() as u64).to_le_bytes())?;
            part.write_all(cell.as_bytes())?;
        }
        Ok(())
    }

    /// Returns the parts, one after the other.
    pub(super) fn into_parts(self) -> impl Iterator<Item = io::Result<Rows>> {
        self.parts.into_iter().flatten().map(|part| {
            let mut file = part.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.rewind()?;
            Ok(Rows(BufReader::new(file)))
        })
    }
}

pub(super) struct Rows(BufReader<Box<dyn ScratchFile>>);

impl Iterator for Rows {
    type Item = io::Result<(u64, Row)>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.0.fill_buf() {
            Ok([]) => None,
            Ok(_) => Some(self.row()),
            Err(error) => Some(Err(error)),
        }
    }
}

impl Rows {
    fn row(&mut self) -> io::Result<(u64, Row)> {
        let (number, line, count) = (self.number()?, self.number()?, self.number()?);
        let cells = (0..count).map(|_| self.cell()).collect::<io::Result<_>>()?;
        Ok((number, Row { line, cells: Ok(cells) }))
    }

    fn cell(&mut self) -> io::Result<String> {
        let mut cell = vec![0; self.number()? as usize];
        self.0.read_exact(&mut cell)?;
        String::from_utf8(cell).map_err(io::Error::other)
    }

    fn number(&mut self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        self.0.read_exact(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_back_unchanged() {
        let scratch = || -> io::Result<Box<dyn ScratchFile>> {
            Ok(Box::new(io::Cursor::new(Vec::<u8>::new())))
        };
        let mut shelf = PartitionedRows::new(&scratch);
        let row = |line, cells: &[&str]| Row {
            line,
            cells: Ok(cells.iter().map(|cell| (*cell).to_owned()).collect()),
        };
        let rows =
            [(1, row(2, &["Zoë", "", "a@example.org"])), (7, row(9, &[])), (8, row(11, &["x"]))];
        for (hash, (number, row)) in [0, u64::MAX, 0].into_iter().zip(&rows) {
            shelf.put(hash, *number, row).unwrap();
        }
        let parts: Vec<Vec<_>> = shelf
            .into_parts()
            .map(|part| part.unwrap().collect::<io::Result<_>>().unwrap())
            .collect();
        let [first, second, third] = rows;
        assert_eq!(parts, [vec![first, third], vec![second]]);
    }
}
