//! Files that are made while they are sent.

use std::sync::{Arc, Mutex, PoisonError};

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use contacts_core::Result;
use futures_util::{Stream, stream};
use tokio::sync::OwnedSemaphorePermit;

use crate::blocking::blocking_in_turn;
use crate::problem::Problem;
use crate::shared::Shared;

/// How many bytes are made ready at once.
const PIECE: usize = 64 << 10;

/// What makes the file: its bytes, a little at a time. An empty item means that there is nothing
/// to be sent yet.
pub(crate) type Source = dyn Iterator<Item = Result<Vec<u8>>> + Send;

/// A file that is being sent. More of it is made when the client has taken what was made before,
/// so a slow client holds no thread, and one that hangs up stops the work.
struct Download {
    shared: Data<Shared>,
    source: Arc<Mutex<Box<Source>>>,
    /// What is ready already.
    ready: Vec<u8>,
    _place: OwnedSemaphorePermit,
}

/// The beginning of a file, made before the answer begins: what goes wrong until then is a
/// problem, not a connection that breaks off.
pub(crate) struct Begun {
    source: Box<Source>,
    ready: Vec<u8>,
}

impl Begun {
    /// Makes the beginning. It may wait for the store.
    pub(crate) fn new(mut source: Box<Source>) -> Result<Self, Problem> {
        let ready = next_piece(&mut *source)?.unwrap_or_default();
        Ok(Self { source, ready })
    }

    /// The answer that sends it, from a place among the streams.
    pub(crate) fn csv(
        self,
        shared: Data<Shared>,
        place: OwnedSemaphorePermit,
        file_name: &str,
    ) -> HttpResponse {
        let source = Arc::new(Mutex::new(self.source));
        let download = Download { shared, source, ready: self.ready, _place: place };
        let disposition = format!("attachment; filename=\"{file_name}\"");
        HttpResponse::Ok()
            .content_type("text/csv; charset=utf-8")
            .insert_header((header::CONTENT_DISPOSITION, disposition))
            .streaming(pieces(download))
    }
}

/// An error breaks the connection off, so that nobody takes half a file for a whole one.
fn pieces(download: Download) -> impl Stream<Item = Result<Bytes, Problem>> {
    stream::try_unfold(download, |mut download| async move {
        // Between the pieces that hold nothing, too, the work ends with the connection.
        while download.ready.is_empty() {
            let source = download.source.clone();
            let piece = blocking_in_turn(&download.shared, move |_| {
                next_piece(&mut **source.lock().unwrap_or_else(PoisonError::into_inner))
            });
            match piece.await? {
                Some(piece) => download.ready = piece,
                None => return Ok(None),
            }
        }
        let ready = Bytes::from(std::mem::take(&mut download.ready));
        Ok(Some((ready, download)))
    })
}

/// The next bytes, which may be none yet; nothing when the file is complete.
fn next_piece(source: &mut Source) -> Result<Option<Vec<u8>>, Problem> {
    let mut piece = Vec::new();
    while piece.len() < PIECE {
        match source.next() {
            Some(made) => {
                let made = made?;
                if made.is_empty() {
                    return Ok(Some(piece));
                }
                if piece.is_empty() {
                    piece = made;
                } else {
                    piece.extend(made);
                }
            }
            None if piece.is_empty() => return Ok(None),
            None => break,
        }
    }
    Ok(Some(piece))
}
