//! Uploading a file to be imported (R30): stored as it arrives, never whole in memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::{StatusCode, header};
use actix_web::web::{BytesMut, Data, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use contacts_core::import::Upload;
use futures_util::StreamExt;
use utoipa::IntoParams;

use super::view::ImportView;
use crate::answer::{Answer, json, to_json};
use crate::auth::CanWrite;
use crate::blocking::{blocking, blocking_in_turn, permit};
use crate::params::Params;
use crate::problem::{Code, Problem, ProblemView};
use crate::routes::Table;
use crate::shared::Shared;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_upload, _, _>(upload)
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what upload reads")]
struct UploadQuery {
    /// What the file is called.
    #[param(example = "people.csv")]
    file_name: String,
}

/// Upload a file to be imported
///
/// The body is the file itself. It is looked at in the background: follow the import until it
/// is `ready` or `unusable`.
#[utoipa::path(
    post, path = "/v1/imports", tag = "imports", operation_id = "upload_import",
    params(UploadQuery),
    request_body(
        description = "The file as it is, of any content type but multipart/form-data",
        content((String = "text/csv"), (String = "application/octet-stream")),
    ),
    responses(
        (status = 201, description = "The import, its file being looked at", body = ImportView, headers(
            ("location" = String, description = "Its path"),
        )),
        (status = 409, description = "`conflict`: it was cancelled meanwhile", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn upload(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    req: HttpRequest,
    payload: Payload,
) -> Answer {
    let limit = shared.api.config.max_upload;
    let file_name = check(&req, limit)?;
    let _place = permit(&shared.uploads)?;
    let upload = blocking(&shared, move |api| {
        Ok(api.imports.begin(caller.org, &file_name, caller.actor, limit)?)
    });
    let upload = Running::new(shared.clone(), upload.await?);
    match upload.receive(payload).await {
        Ok(()) => upload.finish().await,
        Err(problem) => {
            upload.abandon(&problem).await;
            Err(problem)
        }
    }
}

fn check(req: &HttpRequest, limit: u64) -> Result<String, Problem> {
    let mut params = Params::read(req.query_string())?;
    let file_name = params.one("file_name");
    if file_name.is_none() {
        params.refuse("file_name", "is required");
    }
    params.finish()?;
    if req.content_type().starts_with("multipart/") {
        let detail = "send the file itself as the body, not a form";
        return Err(Problem::new(Code::UnsupportedType, detail));
    }
    let length = req.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    if length.and_then(|length| length.parse().ok()).is_some_and(|length: u64| length > limit) {
        return Err(too_large(limit));
    }
    Ok(file_name.unwrap_or_default())
}

fn too_large(limit: u64) -> Problem {
    Problem::new(Code::BodyTooLarge, format!("the limit is {limit} bytes"))
}

/// An upload that is abandoned when it is dropped before its end: when the client hangs up,
/// actix drops the request's future, wherever it waits.
struct Running {
    shared: Data<Shared>,
    upload: Arc<Mutex<Option<Upload>>>,
}

impl Running {
    /// How much is stored at once.
    const PIECE: usize = 256 << 10;

    fn new(shared: Data<Shared>, upload: Upload) -> Self {
        Self { shared, upload: Arc::new(Mutex::new(Some(upload))) }
    }

    async fn receive(&self, mut payload: Payload) -> Result<(), Problem> {
        let config = &self.shared.api.config;
        let mut pace = Pace::new(config.upload_window, config.upload_floor);
        let mut buffer = BytesMut::new();
        while let Some(piece) = pace.wait(payload.next()).await? {
            let piece = piece.map_err(|_lost| {
                Problem::new(Code::InvalidRequest, "the upload ended before it was complete")
            })?;
            pace.count(piece.len());
            buffer.extend_from_slice(&piece);
            if buffer.len() >= Self::PIECE {
                self.push(buffer.split()).await?;
            }
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
            let (org, id) = (upload.import().org, upload.import().id);
            let import = upload.finish().inspect_err(|_| {
                // Otherwise it would be uploading for ever. Whether that can be kept or not,
                // the caller is told of the first failure.
                let _ = api.imports.cancel(org, id);
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
        let why = problem.to_string();
        let done = blocking_in_turn(&self.shared, move |_| {
            abandon(&upload, &why);
            Ok(())
        });
        // Whoever waits for this answer wants to hear of the first problem.
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
            // The lock waits for a push that is still going on.
            runtime.spawn_blocking(move || abandon(&upload, "the connection was lost"));
        }
    }
}

fn abandon(upload: &Mutex<Option<Upload>>, why: &str) {
    let Some(upload) = lock(upload).take() else { return };
    let id = upload.import().id;
    let problem = format!("the upload was not completed ({why}): upload the file again");
    if let Err(error) = upload.abandon(&problem) {
        tracing::error!(%error, import = %id, "an upload could not be abandoned");
    }
}

fn lock(upload: &Mutex<Option<Upload>>) -> MutexGuard<'_, Option<Upload>> {
    upload.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Holds an upload to a floor: in each window of waiting for the client, so many bytes must
/// come. The time that the store takes does not count.
struct Pace {
    window: Duration,
    floor: u64,
    waited: Duration,
    came: u64,
}

impl Pace {
    fn new(window: Duration, floor: u64) -> Self {
        Self { window, floor, waited: Duration::ZERO, came: 0 }
    }

    async fn wait<T>(&mut self, next: impl Future<Output = T>) -> Result<T, Problem> {
        let mut next = std::pin::pin!(next);
        loop {
            let began = Instant::now();
            let left = self.window.saturating_sub(self.waited);
            let item = tokio::time::timeout(left, next.as_mut()).await;
            self.waited += began.elapsed();
            match item {
                Ok(item) => return Ok(item),
                Err(_elapsed) if self.came < self.floor => return Err(self.too_slow()),
                Err(_elapsed) => (self.waited, self.came) = (Duration::ZERO, 0),
            }
        }
    }

    fn too_slow(&self) -> Problem {
        let Self { floor, window, .. } = self;
        let detail = format!("send at least {floor} bytes in {} ms", window.as_millis());
        Problem::new(Code::BodyTooSlow, detail)
    }

    fn count(&mut self, bytes: usize) {
        self.came += bytes as u64;
    }
}
