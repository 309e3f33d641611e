//! Strategies that generate random operations.

use contacts_core::campaign::{CampaignCondition, DeliveryCondition, DeliveryKind, InCampaign};
use contacts_core::contact::{
    ContactFilter, EmailDomain, FieldCondition, FieldTest, FilterGroup, Phone, SearchQuery, Sort,
    SortBy, SourceCondition, SourceKind, TagCondition, TimeRange,
};
use contacts_core::field::{FieldPatch, FieldType, FieldValue};
use contacts_core::import::Policy;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::campaigns::{campaign_id, statuses};
use super::{Operation, Profile};
use crate::samples::{self, date, key, number, tags, text};

const NAMES: &[&str] = &["Ann", "ann", "Änn Lee", "Bo", "Bo 100% Lee", "山田"];
const EMAILS: &[&str] = &[
    "a@x.org",
    "A@x.org",
    "b@x.org",
    "B@X.org",
    "ä_b@bücher.example",
    "Ä_b@xn--bcher-kva.example",
];
const PHONES: &[&str] = &["1", "+1 202 555 0101", "ask at reception"];
const VISITORS: &[&str] = &["v", "w", "x"];
const TAGS: &[&str] = &["vip", "VIP", "Café", "CAFÉ", "trade show", "x"];
const NOTES: &[&str] = &["x", "two\nlines", "50% \"é\""];
const FIELDS: &[&str] = &["tier", "seats", "since", "is_live"];
const QUERIES: &[&str] = &[
    "", "ann", "an", "lee a", "%", "b@x", "_b", "100%", "555", "山", "bo 1", "ÄNN", "gold", "an é",
];

/// Returns a strategy of operation sequences.
pub fn operations() -> impl Strategy<Value = Vec<Operation>> {
    vec(operation(), 1..25)
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => profile().prop_map(Operation::Create),
        3 => patch(),
        3 => (0..8usize, select(EMAILS), prop::bool::weighted(0.3)).prop_map(
            |(who, email, is_removed)| Operation::Address { who, email, is_removed }
        ),
        3 => tag(),
        1 => (0..8usize, version()).prop_map(|(who, version)| Operation::Delete { who, version }),
        2 => (0..8usize, 0..8usize, version())
            .prop_map(|(who, other, version)| Operation::Merge { who, other, version }),
        2 => note(),
        4 => capture(),
        1 => (select(VISITORS), 0..4u128, 0..20i64, 0..3u32).prop_map(
            |(visitor, conversation, second, messages)| Operation::Report {
                visitor,
                conversation,
                second,
                messages,
            },
        ),
        2 => (0..8usize, 0..8usize, any::<bool>()).prop_map(|(who, other, dismissed)| {
            Operation::Dismiss { who, other, dismissed }
        }),
        2 => tag_of_list(),
        2 => field(),
        5 => import(),
        4 => super::batches::operation(profile()),
        4 => (0..8usize, option::weighted(0.2, 0..3usize))
            .prop_map(|(which, fails)| Operation::Undo { which, fails }),
        5 => super::campaigns::operation(),
        3 => super::consents::operation(),
        10 => super::bulk::operation(),
        3 => vec(super::hooks::step(), 1..8).prop_map(Operation::Hook),
        5 => super::syncs::operation(profile()),
        4 => list(),
    ]
}

fn capture() -> impl Strategy<Value = Operation> {
    (select(VISITORS), 0..4u128, name(), email(), prop_oneof![2 => Just(""), 1 => select(PHONES)])
        .prop_map(|(visitor, conversation, name, email, phone)| Operation::Capture {
            visitor,
            conversation,
            said: Profile { name, email, phone, ..Profile::default() },
        })
}

fn name() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => select(NAMES), 1 => Just("")]
}

fn email() -> impl Strategy<Value = &'static str> {
    prop_oneof![5 => select(EMAILS), 1 => Just("")]
}

fn version() -> impl Strategy<Value = Option<bool>> {
    prop_oneof![3 => Just(None), 2 => Just(Some(true)), 1 => Just(Some(false))]
}

pub(super) fn some_tags() -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(TAGS, 0..=3)
}

fn value(field: &'static str) -> BoxedStrategy<FieldValue> {
    match field {
        "tier" => select(&["gold", "Gold", "50% \"é\"", "É"][..]).prop_map(text).boxed(),
        "seats" => select(&[-1.5, 0.0, 9.0, 10.0][..]).prop_map(number).boxed(),
        "since" => select(&["2025-12-31", "2026-01-01"][..]).prop_map(date).boxed(),
        _ => any::<bool>().prop_map(FieldValue::Boolean).boxed(),
    }
}

/// Returns a strategy of a custom field and a value of it.
pub(super) fn field_value() -> impl Strategy<Value = (&'static str, FieldValue)> {
    select(FIELDS).prop_flat_map(|field| value(field).prop_map(move |value| (field, value)))
}

pub(super) fn phone() -> impl Strategy<Value = Phone> {
    select(PHONES).prop_map(samples::phone)
}

fn values() -> impl Strategy<Value = Vec<(&'static str, FieldValue)>> {
    let all = [value("tier"), value("seats"), value("since"), value("is_live")];
    (all, subsequence(vec![0, 1, 2, 3], 0..=3)).prop_map(|(values, chosen)| {
        chosen.into_iter().map(|at: usize| (FIELDS[at], values[at].clone())).collect()
    })
}

fn profile() -> impl Strategy<Value = Profile> {
    let phone = prop_oneof![2 => Just(""), 1 => select(PHONES)];
    (name(), email(), phone, some_tags(), values())
        .prop_map(|(name, email, phone, tags, custom)| Profile { name, email, phone, tags, custom })
}

fn patch() -> impl Strategy<Value = Operation> {
    let clear = (prop::bool::weighted(0.1), prop::bool::weighted(0.2), prop::bool::weighted(0.3));
    (0..8usize, profile(), clear, any::<bool>(), version()).prop_map(
        |(who, set, (name, phone, value), with_tags, version)| Operation::Patch {
            who,
            set,
            clear: [name, phone, value],
            with_tags,
            version,
        },
    )
}

fn tag() -> impl Strategy<Value = Operation> {
    let some = (some_tags(), some_tags());
    (0..8usize, some).prop_map(|(who, (add, remove))| Operation::Tag { who, add, remove })
}

fn note() -> impl Strategy<Value = Operation> {
    let text = option::weighted(0.7, select(NOTES));
    (0..8usize, option::of(0..3usize), text).prop_map(|(who, which, text)| Operation::Note {
        who,
        which,
        text,
    })
}

fn tag_of_list() -> impl Strategy<Value = Operation> {
    prop_oneof![
        1 => select(TAGS).prop_map(Operation::EnsureTag),
        3 => (select(TAGS), select(TAGS)).prop_map(|(old, new)| Operation::RenameTag(old, new)),
        1 => select(TAGS).prop_map(Operation::DeleteTag),
    ]
}

fn kind() -> impl Strategy<Value = FieldType> {
    let options = |options: &[&str]| {
        FieldType::Select(options.iter().map(|option| (*option).to_owned()).collect())
    };
    select(vec![
        FieldType::Text,
        FieldType::Number,
        FieldType::Date,
        options(&["gold"]),
        options(&["É", "x"]),
    ])
}

fn field() -> impl Strategy<Value = Operation> {
    prop_oneof![
        (select(FIELDS), kind()).prop_map(|(key, kind)| Operation::Define(key, kind)),
        (select(FIELDS), field_patch()).prop_map(|(key, patch)| Operation::Redefine(key, patch)),
        select(FIELDS).prop_map(Operation::First),
    ]
}

fn field_patch() -> impl Strategy<Value = FieldPatch> {
    let kind = option::weighted(0.3, kind());
    let archived = option::weighted(0.3, any::<bool>());
    let searchable = option::weighted(0.5, any::<bool>());
    (kind, archived, searchable).prop_map(|(kind, archived, searchable)| FieldPatch {
        kind,
        archived,
        searchable,
        ..FieldPatch::default()
    })
}

fn import() -> impl Strategy<Value = Operation> {
    let rows = vec(option::weighted(0.9, profile()), 0..8);
    let cancel = option::weighted(0.2, 0..3usize);
    (rows, select(&Policy::ALL[..]), 1..5usize, prop::bool::weighted(0.2), cancel).prop_map(
        |(rows, policy, size, twice, cancel)| Operation::Import {
            rows,
            policy,
            size,
            twice,
            cancel,
        },
    )
}

fn range() -> impl Strategy<Value = TimeRange> {
    // Runs add these seconds to their start time.
    let moment = || {
        option::weighted(0.3, 0..20i64).prop_map(|second| {
            second.map(|second| time::OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(second))
        })
    };
    (moment(), moment()).prop_map(|(from, until)| TimeRange { from, until })
}

fn source() -> impl Strategy<Value = SourceCondition> {
    (select(&SourceKind::ALL[..]), range()).prop_map(|(kind, at)| SourceCondition {
        kind,
        detail: None,
        at,
    })
}

/// The tests of text fields, by the text that they compare with.
const TEXT_TESTS: [fn(String) -> FieldTest; 3] =
    [FieldTest::Contains, FieldTest::StartsWith, FieldTest::EndsWith];

fn condition() -> impl Strategy<Value = FieldCondition> {
    select(FIELDS).prop_flat_map(|field| {
        let part = select(&["g", "GOLD", "%", "é", "\""][..]);
        let test = match field {
            "tier" => (part, select(&TEXT_TESTS[..]))
                .prop_map(|(part, test)| test(part.to_owned()))
                .boxed(),
            "is_live" => value(field).prop_map(|value| FieldTest::AnyOf(vec![value])).boxed(),
            _ => prop_oneof![
                value(field).prop_map(FieldTest::Less),
                value(field).prop_map(FieldTest::AtMost),
                value(field).prop_map(FieldTest::Greater),
                value(field).prop_map(FieldTest::AtLeast),
            ]
            .boxed(),
        };
        let test = prop_oneof![
            Just(FieldTest::Set),
            Just(FieldTest::Unset),
            vec(value(field), 1..3).prop_map(FieldTest::AnyOf),
            vec(value(field), 1..3).prop_map(FieldTest::NoneOf),
            test
        ];
        test.prop_map(move |test| FieldCondition { key: key(field), test })
    })
}

pub(super) fn filter() -> impl Strategy<Value = ContactFilter> {
    let segments = prop_oneof![3 => Just(vec![]), 1 => vec(conditions(), 1..3)];
    (conditions(), details(), segments, groups(2)).prop_map(
        |(filter, details, segments, groups)| ContactFilter {
            segments,
            groups,
            ..with_details(filter, details)
        },
    )
}

/// Returns a strategy of groups that contain up to `depth` levels.
fn groups(depth: u32) -> BoxedStrategy<Vec<FilterGroup>> {
    if depth == 0 {
        return Just(Vec::new()).boxed();
    }
    let filter = move || {
        (
            prop_oneof![2 => conditions().boxed(), 1 => Just(ContactFilter::default()).boxed()],
            details(),
            groups(depth - 1),
        )
            .prop_map(|(filter, details, groups)| ContactFilter {
                groups,
                ..with_details(filter, details)
            })
    };
    let group = prop_oneof![
        1 => filter().prop_map(FilterGroup::All),
        2 => vec(filter(), 1..4).prop_map(FilterGroup::Any),
        2 => filter().prop_map(FilterGroup::Not),
    ];
    prop_oneof![2 => Just(Vec::new()).boxed(), 1 => vec(group, 1..3).boxed()].boxed()
}

/// The conditions on addresses, tags, deliveries and conversations.
type Details = (Vec<EmailDomain>, [Option<bool>; 3], Option<DeliveryCondition>, TimeRange);

fn details() -> impl Strategy<Value = Details> {
    let domain = select(&["x.org", "bücher.example"][..]);
    let domain = domain.prop_map(|domain| EmailDomain::parse(domain).unwrap());
    let domains = prop_oneof![4 => Just(vec![]), 1 => vec(domain, 1..3)];
    let flag = || option::weighted(0.15, any::<bool>());
    let kinds = subsequence(&DeliveryKind::ALL[..], 1..=2);
    let delivery = (kinds, range()).prop_map(|(kinds, at)| DeliveryCondition { kinds, at });
    let conversation = prop_oneof![4 => Just(TimeRange::default()).boxed(), 1 => range().boxed()];
    (domains, [flag(), flag(), flag()], option::weighted(0.2, delivery), conversation)
}

fn with_details(filter: ContactFilter, details: Details) -> ContactFilter {
    let (domains, [tagged, incomplete, mailed], delivery, conversation) = details;
    ContactFilter { domains, tagged, incomplete, mailed, delivery, conversation, ..filter }
}

fn conditions() -> impl Strategy<Value = ContactFilter> {
    let few_tags = || prop_oneof![3 => Just(vec![]), 1 => subsequence(TAGS, 1..=2)];
    let query = prop_oneof![1 => Just(""), 1 => select(QUERIES)];
    let reachable = option::weighted(0.2, any::<bool>());
    let source = prop_oneof![2 => Just(vec![]), 1 => vec(source(), 1..3)];
    let fields = prop_oneof![2 => Just(vec![]), 1 => vec(condition(), 1..3)];
    let tagged = (few_tags(), few_tags(), few_tags());
    let duplicates = option::weighted(0.2, any::<bool>());
    let flags = (reachable, duplicates, option::weighted(0.2, any::<bool>()));
    (query, source, tagged, range(), range(), fields, flags, campaigns()).prop_map(
        |(query, sources, (any, all, none), created, updated, fields, flags, campaigns)| {
            ContactFilter {
                ids: Default::default(),
                query: SearchQuery::parse(query),
                sources,
                tags: TagCondition { any: tags(&any), all: tags(&all), none: tags(&none) },
                created,
                updated,
                fields,
                reachable: flags.0,
                duplicates: flags.1,
                subscribed: flags.2,
                campaigns,
                ..ContactFilter::default()
            }
        },
    )
}

fn campaigns() -> impl Strategy<Value = CampaignCondition> {
    let wanted = (0..3u8, statuses())
        .prop_map(|(campaign, status)| InCampaign { campaign: campaign_id(campaign), status });
    let none = (0..3u8).prop_map(campaign_id);
    let all = prop_oneof![3 => Just(vec![]), 1 => vec(wanted, 1..3)];
    let none = prop_oneof![4 => Just(vec![]), 1 => vec(none, 1..2)];
    (all, none).prop_map(|(all, none)| CampaignCondition { all, none })
}

fn list() -> impl Strategy<Value = Operation> {
    let field = select(FIELDS).prop_map(|name| SortBy::Field(samples::key(name)));
    let by = prop_oneof![3 => select(&SortBy::ALL[..]), 1 => field];
    (filter(), by, any::<bool>(), 1..4u16).prop_map(|(filter, by, descending, size)| {
        Operation::List { filter: Box::new(filter), sort: Sort { by, descending }, size }
    })
}
