//! What each column of a file is likely to hold (R32).
//!
//! A header is read by meaning: a word that heads it (mail, phone, name, tag), and words that
//! turn it into something else (the owner's, a campaign's, the number of, blacklisted). The
//! values have a say too.

mod meaning;
mod tokens;
mod values;
mod words;

use std::collections::BTreeSet;

use self::meaning::{Aim, Claim, claim};
use self::values::Values;
use super::mapping::Target;
use crate::export;
use crate::field::Field;

pub(crate) use self::tokens::key as header_key;

/// How alike a header and the label of a custom field must be.
const ALIKE: f64 = 0.85;

/// What a column is likely to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// Where it should go; none where it should be skipped.
    pub target: Option<Target>,
    /// How sure that is, from 0.0 to 1.0. 0.0 where it should be skipped.
    pub confidence: f32,
}

/// Suggests a target for each column, in the header's order.
///
/// No two columns get the same target, tags excepted. A file that we exported ourselves gets
/// back what it was made of, whatever its fields are called. `samples` are rows below the header, and
/// may be shorter or longer than it.
pub fn suggest(header: &[String], samples: &[Vec<String>], fields: &[Field]) -> Vec<Suggestion> {
    if let Some(targets) = export::recognise(header, fields) {
        let sure = |target: Option<Target>| f32::from(u8::from(target.is_some()));
        let own = targets.into_iter();
        return own.map(|t| Suggestion { confidence: sure(t.clone()), target: t }).collect();
    }
    let values: Vec<Values> = (0..header.len()).map(|column| Values::of(samples, column)).collect();
    let has_values = values.iter().any(|values| values.filled > 0);
    let turkish = header.iter().any(|name| meaning::has_turkish_surname(name));
    let mut claims: Vec<Option<Claim>> = header
        .iter()
        .zip(&values)
        .map(|(name, values)| {
            let mut claim = claim(name, values, turkish)?;
            if has_values && values.filled == 0 {
                claim.score -= 0.1;
            }
            Some(claim)
        })
        .collect();
    drop_weak(&mut claims);
    let overlap = |a: usize, b: usize| samples.iter().any(|row| contains(row, a, b));
    name_the_names(&mut claims, &values, overlap);
    let mut wishes = own_fields(header, fields);
    wishes.extend(claims.iter().enumerate().filter_map(|(column, claim)| {
        let claim = claim.as_ref()?;
        Some((column, claim.aim.target()?, claim.score.clamp(0.05, 1.0)))
    }));
    settle(header.len(), wishes)
}

/// Gives each target to the column that wishes for it most.
fn settle(columns: usize, mut wishes: Vec<(usize, Target, f32)>) -> Vec<Suggestion> {
    let mut suggestions = vec![Suggestion { target: None, confidence: 0.0 }; columns];
    // The sort is stable: of equals the first column wins.
    wishes.sort_by(|a, b| b.2.total_cmp(&a.2));
    let mut taken = BTreeSet::new();
    for (column, target, confidence) in wishes {
        // Groups are tags for want of real ones.
        let is_group = target == Target::Tags && confidence < meaning::REAL_TAGS;
        if suggestions[column].target.is_some()
            || (taken.contains(&target) && (target != Target::Tags || is_group))
        {
            continue;
        }
        taken.insert(target.clone());
        suggestions[column] = Suggestion { target: Some(target), confidence };
    }
    suggestions
}

/// The organisation's own fields, by key and by label.
fn own_fields(header: &[String], fields: &[Field]) -> Vec<(usize, Target, f32)> {
    let mut wishes = Vec::new();
    for field in fields.iter().filter(|field| !field.archived) {
        let names = [tokens::key(field.key.as_str()), tokens::key(&field.label)];
        for (column, name) in header.iter().enumerate() {
            let key = tokens::key(name);
            let best = names.iter().map(|name| strsim::normalized_damerau_levenshtein(name, &key));
            let best = best.fold(0.0, f64::max);
            let target = Target::Field(field.key.clone());
            if key.is_empty() || meaning::is_secret(name) {
                continue;
            } else if names.contains(&key) {
                wishes.push((column, target, 1.0));
            } else if best >= ALIKE && key.len() >= 6 {
                wishes.push((column, target, 0.5));
            }
        }
    }
    wishes
}

/// An assistant's phone is not the contact's, unless the file knows nothing else of anybody.
fn drop_weak(claims: &mut [Option<Claim>]) {
    let strong = |claim: &Claim| !claim.weak;
    let knows_people = claims.iter().flatten().any(strong);
    let knows_email = claims.iter().flatten().any(|claim| strong(claim) && claim.aim == Aim::Email);
    for claim in claims.iter_mut() {
        *claim = claim.take().filter(|claim| {
            !claim.weak || if claim.aim == Aim::Email { !knows_email } else { !knows_people }
        });
    }
}

/// Decides what a plain "name" is: the whole of it, or what is missing beside the others.
fn name_the_names(
    claims: &mut [Option<Claim>],
    values: &[Values],
    overlap: impl Fn(usize, usize) -> bool,
) {
    let position = |claims: &[Option<Claim>], aim| {
        claims.iter().position(|claim| claim.as_ref().is_some_and(|claim| claim.aim == aim))
    };
    if position(claims, Aim::LoneFirst).is_some() != position(claims, Aim::LoneLast).is_some() {
        for claim in claims.iter_mut() {
            *claim = claim.take().filter(|c| !matches!(c.aim, Aim::LoneFirst | Aim::LoneLast));
        }
    }
    let first = position(claims, Aim::First).or(position(claims, Aim::LoneFirst));
    let last = position(claims, Aim::Last).or(position(claims, Aim::LoneLast));
    let whole = position(claims, Aim::Whole).is_some();
    let reachable = position(claims, Aim::Email).or(position(claims, Aim::Phone)).is_some();
    for column in 0..claims.len() {
        let Some(Claim { aim, .. }) = &mut claims[column] else { continue };
        *aim = match (*aim, first, last) {
            (Aim::Nobody, None, None) if !whole => Aim::Whole,
            (Aim::NameOrFirst | Aim::NameOrLast | Aim::Name, Some(_), Some(_)) => Aim::Whole,
            (Aim::NameOrLast, Some(first), None) if !overlap(column, first) => Aim::Last,
            (Aim::Name, Some(first), None)
                if values[column].filled > 0 && !overlap(column, first) =>
            {
                Aim::Last
            }
            (Aim::NameOrFirst | Aim::Name, None, Some(last)) if !overlap(column, last) => {
                Aim::First
            }
            (Aim::NameOrFirst, None, None) if !reachable && values[column].people == 0 => {
                Aim::First
            }
            (Aim::NameOrLast, None, None) if !reachable && values[column].people == 0 => Aim::Last,
            (Aim::NameOrFirst | Aim::NameOrLast | Aim::Name, ..) => Aim::Whole,
            (aim, ..) => aim,
        };
    }
}

/// Whether the cell of column `whole` contains that of column `part`.
fn contains(row: &[String], whole: usize, part: usize) -> bool {
    let (Some(whole), Some(part)) = (row.get(whole), row.get(part)) else { return false };
    let (whole, part) = (tokens::fold(whole.trim()), tokens::fold(part.trim()));
    !part.is_empty() && whole.len() > part.len() && whole.contains(&part)
}

#[cfg(test)]
mod tests;
