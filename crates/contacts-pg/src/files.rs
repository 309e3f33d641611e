//! Files, in pieces.

use std::io::{self, Read};

use contacts_core::file::{FileId, FileStore};
use contacts_core::{OrgId, Result};
use diesel::sql_types::{Binary, Integer, Uuid as SqlUuid};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};

use crate::Database;
use crate::database::store;

impl FileStore for Database {
    fn append(&self, org: OrgId, file: FileId, piece: u32, bytes: &[u8]) -> Result<()> {
        // A piece that was kept though its answer was lost is kept once.
        let statement = "INSERT INTO file_pieces (org_id, file_id, piece, bytes) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (org_id, file_id, piece) DO NOTHING";
        self.write(|db| {
            sql_query(statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(file.0)
                .bind::<Integer, _>(piece.cast_signed())
                .bind::<Binary, _>(bytes)
                .execute(db)
                .map(drop)
                .map_err(store)
        })
    }

    fn open(&self, org: OrgId, file: FileId) -> Result<Box<dyn Read + Send>> {
        Ok(Box::new(Reader {
            database: self.clone(),
            org,
            file,
            next: 0,
            piece: Vec::new(),
            read: 0,
        }))
    }

    fn delete(&self, org: OrgId, file: FileId) -> Result<()> {
        self.write(|db| {
            sql_query("DELETE FROM file_pieces WHERE org_id = $1 AND file_id = $2")
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(file.0)
                .execute(db)
                .map(drop)
                .map_err(store)
        })
    }
}

/// Reads a file piece by piece. It holds no connection between them, for whoever reads a file
/// works long on each.
struct Reader {
    database: Database,
    org: OrgId,
    file: FileId,
    next: i32,
    piece: Vec<u8>,
    read: usize,
}

#[derive(QueryableByName)]
struct Piece {
    #[diesel(sql_type = Binary)]
    bytes: Vec<u8>,
}

impl Read for Reader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.read == self.piece.len() {
            self.piece = self.next_piece().map_err(io::Error::other)?;
            self.read = 0;
        }
        let left = &self.piece[self.read..];
        let now = left.len().min(out.len());
        out[..now].copy_from_slice(&left[..now]);
        self.read += now;
        Ok(now)
    }
}

impl Reader {
    fn next_piece(&mut self) -> Result<Vec<u8>> {
        let statement =
            "SELECT bytes FROM file_pieces WHERE org_id = $1 AND file_id = $2 AND piece = $3";
        let piece: Option<Piece> = self.database.read(|db| {
            sql_query(statement)
                .bind::<SqlUuid, _>(self.org.0)
                .bind::<SqlUuid, _>(self.file.0)
                .bind::<Integer, _>(self.next)
                .get_result(db)
                .optional()
                .map_err(store)
        })?;
        self.next += 1;
        Ok(piece.map(|piece| piece.bytes).unwrap_or_default())
    }
}
