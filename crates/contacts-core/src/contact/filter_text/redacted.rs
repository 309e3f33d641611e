//! Filters without personal data of contacts, for the audit trail (R61).

use super::{FilterText, GroupText, MemberText};

/// Conditions whose values are personal data of contacts, or may be: a search is often a name, and
/// the domain of an address may be that of one person.
const PERSONAL: &[&str] = &["q", "email_domain"];

impl FilterText {
    /// Returns the conditions, one text each, in the order of their names: `tags_any=vip`, and
    /// `any(tags_any=vip,q)` for a group. Values that are personal data of contacts are left out,
    /// and ids are counted.
    pub fn redacted(&self) -> Vec<String> {
        let mut found: Vec<_> = self.0.iter().map(|(name, value)| condition(name, value)).collect();
        found.sort();
        found.dedup();
        found
    }
}

fn condition(name: &str, value: &str) -> String {
    if name == FilterText::GROUP {
        // A text that is no group may be anything.
        return GroupText::parse(value).map_or_else(|_| name.to_owned(), |parsed| group(&parsed));
    }
    if name == "ids" {
        return format!("ids={}", value.split(',').count());
    }
    let is_public = FilterText::NAMES.contains(&name) && !PERSONAL.contains(&name);
    if is_public { format!("{name}={value}") } else { name.to_owned() }
}

fn group(group: &GroupText) -> String {
    let member = |member: &MemberText| match member {
        MemberText::Condition(name, value) => condition(name, value),
        MemberText::Group(inner) => self::group(inner),
    };
    let members: Vec<_> = group.members.iter().map(member).collect();
    format!("{}({})", group.connective.as_str(), members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(parts: &[(&str, &str)]) -> Vec<String> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        FilterText::new(parts.iter().map(owned)).redacted()
    }

    #[test]
    fn values_that_are_no_personal_data_are_named() {
        let parts = [
            ("tags_any", "vip"),
            ("source", "chat"),
            ("campaign", "0193:opened"),
            ("created_last", "7d"),
            ("reachable", "true"),
            ("subscribed", "false"),
            ("duplicates", "true"),
            ("segment", "0194"),
        ];
        let expected = [
            "campaign=0193:opened",
            "created_last=7d",
            "duplicates=true",
            "reachable=true",
            "segment=0194",
            "source=chat",
            "subscribed=false",
            "tags_any=vip",
        ];
        assert_eq!(redacted(&parts), expected);
    }

    #[test]
    fn personal_data_is_named_without_its_values_also_in_groups() {
        let parts = [
            ("q", "ann@example.org"),
            ("field.tier", "is:ann"),
            ("email_domain", "ann.example"),
            ("ids", "0193,0194"),
            (
                "group",
                "any(q=ann,tags_any=vip,not(field.tier=\"is:ann\",email_domain=ann.example))",
            ),
            ("unknown", "ann"),
        ];
        let found = redacted(&parts);
        let group = "any(q,tags_any=vip,not(field.tier,email_domain))";
        assert_eq!(found, [group, "email_domain", "field.tier", "ids=2", "q", "unknown"]);
    }

    #[test]
    fn a_group_that_cannot_be_parsed_is_named_only() {
        assert_eq!(redacted(&[("group", "any(ann")]), ["group"]);
    }

    #[test]
    fn equal_conditions_are_named_once() {
        assert_eq!(redacted(&[("q", "ann"), ("q", "lee")]), ["q"]);
    }
}
