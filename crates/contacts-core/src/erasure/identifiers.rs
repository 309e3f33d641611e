//! The identifiers by which files are searched for a contact.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::contact::{
    ActivityKind, Contact, EmailAddress, FieldChange, FieldEdit, Source, SourceDetail,
};
use crate::import::{ImportEffect, ImportId, Trace};
use crate::text;

/// The identifiers by which files are searched for a contact: every address and phone number that
/// the contact has or had, and the rows that imports read about it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ErasureIdentifiers {
    /// Keys of addresses.
    pub addresses: BTreeSet<String>,
    /// Digits of phone numbers, without leading zeros.
    pub phones: BTreeSet<String>,
    /// Lower-case names of at least two words. A single word is too common to identify a contact.
    pub names: BTreeSet<String>,
    /// Imports that are known to contain the contact, with the row.
    pub imports: BTreeMap<ImportId, u64>,
}

impl fmt::Debug for ErasureIdentifiers {
    /// Prints counts only: logs hold no personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { addresses, phones, imports, .. } = self;
        write!(f, "Sought({} {} {})", addresses.len(), phones.len(), imports.len())
    }
}

impl ErasureIdentifiers {
    /// Minimum number of digits that identify a phone number.
    const DIGITS: usize = 7;

    /// Collects the current and the earlier identifiers of a contact.
    pub fn of(
        contact: &Contact,
        activity: &[ActivityKind],
        sources: &[Source],
        traces: &[Trace],
    ) -> Self {
        let mut identifiers = Self::default();
        for email in contact.emails() {
            identifiers.note("email", Some(email.as_str()));
        }
        identifiers.note("name", contact.name.as_ref().map(|name| name.as_str()));
        if let Some(phone) = &contact.phone {
            identifiers.note("phone", Some(phone.as_str()));
            identifiers.note("phone", phone.e164());
        }
        for what in activity {
            let (ActivityKind::Edited(changes) | ActivityKind::Merged { changes, .. }) = what
            else {
                continue;
            };
            for FieldChange { field, from, to } in changes {
                identifiers.note(field, from.as_deref());
                identifiers.note(field, to.as_deref());
            }
            if let ActivityKind::Merged { called: Some(called), .. } = what {
                for field in ["name", "email", "phone"] {
                    identifiers.note(field, Some(called));
                }
            }
        }
        for trace in traces {
            let ImportEffect::Updated { edits, .. } = &trace.effect else { continue };
            for edit in edits {
                match edit {
                    FieldEdit::Name { from, to } => [from, to]
                        .into_iter()
                        .flatten()
                        .for_each(|name| identifiers.note("name", Some(name.as_str()))),
                    FieldEdit::Phone { from, to } => {
                        for phone in [from, to].into_iter().flatten() {
                            identifiers.note("phone", Some(phone.as_str()));
                            identifiers.note("phone", phone.e164());
                        }
                    }
                    FieldEdit::Email { from, to, .. } => [from, to]
                        .into_iter()
                        .flatten()
                        .for_each(|email| identifiers.note("email", Some(email.as_str()))),
                    FieldEdit::ExternalId { .. } | FieldEdit::Custom { .. } => {}
                }
            }
        }
        for source in sources {
            if let SourceDetail::CsvImport { import, row, .. } = &source.detail {
                identifiers.imports.insert(*import, *row);
            }
        }
        identifiers
    }

    fn note(&mut self, field: &str, value: Option<&str>) {
        let Some(value) = value else { return };
        match field {
            "email" => {
                self.addresses.extend(EmailAddress::parse(value).map(|e| e.key().to_owned()));
            }
            "addresses" => value.split(", ").for_each(|email| self.note("email", Some(email))),
            "phone" => self.phones.extend(Some(digits(value)).filter(|d| d.len() >= Self::DIGITS)),
            "name" if value.contains(' ') => {
                self.names.insert(text::caseless(value));
            }
            _ => {}
        }
    }

    /// Whether a row is about the contact: a cell contains one of the addresses or phone numbers.
    pub fn is_in(&self, cells: &[String]) -> bool {
        cells.iter().any(|cell| self.is_in_cell(cell))
    }

    fn is_in_cell(&self, cell: &str) -> bool {
        let is_between = |c: char| c.is_whitespace() || ",;:|/<>()[]{}\"".contains(c);
        if cell.contains(['@', '＠']) {
            let parts = cell.split(is_between).chain([cell]);
            let parts = parts.map(|part| part.trim_matches(['\'', '.']));
            let found = parts.filter_map(|part| EmailAddress::parse(part).ok());
            if found.into_iter().any(|email| self.addresses.contains(email.key())) {
                return true;
            }
        }
        let is_no_number = |c: char| !(c.is_ascii_digit() || " ()+-./\u{a0}".contains(c));
        !self.phones.is_empty()
            && cell.split(is_no_number).map(digits).any(|found| {
                let is_same = |identifiers: &String| {
                    identifiers.ends_with(&found) || found.ends_with(identifiers.as_str())
                };
                found.len() >= Self::DIGITS && self.phones.iter().any(is_same)
            })
    }

    /// The addresses to search for.
    pub fn emails(&self) -> Vec<EmailAddress> {
        self.addresses.iter().filter_map(|key| EmailAddress::parse(key).ok()).collect()
    }

    /// Lower-case texts that identify the contact wherever they occur.
    pub fn words(&self) -> Vec<String> {
        self.addresses.iter().chain(&self.names).cloned().collect()
    }

    /// Whether a file name contains an address or a whole name of the contact.
    pub fn occurs_in(&self, text: &str) -> bool {
        let text = text::caseless(text);
        let spaced = text.replace(['_', '-', '.', '+'], " ");
        let mut words = self.addresses.iter().chain(&self.names);
        words.any(|word| text.contains(word.as_str()) || spaced.contains(word.as_str()))
    }

    /// Whether the value of a field contains an address, a whole name or a phone number of the
    /// contact.
    pub fn occurs_in_value(&self, value: &str) -> bool {
        let digits = digits(value);
        self.occurs_in(value) || self.phones.iter().any(|phone| digits.contains(phone.as_str()))
    }
}

fn digits(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.trim_start_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identifiers() -> ErasureIdentifiers {
        let mut identifiers = ErasureIdentifiers::default();
        identifiers.note("email", Some("Ann.Lee@bücher.example"));
        identifiers.note("phone", Some("+49 30 901820"));
        identifiers
    }

    fn is_in(cell: &str) -> bool {
        identifiers().is_in(&["x".to_owned(), cell.to_owned()])
    }

    #[test]
    fn an_address_is_found_in_any_spelling() {
        for cell in [
            "ann.lee@bücher.example",
            " ANN.LEE@XN--BCHER-KVA.EXAMPLE ",
            "Ann Lee <ann.lee@bücher.example>",
            "bo@example.org; ann.lee@bücher.example.",
            "mailto:ann.lee@bücher.example",
        ] {
            assert!(is_in(cell), "{cell}");
        }
        for cell in ["joann.lee@bücher.example", "ann@bücher.example", "ann.lee", "@", ""] {
            assert!(!is_in(cell), "{cell}");
        }
    }

    #[test]
    fn a_number_is_found_by_its_digits() {
        for cell in
            ["+49 (30) 90-18-20", "004930901820", "030 901820", "4930901820", "tel 030/901820"]
        {
            assert!(is_in(cell), "{cell}");
        }
        for cell in ["901820", "+49 30 901821", "12", "0"] {
            assert!(!is_in(cell), "{cell}");
        }
    }

    #[test]
    fn former_values_are_searched_too() {
        let mut identifiers = ErasureIdentifiers::default();
        identifiers.note("email", Some("old@example.org"));
        identifiers.note("phone", Some("12"));
        identifiers.note("name", Some("Ann Lee"));
        identifiers.note("name", Some("Ann"));
        assert!(identifiers.is_in(&["OLD@example.org".to_owned()]));
        assert!(identifiers.phones.is_empty(), "two digits are nobody's");
        assert!(identifiers.occurs_in("ANN-LEE.csv") && !identifiers.occurs_in("annual.csv"));
        assert!(!format!("{identifiers:?}").contains("old@"));
    }
}
