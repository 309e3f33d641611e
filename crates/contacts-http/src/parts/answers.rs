//! `Idempotency-Key` (R43): a POST that is repeated is carried out once, and the repeat gets the
//! response of the first request.
//!
//! A key belongs to the credential that sends it. The store contains a hash of the key, and the
//! response encrypted under a key that is derived from the installation's secret and the
//! idempotency key, which is not stored: a stolen copy of the store reveals no response, and so no
//! token of a new API key.

mod request;
mod seal;
mod stored;

use std::fmt;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpMessage, HttpResponse, ResponseError, rt};
use contacts_core::OrgId;
use contacts_core::answer::{AnswerRepository, CLAIM, Claim, Found, RunningClaim};
use futures_util::FutureExt;

use self::seal::Keys;
use self::stored::Stored;
use crate::parts::blocking::{blocking, blocking_in_turn, claimed, ending};
use crate::parts::caller::{Caller, unauthenticated_problem};
use crate::parts::problem::{Code, Problem};
use crate::parts::services::Api;
use crate::parts::shared::Shared;

/// The header that contains the key, in lower case as in HTTP/2.
pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The header that marks a replayed response.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Maximum size in bytes of a response body that is stored.
const MAX_BODY_BYTES: usize = 256 << 10;

/// Interval at which a claim sends a heartbeat.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(CLAIM.as_secs() / 3);

/// Pauses before further attempts to end a claim.
const RETRY_PAUSES: [Duration; 3] =
    [Duration::from_millis(50), Duration::from_millis(200), Duration::from_millis(750)];

/// The repository of stored responses, and the secret under which they are encrypted.
#[derive(Clone)]
pub struct Answers {
    repository: Arc<dyn AnswerRepository>,
    secret: [u8; 32],
}

impl Answers {
    /// Creates the store of responses. All servers of an installation must share the secret: a
    /// server with another secret takes a repeat for a different request.
    pub fn new(repository: Arc<dyn AnswerRepository>, secret: [u8; 32]) -> Self {
        Self { repository, secret }
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").finish_non_exhaustive()
    }
}

/// Carries out a request that has an idempotency key at most once. A request without a key is
/// passed on unchanged.
pub(crate) async fn run_once(
    shared: Data<Shared>,
    mut req: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, actix_web::Error> {
    let has_key = req.method() == Method::POST && req.headers().contains_key(KEY);
    // A path without a route has nothing to carry out.
    if !has_key || req.match_pattern().is_none() {
        return next.call(req).await;
    }
    match begin(&shared, &mut req).await {
        Ok(RequestStart::First(run)) => run.carry_out(next.call(req)).await,
        Ok(RequestStart::Repeat(answer)) => Ok(req.into_response(answer)),
        Err(problem) => Ok(req.into_response(problem.error_response())),
    }
}

enum RequestStart {
    First(Run),
    Repeat(HttpResponse),
}

async fn begin(shared: &Data<Shared>, req: &mut ServiceRequest) -> Result<RequestStart, Problem> {
    let key = request::key(req.headers())?;
    let caller = req.extensions().get::<Caller>().cloned().ok_or_else(unauthenticated_problem)?;
    let keys = Keys::derive(&shared.api.answers.secret, caller.org, caller.actor, &key);
    let fingerprint = request::fingerprint(shared, req, &caller, &keys).await?;
    let claim = Claim { key: keys.look_up, fingerprint, by: shared.api.ids.next() };
    let run = Run { shared: shared.clone(), org: caller.org, claim, keys };
    let org = caller.org;
    let found = blocking(shared, move |api| {
        Ok(api.answers.repository.claim(org, &claim, api.clock.now())?)
    });
    let found = match found.await {
        Ok(found) => found,
        Err(problem) => {
            // The claim may be stored nevertheless, and would block the key for a minute.
            run.release().await;
            return Err(problem);
        }
    };
    match found {
        Found::Nothing => Ok(RequestStart::First(run)),
        Found::Running => {
            let detail = "the request with this Idempotency-Key is still being carried out";
            Err(Problem::new(Code::RequestInProgress, detail).retry_after(1))
        }
        Found::Another => {
            let detail = "another request was sent with this Idempotency-Key: use a new one";
            Err(Problem::new(Code::KeyReused, detail))
        }
        Found::Erased(status) => Err(erased(status)),
        Found::Lost => Err(lost()),
        Found::Answer(sealed) => {
            run.keys.open(&sealed).map(|answer| RequestStart::Repeat(repeat(answer)))
        }
    }
}

/// States what became of a request whose answer is no longer stored, as far as the status of the
/// answer tells.
fn erased(status: Option<u16>) -> Problem {
    let detail = match status {
        Some(status @ 200..=299) => format!(
            "the request was carried out and answered with status {status}; the answer is no \
             longer stored"
        ),
        Some(status) => format!(
            "the request was {} with status {status}; the answer is no longer stored: to send the \
             request again, use a new Idempotency-Key",
            if status < 400 { "redirected" } else { "refused" }
        ),
        None => "the request was answered, and the answer is no longer stored".to_owned(),
    };
    Problem::new(Code::AnswerErased, detail)
}

fn lost() -> Problem {
    let detail = "the request was carried out, at least in part, and its answer was lost: look at \
                  what it changed, and use a new Idempotency-Key to send it again";
    Problem::new(Code::AnswerLost, detail)
}

fn repeat(answer: Stored) -> HttpResponse {
    let mut response = answer.into_response();
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// A request that is carried out under a claim.
struct Run {
    shared: Data<Shared>,
    org: OrgId,
    claim: Claim,
    keys: Keys,
}

impl Run {
    /// Runs on a task of its own: when the client disconnects, actix drops the future that waits
    /// for the response, and the client's next repeat must still find the response.
    async fn carry_out(
        self,
        work: impl Future<Output = Result<ServiceResponse, actix_web::Error>> + 'static,
    ) -> Result<ServiceResponse, actix_web::Error> {
        let task = rt::spawn(async move {
            let claim = RunningClaim { org: self.org, claim: self.claim, waits_for_answer: true };
            match AssertUnwindSafe(self.keep_claim_alive(claimed(claim, work))).catch_unwind().await
            {
                Ok(Ok(response)) => Ok(self.end(response).await),
                Ok(Err(error)) => {
                    self.release().await;
                    Err(error)
                }
                Err(panic) => {
                    self.release().await;
                    resume_unwind(panic)
                }
            }
        });
        match task.await {
            Ok(done) => done,
            Err(lost) if lost.is_panic() => resume_unwind(lost.into_panic()),
            Err(_lost) => Err(Problem::internal().into()),
        }
    }

    /// Runs the work and sends heartbeats for its claim meanwhile.
    async fn keep_claim_alive<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            if let Ok(done) = tokio::time::timeout(HEARTBEAT_INTERVAL, work.as_mut()).await {
                return done;
            }
            let (org, claim) = (self.org, self.claim);
            let heartbeat = blocking_in_turn(&self.shared, move |api| {
                Ok(api.answers.repository.extend_claim(org, &claim, api.clock.now())?)
            });
            // Ignore a failed heartbeat: the next one may succeed before the claim expires.
            let _ = heartbeat.await;
        }
    }

    async fn end(&self, response: ServiceResponse) -> ServiceResponse {
        if is_passing(&response) {
            self.release().await;
            return response;
        }
        let (request, response) = response.into_parts();
        let (head, body) = response.into_parts();
        let (answer, body) = match body.try_into_bytes() {
            Ok(bytes) if bytes.len() <= MAX_BODY_BYTES => {
                (Some(bytes.clone()), BoxBody::new(bytes))
            }
            Ok(bytes) => (None, BoxBody::new(bytes)),
            Err(body) => (None, body),
        };
        match self.keep(&head, answer).await {
            Ok(()) => ServiceResponse::new(request, head.set_body(body)),
            Err(undone) => {
                self.release().await;
                ServiceResponse::new(request, undone.error_response())
            }
        }
    }

    /// Stores the answer: with the work when its transaction is open, which undoes both when it
    /// fails; else after the work, whose caller gets the answer in any case.
    async fn keep(&self, head: &HttpResponse<()>, body: Option<Bytes>) -> Result<(), Problem> {
        let answer = body.map(|body| Stored::new(head, body));
        let sealed = answer.map(|answer| self.keys.seal(&answer)).transpose()?;
        let status = head.status().as_u16();
        if !self.commit_answer(status, sealed.clone()).await? {
            self.store_answer(status, sealed).await;
        }
        Ok(())
    }

    async fn commit_answer(&self, status: u16, sealed: Option<Vec<u8>>) -> Result<bool, Problem> {
        let (org, claim) = (self.org, self.claim);
        let committed = ending(&self.shared, move |api| {
            let now = api.clock.now();
            Ok(api.answers.repository.commit_answer(org, &claim, status, sealed, now)?)
        });
        committed.await
    }

    async fn store_answer(&self, status: u16, sealed: Option<Vec<u8>>) {
        let (org, claim) = (self.org, self.claim);
        let stored = self.persist(move |api| {
            Ok(api.answers.repository.store_answer(
                org,
                &claim,
                status,
                sealed.clone(),
                api.clock.now(),
            )?)
        });
        self.report(stored.await);
    }

    /// Frees the key, unless the request was carried out (R63).
    async fn release(&self) {
        let (org, claim) = (self.org, self.claim);
        let released = self.persist(move |api| {
            let now = api.clock.now();
            Ok(api.answers.repository.release(org, &claim, now).map(|()| true)?)
        });
        self.report(released.await);
    }

    /// Ends the claim, and tries again when the database does not answer: a claim without an end
    /// blocks its key for a minute.
    async fn persist(
        &self,
        end: impl Fn(&Api) -> Result<bool, Problem> + Clone + Send + 'static,
    ) -> Result<bool, Problem> {
        for pause in RETRY_PAUSES {
            match blocking_in_turn(&self.shared, end.clone()).await {
                Err(problem) if problem.code() == Code::Unavailable => {
                    tokio::time::sleep(pause).await;
                }
                ended => return ended,
            }
        }
        blocking_in_turn(&self.shared, end).await
    }

    /// Logs a failure to store the response. The caller gets the response nevertheless, because the
    /// work is done.
    fn report(&self, done: Result<bool, Problem>) {
        match done {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!(org = %self.org, "the claim of an Idempotency-Key expired before its response was stored")
            }
            Err(problem) => {
                tracing::warn!(org = %self.org, %problem, "failed to store the response of an Idempotency-Key");
            }
        }
    }
}

/// Returns whether a response is temporary and does not depend on the request, so that a repeat may
/// succeed.
fn is_passing(response: &ServiceResponse) -> bool {
    let status = response.status();
    let problem = response.response().error().and_then(|error| error.as_error::<Problem>());
    status.is_server_error()
        || [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT].contains(&status)
        // For example an upload that was interrupted.
        || problem.is_some_and(|problem| problem.code() == Code::InvalidRequest)
}
