//! The port of files, which are stored in chunks.

use std::io::{self, Read, Seek, SeekFrom};

use contacts_core::file::{FileContent, FileId, FileStore};
use contacts_core::{OrgId, Result};
use diesel::sql_types::{Integer, Uuid as SqlUuid};
use diesel::{ExpressionMethods, QueryDsl, QueryableByName, delete, insert_into};

use crate::Database;
use crate::database::{PgResult, RunQuery, Tx};
use crate::schema::file_chunks;

impl FileStore for Database {
    fn append(&self, org: OrgId, file: FileId, chunk: u32, bytes: &[u8]) -> Result<()> {
        self.write(org, |tx| insert_chunk(tx, file, chunk, bytes))
    }

    fn open(&self, org: OrgId, file: FileId) -> Result<Box<dyn FileContent>> {
        Ok(Box::new(Reader {
            database: self.clone(),
            org,
            file,
            next: 0,
            chunk: Vec::new(),
            start: 0,
            read: 0,
            ends: None,
        }))
    }

    fn delete(&self, org: OrgId, file: FileId) -> Result<()> {
        self.write(org, |tx| {
            delete(file_chunks::table)
                .filter(file_chunks::org_id.eq(tx.org.0))
                .filter(file_chunks::file_id.eq(file.0))
                .execute(tx)
                .map(drop)
        })
    }
}

/// Stores a chunk. One that was stored by a request whose response was lost is stored once.
pub(crate) fn insert_chunk(
    tx: &mut Tx<'_>,
    file: FileId,
    chunk: u32,
    bytes: &[u8],
) -> PgResult<()> {
    insert_into(file_chunks::table)
        .values((
            file_chunks::org_id.eq(tx.org.0),
            file_chunks::file_id.eq(file.0),
            file_chunks::chunk.eq(chunk.cast_signed()),
            file_chunks::bytes.eq(bytes),
        ))
        .on_conflict_do_nothing()
        .execute(tx)
        .map(drop)
}

/// Reads a file chunk by chunk. It returns its connection to the pool after each chunk, because
/// the work on a chunk takes long.
struct Reader {
    database: Database,
    org: OrgId,
    file: FileId,
    /// Number of the chunk after the current one.
    next: i32,
    /// The current chunk, of which `read` bytes were returned, and its first byte within the file.
    chunk: Vec<u8>,
    start: u64,
    read: usize,
    /// The end of each chunk within the file; `None` until the reader is moved.
    ends: Option<Vec<u64>>,
}

#[derive(QueryableByName)]
struct ChunkLength {
    #[diesel(sql_type = Integer)]
    length: i32,
}

impl Read for Reader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.read == self.chunk.len() {
            self.start += self.chunk.len() as u64;
            self.chunk = self.next_chunk().map_err(io::Error::other)?;
            self.read = 0;
        }
        let left = &self.chunk[self.read..];
        let now = left.len().min(out.len());
        out[..now].copy_from_slice(&left[..now]);
        self.read += now;
        Ok(now)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let ends = match self.ends.take() {
            Some(ends) => ends,
            None => self.chunk_ends().map_err(io::Error::other)?,
        };
        let (base, offset) = match to {
            SeekFrom::Start(position) => (position, 0),
            SeekFrom::Current(offset) => (self.start + self.read as u64, offset),
            SeekFrom::End(offset) => (ends.last().copied().unwrap_or_default(), offset),
        };
        let position = base.checked_add_signed(offset).ok_or(io::ErrorKind::InvalidInput);
        let moved = position.map_err(io::Error::from).and_then(|to| self.move_to(to, &ends));
        self.ends = Some(ends);
        moved
    }
}

impl Reader {
    /// Moves to a byte of the file. A position beyond the end is that of the end.
    fn move_to(&mut self, position: u64, ends: &[u64]) -> io::Result<u64> {
        let position = position.min(ends.last().copied().unwrap_or_default());
        let within = self.start..=self.start + self.chunk.len() as u64;
        if !within.contains(&position) {
            let chunk = ends.partition_point(|end| *end <= position);
            self.start = chunk.checked_sub(1).map_or(0, |before| ends[before]);
            self.next = i32::try_from(chunk).map_err(io::Error::other)?;
            self.chunk = self.next_chunk().map_err(io::Error::other)?;
        }
        // A chunk has at most some hundred kilobytes.
        self.read = (position - self.start) as usize;
        Ok(position)
    }

    fn next_chunk(&mut self) -> Result<Vec<u8>> {
        let chunk: Option<Vec<u8>> = self.database.read(self.org, |tx| {
            file_chunks::table
                .find((tx.org.0, self.file.0, self.next))
                .select(file_chunks::bytes)
                .row(tx)
        })?;
        self.next += 1;
        Ok(chunk.unwrap_or_default())
    }

    fn chunk_ends(&self) -> Result<Vec<u64>> {
        // The bytes are not compressed, so their length is read without them.
        let statement = "SELECT octet_length(bytes) AS length FROM file_chunks \
             WHERE org_id = $1 AND file_id = $2 ORDER BY chunk";
        let lengths: Vec<ChunkLength> = self
            .database
            .read(self.org, |tx| tx.query(statement).bind::<SqlUuid, _>(self.file.0).load(tx))?;
        let mut end = 0;
        let ends = lengths.iter().map(|chunk| {
            end += u64::from(chunk.length.unsigned_abs());
            end
        });
        Ok(ends.collect())
    }
}
