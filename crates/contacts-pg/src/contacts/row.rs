//! A contact as its rows tell it.

use contacts_core::contact::{Arrival, Contact, ContactId, EmailAddress, Name, Origin, Phone};
use contacts_core::import::ImportId;
use contacts_core::tag::TagName;
use contacts_core::{Actor, OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::database::{store, unread, unreadable};
use crate::json::custom_from_json;
use crate::statement::{Bind, Statement};
use crate::tags::tag_name;

#[derive(QueryableByName)]
pub(crate) struct ContactRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
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
    source: SourceRow,
}

/// One way a contact came, with the name of the file when it was one.
#[derive(QueryableByName)]
pub(crate) struct SourceRow {
    #[diesel(sql_type = Text)]
    pub(super) source_kind: String,
    #[diesel(sql_type = SqlUuid)]
    pub(super) origin_id: Uuid,
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

/// Which values of custom fields are meant: those that are shown, or those of archived fields
/// too. Whoever writes a contact back must have read them all.
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

/// What a statement selects of `contacts c` besides.
const COLUMNS: &str = "c.id, c.name, c.email, c.phone, c.phone_e164, c.created_at, \
     c.updated_at, c.version, ARRAY(SELECT t.name FROM contact_tags ct JOIN tags t \
     ON t.org_id = ct.org_id AND t.id = ct.tag_id WHERE ct.org_id = $1 AND t.org_id = $1 \
     AND ct.contact_id = c.id ORDER BY t.key) AS tags, ";

/// What a statement selects of `contact_sources s`.
pub(crate) const SOURCE_COLUMNS: &str = "s.kind AS source_kind, s.origin_id, s.reference, \
     s.visitor, s.row_number, s.at AS source_at, (SELECT i.file_name FROM imports i \
     WHERE i.org_id = $1 AND i.id = s.origin_id) AS file_name";

/// The contacts of `FROM`, which must name them `c`, with their tags and their first source.
/// Every look-up is within a row, so a page costs what its rows cost.
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

/// Joins the first source, `s`, of contacts `c`.
pub(crate) const FIRST_SOURCE: &str = " JOIN LATERAL (SELECT * FROM contact_sources fs \
     WHERE fs.org_id = $1 AND fs.contact_id = c.id AND fs.is_first LIMIT 1) s ON true ";

pub(crate) fn find(
    db: &mut PgConnection,
    org: OrgId,
    id: ContactId,
    custom: Custom,
    lock: &str,
) -> Result<Option<Contact>> {
    let mut select = Statement::of(org);
    select_contacts(&mut select, custom, |select| {
        select.push("contacts c").push(FIRST_SOURCE).push("WHERE c.org_id = $1 AND c.id = ");
        select.bind(Bind::Uuid(id.0)).push(lock);
    });
    let row: Option<ContactRow> = select.build().get_result(db).optional().map_err(store)?;
    row.map(|row| row.read(org)).transpose()
}

impl ContactRow {
    pub(crate) fn read(self, org: OrgId) -> Result<Contact> {
        let name = self.name.map(|name| Name::parse(&name)).transpose();
        let email = self.email.map(|email| EmailAddress::parse(&email)).transpose();
        let mut tags: Vec<TagName> =
            self.tags.iter().map(|tag| tag_name(tag)).collect::<Result<_>>()?;
        tags.sort();
        Ok(Contact {
            org,
            id: ContactId(self.id),
            name: name.map_err(unread("contacts.name"))?,
            email: email.map_err(unread("contacts.email"))?,
            phone: self.phone.map(|typed| Phone::stored(typed, self.phone_e164)),
            custom: custom_from_json(self.custom)?,
            tags,
            source: self.source.read()?,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version.cast_unsigned(),
        })
    }
}

impl SourceRow {
    pub(crate) fn read(self) -> Result<Arrival> {
        let origin = match self.source_kind.as_str() {
            "chat" => Origin::Chat {
                widget: self.origin_id,
                visitor: self.visitor.unwrap_or_default(),
                conversation: self.reference,
            },
            "csv_import" => Origin::CsvImport {
                import: ImportId(self.origin_id),
                file_name: self.file_name.unwrap_or_default(),
                row: self.row_number.unwrap_or_default().cast_unsigned(),
            },
            "connected" => {
                Origin::Connected { source: self.origin_id, external_id: self.reference }
            }
            "manual" => {
                let id = Some(self.origin_id).filter(|id| !id.is_nil());
                let by = Actor::from_parts(&self.reference, id);
                Origin::Manual { by: by.ok_or_else(|| unreadable("contact_sources.reference"))? }
            }
            _ => return Err(unreadable("contact_sources.kind")),
        };
        Ok(Arrival { at: self.source_at, origin })
    }
}
