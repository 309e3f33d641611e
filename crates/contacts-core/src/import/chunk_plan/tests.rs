use proptest::prelude::*;
use rstest::rstest;
use time::OffsetDateTime;
use uuid::Uuid;

use super::*;
use crate::OrgId;
use crate::contact::{ContactId, EmailAddress, Name, Phone};
use crate::file::FileId;
use crate::import::{FileState, Import, ImportId, ImportState, LayoutChoice, Plan, SkippedRow};
use crate::run::RunState;

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn import(policy: Policy) -> Import {
    let plan = Plan { policy, ..Plan::default() };
    Import {
        org: OrgId(Uuid::from_u128(1)),
        id: ImportId(Uuid::from_u128(2)),
        file: FileId(Uuid::from_u128(3)),
        file_state: FileState::Kept,
        file_name: "people.csv".to_owned(),
        layout: LayoutChoice::default(),
        bytes: 0,
        actor: Actor::System,
        state: ImportState::Run(RunState::Running),
        problem: None,
        analysis: None,
        plan: Some(plan),
        tally: Tally::default(),
        corrected_rows: 0,
        retried_rows: None,
        created_at: NOW,
        started_at: Some(NOW),
        finished_at: None,
    }
}

/// Rows written `address name tag,tag phone no`; `-` means nothing, and `no` that the person wants
/// no messages. A row `!` has no address, and a row `!address` is skipped, but opts out an address.
fn rows(lines: &[&str]) -> Vec<PlannedRow> {
    let row = |(number, line): (u64, &&str)| {
        let cells: Vec<_> = line.split(' ').collect();
        let cell = |at: usize| cells.get(at).copied().filter(|cell| *cell != "-");
        let email = |local: &str| EmailAddress::parse(&format!("{local}@example.org")).ok();
        let row = if *line == "!" {
            Err(Skip::MissingEmail.into())
        } else if let Some(local) = line.strip_prefix('!') {
            let (email, is_opted_out) = (email(local), true);
            let keys = ImportRow { email, is_opted_out, ..ImportRow::default() };
            Err(SkippedRow { skip: Skip::MissingName, opt_out: Some(Box::new(keys)) })
        } else {
            let tags = cell(2).unwrap_or_default().split(',').filter(|tag| !tag.is_empty());
            Ok(ImportRow {
                email: email(cells[0]),
                name: Name::parse(cell(1).unwrap()).ok(),
                phone: cell(3).map(|phone| Phone::parse(phone, None).unwrap()),
                tags: tags.map(|tag| TagName::parse(tag).unwrap()).collect(),
                is_opted_out: cell(4).is_some(),
                ..ImportRow::default()
            })
        };
        let id = ContactId(Uuid::from_u128(u128::from(100 + number)));
        PlannedRow { number, line: number + 1, id, row, warnings: Vec::new() }
    };
    (1..).zip(lines).map(row).collect()
}

/// A stored contact, in the notation of a row.
fn stored(number: u64, line: &str) -> Contact {
    let import = import(Policy::Overwrite);
    let mut planned = rows(&[line]);
    let row = planned.remove(0).row.unwrap();
    let id = ContactId(Uuid::from_u128(u128::from(number)));
    Contact { version: 7, ..added(&row, import.org, id, import.source(1, NOW)) }
}

/// The writes of a plan, one line for each contact: `+` added, `*` changed, `=` unchanged.
fn described(writes: &ChunkWrites) -> Vec<String> {
    let contact = |planned: &PlannedContact| {
        let sign = match planned {
            planned if planned.is_new() => '+',
            planned if planned.is_changed() => '*',
            _ => '=',
        };
        let tags: Vec<_> = planned.tags.iter().map(ToString::to_string).collect();
        let name = planned.contact.name.as_ref().map(ToString::to_string).unwrap_or_default();
        let key = planned.contact.email_key().split('@').next().unwrap_or_default().to_owned();
        format!("{sign}{key} {name} [{}] row {}", tags.join(","), planned.first_row)
    };
    writes.contacts.iter().map(contact).collect()
}

#[rstest]
#[case::a_new_address_is_added(&["ann Ann a"], &[], &["+ann Ann [a] row 1"], [1, 0, 0])]
#[case::the_same_address_is_added_once(
    &["ann Ann a", "ann Anna b", "ann Anna"], &[], &["+ann Anna [a,b] row 1"], [1, 1, 1])]
#[case::an_existing_contact_is_changed(
    &["!", "ann Anna"], &["ann Ann a"], &["*ann Anna [] row 2"], [0, 1, 1])]
#[case::a_tag_alone_changes_it(&["ann Ann a,b"], &["ann Ann a"], &["*ann Ann [b] row 1"], [0, 1, 0])]
#[case::one_that_says_nothing_new_is_found(
    &["ann Ann"], &["ann Ann a"], &["=ann Ann [] row 1"], [0, 0, 1])]
#[case::nothing_is_planned_for_contacts_without_a_row(&["!"], &["bob Bob"], &[], [0, 0, 1])]
#[case::contacts_come_by_their_keys(
    &["cy Cy", "bob Bobby"], &["bob Bob"], &["*bob Bobby [] row 2", "+cy Cy [] row 1"], [1, 1, 0])]
fn rows_are_planned_from_the_top(
    #[case] lines: &[&str],
    #[case] existing: &[&str],
    #[case] expected: &[&str],
    #[case] counts: [u64; 3],
) {
    let (import, rows) = (import(Policy::Overwrite), rows(lines));
    let existing: Vec<_> = (1..).zip(existing).map(|(number, line)| stored(number, line)).collect();
    let writes = ChunkPlan::new(&import, &rows, existing, NOW).finish();
    assert_eq!(described(&writes), expected);
    let tally = &writes.tally;
    assert_eq!([tally.added, tally.updated, tally.skips()], counts);
    assert_eq!(tally.rows(), rows.len() as u64, "each row is counted once");
}

/// A contact that has further addresses, named by their local parts.
fn with_others(mut contact: Contact, others: &[&str]) -> Contact {
    let email = |local: &&str| EmailAddress::parse(&format!("{local}@example.org")).unwrap();
    contact.other_emails = others.iter().map(email).collect();
    contact
}

#[test]
fn any_address_of_a_contact_finds_it_and_none_is_rewritten() {
    let (import, rows) = (import(Policy::Overwrite), rows(&["zoe Anna", "ann Anne b", "bob Bob"]));
    let ann = with_others(stored(1, "ann Ann a"), &["yan", "zoe"]);
    let writes = ChunkPlan::new(&import, &rows, [ann], NOW).finish();
    assert_eq!(described(&writes), ["*ann Anne [b] row 1", "+bob Bob [] row 3"]);
    assert_eq!((writes.tally.added, writes.tally.updated), (1, 2));
    assert_eq!(writes.contacts[0].contact.other_emails.len(), 2);
}

#[test]
fn a_tag_is_spelled_as_the_first_row_spells_it() {
    let (import, rows) = (import(Policy::Overwrite), rows(&["b Bo VIP", "a Al vip,Fair"]));
    let writes = ChunkPlan::new(&import, &rows, [] as [Contact; 0], NOW).finish();
    let tags: Vec<_> = writes.tags.values().map(ToString::to_string).collect();
    assert_eq!(tags, ["Fair", "VIP"]);
}

#[test]
fn a_dry_run_describes_each_row() {
    let (import, rows) = (import(Policy::Overwrite), rows(&["ann Anna", "bob Bob", "cy Cyril"]));
    let by_earlier_chunk = ExistingContact { is_stored: false, ..stored(9, "cy Cy").into() };
    let is_stored = ExistingContact::from(stored(1, "ann Ann"));
    let writes = ChunkPlan::dry(&import, &rows, [is_stored, by_earlier_chunk], NOW).finish();
    let changed = |row: &DryRow| match &row.outcome {
        DryOutcome::Updated { contact, changes, .. } => Some((*contact, changes.len())),
        _ => None,
    };
    let ann = ContactId(Uuid::from_u128(1));
    let described: Vec<_> = writes.rows.iter().map(changed).collect();
    assert_eq!(described, [Some((Some(ann), 1)), None, Some((None, 1))]);
    assert_eq!(writes.rows[1].outcome, DryOutcome::Added);
}

#[rstest]
#[case::a_contact(&["!ann"], Policy::Overwrite, "ann")]
#[case::an_unknown_address(&["!new"], Policy::Overwrite, "(new)")]
#[case::an_address_that_a_later_row_adds(&["!new", "new New"], Policy::Overwrite, "(new)")]
#[case::an_address_that_an_earlier_row_adds(&["new New", "!new"], Policy::Overwrite, "new")]
#[case::one_of_an_update(&["!new", "!bob"], Policy::UpdateOnly, "(new) bob")]
#[case::one_of_a_list(&["!new", "!bob", "bob Bobby - - no"], Policy::OptOut, "(new) bob")]
#[case::additions_leave_contacts_alone(&["!ann", "!new"], Policy::AddOnly, "(new)")]
#[case::nobody(&["!", "ann Anna"], Policy::Overwrite, "")]
fn an_opt_out_applies_although_its_row_is_skipped(
    #[case] lines: &[&str],
    #[case] policy: Policy,
    #[case] expected: &str,
) {
    let (import, rows) = (import(policy), rows(lines));
    let existing = [stored(1, "ann Ann"), stored(2, "bob Bob")];
    let plan = ChunkPlan::new(&import, &rows, existing, NOW);
    let locked: Vec<_> = plan.changed_contacts().into_iter().map(|(id, _)| id).collect();
    let writes = plan.finish();
    let local = |key: &str| key.split('@').next().unwrap_or_default().to_owned();
    let suppressed = writes.suppressed.iter().map(|email| format!("({})", local(email.key())));
    let unsubscribed = writes.contacts.iter().filter(|planned| planned.unsubscribe().is_some());
    for planned in unsubscribed.clone().filter(|planned| !planned.is_new()) {
        assert!(locked.contains(&planned.contact.id));
        assert!(planned.first_row > 0, "the import is a source of the contact");
        let mut events = writes.events.iter().filter(|e| e.fields.contains(&"consent".to_owned()));
        assert!(events.any(|event| event.contacts.contains(&planned.contact.id)));
    }
    let unsubscribed = unsubscribed.map(|planned| local(planned.contact.email_key()));
    let found: Vec<_> = suppressed.chain(unsubscribed).collect();
    assert_eq!(found.join(" "), expected);
    assert_eq!(writes.tally.rows(), rows.len() as u64);
}

/// A few rows about a few addresses, so that rows are often about the same contact.
fn any_lines() -> impl Strategy<Value = Vec<String>> {
    let row = "([a-d] [A-C] (-|x|y|x,y|X) (-|5551234567|5557654321))|!|![a-d]";
    proptest::collection::vec(row, 0..24)
}

/// Returns the content of a store after chunks are applied one after another.
fn applied(import: &Import, rows: &[PlannedRow], size: usize) -> (Vec<Contact>, Tally, Vec<Issue>) {
    let mut contacts = vec![stored(1, "a A x"), stored(2, "b B")];
    let (mut tally, mut issues) = (Tally::default(), Vec::new());
    let mut suppressed = BTreeSet::new();
    for rows in rows.chunks(size) {
        let writes = ChunkPlan::new(import, rows, contacts.clone(), NOW).finish();
        suppressed.extend(writes.suppressed.iter().map(|email| email.key().to_owned()));
        for mut planned in writes.contacts {
            if suppressed.contains(planned.contact.email_key()) {
                let actor = import.actor();
                let reason = ConsentReason::Imported;
                planned.contact.consent.lower(Unsubscribe { reason, at: NOW, actor, note: None });
            }
            contacts.retain(|contact| contact.email_key() != planned.contact.email_key());
            contacts.push(planned.contact);
        }
        tally.add(&writes.tally);
        issues.extend(writes.issues);
    }
    contacts.sort_by_key(|contact| contact.id);
    (contacts, tally, issues)
}

proptest! {
    #[test]
    fn chunks_of_any_size_write_the_same(
        lines in any_lines(),
        policy in prop::sample::select(Policy::ALL.to_vec()),
        size in 1..24_usize,
    ) {
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let (import, rows) = (import(policy), rows(&lines));
        prop_assert_eq!(applied(&import, &rows, size), applied(&import, &rows, usize::MAX));
    }
}
