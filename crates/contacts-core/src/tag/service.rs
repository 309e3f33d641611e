//! Working with the list of tags.

use std::sync::Arc;

use super::{Renamed, Tag, TagId, TagName, TagRepository};
use crate::{Actor, Clock, Error, Ids, Invalid, OrgId, Result, text};

/// The use cases of tags.
#[derive(Clone)]
pub struct TagService {
    tags: Arc<dyn TagRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl TagService {
    /// Makes the service.
    pub fn new(tags: Arc<dyn TagRepository>, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Self { tags, clock, ids }
    }

    /// Adds a tag that no contact carries yet; returns the one that is there when it is, and
    /// says whether it is new.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming `name`.
    pub fn create(&self, org: OrgId, name: &str) -> Result<(Tag, bool)> {
        let name = parse(name)?;
        let id = TagId(self.ids.next());
        let tag = self.tags.ensure(org, id, &name, self.clock.now())?;
        let is_new = tag.id == id;
        Ok((tag, is_new))
    }

    /// Tags that begin with what was typed, in order, after the one of a key.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(&self, org: OrgId, typed: &str, after: &str, limit: usize) -> Result<Vec<Tag>> {
        if typed.contains('\0') || after.contains('\0') {
            // No tag holds it, and a store may not be able to ask for it.
            return Ok(Vec::new());
        }
        let prefix = text::caseless(&text::collapse(text::trim(typed)));
        self.tags.list(org, &prefix, after, limit)
    }

    /// Finds a tag.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn get(&self, org: OrgId, id: TagId) -> Result<Tag> {
        self.tags.get(org, id)?.ok_or(Error::NotFound("tag"))
    }

    /// Renames a tag everywhere, or merges it into the one of that name (R10).
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Invalid`] naming `name`.
    pub fn rename(&self, org: OrgId, id: TagId, name: &str, actor: Actor) -> Result<Renamed> {
        let renamed = self.tags.rename(org, id, &parse(name)?, actor, self.clock.now())?;
        renamed.ok_or(Error::NotFound("tag"))
    }

    /// Deletes a tag and takes it off every contact.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn delete(&self, org: OrgId, id: TagId, actor: Actor) -> Result<()> {
        let deleted = self.tags.delete(org, id, actor, self.clock.now())?;
        if deleted { Ok(()) } else { Err(Error::NotFound("tag")) }
    }
}

fn parse(name: &str) -> Result<TagName> {
    TagName::parse(name).map_err(|why| Invalid::one("name", why).into())
}
