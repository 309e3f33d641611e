//! Samples, as short as tests like them. What a test does not name is of no meaning to it.
//!
//! Everything here panics on text that breaks a rule.

use std::collections::BTreeSet;

use contacts_core::campaign::{
    Campaign, CampaignId, CampaignKind, Delivery, DeliveryId, DeliveryKind,
};
use contacts_core::contact::{
    Arrival, Capture, Contact, ContactId, ContactPatch, CustomValues, EmailAddress, FilterText,
    Name, Origin, PageRequest, Patch, Phone, Sort, SortBy,
};
use contacts_core::conversation::{Conversation, ConversationId, Link, Visitor};
use contacts_core::field::{Field, FieldKey, FieldType, FieldValue, RawValue};
use contacts_core::file::FileId;
use contacts_core::import::{
    Analysis, Chunk, FileState, Import, ImportId, ImportRow, ImportState, Layout, Plan, PlannedRow,
    Policy, Suggestion, Tally, Target, Warning,
};
use contacts_core::key::{ApiKey, KeyId, Scope, Token};
use contacts_core::note::NoteText;
use contacts_core::page::PageSize;
use contacts_core::sync::{
    Batch, Definition, Mapped, Mapping, Mode, Overwrite, Record, SettingValue, Settings, State,
    Value, Vanish,
};
use contacts_core::tag::TagName;
use contacts_core::{Actor, Clock, Ids, OrgId};
use time::OffsetDateTime;

use crate::{CountedIds, Ports, StoppedClock};

/// A name.
pub fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// An address.
pub fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

/// A phone number, read in no region.
pub fn phone(text: &str) -> Phone {
    Phone::parse(text, None).unwrap()
}

/// A tag's name.
pub fn tag(text: &str) -> TagName {
    TagName::parse(text).unwrap()
}

/// Tags' names, in the order of their keys.
pub fn tags(texts: &[&str]) -> Vec<TagName> {
    let mut tags: Vec<_> = texts.iter().map(|text| tag(text)).collect();
    tags.sort();
    tags
}

/// What a note says.
pub fn note_text(text: &str) -> NoteText {
    NoteText::parse(text).unwrap()
}

/// A filter as it is asked for.
pub fn filter_text(parts: &[(&str, &str)]) -> FilterText {
    FilterText::new(parts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

/// A custom field's key.
pub fn key(text: &str) -> FieldKey {
    FieldKey::parse(text).unwrap()
}

/// A custom field, labelled by its key.
pub fn field(key: &str, kind: FieldType, position: u32) -> Field {
    Field::new(key, key, kind, position).unwrap()
}

/// A text value of a custom field.
pub fn text(value: &str) -> FieldValue {
    FieldType::Text.coerce(RawValue::Text(value)).unwrap()
}

/// A number value of a custom field.
pub fn number(value: f64) -> FieldValue {
    FieldType::Number.coerce(RawValue::Number(value)).unwrap()
}

/// A date value of a custom field.
pub fn date(value: &str) -> FieldValue {
    FieldType::Date.coerce(RawValue::Text(value)).unwrap()
}

/// Values of custom fields.
pub fn custom(values: &[(&str, FieldValue)]) -> CustomValues {
    values.iter().map(|(k, value)| (key(k), value.clone())).collect()
}

/// A contact that the system added by hand; without a name or an address where the text is empty.
pub fn contact(
    org: OrgId,
    ids: &CountedIds,
    clock: &StoppedClock,
    name_text: &str,
    email_text: &str,
) -> Contact {
    let now = clock.now();
    Contact {
        org,
        id: ContactId(ids.next()),
        name: (!name_text.is_empty()).then(|| name(name_text)),
        email: (!email_text.is_empty()).then(|| email(email_text)),
        phone: None,
        custom: CustomValues::new(),
        tags: Vec::new(),
        source: Arrival { at: now, origin: Origin::Manual { by: Actor::System } },
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

/// A campaign that nobody has registered yet.
pub fn campaign(ids: &CountedIds, clock: &StoppedClock, name: &str) -> Campaign {
    let id = CampaignId(ids.next());
    Campaign::new(id, CampaignKind::Campaign, name, clock.now()).unwrap()
}

/// A delivery that the system tells.
pub fn delivery(
    id: &str,
    campaign: CampaignId,
    contact: ContactId,
    kind: DeliveryKind,
    at: OffsetDateTime,
) -> Delivery {
    let id = DeliveryId::parse(id).unwrap();
    Delivery { id, campaign, contact, kind, at, actor: Actor::System }
}

/// A visitor of one widget.
pub fn visitor(id: &str) -> Visitor {
    Visitor::parse(uuid::Uuid::from_u128(7), id).unwrap()
}

/// What a visitor says now, in a new conversation; no name or no address where the text is empty.
pub fn capture(
    org: OrgId,
    ids: &CountedIds,
    clock: &StoppedClock,
    visitor: Visitor,
    name_text: &str,
    email_text: &str,
) -> Capture {
    Capture {
        org,
        visitor,
        conversation: ConversationId(ids.next()),
        name: (!name_text.is_empty()).then(|| name(name_text)),
        email: (!email_text.is_empty()).then(|| email(email_text)),
        phone: None,
        at: clock.now(),
    }
}

/// A conversation of one message, said now.
pub fn conversation(
    org: OrgId,
    ids: &CountedIds,
    clock: &StoppedClock,
    visitor: Visitor,
) -> Conversation {
    let id = ConversationId(ids.next());
    let link = Link::parse("https://app.informly.example/c").unwrap();
    let untold = Conversation::untold(org, id, visitor, clock.now());
    Conversation { messages: 1, preview: "Hello".to_owned(), link: Some(link), ..untold }
}

/// A patch of nothing but the name.
pub fn new_name(text: &str) -> ContactPatch {
    ContactPatch { name: Patch::Set(name(text)), ..ContactPatch::default() }
}

/// A patch of nothing but the address.
pub fn new_email(text: &str) -> ContactPatch {
    ContactPatch { email: Patch::Set(email(text)), ..ContactPatch::default() }
}

/// A first page.
pub fn page(by: SortBy, descending: bool, size: u16) -> PageRequest {
    let size = PageSize::new(size).unwrap();
    PageRequest { sort: Sort { by, descending }, size, after: None }
}

/// An API key and its token.
pub fn api_key(org: OrgId, ids: &CountedIds, clock: &StoppedClock, random: u8) -> (ApiKey, Token) {
    let token = Token::new(org, [random; 32]);
    let key = ApiKey {
        id: KeyId(ids.next()),
        org,
        name: format!("Key {random}"),
        scopes: BTreeSet::from([Scope::Read, Scope::Write]),
        hash: token.hash(),
        created_at: clock.now(),
        expires_at: None,
        revoked_at: None,
    };
    (key, token)
}

/// An import whose file is still coming.
pub fn import(org: OrgId, ids: &CountedIds, clock: &StoppedClock, file_name: &str) -> Import {
    Import {
        org,
        id: ImportId(ids.next()),
        file: FileId(ids.next()),
        file_state: FileState::Kept,
        file_name: file_name.to_owned(),
        bytes: 0,
        actor: Actor::System,
        state: ImportState::Uploading,
        problem: None,
        analysis: None,
        plan: None,
        tally: Tally::default(),
        created_at: clock.now(),
        started_at: None,
        finished_at: None,
    }
}

/// What is found in a file of names and addresses.
pub fn analysis() -> Analysis {
    let suggestions = [Target::Name, Target::Email]
        .map(|target| Suggestion { target: Some(target), confidence: 0.5 });
    Analysis {
        layout: Layout {
            encoding: "utf-8".to_owned(),
            delimiter: ',',
            header_line: 1,
            header: vec!["Name".to_owned(), "Email".to_owned()],
        },
        samples: vec![vec!["Ann".to_owned(), "ann@example.org".to_owned()]],
        rows: 1,
        suggestions: suggestions.to_vec(),
    }
}

/// A plan for a file of names and addresses.
pub fn plan(policy: Policy) -> Plan {
    Plan { columns: vec![Some(Target::Name), Some(Target::Email)], policy, tags: Vec::new() }
}

/// A row that says a name and an address.
pub fn import_row(name_text: &str, email_text: &str) -> ImportRow {
    ImportRow {
        email: email(email_text),
        name: name(name_text),
        phone: None,
        tags: Vec::new(),
        custom: CustomValues::new(),
    }
}

/// A row as it is planned, on the line below its number.
pub fn planned(ids: &CountedIds, number: u64, row: ImportRow) -> PlannedRow {
    let id = ContactId(ids.next());
    PlannedRow { number, line: number + 1, id, row: Ok(row), warnings: Vec::new() }
}

/// A lost cell.
pub fn warning(target: Target, reason: &str) -> Warning {
    Warning { target, reason: reason.to_owned() }
}

/// A chunk of rows that follow so many others.
pub fn chunk(ids: &CountedIds, after: u64, rows: Vec<ImportRow>) -> Chunk {
    let rows = (after + 1..).zip(rows).map(|(number, row)| planned(ids, number, row)).collect();
    Chunk { after, rows }
}

/// An import that may be started, by way of every state before.
pub fn ready_import(ports: &Ports, org: OrgId, policy: Policy) -> Import {
    let import = import(org, &ports.ids, &ports.clock, "people.csv");
    let now = ports.clock.now();
    ports.imports.insert(&import).unwrap();
    assert!(ports.imports.uploaded(org, import.id, 10, now).unwrap());
    assert!(ports.imports.analysed(org, import.id, &Ok((analysis(), plan(policy))), now).unwrap());
    ports.imports.get(org, import.id).unwrap().unwrap()
}

/// An import whose rows may be taken.
pub fn running_import(ports: &Ports, org: OrgId, policy: Policy) -> Import {
    let import = ready_import(ports, org, policy);
    assert!(ports.imports.start(org, import.id, ports.clock.now()).unwrap());
    ports.imports.get(org, import.id).unwrap().unwrap()
}

/// A record of a source; without an id where that is empty.
pub fn record(id: &str, fields: &[(&str, &str)]) -> Record {
    let text =
        |(field, text): &(&str, &str)| ((*field).to_owned(), Value::Text((*text).to_owned()));
    let id = (!id.is_empty()).then(|| id.to_owned());
    Record { id, fields: fields.iter().map(text).collect(), deleted: false }
}

/// Records, and a state after them; none when it is empty.
pub fn batch(records: &[Record], state: &str) -> Batch {
    let state = (!state.is_empty()).then(|| State(state.as_bytes().to_vec()));
    Batch { records: records.to_vec(), state }
}

/// What becomes of the fields `name`, `email`, `phone` and `tags` of a source.
pub fn mapping() -> Mapping {
    let mapped = |target: &str| Mapped {
        field: target.to_owned(),
        target: Target::parse(target).unwrap(),
        overwrite: Overwrite::Own,
    };
    let fields = ["name", "email", "phone", "tags"].map(mapped).to_vec();
    Mapping { fields, id_field: None }
}

/// A source that reads the people of a [`crate::FakeConnector`] when somebody asks.
pub fn definition() -> Definition {
    let text = |text: &str| SettingValue::Text(text.to_owned());
    let settings = [("host", text("crm.example")), ("credentials.token", text("hush-hush"))];
    let settings = settings.map(|(path, value)| (path.to_owned(), value));
    Definition {
        name: "CRM".to_owned(),
        connector: crate::FakeConnector::NAME.to_owned(),
        settings: Settings(settings.into()),
        stream: "people".to_owned(),
        mode: Mode::Incremental { cursor: None },
        mapping: mapping(),
        schedule: None,
        vanish: Vanish::Nothing,
        paused: false,
    }
}
