//! `Idempotency-Key` (R43): a POST that is sent again is carried out once, and gets the answer of
//! the first time.
//!
//! A key belongs to the credential that sends it. What is kept of it in the store is a hash, and
//! the answer is sealed under a key that is made of the installation's secret and of the
//! idempotency key, which nobody keeps: whoever steals the store reads nothing, tokens of new API
//! keys included.

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
use contacts_core::answer::{AnswerRepository, CLAIM, Claim, Found};
use futures_util::FutureExt;

use self::seal::Keys;
use self::stored::Stored;
use crate::auth::{Caller, refused};
use crate::blocking::{blocking, blocking_in_turn};
use crate::problem::{Code, Problem};
use crate::shared::Shared;

/// The header with the key, in lower case as HTTP/2 has it.
pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The header of an answer that was given before.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The largest body of an answer that is kept.
const MOST: usize = 256 << 10;

/// How often a claim shows that it lives.
const BEAT: Duration = Duration::from_secs(CLAIM.as_secs() / 3);

/// Where answers are kept, and the secret under which they are sealed.
#[derive(Clone)]
pub struct Answers {
    repository: Arc<dyn AnswerRepository>,
    secret: [u8; 32],
}

impl Answers {
    /// All servers of an installation share the secret: to one with another, a repeat is a
    /// different request.
    pub fn new(repository: Arc<dyn AnswerRepository>, secret: [u8; 32]) -> Self {
        Self { repository, secret }
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").finish_non_exhaustive()
    }
}

/// Carries a request out once when it has a key. Without one, nothing is done.
pub(crate) async fn once(
    shared: Data<Shared>,
    mut req: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, actix_web::Error> {
    let has_key = req.method() == Method::POST && req.headers().contains_key(KEY);
    // What is at no path has nothing to carry out.
    if !has_key || req.match_pattern().is_none() {
        return next.call(req).await;
    }
    match begin(&shared, &mut req).await {
        Ok(Begun::First(run)) => run.through(next.call(req)).await,
        Ok(Begun::Repeat(answer)) => Ok(req.into_response(answer)),
        Err(problem) => Ok(req.into_response(problem.error_response())),
    }
}

enum Begun {
    First(Run),
    Repeat(HttpResponse),
}

async fn begin(shared: &Data<Shared>, req: &mut ServiceRequest) -> Result<Begun, Problem> {
    let key = request::key(req.headers())?;
    let caller = req.extensions().get::<Caller>().cloned().ok_or_else(refused)?;
    let keys = Keys::derive(&shared.api.answers.secret, caller.org, caller.actor, &key);
    let fingerprint = request::fingerprint(shared, req, &keys).await?;
    let claim = Claim { key: keys.look_up, fingerprint, by: shared.api.ids.next() };
    let run = Run { shared: shared.clone(), org: caller.org, claim, keys };
    let org = caller.org;
    let found = blocking(shared, move |api| {
        Ok(api.answers.repository.claim(org, &claim, api.clock.now())?)
    });
    match found.await? {
        Found::Nothing => Ok(Begun::First(run)),
        Found::Running => {
            let detail = "the request with this Idempotency-Key is still being carried out";
            Err(Problem::new(Code::RequestInProgress, detail).retry_after(1))
        }
        Found::Another => {
            let detail = "another request was sent with this Idempotency-Key: use a new one";
            Err(Problem::new(Code::KeyReused, detail))
        }
        Found::Erased => Err(erased()),
        Found::Answer(sealed) => run.keys.open(&sealed).map(|answer| Begun::Repeat(repeat(answer))),
    }
}

fn erased() -> Problem {
    let detail = "the request was carried out, and its answer is not kept any more";
    Problem::new(Code::AnswerErased, detail)
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
    /// On a task of its own: when the client hangs up, actix drops what waits for the answer,
    /// and the repeat that the client is about to send has to find it.
    async fn through(
        self,
        work: impl Future<Output = Result<ServiceResponse, actix_web::Error>> + 'static,
    ) -> Result<ServiceResponse, actix_web::Error> {
        let task = rt::spawn(async move {
            match AssertUnwindSafe(self.hold(work)).catch_unwind().await {
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

    /// Works, and shows from time to time that it does.
    async fn hold<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            if let Ok(done) = tokio::time::timeout(BEAT, work.as_mut()).await {
                return done;
            }
            let (org, claim) = (self.org, self.claim);
            let held = blocking_in_turn(&self.shared, move |api| {
                Ok(api.answers.repository.hold(org, &claim, api.clock.now())?)
            });
            // The next beat may get through.
            let _ = held.await;
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
            Ok(bytes) if bytes.len() <= MOST => (Some(bytes.clone()), BoxBody::new(bytes)),
            Ok(bytes) => (None, BoxBody::new(bytes)),
            Err(body) => (None, body),
        };
        self.keep(&head, answer).await;
        ServiceResponse::new(request, head.set_body(body))
    }

    async fn keep(&self, head: &HttpResponse<()>, body: Option<Bytes>) {
        let answer = body.map(|body| Stored::new(head, body));
        let (org, claim, keys) = (self.org, self.claim, self.keys.clone());
        let kept = blocking_in_turn(&self.shared, move |api| {
            let sealed = answer.map(|answer| keys.seal(&answer)).transpose()?;
            let now = api.clock.now();
            Ok(api.answers.repository.keep(org, &claim, sealed, now)?)
        });
        self.report(kept.await);
    }

    async fn release(&self) {
        let (org, claim) = (self.org, self.claim);
        let released = blocking_in_turn(&self.shared, move |api| {
            Ok(api.answers.repository.release(org, &claim).map(|()| true)?)
        });
        self.report(released.await);
    }

    /// The caller gets the answer all the same: the work is done.
    fn report(&self, done: Result<bool, Problem>) {
        match done {
            Ok(true) => {}
            Ok(false) => tracing::warn!(org = %self.org, "a claim was lost before its answer came"),
            Err(problem) => {
                tracing::warn!(org = %self.org, %problem, "an answer cannot be kept");
            }
        }
    }
}

/// Whether an answer says nothing of the request itself, so that the next try may do better.
fn is_passing(response: &ServiceResponse) -> bool {
    let status = response.status();
    let problem = response.response().error().and_then(|error| error.as_error::<Problem>());
    status.is_server_error()
        || [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT].contains(&status)
        // Such as an upload that broke off.
        || problem.is_some_and(|problem| problem.code() == Code::InvalidRequest)
}
