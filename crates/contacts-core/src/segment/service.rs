//! Use cases of segments, and parsing of filters that refer to them.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Audience, Segment, SegmentId, SegmentLayout, SegmentName, SegmentPatch, SegmentRepository,
    ViewColumn,
};
use crate::contact::{ContactFilter, ContactRepository, FilterText, Sort};
use crate::field::FieldRepository;
use crate::page::Count;
use crate::{Clock, Error, Ids, Invalid, OrgId, Ports, Result, text};

/// Who changes segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// Id of the user or the key.
    pub id: Uuid,
    /// Whether private segments whose owner is gone can be changed, too.
    pub is_administrator: bool,
}

/// An unchecked patch of a segment; an absent member stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawSegmentPatch<'a> {
    /// Name of the segment.
    pub name: Option<&'a str>,
    /// The whole filter.
    pub filter: Option<FilterText>,
    /// Order of the contacts.
    pub sort: Option<Sort>,
    /// All columns, by name and width.
    pub columns: Option<Vec<(String, Option<u16>)>>,
    /// Whether only the owner sees the segment.
    pub private: Option<bool>,
}

/// An unchecked segment to save.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewSegment<'a> {
    /// Name of the segment.
    pub name: &'a str,
    /// The filter.
    pub filter: FilterText,
    /// Order of the contacts.
    pub sort: Option<Sort>,
    /// The columns, by name and width.
    pub columns: Vec<(String, Option<u16>)>,
    /// Whether only the user or the key that saves it sees the segment.
    pub private: bool,
}

/// The use cases of segments.
#[derive(Clone)]
pub struct SegmentService {
    segments: Arc<dyn SegmentRepository>,
    contacts: Arc<dyn ContactRepository>,
    fields: Arc<dyn FieldRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl SegmentService {
    /// The time after which the remaining segments of a request are not counted.
    pub const COUNTS_LIMIT: Duration = Duration::from_secs(2);

    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            segments: ports.segments.clone(),
            contacts: ports.contacts.clone(),
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

    /// Saves a filter under a name, for everybody or for the `viewer`: the user or the key that
    /// saves it.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming what is wrong; [`Error::Taken`] when another segment has the name.
    pub fn create(&self, org: OrgId, viewer: Uuid, new: NewSegment<'_>) -> Result<Segment> {
        let mut errors = Vec::new();
        let name = check_name(&mut errors, new.name);
        self.check_filter(org, &mut errors, &new.filter)?;
        self.check_sort(org, &mut errors, new.sort.as_ref())?;
        let columns = check_columns(&mut errors, &new.columns);
        let (Some(name), true) = (name, errors.is_empty()) else { return Err(errors.into()) };
        let now = self.clock.now();
        let segment = Segment {
            id: SegmentId(self.ids.next()),
            name,
            filter: new.filter,
            layout: SegmentLayout { sort: new.sort, columns },
            audience: if new.private { Audience::Private(viewer) } else { Audience::Shared },
            created_at: now,
            updated_at: now,
            version: 1,
        };
        self.segments.insert(org, &segment)?;
        Ok(segment)
    }

    /// Finds a segment that a user or a key sees.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn get(&self, org: OrgId, viewer: Uuid, id: SegmentId) -> Result<Segment> {
        let segment = self.segments.get(org, id)?;
        let segment = segment.filter(|segment| segment.audience.includes(viewer));
        segment.ok_or(Error::NotFound("segment"))
    }

    /// Lists segments that a user or a key sees, in the order of their names, those after the name
    /// `after`.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(
        &self,
        org: OrgId,
        viewer: Uuid,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Segment>> {
        self.segments.list(org, viewer, &text::caseless(after), limit)
    }

    /// Counts the contacts of each segment quickly (R21), in the order of `segments`. A count is
    /// `None` when the filter is no longer valid, when the counts before it have taken
    /// [`Self::COUNTS_LIMIT`], or when the store is busy.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn counts(&self, org: OrgId, segments: &[Segment]) -> Result<Vec<Option<Count>>> {
        let now = self.clock.now();
        let asks_for_fields = segments.iter().any(|segment| segment.filter.asks_for_fields());
        let fields = if asks_for_fields { self.fields.list(org)? } else { Vec::new() };
        let count = |segment: &Segment| {
            let filter = segment.filter.read(&fields, &[], now);
            let Ok(filter) = filter else { return Ok(None) };
            if self.clock.now() - now >= Self::COUNTS_LIMIT {
                return Ok(None);
            }
            match self.contacts.count_quickly(org, &filter) {
                Err(Error::Busy) => Ok(None),
                count => count.map(Some),
            }
        };
        segments.iter().map(count).collect()
    }

    /// Lists private segments whose owner is gone, for administrators: in the order of their names,
    /// those after the name `after`.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn orphaned(&self, org: OrgId, after: &str, limit: usize) -> Result<Vec<Segment>> {
        self.segments.orphaned(org, self.clock.now(), &text::caseless(after), limit)
    }

    /// Finds a segment that a user or a key may change.
    fn changeable(&self, org: OrgId, viewer: Viewer, id: SegmentId) -> Result<Segment> {
        let now = self.clock.now();
        match self.segments.get(org, id)? {
            Some(segment) if segment.audience.includes(viewer.id) => Ok(segment),
            Some(segment)
                if viewer.is_administrator && self.segments.is_orphaned(org, id, now)? =>
            {
                Ok(segment)
            }
            _ => Err(Error::NotFound("segment")),
        }
    }

    /// Changes a segment. An administrator can also change a private one whose owner is gone.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Invalid`] naming what is wrong; [`Error::Taken`] when
    /// another segment has the name; [`Error::Stale`] when the segment does not have the expected
    /// version; [`Error::Conflict`] when a shared segment would become private.
    pub fn update(
        &self,
        org: OrgId,
        viewer: Viewer,
        id: SegmentId,
        if_version: Option<u64>,
        raw: RawSegmentPatch<'_>,
    ) -> Result<Segment> {
        let mut errors = Vec::new();
        let name = raw.name.and_then(|name| check_name(&mut errors, name));
        if let Some(filter) = &raw.filter {
            self.check_filter(org, &mut errors, filter)?;
        }
        self.check_sort(org, &mut errors, raw.sort.as_ref())?;
        let columns = raw.columns.map(|columns| check_columns(&mut errors, &columns));
        if !errors.is_empty() {
            return Err(errors.into());
        }
        // A segment only ever becomes visible to more, so what is found here stays visible.
        let segment = self.changeable(org, viewer, id)?;
        if raw.private == Some(true) && segment.audience == Audience::Shared {
            let reason = "others may use the segment: save it under another name to keep your own";
            return Err(Error::Conflict(reason.to_owned()));
        }
        let share = raw.private == Some(false);
        let patch = SegmentPatch { name, filter: raw.filter, sort: raw.sort, columns, share };
        let patched = self.segments.patch(org, id, &patch, if_version, self.clock.now())?;
        patched.ok_or(Error::NotFound("segment"))
    }

    /// Deletes a segment, not its contacts. An administrator can also delete a private one whose
    /// owner is gone.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn delete(&self, org: OrgId, viewer: Viewer, id: SegmentId) -> Result<()> {
        self.changeable(org, viewer, id)?;
        if self.segments.delete(org, id)? { Ok(()) } else { Err(Error::NotFound("segment")) }
    }

    fn check_filter(
        &self,
        org: OrgId,
        errors: &mut Vec<Invalid>,
        filter: &FilterText,
    ) -> Result<()> {
        if filter.conditions().iter().any(|(name, _)| name == "segment") {
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

    fn check_sort(&self, org: OrgId, errors: &mut Vec<Invalid>, sort: Option<&Sort>) -> Result<()> {
        match sort.map_or(Ok(()), |sort| sort.check(org, &*self.fields)) {
            Err(Error::Invalid(parts)) => {
                errors.extend(parts);
                Ok(())
            }
            checked => checked,
        }
    }
}

fn check_name(errors: &mut Vec<Invalid>, name: &str) -> Option<SegmentName> {
    SegmentName::parse(name).map_err(|reason| errors.push(Invalid::new("name", reason))).ok()
}

/// Checks columns. What is wrong is recorded.
fn check_columns(errors: &mut Vec<Invalid>, columns: &[(String, Option<u16>)]) -> Vec<ViewColumn> {
    ViewColumn::parse_all(columns).unwrap_or_else(|wrong| {
        errors.extend(wrong);
        Vec::new()
    })
}
