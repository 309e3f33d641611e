//! Suggests a target for each column of a file (R32).
//!
//! A header is read by the meaning of its words: a noun (mail, phone, name, tag), and words that
//! change what it refers to (of the owner, of a campaign, number of, blacklisted). The values of
//! the column count too.

mod first_seen;
mod meaning;
mod tokens;
mod unnamed;
mod values;
mod words;

use std::collections::BTreeSet;

use uuid::Uuid;

use self::meaning::{Claim, ColumnClaim, claim};
use self::values::Values;
use super::mapping::Target;
use super::opt_out::OptOutColumn;
use super::{Layout, SkippedRows};
use crate::export;
use crate::field::Field;

pub use self::first_seen::field_label;
pub(crate) use self::tokens::key as header_key;
pub(super) use self::tokens::tokens as header_words;
pub(super) use self::values::is_date;

/// Maximum length of a name of a column that can be the header of a second table, in bytes.
const MAX_NAME_BYTES: usize = 60;

/// Minimum similarity of a header and the label of a custom field.
const MIN_LABEL_SIMILARITY: f64 = 0.85;

/// Returns whether a short text contains a word for an address, as the header of its column does.
pub(super) fn names_address(text: &str) -> bool {
    text.len() <= MAX_NAME_BYTES
        && header_words(text).iter().any(|word| words::meaning(word) == Some(words::Word::Email))
}

/// The suggestion for a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// The target; `None` when the column should be skipped.
    pub target: Option<Target>,
    /// The confidence, from 0.0 to 1.0; 0.0 when the column should be skipped.
    pub confidence: f32,
}

/// Suggests a target for each column, in the order of the header.
///
/// No two columns get the same target, unless it [takes several](Target::takes_several); of several
/// addresses or phone numbers, only columns with the same header do. The columns of a file that we
/// exported get the fields that they were written from, whatever these are called, also when columns
/// were added or renamed since. `samples` are rows below the header, and may be shorter or longer
/// than it.
pub fn suggest(header: &[String], samples: &[Vec<String>], fields: &[Field]) -> Vec<Suggestion> {
    let (header, beside) = header.split_at(second_table(header).unwrap_or(header.len()));
    let own = own_columns(header, samples, fields);
    let found = found_columns(header, samples, fields);
    let found = found.into_iter().filter(|(column, ..)| own[*column].is_none());
    let written = own.iter().cloned().enumerate();
    let written = written.filter_map(|(column, target)| Some((column, target??, 1.0)));
    let mut suggestions = choose_targets(header.len(), written.chain(found).collect());
    repeat_headers(header, &own, &mut suggestions);
    add_addresses(header, samples, &own, &mut suggestions);
    suggestions.extend(beside.iter().map(|_| Suggestion { target: None, confidence: 0.0 }));
    suggestions
}

/// Returns the index of the first column of a second table beside the first: it comes behind a column
/// without a name, and two of its columns have names of the first table. Its people are others.
fn second_table(header: &[String]) -> Option<usize> {
    let keys: Vec<_> = header.iter().map(|name| header_key(name)).collect();
    let starts = (1..keys.len()).filter(|at| keys[at - 1].is_empty());
    starts.into_iter().find(|at| {
        let (first, second) = keys.split_at(*at);
        second.iter().filter(|key| !key.is_empty() && first.contains(key)).count() > 1
    })
}

impl Layout {
    /// Suggests a target for each column, as [`suggest`] does; by the values alone where the file has
    /// no header.
    pub fn suggest(&self, samples: &[Vec<String>], fields: &[Field]) -> Vec<Suggestion> {
        match self.has_header {
            true => suggest(&self.header, samples, fields),
            false => unnamed::suggest(samples, self.header.len()),
        }
    }
}

/// Gives columns of addresses and phone numbers the target of the column with the same header: their
/// cells are used where those of the first are blank.
fn repeat_headers(
    header: &[String],
    own: &[Option<Option<Target>>],
    suggestions: &mut [Suggestion],
) {
    for column in (0..header.len()).filter(|column| own[*column].is_none()) {
        let is_same = |other: &usize| *other != column && header[*other] == header[column];
        let found = (0..header.len()).filter(is_same).find_map(|other| {
            let target = suggestions[other].target.clone();
            target.filter(Target::takes_alternatives)
        });
        let suggestion = &mut suggestions[column];
        if suggestion.target.is_none() && found.is_some() {
            *suggestion = Suggestion { target: found, confidence: REPEATED_CONFIDENCE };
        }
    }
}

/// Suggests further addresses for the columns whose headers differ from that of the address by
/// numbers only, such as `E-mail 2 - Value`, or by the place where it is used, such as `Work email`,
/// and that contain nothing else (R48).
fn add_addresses(
    header: &[String],
    samples: &[Vec<String>],
    own: &[Option<Option<Target>>],
    suggestions: &mut [Suggestion],
) {
    let words = |name: &str| {
        let words = tokens::tokens(name).into_iter();
        words.filter(|word| !word.bytes().all(|b| b.is_ascii_digit())).collect::<Vec<_>>()
    };
    let is_email = |suggestion: &Suggestion| suggestion.target == Some(Target::Email);
    let Some(primary) = suggestions.iter().position(is_email) else { return };
    let is_placed = meaning::is_placed_address(&header[primary]);
    let primary = words(&header[primary]);
    for column in (0..header.len()).filter(|column| own[*column].is_none()) {
        let values = Values::of(samples, column);
        let is_numbered = !primary.is_empty() && words(&header[column]) == primary;
        let is_another =
            is_placed && values.filled > 0 && meaning::is_placed_address(&header[column]);
        let is_free = suggestions[column].target.is_none();
        let has_others = values.filled > values.addresses;
        if is_free && (is_numbered || is_another) && !has_others && !values.is_constant {
            let (target, confidence) = (Some(Target::OtherEmails), NUMBERED_CONFIDENCE);
            suggestions[column] = Suggestion { target, confidence };
        }
    }
}

/// The confidence for a column whose header differs from that of the address by a number.
const NUMBERED_CONFIDENCE: f32 = 0.7;

/// Returns the target of each column that an export or a list of skipped rows wrote, or nothing for
/// those that are never read; `None` for other columns.
///
/// All headers of an export are ours. In an export that was edited, a column of our ids shows that
/// the other headers are ours, too, whatever their case.
fn own_columns(
    header: &[String],
    samples: &[Vec<String>],
    fields: &[Field],
) -> Vec<Option<Option<Target>>> {
    let cells = |column: usize| {
        let cells = samples.iter().filter_map(move |row| row.get(column)).map(|cell| cell.trim());
        cells.filter(|cell| !cell.is_empty())
    };
    let has_reasons = header.first().is_some_and(|name| name == SkippedRows::REASON)
        && cells(0).all(SkippedRows::is_reason);
    let recognise = |key: fn(&str) -> String| {
        let mut own = export::recognise(header, fields, key);
        if has_reasons {
            own[0] = Some(None);
        }
        own
    };
    let id_of = |own: &[_]| own.iter().position(|target| *target == Some(Some(Target::Id)));
    let has_our_ids = |column: usize| {
        let ours = cells(column).filter(|cell| is_our_id(cell)).count();
        ours > 0 && ours * 2 >= cells(column).count()
    };
    let mut own = recognise(str::to_owned);
    if own.iter().all(Option::is_some) {
        if let Some(column) = id_of(&own)
            && cells(column).next().is_some()
            && !has_our_ids(column)
        {
            own[column] = Some(None);
        }
        return own;
    }
    own = recognise(header_key);
    if !id_of(&own).is_some_and(has_our_ids) {
        own.fill(None);
        if has_reasons {
            own[0] = Some(None);
        }
    }
    own
}

/// Returns the possible targets of columns that other programs write.
fn found_columns(
    header: &[String],
    samples: &[Vec<String>],
    fields: &[Field],
) -> Vec<(usize, Target, f32)> {
    let values: Vec<Values> = (0..header.len()).map(|column| Values::of(samples, column)).collect();
    let has_values = values.iter().any(|values| values.filled > 0);
    let turkish = header.iter().any(|name| meaning::has_turkish_surname(name));
    let mut claims: Vec<Option<Claim>> = header
        .iter()
        .zip(&values)
        .map(|(name, values)| {
            let mut claim = claim(name, values, turkish)?;
            if has_values && values.filled == 0 && claim.target != ColumnClaim::Tags {
                claim.score -= 0.1;
            }
            Some(claim)
        })
        .collect();
    drop_weak(&mut claims);
    let overlap = |a: usize, b: usize| samples.iter().any(|row| contains(row, a, b));
    resolve_names(&mut claims, &values, overlap);
    let mut candidates = own_fields(header, fields);
    candidates.extend(external_ids(header, &values, samples));
    candidates.extend(opt_outs(header, samples));
    candidates.extend(claims.iter().enumerate().filter_map(|(column, claim)| {
        let claim = claim.as_ref()?;
        Some((column, claim.target.target()?, claim.score.clamp(0.05, 1.0)))
    }));
    candidates
}

/// Returns whether a cell may be the id of a contact of ours: files of other programs have columns
/// named `id`, too.
fn is_our_id(cell: &str) -> bool {
    Uuid::try_parse(cell).is_ok_and(|id| id.get_version_num() == 7)
}

/// The confidence for a column whose header occurs before.
const REPEATED_CONFIDENCE: f32 = 0.5;

/// Assigns each target to the column with the highest confidence for it.
fn choose_targets(columns: usize, mut candidates: Vec<(usize, Target, f32)>) -> Vec<Suggestion> {
    let mut suggestions = vec![Suggestion { target: None, confidence: 0.0 }; columns];
    // The sort is stable: of equal columns, the first one wins.
    candidates.sort_by(|a, b| b.2.total_cmp(&a.2));
    let mut taken = BTreeSet::new();
    for (column, target, confidence) in candidates {
        // A column of groups becomes tags only when there is no column of tags.
        let is_group = target == Target::Tags && confidence < meaning::REAL_TAGS;
        let is_single = !target.takes_several() || is_group;
        if suggestions[column].target.is_some() || (taken.contains(&target) && is_single) {
            continue;
        }
        taken.insert(target.clone());
        suggestions[column] = Suggestion { target: Some(target), confidence };
    }
    suggestions
}

/// Headers, as [`header_key`] folds them, that plainly name the organisation's own id of a person.
const EXTERNAL_IDS: [&str; 9] = [
    "externalid",
    "extid",
    "externaluserid",
    "externalcustomerid",
    "userid",
    "customerid",
    "customernumber",
    "kundennummer",
    "kundennr",
];

/// The confidence for a column of external ids.
const EXTERNAL_ID_CONFIDENCE: f32 = 0.7;

/// Finds the column of the organisation's own ids. A wrong guess would take different people for
/// one, so the header must be plain, and every sampled row must have an id of its own. Only in a
/// column that has the name of the target may cells be blank.
fn external_ids<'a>(
    header: &'a [String],
    values: &'a [Values],
    samples: &'a [Vec<String>],
) -> impl Iterator<Item = (usize, Target, f32)> + 'a {
    let distinct = |column: usize| {
        let cells = samples.iter().filter_map(|row| row.get(column)).map(|cell| cell.trim());
        cells.filter(|cell| !cell.is_empty()).collect::<BTreeSet<_>>().len()
    };
    let is_plain = move |column: usize, key: &str| {
        let (filled, distinct) = (values[column].filled, distinct(column));
        let is_complete = distinct == samples.len() && distinct > 0;
        EXTERNAL_IDS.contains(&key)
            && values[column].addresses == 0
            && (is_complete || (key == EXTERNAL_IDS[0] && distinct == filled))
    };
    let plain =
        header.iter().enumerate().filter(move |(at, name)| is_plain(*at, &tokens::key(name)));
    plain.map(|(column, _)| (column, Target::ExternalId, EXTERNAL_ID_CONFIDENCE))
}

/// The confidence for a column that says who wants no messages.
const OPT_OUT_CONFIDENCE: f32 = 0.9;

/// Finds the columns that say who wants no messages (R52).
fn opt_outs<'a>(
    header: &'a [String],
    samples: &'a [Vec<String>],
) -> impl Iterator<Item = (usize, Target, f32)> + 'a {
    header.iter().enumerate().filter_map(|(column, name)| {
        let cells = samples.iter().filter_map(|row| row.get(column)).map(String::as_str);
        let OptOutColumn::Clear(target) = OptOutColumn::of(name, cells) else { return None };
        Some((column, target, OPT_OUT_CONFIDENCE))
    })
}

/// Matches columns with the custom fields of the organisation, by key and by label.
fn own_fields(header: &[String], fields: &[Field]) -> Vec<(usize, Target, f32)> {
    let mut candidates = Vec::new();
    for field in fields.iter().filter(|field| !field.archived) {
        let names = [tokens::key(field.key.as_str()), tokens::key(&field.label)];
        for (column, name) in header.iter().enumerate() {
            let key = tokens::key(name);
            let best = names.iter().map(|name| strsim::normalized_damerau_levenshtein(name, &key));
            let best = best.fold(0.0, f64::max);
            let target = Target::Field(field.key.clone());
            if key.is_empty() || meaning::is_secret(name) {
                continue;
            } else if let Some(confidence) = first_seen::confidence(name, field) {
                candidates.push((column, target, confidence));
            } else if names.contains(&key) {
                candidates.push((column, target, 1.0));
            } else if best >= MIN_LABEL_SIMILARITY && key.len() >= 6 {
                candidates.push((column, target, 0.5));
            }
        }
    }
    candidates
}

/// Drops claims such as the phone number of an assistant, unless the file has no other column about
/// the contact.
fn drop_weak(claims: &mut [Option<Claim>]) {
    let strong = |claim: &Claim| !claim.weak;
    let has_strong = claims.iter().flatten().any(strong);
    let has_strong_email =
        claims.iter().flatten().any(|claim| strong(claim) && claim.target == ColumnClaim::Email);
    for claim in claims.iter_mut() {
        *claim = claim.take().filter(|claim| {
            !claim.weak
                || if claim.target == ColumnClaim::Email { !has_strong_email } else { !has_strong }
        });
    }
}

/// Decides whether a plain "name" is the whole name, or the part that the other columns lack.
fn resolve_names(
    claims: &mut [Option<Claim>],
    values: &[Values],
    overlap: impl Fn(usize, usize) -> bool,
) {
    let position = |claims: &[Option<Claim>], target| {
        claims.iter().position(|claim| claim.as_ref().is_some_and(|claim| claim.target == target))
    };
    if position(claims, ColumnClaim::LoneFirst).is_some()
        != position(claims, ColumnClaim::LoneLast).is_some()
    {
        for claim in claims.iter_mut() {
            *claim = claim
                .take()
                .filter(|c| !matches!(c.target, ColumnClaim::LoneFirst | ColumnClaim::LoneLast));
        }
    }
    let first = position(claims, ColumnClaim::First).or(position(claims, ColumnClaim::LoneFirst));
    let last = position(claims, ColumnClaim::Last).or(position(claims, ColumnClaim::LoneLast));
    let outer = position(claims, ColumnClaim::Whole).is_some();
    let reachable =
        position(claims, ColumnClaim::Email).or(position(claims, ColumnClaim::Phone)).is_some();
    for column in 0..claims.len() {
        let Some(Claim { target, .. }) = &mut claims[column] else { continue };
        *target = match (*target, first, last) {
            (ColumnClaim::UnnamedPeople, None, None) if !outer => ColumnClaim::Whole,
            (
                ColumnClaim::NameOrFirst | ColumnClaim::NameOrLast | ColumnClaim::Name,
                Some(_),
                Some(_),
            ) => ColumnClaim::Whole,
            (ColumnClaim::NameOrLast, Some(first), None) if !overlap(column, first) => {
                ColumnClaim::Last
            }
            (ColumnClaim::Name, Some(first), None)
                if values[column].filled > 0 && !overlap(column, first) =>
            {
                ColumnClaim::Last
            }
            (
                ColumnClaim::NameOrFirst | ColumnClaim::NameOrLast | ColumnClaim::Name,
                None,
                Some(last),
            ) if !overlap(column, last) => ColumnClaim::First,
            (ColumnClaim::NameOrFirst, None, None) if !reachable && values[column].people == 0 => {
                ColumnClaim::First
            }
            (ColumnClaim::NameOrLast, None, None) if !reachable && values[column].people == 0 => {
                ColumnClaim::Last
            }
            (ColumnClaim::NameOrFirst | ColumnClaim::NameOrLast | ColumnClaim::Name, ..) => {
                ColumnClaim::Whole
            }
            (target, ..) => target,
        };
    }
    let has = |claims: &[Option<Claim>], target| position(claims, target).is_some();
    let has_parts = has(claims, ColumnClaim::First) && has(claims, ColumnClaim::Last);
    for claim in claims.iter_mut() {
        *claim = claim.take().filter(|claim| claim.target != ColumnClaim::Middle || has_parts);
    }
}

/// Whether the cell of column `outer` contains that of column `part`.
fn contains(row: &[String], outer: usize, part: usize) -> bool {
    let (Some(outer), Some(part)) = (row.get(outer), row.get(part)) else { return false };
    let (outer, part) = (tokens::fold(outer.trim()), tokens::fold(part.trim()));
    !part.is_empty() && outer.len() > part.len() && outer.contains(&part)
}

#[cfg(test)]
mod tests;
