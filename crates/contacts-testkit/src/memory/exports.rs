//! Exports from memory.

use contacts_core::contact::{Contact, ContactId, Origin};
use contacts_core::export::{Column, Columns, ExportPage, ExportRepository, ExportRow, People};
use contacts_core::{OrgId, Result};

use crate::World;
use crate::memory::contacts::Record;
use crate::world::Rows;

impl ExportRepository for World {
    fn page(
        &self,
        org: OrgId,
        people: People<'_>,
        after: Option<ContactId>,
        columns: &Columns,
    ) -> Result<ExportPage> {
        self.rows(org, |rows| {
            let records = rows.contacts.records.values();
            let mut later =
                records.filter(|record| after.is_none_or(|after| after < record.contact.id));
            Ok(match people {
                People::These(ids) => these(rows, ids, after, columns),
                People::Matching(filter, look_at) => {
                    let seen: Vec<_> = later.by_ref().take(look_at).collect();
                    let last = seen.last().map(|record| record.contact.id);
                    let meant = seen.into_iter().filter(|r| rows.is_meant(filter, r));
                    let page = cut(meant, columns);
                    let next = page.next.or_else(|| later.next().and(last));
                    ExportPage { next, ..page }
                }
            })
        })
    }
}

/// Those of these ids, as many as a page holds.
pub(crate) fn these(
    rows: &Rows,
    ids: &[ContactId],
    after: Option<ContactId>,
    columns: &Columns,
) -> ExportPage {
    let later = ids.iter().filter(|id| after.is_none_or(|after| after < **id));
    cut(later.filter_map(|id| rows.contacts.records.get(id)), columns)
}

/// As many as a page holds.
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
        name: contact.name.as_ref().map(ToString::to_string),
        email: contact.email.as_ref().map(ToString::to_string),
        phone: contact.phone.as_ref().map(ToString::to_string),
        tags: tags.map(ToString::to_string).collect(),
        custom: columns.fields().iter().map(|field| value(&field.key)).collect(),
        source: columns.has(&Column::Source).then(|| {
            let name = match &contact.source.origin {
                Origin::CsvImport { file_name, .. } => Some(file_name.clone()),
                _ => None,
            };
            (contact.source.origin.kind(), name)
        }),
        created_at: contact.created_at,
        updated_at: contact.updated_at,
    }
}
