//! Reads a contact from its rows.

use contacts_core::consent::Consent;
use contacts_core::contact::{
    Contact, ContactId, EmailAddress, ExternalId, Name, Phone, Source, SourceDetail,
};
use contacts_core::import::ImportId;
use contacts_core::tag::TagName;
use contacts_core::{Actor, OrgId};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::consents::read_consent;
use crate::database::{PgResult, Tx, unread, unreadable};
use crate::json::custom_from_json;
use crate::statement::{Bind, Statement};
use crate::tags::tag_name;

#[derive(QueryableByName)]
pub(crate) struct ContactRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    external_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    other_emails: Vec<String>,
    #[diesel(sql_type = Nullable<Text>)]
    phone: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    phone_e164: Option<String>,
    #[diesel(sql_type = Jsonb)]
    custom: serde_json::Value,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
    #[diesel(sql_type = Timestamptz)]
    updated_at: OffsetDateTime,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Array<Text>)]
    tags: Vec<String>,
    #[diesel(embed)]
    consent: ConsentColumns,
    #[diesel(embed)]
    source: SourceRow,
}

/// The unsubscribe of a contact, if there is one.
#[derive(QueryableByName)]
struct ConsentColumns {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    unsubscribed_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Text>)]
    unsubscribe_reason: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    unsubscribe_actor_kind: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    unsubscribe_actor_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    unsubscribe_note: Option<String>,
}

/// One source of a contact, with the file name when it is an import.
#[derive(QueryableByName)]
pub(crate) struct SourceRow {
    #[diesel(sql_type = Text)]
    pub(super) source_kind: String,
    #[diesel(sql_type = SqlUuid)]
    pub(super) detail_id: Uuid,
    #[diesel(sql_type = Text)]
    pub(super) reference: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(super) visitor: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub(super) row_number: Option<i64>,
    #[diesel(sql_type = Timestamptz)]
    pub(super) source_at: OffsetDateTime,
    #[diesel(sql_type = Nullable<Text>)]
    pub(super) file_name: Option<String>,
}

/// Which custom fields are read: the shown ones only, or archived ones too. A caller that writes
/// the contact back must have read all of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Custom {
    Shown,
    Whole,
}

impl Custom {
    fn column(self) -> &'static str {
        match self {
            Self::Shown => {
                "c.custom - ARRAY(SELECT f.key FROM fields f WHERE f.org_id = $1 AND f.archived) AS custom, "
            }
            Self::Whole => "c.custom, ",
        }
    }
}

/// The other columns that a statement selects of `contacts c`.
const COLUMNS: &str = "c.id, c.external_id, c.name, c.email, c.other_emails, c.phone, c.phone_e164, \
     c.created_at, c.updated_at, c.version, ARRAY(SELECT t.name FROM contact_tags ct JOIN tags t \
     ON t.org_id = ct.org_id AND t.id = ct.tag_id WHERE ct.org_id = $1 AND t.org_id = $1 \
     AND ct.contact_id = c.id ORDER BY t.key) AS tags, u.at AS unsubscribed_at, \
     u.reason AS unsubscribe_reason, u.actor_kind AS unsubscribe_actor_kind, \
     u.actor_id AS unsubscribe_actor_id, u.note AS unsubscribe_note, ";

/// The columns that a statement selects of `contact_sources s`.
pub(crate) const SOURCE_COLUMNS: &str = "s.kind AS source_kind, s.detail_id, s.reference, \
     s.visitor, s.row_number, s.at AS source_at, (SELECT i.file_name FROM imports i \
     WHERE i.org_id = $1 AND i.id = s.detail_id) AS file_name";

/// Appends a query for the contacts of `FROM`, which must call them `c`, with their tags and their
/// first source. All look-ups are made per row, so that the cost of a page grows with its rows
/// only.
pub(crate) fn select_contacts(
    statement: &mut Statement,
    custom: Custom,
    from: impl FnOnce(&mut Statement),
) {
    statement
        .push("SELECT ")
        .push(custom.column())
        .push(COLUMNS)
        .push(SOURCE_COLUMNS)
        .push(" FROM ");
    from(statement);
}

/// Joins the first source, `s`, and the unsubscribe, `u`, of contacts `c`.
pub(crate) const FIRST_SOURCE: &str = " LEFT JOIN LATERAL (SELECT * FROM unsubscribes fu \
     WHERE fu.org_id = $1 AND fu.contact_id = c.id LIMIT 1) u ON true JOIN LATERAL (SELECT * FROM contact_sources fs \
     WHERE fs.org_id = $1 AND fs.contact_id = c.id AND fs.is_first LIMIT 1) s ON true ";

pub(crate) fn find(
    tx: &mut Tx<'_>,
    id: ContactId,
    custom: Custom,
    lock: &str,
) -> PgResult<Option<Contact>> {
    let org = tx.org;
    let mut select = tx.statement();
    select_contacts(&mut select, custom, |select| {
        select.push("contacts c").push(FIRST_SOURCE).push("WHERE c.org_id = $1 AND c.id = ");
        select.bind(Bind::Uuid(id.0)).push(lock);
    });
    let row: Option<ContactRow> = select.row(tx)?;
    row.map(|row| row.read(org)).transpose()
}

impl ContactRow {
    pub(crate) fn read(self, org: OrgId) -> PgResult<Contact> {
        let external_id = self.external_id.map(|id| ExternalId::parse(&id)).transpose();
        let name = self.name.map(|name| Name::parse(&name)).transpose();
        let email = self.email.map(|email| EmailAddress::parse(&email)).transpose();
        let others = self.other_emails.iter().map(|email| EmailAddress::parse(email));
        let others: Result<Vec<_>, _> = others.collect();
        let mut tags: Vec<TagName> =
            self.tags.iter().map(|tag| tag_name(tag)).collect::<PgResult<_>>()?;
        tags.sort();
        Ok(Contact {
            org,
            id: ContactId(self.id),
            external_id: external_id.map_err(unread("contacts.external_id"))?,
            name: name.map_err(unread("contacts.name"))?,
            email: email.map_err(unread("contacts.email"))?,
            other_emails: others.map_err(unread("contacts.other_emails"))?,
            phone: self.phone.map(|typed| Phone::stored(typed, self.phone_e164)),
            custom: custom_from_json(self.custom)?,
            tags,
            consent: self.consent.read()?,
            source: self.source.read()?,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version.cast_unsigned(),
        })
    }
}

impl ConsentColumns {
    fn read(self) -> PgResult<Consent> {
        read_consent(
            self.unsubscribed_at,
            self.unsubscribe_reason.as_deref(),
            self.unsubscribe_actor_kind.as_deref(),
            self.unsubscribe_actor_id,
            self.unsubscribe_note.as_deref(),
        )
    }
}

impl SourceRow {
    pub(crate) fn read(self) -> PgResult<Source> {
        let detail = match self.source_kind.as_str() {
            "chat" => SourceDetail::Chat {
                widget: self.detail_id,
                visitor: self.visitor.unwrap_or_default(),
                conversation: self.reference,
            },
            "csv_import" => SourceDetail::CsvImport {
                import: ImportId(self.detail_id),
                file_name: self.file_name.unwrap_or_default(),
                row: self.row_number.unwrap_or_default().cast_unsigned(),
            },
            "connected" => {
                SourceDetail::Connected { source: self.detail_id, external_id: self.reference }
            }
            "manual" => {
                let id = Some(self.detail_id).filter(|id| !id.is_nil());
                let by = Actor::from_parts(&self.reference, id);
                SourceDetail::Manual {
                    by: by.ok_or_else(|| unreadable("contact_sources.reference"))?,
                }
            }
            _ => return Err(unreadable("contact_sources.kind")),
        };
        Ok(Source { at: self.source_at, detail })
    }
}
