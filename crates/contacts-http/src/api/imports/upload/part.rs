//! The file in the body of an upload: the whole body, or one part of a form.

use actix_multipart::{Multipart, MultipartError};
use actix_web::web::{Bytes, Payload};
use contacts_core::Invalid;
use futures_util::stream::LocalBoxStream;
use futures_util::{StreamExt, TryStreamExt};

use crate::parts::problem::{Code, Problem};

/// The name of the form part that contains the file.
const FILE: &str = "file";

/// The file of an upload: its name, if the form has one, and its bytes.
pub(super) struct FilePart {
    pub(super) name: Option<String>,
    pub(super) bytes: LocalBoxStream<'static, Result<Bytes, Problem>>,
}

impl FilePart {
    /// Takes the whole body as the file.
    pub(super) fn whole_body(payload: Payload) -> Self {
        let bytes = payload.map_err(|_lost| {
            Problem::new(Code::InvalidRequest, "the upload ended before it was complete")
        });
        Self { name: None, bytes: bytes.boxed_local() }
    }

    /// Finds the part `file` of a form. It must be the first part, because parts before it would
    /// have to be read without a limit.
    pub(super) async fn find(mut form: Multipart) -> Result<Self, Problem> {
        let part = form.try_next().await.map_err(unreadable)?;
        let part = part.filter(|part| part.name() == Some(FILE)).ok_or_else(|| {
            Problem::invalid(Invalid::one(FILE, "is required, as the first part of the form"))
        })?;
        let name = part.content_disposition().and_then(|it| it.get_filename()).map(str::to_owned);
        let bytes = part.map_err(unreadable).boxed_local();
        // The form must outlive its part, which reads from the form.
        let bytes = futures_util::stream::unfold((bytes, form), |(mut bytes, form)| async {
            bytes.next().await.map(|chunk| (chunk, (bytes, form)))
        });
        Ok(Self { name, bytes: bytes.boxed_local() })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is the argument of map_err")]
fn unreadable(error: MultipartError) -> Problem {
    Problem::new(Code::InvalidRequest, format!("the form cannot be read: {error}"))
}
