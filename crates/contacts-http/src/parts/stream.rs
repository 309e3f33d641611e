//! Server-sent events (R45): the state of a resource is polled, and changes are sent to the client.

use std::sync::atomic::Ordering;
use std::time::Instant;

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data};
use contacts_core::OrgId;
use futures_util::{Stream, stream};

use crate::parts::blocking::blocking;
use crate::parts::problem::Problem;
use crate::parts::services::Api;
use crate::parts::shared::Shared;
use crate::parts::slots::Slot;

/// A resource that a client follows, with the state that has been sent so far.
pub(crate) trait Followed: Clone + Send + 'static {
    /// Returns the new events. Called on a thread that may wait for the store.
    fn poll_events(&mut self, api: &Api) -> Result<PolledEvents, Problem>;
}

/// Events to send.
#[derive(Default)]
pub(crate) struct PolledEvents {
    /// The events in wire format; empty when nothing has changed.
    pub(crate) events: Vec<u8>,
    /// Whether this is the end of the stream.
    pub(crate) is_end: bool,
}

impl PolledEvents {
    /// Appends an event. The JSON is on one line, so one `data:` line is enough.
    pub(crate) fn push(&mut self, name: &str, id: Option<&str>, data: &[u8]) {
        if let Some(id) = id {
            self.events.extend_from_slice(format!("id: {id}\n").as_bytes());
        }
        self.events.extend_from_slice(format!("event: {name}\ndata: ").as_bytes());
        self.events.extend_from_slice(data);
        self.events.extend_from_slice(b"\n\n");
    }
}

/// Returns the response that streams a resource, if the organisation can have another stream. The first poll is
/// made before the response starts, so that a resource that does not exist is answered with a
/// status.
pub(crate) async fn follow(
    shared: Data<Shared>,
    org: OrgId,
    followed: impl Followed,
) -> Result<HttpResponse, Problem> {
    let slot = shared.streams.take(org)?;
    let (followed, first) = poll_events(&shared, followed).await?;
    let now = Instant::now();
    let follower = Follower {
        followed,
        started: now,
        last_sent: now,
        first: Some(first),
        shared,
        _slot: slot,
    };
    Ok(HttpResponse::Ok().content_type("text/event-stream").streaming(follower.events()))
}

async fn poll_events<F: Followed>(
    shared: &Data<Shared>,
    mut followed: F,
) -> Result<(F, PolledEvents), Problem> {
    blocking(shared, move |api| {
        let events = followed.poll_events(api)?;
        Ok((followed, events))
    })
    .await
}

struct Follower<F> {
    followed: F,
    shared: Data<Shared>,
    started: Instant,
    /// When the stream last sent something.
    last_sent: Instant,
    /// The result of the first poll, which has not been sent yet.
    first: Option<PolledEvents>,
    _slot: Slot,
}

impl<F: Followed> Follower<F> {
    fn events(self) -> impl Stream<Item = Result<Bytes, Problem>> {
        stream::unfold(Some(self), |follower| async {
            let mut follower = follower?;
            let (event, is_last) = follower.next().await?;
            Some((Ok(event), (!is_last).then_some(follower)))
        })
    }

    /// Returns the next events or a heartbeat, and whether they are the last; `None` at the end of
    /// the stream.
    async fn next(&mut self) -> Option<(Bytes, bool)> {
        loop {
            match self.poll_events().await {
                Ok(told) if !told.events.is_empty() => {
                    self.last_sent = Instant::now();
                    return Some((Bytes::from(told.events), told.is_end));
                }
                Ok(told) if told.is_end => return None,
                Err(problem) if problem.code().status().is_client_error() => return None,
                // The store is busy or has failed: the next poll may succeed.
                Ok(_) | Err(_) => {}
            }
            let config = &self.shared.api.config;
            let has_ended = self.shared.api.stopping.load(Ordering::Relaxed)
                || self.started.elapsed() >= config.events_life;
            if has_ended {
                return None;
            }
            if self.last_sent.elapsed() >= config.events_heartbeat {
                self.last_sent = Instant::now();
                return Some((Bytes::from_static(b": alive\n\n"), false));
            }
        }
    }

    async fn poll_events(&mut self) -> Result<PolledEvents, Problem> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        tokio::time::sleep(self.shared.api.config.events_interval).await;
        let (followed, events) = poll_events(&self.shared, self.followed.clone()).await?;
        self.followed = followed;
        Ok(events)
    }
}
