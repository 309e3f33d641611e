//! Short sample values for tests. What a test does not specify has no significance for it.
//!
//! Every function here panics on text that breaks a rule.

use std::collections::BTreeSet;

use contacts_core::campaign::{
    Campaign, CampaignId, CampaignKind, Delivery, DeliveryId, DeliveryKind,
};
use contacts_core::consent::Consent;
use contacts_core::contact::{
    Capture, Contact, ContactId, ContactPatch, CustomValues, EmailAddress, ExternalId, FilterText,
    Name, PageRequest, Patch, Phone, Sort, SortBy, Source, SourceDetail,
};
use contacts_core::conversation::{Conversation, ConversationId, Link, Visitor};
use contacts_core::field::{Field, FieldKey, FieldType, FieldValue, RawValue};
use contacts_core::file::FileId;
use contacts_core::import::{
    Analysis, Chunk, ColumnReading, DateOrder, DecimalMark, DomainOffer, FileState, Finding,
    FindingKind, Format, Import, ImportId, ImportRow, ImportState, Layout, LayoutChoice, Plan,
    PlannedRow, Policy, Quoting, Reading, Skip, SkippedRow, Suggestion, Tally, Target, TextFormat,
    Warning,
};
use contacts_core::invitation::{INVITATION_LIFE, Invitation, InvitationId};
use contacts_core::key::{ApiKey, KeyId, Role, Scope, Token};
use contacts_core::note::NoteText;
use contacts_core::page::PageSize;
use contacts_core::session::{LINK_LIFE, NewSession, Session, SessionId, SignInLink, User, UserId};
use contacts_core::sync::{
    Batch, MappedField, Mapping, Mode, Overwrite, Record, SettingValue, Settings, SourceDefinition,
    State, Value, VanishPolicy,
};
use contacts_core::tag::TagName;
use contacts_core::{Actor, Clock, Ids, OrgId};
use time::OffsetDateTime;

use crate::{CountedIds, Ports, StoppedClock};

/// Returns a valid contact name.
pub fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// Returns a valid email address.
pub fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

/// Returns a phone number, parsed without a default region.
pub fn phone(text: &str) -> Phone {
    Phone::parse(text, None).unwrap()
}

/// Returns a valid tag name.
pub fn tag(text: &str) -> TagName {
    TagName::parse(text).unwrap()
}

/// Returns tag names, sorted by their keys.
pub fn tags(texts: &[&str]) -> Vec<TagName> {
    let mut tags: Vec<_> = texts.iter().map(|text| tag(text)).collect();
    tags.sort();
    tags
}

/// Returns the text of a note.
pub fn note_text(text: &str) -> NoteText {
    NoteText::parse(text).unwrap()
}

/// Returns a filter as a request spells it, from pairs of parameter and value.
pub fn filter_text(parts: &[(&str, &str)]) -> FilterText {
    FilterText::new(parts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

/// Returns the key of a custom field.
pub fn key(text: &str) -> FieldKey {
    FieldKey::parse(text).unwrap()
}

/// Returns a custom field in its first version, with its key as its label.
pub fn field(key: &str, kind: FieldType, position: u32) -> Field {
    Field::new(key, key, kind, position).unwrap()
}

/// Returns a text value of a custom field.
pub fn text(value: &str) -> FieldValue {
    FieldType::Text.coerce(RawValue::Text(value)).unwrap()
}

/// Returns a number value of a custom field.
pub fn number(value: f64) -> FieldValue {
    FieldType::Number.coerce(RawValue::Number(value)).unwrap()
}

/// Returns a date value of a custom field.
pub fn date(value: &str) -> FieldValue {
    FieldType::Date.coerce(RawValue::Text(value)).unwrap()
}

/// Returns values of custom fields, by their keys.
pub fn custom(values: &[(&str, FieldValue)]) -> CustomValues {
    values.iter().map(|(k, value)| (key(k), value.clone())).collect()
}

/// Returns a contact that the system added by hand. An empty text leaves out the name or the
/// address.
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
        external_id: None,
        name: (!name_text.is_empty()).then(|| name(name_text)),
        email: (!email_text.is_empty()).then(|| email(email_text)),
        other_emails: Vec::new(),
        phone: None,
        custom: CustomValues::new(),
        tags: Vec::new(),
        consent: Consent::default(),
        source: Source { at: now, detail: SourceDetail::Manual { by: Actor::System } },
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

/// Returns a campaign that is not stored yet.
pub fn campaign(ids: &CountedIds, clock: &StoppedClock, name: &str) -> Campaign {
    let id = CampaignId(ids.next());
    Campaign::new(id, CampaignKind::Campaign, name, clock.now()).unwrap()
}

/// Returns a delivery that the system reports.
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

/// Returns a visitor of a widget.
pub fn visitor(id: &str) -> Visitor {
    Visitor::parse(uuid::Uuid::from_u128(7), id).unwrap()
}

/// Returns the capture of a visitor in a new conversation at the current time. An empty text leaves
/// out the name or the address.
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

/// Returns a conversation with one message, sent at the current time.
pub fn conversation(
    org: OrgId,
    ids: &CountedIds,
    clock: &StoppedClock,
    visitor: Visitor,
) -> Conversation {
    let id = ConversationId(ids.next());
    let link = Link::parse("https://app.informly.example/c").unwrap();
    let unreported = Conversation::unreported(org, id, visitor, clock.now());
    Conversation { messages: 1, preview: "Hello".to_owned(), link: Some(link), ..unreported }
}

/// Parses an external id.
pub fn external_id(text: &str) -> ExternalId {
    ExternalId::parse(text).unwrap()
}

/// Returns a patch that changes the name only.
pub fn new_name(text: &str) -> ContactPatch {
    ContactPatch { name: Patch::Set(name(text)), ..ContactPatch::default() }
}

/// Returns a patch that changes the address only.
pub fn new_email(text: &str) -> ContactPatch {
    ContactPatch { email: Patch::Set(email(text)), ..ContactPatch::default() }
}

/// Returns a request for the first page of a list.
pub fn page(by: SortBy, descending: bool, size: u16) -> PageRequest {
    let size = PageSize::new(size).unwrap();
    PageRequest { sort: Sort { by, descending }, size, after: None }
}

/// Returns an API key and its token.
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

/// Returns a user who is an administrator.
pub fn user(org: OrgId, ids: &CountedIds, clock: &StoppedClock, name: &str) -> User {
    User::new(UserId(ids.next()), org, name, Role::Administrator, clock.now()).unwrap()
}

/// Stores a sign-in link for a user, valid for an hour, and returns its token.
pub fn sign_in_link(ports: &Ports, user: &User, random: u8) -> Token {
    let token = Token::new(user.org, [random; 32]);
    let expires_at = ports.clock.now() + LINK_LIFE;
    let link = SignInLink { org: user.org, user: user.id, hash: token.hash(), expires_at };
    ports.sessions.insert_link(&link).unwrap();
    token
}

/// Returns a session that is not stored yet, and its token.
pub fn new_session(
    org: OrgId,
    ids: &CountedIds,
    clock: &StoppedClock,
    random: u8,
) -> (NewSession, Token) {
    let token = Token::new(org, [random; 32]);
    let id = SessionId(ids.next());
    let agent = "Firefox on Linux".to_owned();
    (NewSession { id, hash: token.hash(), agent, at: clock.now() }, token)
}

/// Stores a new user and signs the user in by a link. Returns the session, the user and the
/// session's token. Uses two random numbers.
pub fn signed_in(ports: &Ports, org: OrgId, name: &str, random: u8) -> (Session, User, Token) {
    let user = user(org, &ports.ids, &ports.clock, name);
    ports.sessions.insert_user(&user, Actor::System).unwrap();
    let link = sign_in_link(ports, &user, random);
    let (new, token) = new_session(org, &ports.ids, &ports.clock, random + 1);
    let (session, user) = ports.sessions.sign_in(org, link.hash(), &new).unwrap().unwrap();
    (session, user, token)
}

/// Returns an invitation that is not stored yet, valid for a week, and its token.
pub fn invitation(ports: &Ports, org: OrgId, email: &str, random: u8) -> (Invitation, Token) {
    let (token, now) = (Token::new(org, [random; 32]), ports.clock.now());
    let invitation = Invitation {
        id: InvitationId(ports.ids.next()),
        org,
        email: EmailAddress::parse(email).unwrap(),
        role: Role::Editor,
        hash: token.hash(),
        actor: Actor::System,
        created_at: now,
        expires_at: now + INVITATION_LIFE,
    };
    (invitation, token)
}

/// Returns an import whose file is still being uploaded.
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
        layout: LayoutChoice::default(),
        analysis: None,
        plan: None,
        tally: Tally::default(),
        corrected_rows: 0,
        retried_rows: None,
        created_at: clock.now(),
        started_at: None,
        finished_at: None,
    }
}

/// Returns the analysis of a file with a name column and an address column.
pub fn analysis() -> Analysis {
    let suggestions = [Target::Name, Target::Email]
        .map(|target| Suggestion { target: Some(target), confidence: 0.5 });
    Analysis {
        layout: Layout {
            format: Format::Text(TextFormat {
                quoting: Quoting::AfterSpaces,
                ..TextFormat::standard()
            }),
            header_line: 1,
            has_header: true,
            header: vec!["Name".to_owned(), "Email".to_owned()],
        },
        sheets: Vec::new(),
        samples: vec![vec!["Ann".to_owned(), "ann@example.org".to_owned()]],
        rows: 1,
        suggestions: suggestions.to_vec(),
        reading: Reading {
            family_name_first: true,
            columns: vec![
                ColumnReading {
                    date_order: Some(DateOrder::DayFirst),
                    decimal_mark: Some(DecimalMark::Mixed),
                    has_entities: true,
                    is_inverted: true,
                    repairs_text: true,
                },
                ColumnReading::default(),
            ],
        },
        findings: vec![Finding {
            kind: FindingKind::LongRow,
            column: None,
            rows: 2,
            line: 3,
            example: "Berlin".to_owned(),
        }],
        domains: vec![DomainOffer {
            column: 1,
            domain: "gmial.com".to_owned(),
            suggestion: "gmail.com".to_owned(),
            addresses: 12,
        }],
    }
}

/// Returns a plan for a file with a name column and an address column.
pub fn plan(policy: Policy) -> Plan {
    let columns = vec![Some(Target::Name), Some(Target::Email)];
    Plan { columns, policy, ..Plan::default() }
}

/// Returns an import row with a name and an address.
pub fn import_row(name_text: &str, email_text: &str) -> ImportRow {
    ImportRow {
        email: Some(email(email_text)),
        name: Some(name(name_text)),
        ..ImportRow::default()
    }
}

/// Returns a planned row. Its line is its number plus one, because the header is the first line.
pub fn planned(ids: &CountedIds, number: u64, row: ImportRow) -> PlannedRow {
    let id = ContactId(ids.next());
    PlannedRow { number, line: number + 1, id, row: Ok(row), warnings: Vec::new() }
}

/// Returns a planned row that is skipped, but opts out what its keys find.
pub fn skipped_opt_out(ids: &CountedIds, number: u64, skip: Skip, keys: ImportRow) -> PlannedRow {
    let opt_out = Some(Box::new(ImportRow { is_opted_out: true, ..keys }));
    PlannedRow {
        row: Err(SkippedRow { skip, opt_out }),
        ..planned(ids, number, ImportRow::default())
    }
}

/// Returns the warning about a cell that was not taken.
pub fn warning(target: Target, reason: &str) -> Warning {
    Warning { target, reason: reason.to_owned() }
}

/// Returns a chunk of rows that follow `after` earlier rows.
pub fn chunk(ids: &CountedIds, after: u64, rows: Vec<ImportRow>) -> Chunk {
    let rows = (after + 1..).zip(rows).map(|(number, row)| planned(ids, number, row)).collect();
    Chunk { after, is_retry: false, rows }
}

/// Stores an import and takes it through every earlier state until it can be started.
pub fn ready_import(ports: &Ports, org: OrgId, policy: Policy) -> Import {
    let import = import(org, &ports.ids, &ports.clock, "people.csv");
    let now = ports.clock.now();
    ports.imports.insert(&import).unwrap();
    assert!(ports.imports.uploaded(org, import.id, 10, now).unwrap());
    assert!(ports.imports.analysed(&import, &Ok((analysis(), plan(policy))), now).unwrap());
    ports.imports.get(org, import.id).unwrap().unwrap()
}

/// Stores an import and starts it, so that its rows can be written.
pub fn running_import(ports: &Ports, org: OrgId, policy: Policy) -> Import {
    let import = ready_import(ports, org, policy);
    assert!(ports.imports.start(org, import.id, Actor::System, ports.clock.now()).unwrap());
    ports.imports.get(org, import.id).unwrap().unwrap()
}

/// Returns a record of a connected source. An empty text leaves out the id.
pub fn record(id: &str, fields: &[(&str, &str)]) -> Record {
    let text =
        |(field, text): &(&str, &str)| ((*field).to_owned(), Value::Text((*text).to_owned()));
    let id = (!id.is_empty()).then(|| id.to_owned());
    Record { id, fields: fields.iter().map(text).collect(), deleted: false }
}

/// Returns a batch of records and the state after them. An empty text leaves out the state.
pub fn batch(records: &[Record], state: &str) -> Batch {
    let state = (!state.is_empty()).then(|| State(state.as_bytes().to_vec()));
    Batch { records: records.to_vec(), state }
}

/// Returns a mapping of the fields `name`, `email`, `phone` and `tags` of a connected source.
pub fn mapping() -> Mapping {
    let mapped = |target: &str| MappedField {
        field: target.to_owned(),
        target: Target::parse(target).unwrap(),
        overwrite: Overwrite::Own,
    };
    let fields = ["name", "email", "phone", "tags"].map(mapped).to_vec();
    Mapping { fields, id_field: None }
}

/// Returns a connected source that reads the contacts of a [`crate::FakeConnector`] on request
/// only.
pub fn definition() -> SourceDefinition {
    let text = |text: &str| SettingValue::Text(text.to_owned());
    let settings = [("host", text("crm.example")), ("credentials.token", text("hush-hush"))];
    let settings = settings.map(|(path, value)| (path.to_owned(), value));
    SourceDefinition {
        name: "CRM".to_owned(),
        connector: crate::FakeConnector::NAME.to_owned(),
        settings: Settings(settings.into()),
        stream: "people".to_owned(),
        mode: Mode::Incremental { cursor: None },
        mapping: mapping(),
        schedule: None,
        vanish: VanishPolicy::Nothing,
        paused: false,
    }
}
