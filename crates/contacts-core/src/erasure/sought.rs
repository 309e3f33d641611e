//! By what a person is found in files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::contact::{ActivityKind, Arrival, Contact, EmailAddress, FieldChange, Origin};
use crate::import::{Deed, FieldEdit, ImportId, Trace};
use crate::text;

/// By what a person is found: every address and phone number they ever had here, and the rows
/// by which they came.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Sought {
    /// Keys of addresses.
    pub addresses: BTreeSet<String>,
    /// Digits of phone numbers, without leading zeros.
    pub phones: BTreeSet<String>,
    /// Names in lower case, those of several words: by one word alone nobody is found.
    pub names: BTreeSet<String>,
    /// Imports that are known to hold them, and the row.
    pub imports: BTreeMap<ImportId, u64>,
}

impl fmt::Debug for Sought {
    /// Hides all but how much it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { addresses, phones, imports, .. } = self;
        write!(f, "Sought({} {} {})", addresses.len(), phones.len(), imports.len())
    }
}

impl Sought {
    /// So many digits tell one person's number from another's.
    const DIGITS: usize = 7;

    /// What is known of a contact, now and earlier.
    pub fn of(
        contact: &Contact,
        activity: &[ActivityKind],
        arrivals: &[Arrival],
        traces: &[Trace],
    ) -> Self {
        let mut sought = Self::default();
        sought.note("email", contact.email.as_ref().map(EmailAddress::as_str));
        sought.note("name", contact.name.as_ref().map(|name| name.as_str()));
        if let Some(phone) = &contact.phone {
            sought.note("phone", Some(phone.as_str()));
            sought.note("phone", phone.e164());
        }
        for what in activity {
            let (ActivityKind::Edited(changes) | ActivityKind::Merged { changes, .. }) = what
            else {
                continue;
            };
            for FieldChange { field, from, to } in changes {
                sought.note(field, from.as_deref());
                sought.note(field, to.as_deref());
            }
            if let ActivityKind::Merged { called: Some(called), .. } = what {
                for field in ["name", "email", "phone"] {
                    sought.note(field, Some(called));
                }
            }
        }
        for trace in traces {
            let Deed::Updated { edits, .. } = &trace.deed else { continue };
            for edit in edits {
                match edit {
                    FieldEdit::Name { from, to } => [from, to]
                        .into_iter()
                        .flatten()
                        .for_each(|name| sought.note("name", Some(name.as_str()))),
                    FieldEdit::Phone { from, to } => {
                        for phone in [from, to].into_iter().flatten() {
                            sought.note("phone", Some(phone.as_str()));
                            sought.note("phone", phone.e164());
                        }
                    }
                    FieldEdit::Custom { .. } => {}
                }
            }
        }
        for arrival in arrivals {
            if let Origin::CsvImport { import, row, .. } = &arrival.origin {
                sought.imports.insert(*import, *row);
            }
        }
        sought
    }

    fn note(&mut self, field: &str, value: Option<&str>) {
        let Some(value) = value else { return };
        match field {
            "email" => {
                self.addresses.extend(EmailAddress::parse(value).map(|e| e.key().to_owned()));
            }
            "phone" => self.phones.extend(Some(digits(value)).filter(|d| d.len() >= Self::DIGITS)),
            "name" if value.contains(' ') => {
                self.names.insert(text::caseless(value));
            }
            _ => {}
        }
    }

    /// Whether a row is about the person: one of its cells holds one of their addresses or
    /// numbers.
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
                let is_same =
                    |sought: &String| sought.ends_with(&found) || found.ends_with(sought.as_str());
                found.len() >= Self::DIGITS && self.phones.iter().any(is_same)
            })
    }

    /// Every address that is sought.
    pub fn emails(&self) -> Vec<EmailAddress> {
        self.addresses.iter().filter_map(|key| EmailAddress::parse(key).ok()).collect()
    }

    /// Texts, in lower case, that name the person wherever they stand.
    pub fn words(&self) -> Vec<String> {
        self.addresses.iter().chain(&self.names).cloned().collect()
    }

    /// Whether the name of a file names the person by an address or a whole name.
    pub fn is_named_in(&self, text: &str) -> bool {
        let text = text::caseless(text);
        let spaced = text.replace(['_', '-', '.', '+'], " ");
        let mut words = self.addresses.iter().chain(&self.names);
        words.any(|word| text.contains(word.as_str()) || spaced.contains(word.as_str()))
    }
}

fn digits(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.trim_start_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sought() -> Sought {
        let mut sought = Sought::default();
        sought.note("email", Some("Ann.Lee@bücher.example"));
        sought.note("phone", Some("+49 30 901820"));
        sought
    }

    fn is_in(cell: &str) -> bool {
        sought().is_in(&["x".to_owned(), cell.to_owned()])
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
    fn what_they_had_before_is_sought_too() {
        let mut sought = Sought::default();
        sought.note("email", Some("old@example.org"));
        sought.note("phone", Some("12"));
        sought.note("name", Some("Ann Lee"));
        sought.note("name", Some("Ann"));
        assert!(sought.is_in(&["OLD@example.org".to_owned()]));
        assert!(sought.phones.is_empty(), "two digits are nobody's");
        assert!(sought.is_named_in("ANN-LEE.csv") && !sought.is_named_in("annual.csv"));
        assert!(!format!("{sought:?}").contains("old@"));
    }
}
