//! Following an import (R45): server-sent events, each with the whole state, so that nothing is
//! lost between two connections.

use std::sync::atomic::Ordering;
use std::time::Instant;

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data};
use contacts_core::OrgId;
use contacts_core::import::ImportId;
use futures_util::{Stream, stream};
use tokio::sync::OwnedSemaphorePermit;

use super::view::ImportView;
use crate::answer::{Answer, to_json};
use crate::auth::CanRead;
use crate::blocking::{blocking, permit};
use crate::path::Id;
use crate::problem::{Code, Problem, ProblemView};
use crate::routes::Table;
use crate::shared::Shared;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_follow, _, _>(follow)
}

/// Follow an import, live
#[utoipa::path(
    get, path = "/v1/imports/{id}/events", tag = "imports", operation_id = "follow_import",
    params(("id" = Uuid, Path, description = "The import")),
    responses(
        (status = 200, description = "Server-sent events named `progress`, each with the whole import as its data. The stream ends with the import; when it ends before, ask again.", body = ImportView, content_type = "text/event-stream"),
        (status = 404, description = "There is no such import", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn follow(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<ImportId>) -> Answer {
    let place = permit(&shared.streams)?;
    let first = state(&shared, caller.org, id).await?;
    let now = Instant::now();
    let follower = Follower {
        org: caller.org,
        id,
        began: now,
        spoke: now,
        told: Vec::new(),
        next: Some(first),
        shared,
        _place: place,
    };
    Ok(HttpResponse::Ok().content_type("text/event-stream").streaming(follower.events()))
}

/// What an import looks like now, and whether nothing will change any more.
struct State {
    body: Vec<u8>,
    is_end: bool,
}

async fn state(shared: &Data<Shared>, org: OrgId, id: ImportId) -> Result<State, Problem> {
    blocking(shared, move |api| {
        let import = api.imports.get(org, id)?;
        let is_end = import.state.is_end();
        Ok(State { body: to_json(&ImportView::new(import, api.clock.now()))?, is_end })
    })
    .await
}

struct Follower {
    shared: Data<Shared>,
    org: OrgId,
    id: ImportId,
    began: Instant,
    /// When something was last sent.
    spoke: Instant,
    /// What was last sent.
    told: Vec<u8>,
    /// What was read already.
    next: Option<State>,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    fn events(self) -> impl Stream<Item = Result<Bytes, Problem>> {
        stream::unfold(Some(self), |follower| async {
            let mut follower = follower?;
            let (event, is_last) = follower.event().await?;
            Some((Ok(event), (!is_last).then_some(follower)))
        })
    }

    /// The next event or heartbeat, and whether it is the last; nothing when the stream is over.
    async fn event(&mut self) -> Option<(Bytes, bool)> {
        loop {
            match self.look().await {
                Ok(state) if state.body != self.told => {
                    let event = event(&state.body);
                    self.told = state.body;
                    self.spoke = Instant::now();
                    return Some((event, state.is_end));
                }
                Err(problem) if problem.code() == Code::NotFound => return None,
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

    async fn look(&mut self) -> Result<State, Problem> {
        if let Some(first) = self.next.take() {
            return Ok(first);
        }
        tokio::time::sleep(self.shared.api.config.events_interval).await;
        state(&self.shared, self.org, self.id).await
    }
}

/// One event. JSON on one line needs no more than one `data:`.
fn event(state: &[u8]) -> Bytes {
    let parts: [&[u8]; 3] = [b"event: progress\ndata: ", state, b"\n\n"];
    Bytes::from(parts.concat())
}
