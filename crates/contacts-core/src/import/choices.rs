//! The choices of an earlier import, offered for the next file with the same headers (R58).

use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::suggest::header_key;
use super::{Analysis, Import, ImportId, ImportService, Layout, Plan, Target};
use crate::field::Field;
use crate::{Result, text};

/// A hash of the headers of a file, in their order. Spellings that differ in case, accents, spaces
/// and signs are the same header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HeaderFingerprint(pub u64);

/// The earlier import that choices come from. The name of its file is not copied, because it may
/// name a person who is erased later (R14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChoicesOrigin {
    /// The import.
    pub import: ImportId,
    /// When a user started it.
    pub started_at: OffsetDateTime,
}

/// The choices of an earlier import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierChoices {
    /// The import.
    pub origin: ChoicesOrigin,
    /// Its plan.
    pub plan: Plan,
}

impl Layout {
    /// Returns the fingerprint of the headers; `None` for a file without a header row, whose columns
    /// could be any.
    pub fn header_fingerprint(&self) -> Option<HeaderFingerprint> {
        let mut hash = Sha256::new();
        for name in &self.header {
            let mut key = header_key(name);
            if key.is_empty() {
                key = text::trim(name).to_lowercase();
            }
            // The length comes first, so that no two lists of headers have the same bytes.
            hash.update((key.len() as u64).to_be_bytes());
            hash.update(key);
        }
        let mut first = [0; 8];
        first.copy_from_slice(&hash.finalize()[..8]);
        self.has_header.then(|| HeaderFingerprint(u64::from_be_bytes(first)))
    }
}

impl EarlierChoices {
    /// Returns the plan for a file with the same headers; `None` if it has other columns after all.
    ///
    /// - A column whose field was archived or deleted since gets its suggestion.
    /// - Domains are replaced only where the file has them, so that the review shows each of them.
    /// - Tags are not taken over: they are about one file, such as an event.
    fn plan_for(self, analysis: &Analysis, fields: &[Field]) -> Option<Plan> {
        let Self { origin, mut plan } = self;
        if plan.columns.len() != analysis.layout.header.len() {
            return None;
        }
        let is_gone = |target: &Target| match target {
            Target::Field(key) => !fields.iter().any(|field| field.key == *key && !field.archived),
            _ => false,
        };
        for at in 0..plan.columns.len() {
            if plan.columns[at].as_ref().is_some_and(is_gone) {
                let suggested = analysis.suggestions.get(at).and_then(|s| s.target.clone());
                let is_taken = plan.columns.contains(&suggested)
                    && !suggested.as_ref().is_some_and(Target::takes_several);
                plan.columns[at] = suggested.filter(|_| !is_taken);
                plan.rules.retain(|rule| rule.column != at);
            }
        }
        let is_offered = |domain: &str| analysis.domains.iter().any(|offer| offer.domain == domain);
        plan.domains.retain(is_offered);
        Some(Plan { tags: Vec::new(), choices_of: Some(origin), ..plan })
    }
}

impl ImportService {
    /// Returns the plan for a file that has been analysed: the choices of an earlier import with the
    /// same headers, or else the suggestions. If the same table was analysed before, the choices
    /// for it stay.
    pub(super) fn suggested_plan(&self, import: &Import, analysis: &Analysis) -> Result<Plan> {
        let plan = import.plan.clone().unwrap_or_default();
        let (had_choices, tags) = (plan.choices_of.is_some(), plan.tags.clone());
        let former = import.analysis.as_ref();
        let plan = plan.carried_over(former, analysis);
        let headers = analysis.layout.header_fingerprint();
        let is_same_table = former.is_some_and(|former| {
            former.layout.header_fingerprint() == headers
                && former.layout.sheet() == analysis.layout.sheet()
        });
        if is_same_table {
            return Ok(plan);
        }
        let earlier = match headers {
            Some(headers) => self.imports.choices_of(import.org, headers)?,
            None => None,
        };
        let fields = self.fields.list(import.org)?;
        let offered = earlier.and_then(|earlier| earlier.plan_for(analysis, &fields));
        Ok(match offered {
            Some(offered) => Plan { tags, ..offered },
            // The choices were those for another table.
            None if had_choices => {
                let columns = analysis.suggestions.iter().map(|s| s.target.clone()).collect();
                Plan { tags, columns, ..Plan::default() }
            }
            None => plan,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{Format, TextFormat};

    fn fingerprint(header: &[&str]) -> Option<HeaderFingerprint> {
        let header = header.iter().map(|name| (*name).to_owned()).collect();
        let format = Format::Text(TextFormat::standard());
        Layout { format, header_line: 1, has_header: true, header }.header_fingerprint()
    }

    #[test]
    fn spellings_of_one_header_have_the_same_fingerprint() {
        let spelled = fingerprint(&["First Name", "E-Mail", "Straße"]);
        assert_eq!(spelled, fingerprint(&["first_name", "email", "strasse"]));
    }

    #[test]
    fn other_headers_or_another_order_have_another_fingerprint() {
        let of = fingerprint;
        let all = [
            of(&["name", "email"]),
            of(&["email", "name"]),
            of(&["nameemail"]),
            of(&["name", "email", ""]),
            of(&["name", "email", "#"]),
            of(&["name", "email", "%"]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one), "{at}");
        }
    }

    #[test]
    fn a_file_without_a_header_has_none() {
        let format = Format::Text(TextFormat::standard());
        let header = vec!["A".to_owned()];
        let layout = Layout { format, header_line: 1, has_header: false, header };
        assert_eq!(layout.header_fingerprint(), None);
    }
}
