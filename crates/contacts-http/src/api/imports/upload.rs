//! Uploads of files to import (R30). A file is stored as it arrives and never held in memory as a
//! whole.

mod part;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_multipart::Multipart;
use actix_web::http::{StatusCode, header};
use actix_web::web::{BytesMut, Data, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use contacts_core::Invalid;
use contacts_core::answer::without_claim;
use contacts_core::import::Upload;
use futures_util::StreamExt;

use self::part::FilePart;
use super::view::ImportView;
use crate::parts::answer::{Answer, json, to_json};
use crate::parts::blocking::{blocking, blocking_in_turn};
use crate::parts::caller::CanImport;
use crate::parts::download::XLSX;
use crate::parts::params::{QueryParams, query};
use crate::parts::problem::{Code, Problem, ProblemView};
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_upload, _, _>(upload)
}

query! {
    /// Parameters of an upload.
    struct UploadQuery {
        /// Name of the file. Required, unless the part of a multipart body has one.
        #[param(example = "people.csv")]
        file_name: Option<String>,
    }
}

/// Upload a file to import
///
/// The body is the file itself, or a form whose part `file` is the file. The file is analysed in
/// the background: follow the import until it is `ready` or `unusable`.
#[utoipa::path(
    post, path = "/v1/imports", tag = "imports", operation_id = "upload_import",
    params(UploadQuery),
    request_body(
        content = String, content_type = "multipart/form-data",
        description = "The file, as the part `file`. The body may also be the file itself, as `application/octet-stream`, `text/csv`, or the type of an XLSX or ODS workbook.",
    ),
    responses(
        (status = 201, description = "The import; its file is being analysed", body = ImportView, headers(
            ("location" = String, description = "Its path"),
        )),
        (status = 409, description = "`conflict`: it was cancelled meanwhile", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn upload(
    CanImport(caller): CanImport,
    shared: Data<Shared>,
    QueryParams(query): QueryParams<UploadQuery>,
    req: HttpRequest,
    payload: Payload,
) -> Answer {
    let limit = shared.api.config.max_upload;
    let is_form = check(&req, limit)?;
    let _slot = shared.uploads.take(caller.org)?;
    let mut pace = Pace::new(shared.api.config.upload_window, shared.api.config.upload_floor);
    let mut file = if is_form {
        let form = Multipart::new(req.headers(), payload);
        pace.wait(FilePart::find(form)).await??
    } else {
        FilePart::whole_body(payload)
    };
    let file_name = query.file_name.or(file.name.take());
    let file_name = file_name.ok_or_else(|| missing("file_name"))?;
    let upload = blocking(&shared, move |api| {
        Ok(api.imports.begin(caller.org, &file_name, caller.actor, limit)?)
    });
    let upload = Running::new(shared.clone(), upload.await?);
    match upload.receive(file, pace).await {
        Ok(()) => upload.finish().await,
        Err(problem) => {
            upload.abandon(&problem).await;
            Err(problem)
        }
    }
}

/// Receives a file of limited size into memory: the whole body, or the part `file` of a form.
pub(super) async fn receive_whole(
    shared: &Data<Shared>,
    req: &HttpRequest,
    payload: Payload,
    limit: u64,
) -> Result<Vec<u8>, Problem> {
    let is_form = check(req, limit)?;
    let mut pace = Pace::new(shared.api.config.upload_window, shared.api.config.upload_floor);
    let mut file = if is_form {
        pace.wait(FilePart::find(Multipart::new(req.headers(), payload))).await??
    } else {
        FilePart::whole_body(payload)
    };
    let mut bytes = Vec::new();
    while let Some(chunk) = pace.wait(file.bytes.next()).await? {
        let chunk = chunk?;
        pace.count(chunk.len());
        if (bytes.len() + chunk.len()) as u64 > limit {
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    if bytes.is_empty() { Err(empty()) } else { Ok(bytes) }
}

/// The types of bodies. The format of the file is detected, whatever the type.
const TYPES: [&str; 6] = [
    "",
    "text/csv",
    "application/octet-stream",
    "application/vnd.oasis.opendocument.spreadsheet",
    XLSX,
    "multipart/form-data",
];

/// Returns whether the body is a form. Refuses bodies of other types and bodies that are too long.
fn check(req: &HttpRequest, limit: u64) -> Result<bool, Problem> {
    let kind = req.content_type().to_ascii_lowercase();
    if !TYPES.contains(&&*kind) {
        let detail = "send the file as text/csv, as an XLSX or ODS workbook, as \
                      application/octet-stream, or as the part `file` of multipart/form-data";
        return Err(Problem::new(Code::UnsupportedType, detail));
    }
    let length = req.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    match length.and_then(|length| length.parse::<u64>().ok()) {
        Some(length) if length > limit => Err(too_large(limit)),
        Some(0) => Err(empty()),
        _ => Ok(kind.starts_with("multipart/")),
    }
}

fn empty() -> Problem {
    Problem::invalid(Invalid::one("file", "is empty"))
}

fn missing(what: &str) -> Problem {
    Problem::invalid(Invalid::one(what, "is required"))
}

fn too_large(limit: u64) -> Problem {
    Problem::new(Code::BodyTooLarge, format!("the limit is {limit} bytes"))
}

/// An upload that is abandoned when it is dropped before its end: when the client disconnects,
/// actix drops the future of the request at whichever await point it has reached.
struct Running {
    shared: Data<Shared>,
    upload: Arc<Mutex<Option<Upload>>>,
}

impl Running {
    /// Number of bytes stored at once.
    const CHUNK: usize = 256 << 10;

    fn new(shared: Data<Shared>, upload: Upload) -> Self {
        Self { shared, upload: Arc::new(Mutex::new(Some(upload))) }
    }

    async fn receive(&self, mut file: FilePart, mut pace: Pace) -> Result<(), Problem> {
        let mut buffer = BytesMut::new();
        let mut is_empty = true;
        let mut pushed = Instant::now();
        while let Some(chunk) = pace.wait(file.bytes.next()).await? {
            let chunk = chunk?;
            pace.count(chunk.len());
            is_empty &= chunk.is_empty();
            buffer.extend_from_slice(&chunk);
            if buffer.len() >= Self::CHUNK || pushed.elapsed() >= Upload::STORE_AFTER {
                self.push(buffer.split()).await?;
                pushed = Instant::now();
            }
        }
        if is_empty {
            return Err(empty());
        }
        self.push(buffer).await
    }

    async fn push(&self, bytes: BytesMut) -> Result<(), Problem> {
        let upload = self.upload.clone();
        let push = move |upload: &mut Option<Upload>| match upload {
            Some(upload) => Ok(upload.push(&bytes)?),
            None => Err(Problem::internal()),
        };
        let is_within = blocking_in_turn(&self.shared, move |_| push(&mut lock(&upload))).await?;
        if is_within { Ok(()) } else { Err(too_large(self.shared.api.config.max_upload)) }
    }

    async fn finish(self) -> Answer {
        let upload = self.upload.clone();
        let done = blocking_in_turn(&self.shared, move |api| {
            let upload = lock(&upload).take().ok_or_else(Problem::internal)?;
            let (org, id, actor) = (upload.import().org, upload.import().id, upload.import().actor);
            let import = upload.finish().inspect_err(|_| {
                // Without this, the import would stay in the state `uploading` permanently. The
                // caller gets the first failure, whether or not the import can be cancelled.
                let _ = without_claim(|| api.imports.cancel(org, id, actor));
            })?;
            Ok((id, to_json(&ImportView::new(import, api.clock.now()))?))
        });
        let (id, body) = done.await?;
        let mut response: HttpResponse = json(StatusCode::CREATED, body);
        if let Ok(location) = header::HeaderValue::from_str(&format!("/v1/imports/{id}")) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        Ok(response)
    }

    async fn abandon(self, problem: &Problem) {
        let upload = self.upload.clone();
        let reason = problem.to_string();
        let done = blocking_in_turn(&self.shared, move |_| {
            abandon(&upload, &reason);
            Ok(())
        });
        // The client that waits for this response should get the first problem.
        let _ = done.await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.upload.try_lock().as_deref(), Ok(None)) {
            return;
        }
        let upload = self.upload.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            // The lock waits for a push that is still in progress.
            runtime.spawn_blocking(move || abandon(&upload, "the connection was lost"));
        }
    }
}

fn abandon(upload: &Mutex<Option<Upload>>, reason: &str) {
    let Some(upload) = lock(upload).take() else { return };
    let id = upload.import().id;
    let problem = format!("the upload was not completed ({reason}): upload the file again");
    if let Err(error) = upload.abandon(&problem) {
        tracing::error!(%error, import = %id, "failed to delete an interrupted upload");
    }
}

fn lock(upload: &Mutex<Option<Upload>>) -> MutexGuard<'_, Option<Upload>> {
    upload.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Enforces a minimum upload speed: in each window of waiting for the client, a minimum number of
/// bytes must arrive. The time that the store takes does not count.
struct Pace {
    window: Duration,
    floor: u64,
    waited: Duration,
    received: u64,
}

impl Pace {
    fn new(window: Duration, floor: u64) -> Self {
        Self { window, floor, waited: Duration::ZERO, received: 0 }
    }

    async fn wait<T>(&mut self, next: impl Future<Output = T>) -> Result<T, Problem> {
        let mut next = std::pin::pin!(next);
        loop {
            let started = Instant::now();
            let left = self.window.saturating_sub(self.waited);
            let item = tokio::time::timeout(left, next.as_mut()).await;
            self.waited += started.elapsed();
            match item {
                Ok(item) => return Ok(item),
                Err(_elapsed) if self.received < self.floor => return Err(self.too_slow()),
                Err(_elapsed) => (self.waited, self.received) = (Duration::ZERO, 0),
            }
        }
    }

    fn too_slow(&self) -> Problem {
        let Self { floor, window, .. } = self;
        let detail = format!("send at least {floor} bytes in {} ms", window.as_millis());
        Problem::new(Code::BodyTooSlow, detail)
    }

    fn count(&mut self, bytes: usize) {
        self.received += bytes as u64;
    }
}
