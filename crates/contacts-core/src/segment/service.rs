//! Use cases of segments, and parsing of filters that refer to them.

use std::sync::Arc;

use time::OffsetDateTime;

use super::{Segment, SegmentId, SegmentName, SegmentPatch, SegmentRepository};
use crate::contact::{ContactFilter, FilterText};
use crate::field::FieldRepository;
use crate::{Clock, Error, Ids, Invalid, OrgId, Ports, Result, text};

/// An unchecked patch of a segment; an absent member stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawSegmentPatch<'a> {
    /// Name of the segment.
    pub name: Option<&'a str>,
    /// The whole filter.
    pub filter: Option<FilterText>,
}

/// The use cases of segments.
#[derive(Clone)]
pub struct SegmentService {
    segments: Arc<dyn SegmentRepository>,
    fields: Arc<dyn FieldRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl SegmentService {
    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            segments: ports.segments.clone(),
            fields: ports.fields.clone(),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
        }
    }

    /// Parses a filter with the organisation's custom fields and segments; relative ranges end at
    /// `now`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming every invalid part.
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
        let needs_fields = |text: &FilterText| text.asks_for_fields();
        let asks_for_fields =
            needs_fields(filter) || segments.iter().any(|saved| needs_fields(&saved.filter));
        let fields = if asks_for_fields { self.fields.list(org)? } else { Vec::new() };
        Ok(filter.read(&fields, &segments, now)?)
    }

    /// Saves a filter under a name.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming what is wrong; [`Error::Taken`] when another segment has the name.
    pub fn create(&self, org: OrgId, name: &str, filter: FilterText) -> Result<Segment> {
        let mut errors = Vec::new();
        let name = check_name(&mut errors, name);
        self.check_filter(org, &mut errors, &filter)?;
        let (Some(name), true) = (name, errors.is_empty()) else { return Err(errors.into()) };
        let now = self.clock.now();
        let id = SegmentId(self.ids.next());
        let segment = Segment { id, name, filter, created_at: now, updated_at: now, version: 1 };
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

    /// Lists segments in the order of their names, those after the name `after`.
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
    /// [`Error::NotFound`]; [`Error::Invalid`] naming what is wrong; [`Error::Taken`] when
    /// another segment has the name; [`Error::Stale`] when the segment does not have the expected
    /// version.
    pub fn update(
        &self,
        org: OrgId,
        id: SegmentId,
        if_version: Option<u64>,
        raw: RawSegmentPatch<'_>,
    ) -> Result<Segment> {
        let mut errors = Vec::new();
        let name = raw.name.and_then(|name| check_name(&mut errors, name));
        if let Some(filter) = &raw.filter {
            self.check_filter(org, &mut errors, filter)?;
        }
        if !errors.is_empty() {
            return Err(errors.into());
        }
        let patch = SegmentPatch { name, filter: raw.filter };
        let patched = self.segments.patch(org, id, &patch, if_version, self.clock.now())?;
        patched.ok_or(Error::NotFound("segment"))
    }

    /// Deletes a segment, not its contacts.
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
        errors: &mut Vec<Invalid>,
        filter: &FilterText,
    ) -> Result<()> {
        if filter.parts().iter().any(|(name, _)| name == "segment") {
            errors.push(Invalid::new("filter.segment", "cannot be part of a segment"));
            return Ok(());
        }
        match self.read(org, filter, self.clock.now()) {
            Ok(_) => Ok(()),
            Err(Error::Invalid(parts)) => {
                errors.extend(parts.into_iter().map(|part| part.within("filter")));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

fn check_name(errors: &mut Vec<Invalid>, name: &str) -> Option<SegmentName> {
    SegmentName::parse(name).map_err(|reason| errors.push(Invalid::new("name", reason))).ok()
}
