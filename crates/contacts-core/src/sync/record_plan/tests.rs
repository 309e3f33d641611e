use std::collections::BTreeMap;

use proptest::prelude::*;
use rstest::rstest;
use time::OffsetDateTime;
use uuid::Uuid;

use super::*;
use crate::OrgId;
use crate::contact::{EmailAddress, Name, SourceDetail};
use crate::import::Target;
use crate::sync::{MappedField, Mapping, Mode, Overwrite, Settings, SourceId};

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn source(vanish: VanishPolicy) -> ConnectedSource {
    let mapped = |target: &str| MappedField {
        field: target.to_owned(),
        target: Target::parse(target).unwrap(),
        overwrite: Overwrite::Own,
    };
    ConnectedSource {
        org: OrgId(Uuid::from_u128(1)),
        id: SourceId(Uuid::from_u128(2)),
        name: "CRM".to_owned(),
        connector: "crm".to_owned(),
        settings: Settings::default(),
        secrets: BTreeMap::new(),
        stream: "people".to_owned(),
        mode: Mode::Full,
        mapping: Mapping {
            fields: ["name", "email", "tags"].into_iter().map(mapped).collect(),
            id_field: None,
        },
        next_run_at: None,
        schedule: None,
        vanish,
        paused: false,
        state: None,
        failures: 0,
        problem: None,
        created_at: NOW,
        version: 1,
    }
}

/// Records written `id address name tag,tag`; `-` means nothing, `id gone` means a deleted record.
fn records(lines: &[&str]) -> Vec<PlannedRecord> {
    let record = |(number, line): (u128, &&str)| {
        let cells: Vec<_> = line.split(' ').collect();
        let cell = |at: usize| cells.get(at).copied().filter(|cell| *cell != "-");
        let row = (cells[1] != "gone").then(|| SyncRow {
            email: cell(1).map(|name| EmailAddress::parse(&format!("{name}@example.org")).unwrap()),
            name: cell(2).map(|name| Name::parse(name).unwrap()),
            phone: None,
            tags: cell(3)
                .map(|tags| tags.split(',').map(|tag| TagName::parse(tag).unwrap()).collect())
                .unwrap_or_default(),
            custom: Default::default(),
        });
        PlannedRecord {
            external_id: cells[0].to_owned(),
            contact: ContactId(Uuid::from_u128(100 + number)),
            row: Ok(row),
            warnings: Vec::new(),
        }
    };
    (1..).zip(lines).map(record).collect()
}

/// A store in memory that writes what a plan returns.
#[derive(Clone, Debug, Default, PartialEq)]
struct Store {
    contacts: BTreeMap<ContactId, Contact>,
    links: HashMap<String, Link>,
    tally: Tally,
    log: Vec<String>,
}

impl Store {
    fn take(&mut self, source: &ConnectedSource, records: &[PlannedRecord]) -> RecordWrites {
        let plan_of_reads = ReadPlan::of(source, records, &self.links);
        let is_planned = |contact: &&Contact| {
            plan_of_reads.contacts.contains(&contact.id)
                || contact.emails().any(|email| plan_of_reads.addresses.contains(email.key()))
        };
        let contacts = self.contacts.values().filter(is_planned).cloned().collect();
        let existing = Existing { links: self.links.clone(), contacts, tags: Vec::new() };
        let mut plan = RecordPlan::new(source, existing, NOW);
        records.iter().try_for_each(|planned| plan.plan_record(planned)).unwrap();
        let writes = plan.finish();
        for planned in &writes.contacts {
            self.contacts.insert(planned.contact.id, planned.contact.clone());
        }
        for (id, _) in &writes.unlinked {
            self.links.remove(id);
        }
        self.links.extend(writes.links.clone());
        self.tally.add(&writes.tally);
        self.log.extend(writes.log.clone());
        writes
    }

    /// Each contact as `address name [tags]`.
    fn lines(&self) -> Vec<String> {
        let line = |contact: &Contact| {
            let tags: Vec<_> = contact.tags.iter().map(ToString::to_string).collect();
            let name = contact.name.as_ref().map(ToString::to_string).unwrap_or_default();
            let key = contact.email_key().split('@').next().unwrap_or_default().to_owned();
            format!("{key} {name} [{}]", tags.join(","))
        };
        self.contacts.values().map(line).collect()
    }
}

fn vanish(policy: &str) -> VanishPolicy {
    match policy {
        "tag" => VanishPolicy::Tag(TagName::parse("left").unwrap()),
        "unlink" => VanishPolicy::Unlink,
        _ => VanishPolicy::Nothing,
    }
}

#[rstest]
#[case::a_record_adds("", &["1 ann Ann a"], &["ann Ann [a]"], [1, 0, 0])]
#[case::its_id_finds_it_again("", &["1 ann Ann", "1 eve Anna b"], &["eve Anna [b]"], [1, 1, 0])]
#[case::its_address_finds_it_too("", &["1 ann Ann", "2 ann Ann c"], &["ann Ann [c]"], [1, 1, 0])]
#[case::the_same_again_is_unchanged("", &["1 ann Ann a", "1 ann Ann a"], &["ann Ann [a]"], [1, 0, 1])]
#[case::an_address_of_another_is_not_taken_over(
    "", &["1 ann Ann", "2 bob Bob", "2 ann Bob"], &["ann Ann []", "bob Bob []"], [2, 0, 1])]
#[case::an_address_that_was_left_is_not_handed_on(
    "", &["1 ann Ann", "2 bob Bob", "1 eve Ann", "2 ann Bob"],
    &["eve Ann []", "bob Bob []"], [2, 1, 1])]
#[case::an_address_that_was_left_finds_its_contact(
    "", &["1 ann Ann", "1 eve Ann", "2 ann Ann b"], &["eve Ann [b]"], [1, 2, 0])]
#[case::one_that_is_gone_stays("", &["1 ann Ann", "1 gone"], &["ann Ann []"], [1, 0, 1])]
#[case::one_that_is_gone_is_tagged("tag", &["1 ann Ann", "1 gone"], &["ann Ann [left]"], [1, 1, 0])]
#[case::one_that_is_gone_is_unlinked(
    "unlink", &["1 - Ann", "1 gone", "1 - Ann"], &[" Ann []", " Ann []"], [2, 1, 0])]
fn records_are_planned_one_by_one(
    #[case] policy: &str,
    #[case] lines: &[&str],
    #[case] expected: &[&str],
    #[case] counts: [u64; 3],
) {
    let mut store = Store::default();
    store.take(&source(vanish(policy)), &records(lines));
    assert_eq!(store.lines(), expected);
    let tally = &store.tally;
    assert_eq!([tally.added, tally.updated, tally.skips()], counts);
}

#[test]
fn a_link_to_a_contact_that_is_gone_is_stale() {
    let (source, mut store) = (source(VanishPolicy::Nothing), Store::default());
    store.take(&source, &records(&["1 ann Ann"]));
    let existing = Existing { links: store.links, ..Existing::default() };
    let mut plan = RecordPlan::new(&source, existing, NOW);
    assert_eq!(plan.plan_record(&records(&["1 ann Anna"])[0]), Err(StaleLink));
}

#[test]
fn a_contact_is_added_from_the_source_once() {
    let (source, mut store) = (source(VanishPolicy::Nothing), Store::default());
    store.take(&source, &records(&["1 ann Ann"]));
    let writes = store.take(&source, &records(&["2 ann Ann", "2 ann Anna"]));
    let sources: Vec<_> = writes.contacts[0].sources.iter().map(|s| &s.detail).collect();
    let expected = SourceDetail::Connected { source: source.id.0, external_id: "2".to_owned() };
    assert_eq!(sources, [&expected]);
}

proptest! {
    #[test]
    fn chunks_of_any_size_write_the_same(
        lines in proptest::collection::vec("[1-4] ((-|[a-c]) [A-C] (-|x|y|x,y)|gone)", 0..16),
        policy in prop::sample::select(vec!["", "tag", "unlink"]),
        size in 1..16_usize,
    ) {
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let (source, records) = (source(vanish(policy)), records(&lines));
        let (mut unchunked, mut chunked) = (Store::default(), Store::default());
        unchunked.take(&source, &records);
        for records in records.chunks(size) {
            chunked.take(&source, records);
        }
        prop_assert_eq!(unchunked, chunked);
    }
}
