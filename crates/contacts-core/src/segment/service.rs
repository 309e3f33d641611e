//! Working with segments, and reading filters that name them.

use std::sync::Arc;

use time::OffsetDateTime;

use super::{Segment, SegmentId, SegmentName, SegmentRepository};
use crate::contact::{ContactFilter, FilterText};
use crate::field::FieldRepository;
use crate::{Clock, Error, Ids, Invalid, OrgId, Result, text};

/// What to change of a segment; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SegmentPatch<'a> {
    /// Its name.
    pub name: Option<&'a str>,
    /// Whom it means.
    pub filter: Option<FilterText>,
}

/// The use cases of segments.
#[derive(Clone)]
pub struct SegmentService {
    /// Where segments are kept.
    pub segments: Arc<dyn SegmentRepository>,
    /// The organisation's custom fields.
    pub fields: Arc<dyn FieldRepository>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
}

impl SegmentService {
    /// Reads a filter, with the organisation's custom fields and segments, as of a moment.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming every part that cannot be used.
    pub fn read(
        &self,
        org: OrgId,
        filter: &FilterText,
        now: OffsetDateTime,
    ) -> Result<ContactFilter> {
        let mut segments = Vec::new();
        for id in filter.segments().take(FilterText::MAX_SEGMENTS) {
            segments.extend(self.segments.get(org, id)?);
        }
        let asks = |text: &FilterText| text.asks_for_fields();
        let asks_for_fields = asks(filter) || segments.iter().any(|saved| asks(&saved.filter));
        let fields = if asks_for_fields { self.fields.list(org)? } else { Vec::new() };
        Ok(filter.read(&fields, &segments, now)?)
    }

    /// Saves a filter under a name.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming what is wrong; [`Error::Taken`] when there is one of that name.
    pub fn create(&self, org: OrgId, name: &str, filter: FilterText) -> Result<Segment> {
        let mut wrong = Vec::new();
        let name = check_name(&mut wrong, name);
        self.check_filter(org, &mut wrong, &filter)?;
        let (Some(name), true) = (name, wrong.is_empty()) else { return Err(wrong.into()) };
        let now = self.clock.now();
        let id = SegmentId(self.ids.next());
        let segment = Segment { id, name, filter, created_at: now, updated_at: now };
        self.segments.insert(org, &segment)?;
        Ok(segment)
    }

    /// Finds a segment.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn get(&self, org: OrgId, id: SegmentId) -> Result<Segment> {
        self.segments.get(org, id)?.ok_or(Error::NotFound("segment"))
    }

    /// Segments in the order of their names, after one when it is given.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(&self, org: OrgId, after: &str, limit: usize) -> Result<Vec<Segment>> {
        self.segments.list(org, &text::caseless(after), limit)
    }

    /// Changes a segment's name or filter.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Invalid`] naming what is wrong; [`Error::Taken`] when there
    /// is another of that name.
    pub fn change(&self, org: OrgId, id: SegmentId, patch: SegmentPatch<'_>) -> Result<Segment> {
        let old = self.get(org, id)?;
        let mut segment = old.clone();
        let mut wrong = Vec::new();
        if let Some(name) = patch.name {
            segment.name = check_name(&mut wrong, name).unwrap_or(segment.name);
        }
        if let Some(filter) = patch.filter {
            self.check_filter(org, &mut wrong, &filter)?;
            segment.filter = filter;
        }
        if !wrong.is_empty() {
            return Err(wrong.into());
        }
        let is_same_name = segment.name.as_str() == old.name.as_str();
        if is_same_name && segment.filter == old.filter {
            return Ok(old);
        }
        segment.updated_at = self.clock.now();
        let is_there = self.segments.update(org, &segment)?;
        if is_there { Ok(segment) } else { Err(Error::NotFound("segment")) }
    }

    /// Deletes a segment; whoever it meant stays.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn delete(&self, org: OrgId, id: SegmentId) -> Result<()> {
        if self.segments.delete(org, id)? { Ok(()) } else { Err(Error::NotFound("segment")) }
    }

    fn check_filter(
        &self,
        org: OrgId,
        wrong: &mut Vec<Invalid>,
        filter: &FilterText,
    ) -> Result<()> {
        if filter.parts().iter().any(|(name, _)| name == "segment") {
            wrong.push(Invalid::new("filter.segment", "cannot be part of a segment"));
            return Ok(());
        }
        match self.read(org, filter, self.clock.now()) {
            Ok(_) => Ok(()),
            Err(Error::Invalid(parts)) => {
                wrong.extend(parts.into_iter().map(|part| part.within("filter")));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

fn check_name(wrong: &mut Vec<Invalid>, name: &str) -> Option<SegmentName> {
    SegmentName::parse(name).map_err(|why| wrong.push(Invalid::new("name", why))).ok()
}
