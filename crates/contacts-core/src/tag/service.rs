//! Use cases of tags.

use std::sync::Arc;

use super::{Renamed, Tag, TagId, TagName, TagRepository};
use crate::{Actor, Clock, Error, Ids, Invalid, OrgId, Ports, Result, text};

/// The use cases of tags.
#[derive(Clone)]
pub struct TagService {
    tags: Arc<dyn TagRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl TagService {
    pub(crate) fn over(ports: &Ports) -> Self {
        Self { tags: ports.tags.clone(), clock: ports.clock.clone(), ids: ports.ids.clone() }
    }

    /// Adds a tag without contacts, or finds the existing one; returns the tag and whether it is
    /// new.
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

    /// Lists the tags that begin with the typed text, in order, those after the key `after`.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(&self, org: OrgId, typed: &str, after: &str, limit: usize) -> Result<Vec<Tag>> {
        if typed.contains('\0') || after.contains('\0') {
            // No tag contains the NUL character, and Postgres cannot store it in text.
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

    /// Renames a tag, or merges it into the tag that has the name (R10).
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Invalid`] naming `name`; [`Error::Stale`] when the tag does
    /// not have the expected version.
    pub fn rename(
        &self,
        org: OrgId,
        id: TagId,
        name: &str,
        if_version: Option<u64>,
        actor: Actor,
    ) -> Result<Renamed> {
        let (name, now) = (parse(name)?, self.clock.now());
        let renamed = self.tags.rename(org, id, &name, if_version, actor, now)?;
        renamed.ok_or(Error::NotFound("tag"))
    }

    /// Deletes a tag and removes it from every contact.
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
    TagName::parse(name).map_err(|reason| Invalid::one("name", reason).into())
}
