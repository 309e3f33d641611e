//! Exports in memory.

use contacts_core::contact::{Contact, ContactId, SourceDetail};
use contacts_core::export::{
    Column, Columns, ExportPage, ExportRepository, ExportRow, ExportScope,
};
use contacts_core::{OrgId, Result};

use crate::World;
use crate::memory::record::Record;
use crate::world::Rows;

impl ExportRepository for World {
    fn page(
        &self,
        org: OrgId,
        people: ExportScope<'_>,
        after: Option<ContactId>,
        columns: &Columns,
    ) -> Result<ExportPage> {
        self.read(org, |rows| {
            let records = rows.contacts.records.values();
            let mut later =
                records.filter(|record| after.is_none_or(|after| after < record.contact.id));
            Ok(match people {
                ExportScope::Ids(ids) => these(rows, ids, after, columns),
                ExportScope::Matching(filter, look_at) => {
                    let seen: Vec<_> = later.by_ref().take(look_at).collect();
                    let last = seen.last().map(|record| record.contact.id);
                    let matching = seen.into_iter().filter(|r| rows.is_matching(filter, r));
                    let page = cut(matching, columns);
                    let next = page.next.or_else(|| later.next().and(last));
                    ExportPage { next, ..page }
                }
            })
        })
    }
}

/// Returns a page of the contacts with these ids.
pub(crate) fn these(
    rows: &Rows,
    ids: &[ContactId],
    after: Option<ContactId>,
    columns: &Columns,
) -> ExportPage {
    let later = ids.iter().filter(|id| after.is_none_or(|after| after < **id));
    cut(later.filter_map(|id| rows.contacts.records.get(id)), columns)
}

/// Cuts records to the size of a page.
fn cut<'a>(records: impl Iterator<Item = &'a Record>, columns: &Columns) -> ExportPage {
    let mut page = ExportPage::default();
    let mut bytes = 0;
    let mut records = records.peekable();
    while let Some(record) = records.next() {
        let row = row(&record.contact, columns);
        bytes += row.size();
        let last = row.id;
        page.rows.push(row);
        if bytes > ExportPage::BYTES && records.peek().is_some() {
            page.next = Some(last);
            break;
        }
    }
    page
}

fn row(contact: &Contact, columns: &Columns) -> ExportRow {
    let value = |key| contact.custom.get(key).map(ToString::to_string);
    let tags = contact.tags.iter().filter(|_| columns.has(&Column::Tags));
    ExportRow {
        id: contact.id,
        external_id: contact.external_id.as_ref().map(ToString::to_string),
        name: contact.name.as_ref().map(ToString::to_string),
        email: contact.email.as_ref().map(ToString::to_string),
        other_emails: contact.other_emails.iter().map(ToString::to_string).collect(),
        phone: contact.phone.as_ref().map(ToString::to_string),
        tags: tags.map(ToString::to_string).collect(),
        custom: columns.fields().iter().map(|field| value(&field.key)).collect(),
        is_subscribed: columns.has(&Column::Consent).then(|| contact.consent.is_subscribed()),
        source: columns.has(&Column::Source).then(|| {
            let name = match &contact.source.detail {
                SourceDetail::CsvImport { file_name, .. } => Some(file_name.clone()),
                _ => None,
            };
            (contact.source.detail.kind(), name)
        }),
        created_at: contact.created_at,
        updated_at: contact.updated_at,
    }
}
