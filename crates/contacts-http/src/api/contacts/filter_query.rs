//! The query parameters of a contact filter (R20).

use contacts_core::contact::FilterText;
use utoipa::IntoParams;

use crate::parts::params::{FromParams, Params};

/// Declares the parameters of a filter. Their values are passed to the core unread: the core
/// decides which parameters may be repeated and which values are valid.
macro_rules! filter_query {
    ($(#[$attribute:meta])* struct $name:ident { $($(#[$of_field:meta])* $field:ident: $type:ty,)+ }) => {
        $(#[$attribute])*
        #[derive(IntoParams)]
        #[into_params(parameter_in = Query)]
        pub(super) struct $name {
            $($(#[$of_field])* $field: $type,)+
        }

        impl FromParams for $name {
            fn from_params(params: &mut Params) -> Self {
                Self { $($field: params.all(stringify!($field)),)+ }
            }
        }

        impl $name {
            fn parts(self) -> impl Iterator<Item = (String, String)> {
                let parts = [$((stringify!($field), self.$field)),+];
                parts.into_iter().flat_map(|(name, values)| {
                    values.into_iter().map(move |value| (name.to_owned(), value))
                })
            }
        }
    };
}

filter_query! {
    /// A filter of contacts: a contact matches when all given conditions hold.
    struct FilterQuery {
        /// Ids of contacts, separated by commas, at most 200. Ids that do not exist match nothing.
        #[param(value_type = Option<String>)]
        ids: Vec<String>,
        /// Words that must all occur in the name, the address or the phone number; case and accents
        /// are ignored. Words of one or two letters match only at the beginning of a word.
        #[param(value_type = Option<String>, example = "ann exam")]
        q: Vec<String>,
        /// A source of the contact, not only the first one: `chat`, `csv_import`, `manual` or
        /// `connected`, optionally followed by a colon and the id of the widget, the import, the
        /// user or key, or the connected source. May be repeated: one of the values must match.
        #[param(value_type = Option<Vec<String>>, style = Form, explode)]
        source: Vec<String>,
        /// The contact was added from that source at or after this time, or on or after
        /// this day of the time zone.
        #[param(value_type = Option<String>, example = "2026-11-23")]
        source_from: Vec<String>,
        /// The contact was added from that source before this time, or on or before this day.
        #[param(value_type = Option<String>, example = "2026-11-23")]
        source_until: Vec<String>,
        /// The contact was added from that source within the last days, such as `7d`.
        #[param(value_type = Option<String>, example = "7d")]
        source_last: Vec<String>,
        /// The contact was added from that source in this period of the time zone's calendar: `today`, `yesterday`, `this_week`
        /// (from Monday), `this_month` or `this_year`.
        #[param(value_type = Option<String>)]
        source_in: Vec<String>,
        /// Tags, separated by commas, of which the contact has at least one.
        #[param(value_type = Option<String>)]
        tags_any: Vec<String>,
        /// Tags, separated by commas, all of which the contact has.
        #[param(value_type = Option<String>)]
        tags_all: Vec<String>,
        /// Tags, separated by commas, none of which the contact has.
        #[param(value_type = Option<String>)]
        tags_none: Vec<String>,
        /// The contact was created at or after this time, or on or after this day of the
        /// time zone.
        #[param(value_type = Option<String>, example = "2026-11-23")]
        created_from: Vec<String>,
        /// The contact was created before this time, or on or before this day.
        #[param(value_type = Option<String>, example = "2026-11-23")]
        created_until: Vec<String>,
        /// The contact was created within the last days, such as `7d`: since the beginning of the
        /// day that many days ago.
        #[param(value_type = Option<String>)]
        created_last: Vec<String>,
        /// The contact was created in this period of the time zone's calendar: `today`, `yesterday`, `this_week`
        /// (from Monday), `this_month` or `this_year`.
        #[param(value_type = Option<String>)]
        created_in: Vec<String>,
        /// The profile, the tags or the consent last changed at or after this time, or on or after
        /// this day of the time zone. `updated_at` is the time of the profile alone. Deleted
        /// contacts are not found: the change feed lists them too.
        #[param(value_type = Option<String>, example = "2026-11-23")]
        updated_from: Vec<String>,
        /// The contact last changed before this time, or on or before this day.
        #[param(value_type = Option<String>, example = "2026-11-23")]
        updated_until: Vec<String>,
        /// The contact last changed within the last days, such as `7d`.
        #[param(value_type = Option<String>)]
        updated_last: Vec<String>,
        /// The contact last changed in this period of the time zone's calendar: `today`, `yesterday`, `this_week`
        /// (from Monday), `this_month` or `this_year`.
        #[param(value_type = Option<String>)]
        updated_in: Vec<String>,
        /// The time zone in which days begin, such as `Europe/Berlin`. Default: UTC.
        #[param(value_type = Option<String>)]
        time_zone: Vec<String>,
        /// Whether campaigns can reach the contact.
        #[param(value_type = Option<bool>)]
        reachable: Vec<String>,
        /// Whether the contact wants messages: `false` for contacts that are unsubscribed.
        #[param(value_type = Option<bool>)]
        subscribed: Vec<String>,
        /// Whether the contact has possible duplicates: another contact that matches details of the
        /// same widget visitor, has the same phone number, or has the same name while one of the
        /// two has no address.
        #[param(value_type = Option<bool>)]
        duplicates: Vec<String>,
        /// The id of a segment whose filter must match as well. May be repeated: all must match.
        #[param(value_type = Option<Vec<Uuid>>, style = Form, explode)]
        segment: Vec<String>,
        /// Domains of addresses, separated by commas: the contact has an address in one of them.
        #[param(value_type = Option<String>, example = "example.org")]
        email_domain: Vec<String>,
        /// Whether the contact has a tag.
        #[param(value_type = Option<bool>)]
        tagged: Vec<String>,
        /// Whether the name or the address is missing.
        #[param(value_type = Option<bool>)]
        incomplete: Vec<String>,
        /// Whether a message of any campaign was sent to the contact.
        #[param(value_type = Option<bool>)]
        mailed: Vec<String>,
        /// A delivery of any campaign: `sent`, `bounced`, `opened`, `clicked` or `unsubscribed`.
        /// May be repeated: one of the values must match.
        #[param(value_type = Option<Vec<String>>, style = Form, explode)]
        delivery: Vec<String>,
        /// That delivery was first reported of a campaign at or after this time, or on or after
        /// this day of the time zone.
        #[param(value_type = Option<String>, example = "2026-11-23")]
        delivery_from: Vec<String>,
        /// That delivery was before this time, or on or before this day.
        #[param(value_type = Option<String>, example = "2026-11-23")]
        delivery_until: Vec<String>,
        /// That delivery was within the last days, such as `7d`.
        #[param(value_type = Option<String>, example = "7d")]
        delivery_last: Vec<String>,
        /// That delivery was in this period of the time zone's calendar: `today`, `yesterday`,
        /// `this_week`, `this_month` or `this_year`.
        #[param(value_type = Option<String>)]
        delivery_in: Vec<String>,
        /// The last message of the contact's conversations was at or after this time, or on or
        /// after this day of the time zone.
        #[param(value_type = Option<String>, example = "2026-11-23")]
        conversation_from: Vec<String>,
        /// The last message of the contact's conversations was before this time, or on or before
        /// this day.
        #[param(value_type = Option<String>, example = "2026-11-23")]
        conversation_until: Vec<String>,
        /// The last message of the contact's conversations was within the last days, such as `7d`.
        #[param(value_type = Option<String>, example = "7d")]
        conversation_last: Vec<String>,
        /// The last message of the contact's conversations was in this period of the time zone's
        /// calendar: `today`, `yesterday`, `this_week`, `this_month` or `this_year`.
        #[param(value_type = Option<String>)]
        conversation_in: Vec<String>,
        /// A group of these conditions: `any(…)` of which one must match, `not(…)` which must not
        /// match, or `all(…)`. Members are separated by commas: conditions such as `tags_any=vip`,
        /// or groups, three levels deep. A value with `,`, `(`, `)` or `"` stands in quotation
        /// marks, in which a backslash precedes `"` and `\`. Each member of `any` is a filter of its
        /// own; conditions that belong together, such as `source` and `source_last`, stand in an
        /// `all`. May be repeated: all must match.
        #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["any(tags_any=vip,not(mailed=true))"]))]
        group: Vec<String>,
        /// A campaign that the contact is in: the id, optionally followed by a colon and statuses
        /// separated by `|` (`pending`, `sent`, `bounced`, `opened`, `clicked`, `unsubscribed`),
        /// one of which the contact must have in it. May be repeated: all must match.
        #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["019b7904-d100-7000-8000-000000000001:opened|clicked"]))]
        campaign: Vec<String>,
        /// The id of a campaign that the contact is not in. May be repeated: the contact is in none
        /// of them.
        #[param(value_type = Option<Vec<String>>, style = Form, explode)]
        campaign_none: Vec<String>,
        /// A condition on a custom field: the key of the field, a colon, an operator, a colon, and
        /// the value to compare with. Operators: `set` and `unset` (without a value), `is` and
        /// `is_not`, `any_of` and `none_of` (values separated by commas; `\,` is a comma of a value),
        /// `contains`, `starts_with` and `ends_with` (text, select, url), `less`, `at_most`,
        /// `greater`, `at_least` (number, date). May be repeated: all must match.
        /// `field.KEY=OPERATOR:VALUE` is an alternative notation.
        #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["tier:any_of:pro,free", "score:at_least:10"]))]
        field: Vec<String>,
    }
}

/// Takes the filter parameters out of the query.
pub(super) fn take_filter(params: &mut Params) -> FilterText {
    let pairs =
        FilterQuery::from_params(params).parts().map(|(name, value)| match value.split_once(':') {
            Some((key, condition)) if name == "field" => {
                (format!("{}{key}", FilterText::FIELD), condition.to_owned())
            }
            None if name == "field" => (format!("{}{value}", FilterText::FIELD), String::new()),
            _ => (name, value),
        });
    let pairs: Vec<_> = pairs.collect();
    FilterText::new(pairs.into_iter().chain(params.prefixed(FilterText::FIELD)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_filter_is_a_parameter() {
        for name in FilterText::NAMES {
            let mut params = Params::read(&format!("{name}=a:b")).unwrap();
            let filter = take_filter(&mut params);
            assert_eq!(filter.parts(), [((*name).to_owned(), "a:b".to_owned())]);
            assert!(params.finish().is_ok());
        }
    }

    #[test]
    fn a_condition_on_a_field_is_written_in_two_ways() {
        let read = |query| take_filter(&mut Params::read(query).unwrap());
        assert_eq!(read("field=tier:any_of:pro"), read("field.tier=any_of:pro"));
        assert_eq!(read("field=tier:set&field=a:set").parts().len(), 2);
        assert_eq!(read("field=tier"), read("field.tier="));
    }
}
