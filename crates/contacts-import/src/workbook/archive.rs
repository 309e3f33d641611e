//! The ZIP archive that a workbook is, and its parts as streams.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom, Take};
use std::sync::Arc;

use contacts_core::import::TableProblem;
use flate2::Crc;
use flate2::read::DeflateDecoder;
use zip::read::{ArchiveOffset, Config, ZipArchiveMetadata};
use zip::result::ZipError;
use zip::{CompressionMethod, HasZipMetadata, ZipArchive};

use super::storage::damaged;

/// The first bytes of archives, with and without files.
pub(super) const MAGIC: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

/// Maximum bytes that are read for the list of the parts. Each takes some ten times its length in
/// memory.
const MAX_DIRECTORY_BYTES: u64 = 4 << 20;

/// Maximum bytes of an unpacked part.
pub(super) const MAX_PART_BYTES: u64 = 2 << 30;

/// Maximum ratio of unpacked to packed bytes, of a part with more than [`FREE_BYTES`]. Sheets have
/// ratios up to some fifty; the most that can be packed is a thousand.
const MAX_RATIO: u64 = 150;

/// Unpacked bytes that a part may have whatever its ratio.
const FREE_BYTES: u64 = 16 << 20;

/// The formats of workbooks.
pub(super) enum Kind {
    Xlsx,
    Ods,
}

/// The list of the parts of an archive.
pub(super) struct Archive {
    directory: Arc<ZipArchiveMetadata>,
    /// The index of each part in the directory by its name in lower case: some programs write names
    /// in another case than the one they refer to.
    parts: HashMap<String, usize>,
}

impl Archive {
    /// Reads the list of the parts.
    pub(super) fn read(file: &mut (impl Read + Seek)) -> io::Result<Self> {
        let limited = Limited { source: file, left: MAX_DIRECTORY_BYTES };
        // Archives that follow other bytes, such as a program that unpacks itself, are not searched.
        let config = Config { archive_offset: ArchiveOffset::Known(0) };
        let directory = ZipArchive::with_config(config, limited).map_err(problem)?.metadata();
        let mut parts = HashMap::new();
        for at in 0..directory.len() {
            if let Ok(name) = directory.entry(at).map_err(problem)?.name() {
                parts.insert(part_name(&name), at);
            }
        }
        Ok(Self { directory, parts })
    }

    /// Returns the format of the workbook, or what the archive is instead.
    pub(super) fn kind(&self) -> Result<Kind, TableProblem> {
        let begins = |folder: &str| self.parts.keys().any(|name| name.starts_with(folder));
        let ends = |suffix: &str| self.parts.keys().any(|name| name.ends_with(suffix));
        if self.has("encrypted-package") {
            Err(TableProblem::Encrypted)
        } else if self.has("xl/workbook.bin") {
            Err(TableProblem::NotTable("a binary Excel workbook"))
        } else if begins("xl/") {
            Ok(Kind::Xlsx)
        } else if self.has("content.xml") && self.has("meta-inf/manifest.xml") {
            Ok(Kind::Ods)
        } else if begins("word/") {
            Err(TableProblem::NotTable("a Word document"))
        } else if begins("ppt/") {
            Err(TableProblem::NotTable("a presentation"))
        } else if ends(".iwa") || self.has("index.zip") {
            Err(TableProblem::NotTable("a document of Numbers or another program of Apple"))
        } else {
            Err(TableProblem::Archive("a ZIP archive"))
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.parts.contains_key(&part_name(name))
    }

    /// Opens a part, of which at most `limit` bytes are read.
    pub(super) fn open<F: Read + Seek>(
        &self,
        name: &str,
        mut file: F,
        limit: u64,
    ) -> io::Result<Part<F>> {
        let at = self.parts.get(&part_name(name)).ok_or_else(damaged)?;
        let entry = self.directory.entry(*at).map_err(problem)?;
        if entry.encrypted() {
            return Err(TableProblem::Encrypted.into());
        }
        let start = entry.get_metadata().data_start(&mut file).map_err(problem)?;
        file.seek(SeekFrom::Start(start))?;
        let packed = file.take(entry.compressed_size());
        let content = match entry.compression() {
            CompressionMethod::Stored => Content::Stored(packed),
            CompressionMethod::Deflated => Content::Deflated(DeflateDecoder::new(packed)),
            _ => return Err(damaged()),
        };
        Ok(Part {
            content,
            packed: entry.compressed_size(),
            unpacked: 0,
            limit,
            found: Crc::new(),
            checksum: entry.crc32(),
        })
    }
}

fn problem(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        _ => damaged(),
    }
}

/// Returns the name by which a part is found.
fn part_name(name: &str) -> String {
    name.replace('\\', "/").trim_start_matches('/').to_lowercase()
}

/// A part that is unpacked while it is read. It ends with an error when it is longer than its
/// limit, or its bytes are not those that were packed.
pub(super) struct Part<F: Read> {
    content: Content<F>,
    packed: u64,
    unpacked: u64,
    limit: u64,
    found: Crc,
    checksum: u32,
}

enum Content<F: Read> {
    Stored(Take<F>),
    Deflated(DeflateDecoder<Take<F>>),
}

impl<F: Read> Read for Part<F> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = match &mut self.content {
            Content::Stored(bytes) => bytes.read(out)?,
            Content::Deflated(bytes) => bytes.read(out)?,
        };
        if length == 0 && !out.is_empty() && self.found.sum() != self.checksum {
            return Err(damaged());
        }
        self.found.update(&out[..length]);
        self.unpacked += length as u64;
        let most = self.packed.saturating_mul(MAX_RATIO).max(FREE_BYTES);
        if self.unpacked > self.limit.min(most) {
            return Err(TableProblem::TooLarge.into());
        }
        Ok(length)
    }
}

/// A file of which a limited number of bytes can be read.
struct Limited<'a, F> {
    source: &'a mut F,
    left: u64,
}

impl<F: Read> Read for Limited<'_, F> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(out)?;
        self.left = self.left.checked_sub(length as u64).ok_or(TableProblem::TooLarge)?;
        Ok(length)
    }
}

impl<F: Seek> Seek for Limited<'_, F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.source.seek(to)
    }
}
