//! Choosing people.

use std::sync::Arc;

use uuid::Uuid;

use super::{Chosen, NewSelection, Selection, SelectionId, SelectionRepository};
use crate::contact::{ContactFilter, ContactId, FilterText};
use crate::segment::SegmentService;
use crate::{Actor, Clock, Error, Ids, Invalid, OrgId, Result};

/// Whom somebody chose, as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawChosen {
    /// These.
    Ids(Vec<Uuid>),
    /// Everybody on the filter, less some.
    Matching {
        /// The filter.
        filter: FilterText,
        /// Whom not.
        except: Vec<Uuid>,
    },
}

/// The use cases of selections.
#[derive(Clone)]
pub struct SelectionService {
    /// Where selections are kept.
    pub selections: Arc<dyn SelectionRepository>,
    /// What reads filters.
    pub segments: SegmentService,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
}

impl SelectionService {
    /// Chooses people, and freezes who they are (R23).
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming `ids`, `except` or parts of `filter`.
    pub fn create(&self, org: OrgId, chosen: &RawChosen, actor: Actor) -> Result<Selection> {
        let at = self.clock.now();
        let chosen = match chosen {
            RawChosen::Ids(ids) if ids.is_empty() => {
                return Err(Invalid::one("ids", "must name somebody").into());
            }
            RawChosen::Ids(ids) => {
                check_number("ids", ids)?;
                Chosen::Ids(ids.iter().copied().map(ContactId).collect())
            }
            RawChosen::Matching { filter, except } => {
                check_number("except", except)?;
                let read = self.segments.read(org, filter, at).map_err(|error| match error {
                    Error::Invalid(parts) => {
                        let parts = parts.into_iter().map(|part| part.within("filter"));
                        Error::Invalid(parts.collect())
                    }
                    error => error,
                });
                Chosen::Matching {
                    text: filter.clone(),
                    filter: Box::new(read?),
                    except: except.iter().copied().map(ContactId).collect(),
                }
            }
        };
        let id = SelectionId(self.ids.next());
        let piece = Selection::PIECE;
        self.selections.freeze(org, &NewSelection { id, chosen, piece, actor, at })
    }

    /// Finds a selection.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn get(&self, org: OrgId, id: SelectionId) -> Result<Selection> {
        self.selections.get(org, id)?.ok_or(Error::NotFound("selection"))
    }

    /// The filter by which a selection was made, as of then; the one that means everybody when
    /// it was made by ids.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when it cannot be read any more.
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
