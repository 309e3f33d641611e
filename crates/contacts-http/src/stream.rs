//! Server-sent events (R45): something is looked at again and again, and what is new of it told.

use std::sync::atomic::Ordering;
use std::time::Instant;

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data};
use futures_util::{Stream, stream};
use tokio::sync::OwnedSemaphorePermit;

use crate::Api;
use crate::blocking::{blocking, permit};
use crate::problem::Problem;
use crate::shared::Shared;

/// Something that is followed, with what was told of it so far.
pub(crate) trait Followed: Clone + Send + 'static {
    /// What is new, on a thread that may wait for the store.
    fn look(&mut self, api: &Api) -> Result<Told, Problem>;
}

/// What there is to tell.
#[derive(Default)]
pub(crate) struct Told {
    /// The events as they are sent; empty when nothing is new.
    pub(crate) events: Vec<u8>,
    /// Whether nothing will ever be new again.
    pub(crate) is_end: bool,
}

impl Told {
    /// Adds an event. JSON on one line needs no more than one `data:`.
    pub(crate) fn push(&mut self, name: &str, id: Option<u64>, data: &[u8]) {
        if let Some(id) = id {
            self.events.extend_from_slice(format!("id: {id}\n").as_bytes());
        }
        self.events.extend_from_slice(format!("event: {name}\ndata: ").as_bytes());
        self.events.extend_from_slice(data);
        self.events.extend_from_slice(b"\n\n");
    }
}

/// The answer that follows it, if there is a place left. Its first look is taken at once, so
/// that what is not there is told by a status.
pub(crate) async fn follow(
    shared: Data<Shared>,
    followed: impl Followed,
) -> Result<HttpResponse, Problem> {
    let place = permit(&shared.streams)?;
    let (followed, first) = look(&shared, followed).await?;
    let now = Instant::now();
    let follower =
        Follower { followed, began: now, spoke: now, first: Some(first), shared, _place: place };
    Ok(HttpResponse::Ok().content_type("text/event-stream").streaming(follower.events()))
}

async fn look<F: Followed>(shared: &Data<Shared>, mut followed: F) -> Result<(F, Told), Problem> {
    blocking(shared, move |api| {
        let told = followed.look(api)?;
        Ok((followed, told))
    })
    .await
}

struct Follower<F> {
    followed: F,
    shared: Data<Shared>,
    began: Instant,
    /// When something was last sent.
    spoke: Instant,
    /// What was read already.
    first: Option<Told>,
    _place: OwnedSemaphorePermit,
}

impl<F: Followed> Follower<F> {
    fn events(self) -> impl Stream<Item = Result<Bytes, Problem>> {
        stream::unfold(Some(self), |follower| async {
            let mut follower = follower?;
            let (event, is_last) = follower.next().await?;
            Some((Ok(event), (!is_last).then_some(follower)))
        })
    }

    /// The next events or heartbeat, and whether they are the last; nothing when it is over.
    async fn next(&mut self) -> Option<(Bytes, bool)> {
        loop {
            match self.look().await {
                Ok(told) if !told.events.is_empty() => {
                    self.spoke = Instant::now();
                    return Some((Bytes::from(told.events), told.is_end));
                }
                Ok(told) if told.is_end => return None,
                Err(problem) if problem.code().status().is_client_error() => return None,
                // Busy, or failed: the next look may tell more.
                Ok(_) | Err(_) => {}
            }
            let config = &self.shared.api.config;
            let is_over = self.shared.api.stopping.load(Ordering::Relaxed)
                || self.began.elapsed() >= config.events_life;
            if is_over {
                return None;
            }
            if self.spoke.elapsed() >= config.events_heartbeat {
                self.spoke = Instant::now();
                return Some((Bytes::from_static(b": alive\n\n"), false));
            }
        }
    }

    async fn look(&mut self) -> Result<Told, Problem> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        tokio::time::sleep(self.shared.api.config.events_interval).await;
        let (followed, told) = look(&self.shared, self.followed.clone()).await?;
        self.followed = followed;
        Ok(told)
    }
}
