//! The containers in which old Office documents and encrypted workbooks are.

use std::io::{self, Read, Seek, SeekFrom};

use contacts_core::import::TableProblem;

/// The first bytes of such a container.
pub(super) const MAGIC: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Number of bytes of the directory that are searched. Its first entries are those at the root.
const DIRECTORY_BYTES: u64 = 4096;

/// The streams that tell what a document is.
const STREAMS: [(&str, TableProblem); 5] = [
    ("EncryptedPackage", TableProblem::Encrypted),
    ("Workbook", TableProblem::NotTable("an old Excel workbook")),
    ("Book", TableProblem::NotTable("an old Excel workbook")),
    ("WordDocument", TableProblem::NotTable("a Word document")),
    ("PowerPoint Document", TableProblem::NotTable("a presentation")),
];

/// Returns why a container cannot be imported.
pub(super) fn problem(file: &mut (impl Read + Seek)) -> io::Result<TableProblem> {
    let mut header = [0; 52];
    file.rewind()?;
    file.read_exact(&mut header)?;
    // The header contains the logarithm of the length of a sector, and the first sector of the
    // directory. The header itself takes a sector.
    let sector_bits = u32::from(header[30]).min(16);
    let sector = u32::from_le_bytes([header[48], header[49], header[50], header[51]]);
    file.seek(SeekFrom::Start((u64::from(sector) + 1) << sector_bits))?;
    let mut directory = Vec::new();
    file.take(DIRECTORY_BYTES).read_to_end(&mut directory)?;
    let has = |name: &str| {
        // Names are UTF-16 and end with a NUL.
        let name: Vec<u8> = format!("{name}\0").encode_utf16().flat_map(u16::to_le_bytes).collect();
        directory.chunks(128).any(|entry| entry.starts_with(&name))
    };
    let found = STREAMS.into_iter().find(|(name, _)| has(name));
    Ok(found.map_or(TableProblem::NotTable("an old Office document"), |(_, problem)| problem))
}
