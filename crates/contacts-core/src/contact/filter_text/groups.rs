//! Groups of filters: reads those of the part `group` (R62).

use time::OffsetDateTime;

use super::FilterText;
use super::parts::Parts;
use super::tree::{Connective, GroupText, MemberText};
use crate::contact::{ContactFilter, FilterGroup};
use crate::field::Field;
use crate::segment::Segment;

/// The values that the reader of a filter needs besides its text.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// The custom fields of the organisation.
    pub(super) fields: &'a [Field],
    /// The segments that the filter names.
    pub(super) segments: &'a [Segment],
    /// The time zone of the enclosing filter.
    pub(super) zone: Option<&'a str>,
    /// The current time.
    pub(super) now: OffsetDateTime,
}

/// Reads the groups of a filter.
pub(super) fn read_groups(parts: &mut Parts<'_>, context: Context<'_>) -> Vec<FilterGroup> {
    let values = parts.several(FilterText::GROUP, FilterText::MAX_GROUPS);
    let mut groups = Vec::with_capacity(values.len());
    let mut conditions = 0;
    for text in values {
        let read = GroupText::parse(text).and_then(|group| {
            conditions += group.conditions().len();
            if conditions > GroupText::MAX_CONDITIONS {
                let most = GroupText::MAX_CONDITIONS;
                return Err(format!("contains more than {most} conditions"));
            }
            read_group(&group, context)
        });
        match read {
            Ok(group) => groups.push(group),
            Err(reason) => parts.add_error(FilterText::GROUP, reason),
        }
    }
    groups
}

fn read_group(group: &GroupText, context: Context<'_>) -> Result<FilterGroup, String> {
    Ok(match group.connective {
        Connective::All => FilterGroup::All(read_filter(&group.members, context)?),
        Connective::Not => FilterGroup::Not(read_filter(&group.members, context)?),
        Connective::Any => {
            let read = |member| read_member(member, context);
            FilterGroup::Any(group.members.iter().map(read).collect::<Result<_, _>>()?)
        }
    })
}

/// Reads one member of an `any` as a filter of its own.
fn read_member(member: &MemberText, context: Context<'_>) -> Result<ContactFilter, String> {
    match member {
        MemberText::Group(GroupText { connective: Connective::All, members }) => {
            read_filter(members, context)
        }
        member => read_filter(std::slice::from_ref(member), context),
    }
}

/// Reads members that belong together as one filter. One that matches every contact is refused: it
/// would make its group useless, and is most likely a mistake.
fn read_filter(members: &[MemberText], context: Context<'_>) -> Result<ContactFilter, String> {
    let conditions = members.iter().filter_map(|member| match member {
        MemberText::Condition(name, value) => Some((name.as_str(), value.as_str())),
        MemberText::Group(_) => None,
    });
    // A text within a text could be nested without end.
    if conditions.clone().any(|(name, _)| name == FilterText::GROUP) {
        return Err("cannot be used: group cannot be a condition of a group".to_owned());
    }
    let mut filter = super::read_parts(Parts::of(conditions), context).map_err(|errors| {
        let errors = errors.iter().map(|part| format!("{} {}", part.field, part.reason));
        format!("cannot be used: {}", errors.collect::<Vec<_>>().join("; "))
    })?;
    for member in members {
        if let MemberText::Group(group) = member {
            filter.groups.push(read_group(group, context)?);
        }
    }
    if filter == ContactFilter::default() {
        return Err("contains a condition that every contact meets".to_owned());
    }
    Ok(filter)
}
