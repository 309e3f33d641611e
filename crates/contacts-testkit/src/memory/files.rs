//! Files in memory.

use std::cmp::Ordering;
use std::io::{Cursor, Read};

use contacts_core::file::{FileId, FileStore};
use contacts_core::{Error, OrgId, Result};

use crate::World;

impl FileStore for World {
    fn append(&self, org: OrgId, file: FileId, piece: u32, bytes: &[u8]) -> Result<()> {
        self.rows(org, |rows| {
            let pieces = rows.files.entry(file).or_default();
            match (pieces.len() as u64).cmp(&u64::from(piece)) {
                Ordering::Less => return Err(Error::store("a piece before this one is missing")),
                Ordering::Equal => pieces.push(bytes.to_vec()),
                // A piece that was kept though its answer was lost is kept once.
                Ordering::Greater => {}
            }
            Ok(())
        })
    }

    fn open(&self, org: OrgId, file: FileId) -> Result<Box<dyn Read + Send>> {
        self.rows(org, |rows| {
            let bytes = rows.files.get(&file).map(|pieces| pieces.concat()).unwrap_or_default();
            Ok(Box::new(Cursor::new(bytes)) as Box<dyn Read + Send>)
        })
    }

    fn delete(&self, org: OrgId, file: FileId) -> Result<()> {
        self.rows(org, |rows| {
            rows.files.remove(&file);
            Ok(())
        })
    }
}
