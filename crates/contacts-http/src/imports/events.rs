//! Following an import (R45): server-sent events, each with the whole state, so that nothing is
//! lost between two connections.

use actix_web::web::Data;
use contacts_core::OrgId;
use contacts_core::import::ImportId;

use super::view::ImportView;
use crate::Api;
use crate::answer::{Answer, to_json};
use crate::auth::CanRead;
use crate::path::Id;
use crate::problem::{Problem, ProblemView};
use crate::routes::Table;
use crate::shared::Shared;
use crate::stream::{self, Followed, Told};

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
    stream::follow(shared, FollowedImport { org: caller.org, id, told: Vec::new() }).await
}

#[derive(Clone)]
struct FollowedImport {
    org: OrgId,
    id: ImportId,
    /// What was last told.
    told: Vec<u8>,
}

impl Followed for FollowedImport {
    fn look(&mut self, api: &Api) -> Result<Told, Problem> {
        let import = api.imports.get(self.org, self.id)?;
        let mut told = Told { is_end: import.state.is_end(), ..Told::default() };
        let state = to_json(&ImportView::new(import, api.clock.now()))?;
        if state != self.told {
            told.push("progress", None, &state);
            self.told = state;
        }
        Ok(told)
    }
}
