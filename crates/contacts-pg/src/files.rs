//! The port of files, which are stored in chunks.

use std::io::{self, Read};

use contacts_core::file::{FileId, FileStore};
use contacts_core::{OrgId, Result};
use diesel::{ExpressionMethods, QueryDsl, delete, insert_into};

use crate::Database;
use crate::database::{PgResult, RunQuery, Tx};
use crate::schema::file_chunks;

impl FileStore for Database {
    fn append(&self, org: OrgId, file: FileId, chunk: u32, bytes: &[u8]) -> Result<()> {
        self.write(org, |tx| insert_chunk(tx, file, chunk, bytes))
    }

    fn open(&self, org: OrgId, file: FileId) -> Result<Box<dyn Read + Send>> {
        Ok(Box::new(Reader {
            database: self.clone(),
            org,
            file,
            next: 0,
            chunk: Vec::new(),
            read: 0,
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
    next: i32,
    chunk: Vec<u8>,
    read: usize,
}

impl Read for Reader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.read == self.chunk.len() {
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

impl Reader {
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
}
