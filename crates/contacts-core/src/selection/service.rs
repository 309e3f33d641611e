//! Use cases of selections.

use std::sync::Arc;

use uuid::Uuid;

use super::{NewSelection, Selection, SelectionId, SelectionRepository, SelectionScope};
use crate::contact::{ContactFilter, ContactId, FilterText};
use crate::segment::SegmentService;
use crate::{Actor, Clock, Error, Ids, Invalid, OrgId, Ports, Result};

/// Scope of a selection as it was requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawSelectionScope {
    /// Contacts with these ids.
    Ids(Vec<Uuid>),
    /// Every contact that matches the filter, except some.
    Matching {
        /// The filter.
        filter: FilterText,
        /// Ids of the contacts to leave out.
        except: Vec<Uuid>,
    },
}

/// The use cases of selections.
#[derive(Clone)]
pub struct SelectionService {
    pub(crate) selections: Arc<dyn SelectionRepository>,
    segments: SegmentService,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl SelectionService {
    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            selections: ports.selections.clone(),
            segments: SegmentService::over(ports),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
        }
    }

    /// Makes a selection and freezes its contacts (R23).
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for `ids`, `except` or parts of `filter`.
    pub fn create(
        &self,
        org: OrgId,
        chosen: &RawSelectionScope,
        actor: Actor,
    ) -> Result<Selection> {
        let at = self.clock.now();
        let chosen = match chosen {
            RawSelectionScope::Ids(ids) if ids.is_empty() => {
                return Err(Invalid::one("ids", "must contain at least one contact").into());
            }
            RawSelectionScope::Ids(ids) => {
                check_number("ids", ids)?;
                SelectionScope::Ids(ids.iter().copied().map(ContactId).collect())
            }
            RawSelectionScope::Matching { filter, except } => {
                check_number("except", except)?;
                let read = self.segments.read(org, filter, at).map_err(|error| match error {
                    Error::Invalid(parts) => {
                        let parts = parts.into_iter().map(|part| part.within("filter"));
                        Error::Invalid(parts.collect())
                    }
                    error => error,
                });
                SelectionScope::Matching {
                    text: filter.clone(),
                    filter: Box::new(read?),
                    except: except.iter().copied().map(ContactId).collect(),
                }
            }
        };
        let id = SelectionId(self.ids.next());
        let chunk = Selection::CHUNK;
        self.selections.freeze(org, &NewSelection { id, chosen, chunk, actor, at })
    }

    /// Finds a selection.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn get(&self, org: OrgId, id: SelectionId) -> Result<Selection> {
        self.selections.get(org, id)?.ok_or(Error::NotFound("selection"))
    }

    /// Returns the filter of a selection, evaluated at the time of the selection. A selection of
    /// ids has a filter that matches everything.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when the filter can no longer be read.
    pub fn filter(&self, org: OrgId, selection: &Selection) -> Result<ContactFilter> {
        match &selection.filter {
            Some(filter) => self.segments.read(org, filter, selection.created_at),
            None => Ok(ContactFilter::default()),
        }
    }
}

fn check_number(part: &str, ids: &[Uuid]) -> Result<()> {
    if ids.len() <= Selection::MAX_IDS {
        return Ok(());
    }
    let reason = format!("names more than {} contacts: use a filter", Selection::MAX_IDS);
    Err(Invalid::one(part, reason).into())
}
