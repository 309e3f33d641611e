//! Downloads of files that are generated while they are sent.

use std::iter;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use contacts_core::Result;
use contacts_core::export::FileFormat;
use futures_util::{Stream, stream};

use crate::parts::blocking::blocking_in_turn;
use crate::parts::problem::Problem;
use crate::parts::shared::Shared;
use crate::parts::slots::Slot;

/// The content type of XLSX workbooks.
pub(crate) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Number of bytes that are generated ahead.
const CHUNK: usize = 64 << 10;

/// Generator of the file's bytes. An empty item means that no bytes are available yet.
pub(crate) type Source = dyn Iterator<Item = Result<Vec<u8>>> + Send;

/// A file that is being sent. The next chunk is generated when the client has taken the previous
/// one, so a slow client occupies no thread, and a client that disconnects stops the work.
struct Download {
    shared: Data<Shared>,
    source: Arc<Mutex<Box<Source>>>,
    /// Bytes that are ready to be sent.
    ready: Vec<u8>,
    _slot: Slot,
}

/// Drops the source on a thread that may wait: an export that the client broke off then records its
/// end in the store.
impl Drop for Download {
    fn drop(&mut self) {
        let nothing: Box<Source> = Box::new(iter::empty());
        let source = std::mem::replace(&mut self.source, Arc::new(Mutex::new(nothing)));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn_blocking(move || drop(source));
        }
    }
}

/// The beginning of a file, generated before the response starts: an error up to then is answered
/// with a problem instead of an interrupted connection.
pub(crate) struct StartedDownload {
    source: Box<Source>,
    ready: Vec<u8>,
}

impl StartedDownload {
    /// Generates the beginning of the file. It may wait for the store.
    pub(crate) fn new(mut source: Box<Source>) -> Result<Self, Problem> {
        let ready = next_chunk(&mut *source)?.unwrap_or_default();
        Ok(Self { source, ready })
    }

    /// Returns the response that sends a CSV file. It has the place until it ends.
    pub(crate) fn csv(self, shared: Data<Shared>, slot: Slot, file_name: &str) -> HttpResponse {
        self.send(shared, slot, file_name, "text/csv; charset=utf-8")
    }

    /// Returns the response that sends the file of an export, whose name gets an extension.
    pub(crate) fn export(
        self,
        shared: Data<Shared>,
        slot: Slot,
        name: &str,
        format: FileFormat,
    ) -> HttpResponse {
        let content_type = match format {
            FileFormat::Csv => "text/csv; charset=utf-8",
            FileFormat::Xlsx => XLSX,
        };
        self.send(shared, slot, &format!("{name}.{}", format.as_str()), content_type)
    }

    fn send(
        self,
        shared: Data<Shared>,
        slot: Slot,
        file_name: &str,
        content_type: &'static str,
    ) -> HttpResponse {
        let source = Arc::new(Mutex::new(self.source));
        let download = Download { shared, source, ready: self.ready, _slot: slot };
        let disposition = format!("attachment; filename=\"{file_name}\"");
        HttpResponse::Ok()
            .content_type(content_type)
            .insert_header((header::CONTENT_DISPOSITION, disposition))
            .streaming(chunks(download))
    }
}

/// An error interrupts the connection, so that no client takes a partial file for a complete one.
fn chunks(download: Download) -> impl Stream<Item = Result<Bytes, Problem>> {
    stream::try_unfold(download, |mut download| async move {
        // Return to the event loop between empty items, too, so that the work ends with the
        // connection.
        while download.ready.is_empty() {
            let source = download.source.clone();
            let chunk = blocking_in_turn(&download.shared, move |_| {
                next_chunk(&mut **source.lock().unwrap_or_else(PoisonError::into_inner))
            });
            match chunk.await? {
                Some(chunk) => download.ready = chunk,
                None => return Ok(None),
            }
        }
        let ready = Bytes::from(std::mem::take(&mut download.ready));
        Ok(Some((ready, download)))
    })
}

/// Returns the next bytes, which may be empty, or `None` when the file is complete.
fn next_chunk(source: &mut Source) -> Result<Option<Vec<u8>>, Problem> {
    let mut chunk = Vec::new();
    while chunk.len() < CHUNK {
        match source.next() {
            Some(made) => {
                let made = made?;
                if made.is_empty() {
                    return Ok(Some(chunk));
                }
                if chunk.is_empty() {
                    chunk = made;
                } else {
                    chunk.extend(made);
                }
            }
            None if chunk.is_empty() => return Ok(None),
            None => break,
        }
    }
    Ok(Some(chunk))
}
