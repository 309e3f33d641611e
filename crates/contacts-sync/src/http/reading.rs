//! One reading of a list, page by page.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use contacts_core::sync::{Flow, Mode, Reading, Record, State, Trouble, Value};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use url::Url;

use super::ask::Asker;
use super::page;
use super::plan::{Format, Pages, Plan};
use crate::batches::Batches;
use crate::json;
use crate::record::Shape;

/// The longest page of JSON, in bytes.
const LONGEST_PAGE: usize = 32 << 20;

/// Where to go on.
#[derive(Clone, Default, Deserialize, Serialize)]
struct Place {
    /// Since when is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// The greatest that was seen of the field that says what has changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    greatest: Option<String>,
    /// The page that comes next: its cursor, address or number.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<String>,
}

/// What has come so far.
pub(super) struct PageReading<'a, 'b> {
    asker: &'a Asker<'a>,
    plan: &'a Plan,
    shape: Shape,
    batches: Batches<'b>,
    /// The field that says what has changed.
    cursor: Option<&'a str>,
    place: Place,
    /// The pages that were asked for, and what the last one was.
    seen: HashSet<u64>,
    last: u64,
}

impl<'a, 'b> PageReading<'a, 'b> {
    pub(super) fn new(
        asker: &'a Asker<'a>,
        plan: &'a Plan,
        reading: &Reading<'a>,
        batches: Batches<'b>,
    ) -> Result<Self, Trouble> {
        let refused = |why: &str| Trouble::Settings(why.to_owned());
        let cursor = match reading.mode {
            Mode::Full => None,
            Mode::Incremental { .. } if plan.since.is_none() => {
                return Err(refused("the setting since.parameter is missing"));
            }
            Mode::Incremental { cursor: None } => {
                return Err(refused("the stream needs a field that says what has changed"));
            }
            Mode::Incremental { cursor: Some(cursor) } => Some(cursor.as_str()),
        };
        let place = match reading.state {
            None => Place::default(),
            Some(State(state)) => serde_json::from_slice(state).unwrap_or_default(),
        };
        let shape = Shape::new(&[], &plan.key);
        let (seen, last) = (HashSet::new(), 0);
        Ok(Self { asker, plan, shape, batches, cursor, place, seen, last })
    }

    /// Reads to the end.
    pub(super) fn read(mut self) -> Result<(), Trouble> {
        let read = self.pages();
        if read != Err(Trouble::Stopped) {
            self.batches.rest();
        }
        read
    }

    fn pages(&mut self) -> Result<(), Trouble> {
        let mut is_first = true;
        loop {
            let next = match self.page() {
                // The place where it was broken off may be gone.
                Err(Trouble::Settings(_)) if is_first && self.place.page.is_some() => {
                    self.place.page = None;
                    self.seen.clear();
                    continue;
                }
                next => next?,
            };
            is_first = false;
            let is_last = next.is_none();
            if is_last && let Some(greatest) = self.place.greatest.take() {
                self.place.since = Some(greatest);
            }
            self.place.page = next;
            let state = serde_json::to_vec(&self.place).unwrap_or_default();
            if self.batches.state(state)? == Flow::Stop {
                return Err(Trouble::Stopped);
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Reads one page, and says which is next.
    fn page(&mut self) -> Result<Option<String>, Trouble> {
        let url = self.url()?;
        if !self.seen.insert(hash(url.as_str())) {
            return Err(Trouble::Broken("its pages lead in a circle".to_owned()));
        }
        let mut answer = self.asker.get(&url)?;
        let (link, from) = (answer.next_link(), answer.url().clone());
        let (count, next) = match &self.plan.format {
            Format::Csv(delimiter) => {
                let mut count = 0;
                page::rows(answer, *delimiter, &self.plan.key, |record| {
                    count += 1;
                    self.take(record)
                })?;
                (count, None)
            }
            Format::Json(path) => {
                let body = answer.whole(LONGEST_PAGE)?;
                self.is_new(&body)?;
                let text = json::line(&body);
                let json: &RawValue = serde_json::from_str(&text)
                    .map_err(|error| Trouble::Broken(format!("its answer is no JSON: {error}")))?;
                let items = page::list(json, path)?;
                for item in &items {
                    let none = || {
                        Trouble::Broken("its list has something in it that is no record".to_owned())
                    };
                    self.take(self.shape.read(item).ok_or_else(none)?)?;
                }
                let next = match &self.plan.pages {
                    Pages::Cursor { path, .. } | Pages::Link { path } if !path.is_empty() => {
                        page::scalar(json, path)
                    }
                    _ => None,
                };
                (items.len(), next)
            }
        };
        Ok(match &self.plan.pages {
            Pages::One => None,
            Pages::Cursor { .. } => next,
            Pages::Link { .. } => {
                let next = next.or(link);
                next.and_then(|next| from.join(&next).ok()).map(String::from)
            }
            Pages::Number { .. } if count == 0 => None,
            Pages::Number { first, .. } => Some((self.number(*first) + 1).to_string()),
        })
    }

    /// A server that counts no pages answers the same for ever.
    fn is_new(&mut self, body: &[u8]) -> Result<(), Trouble> {
        let this = hash(body);
        let is_counted = matches!(self.plan.pages, Pages::Number { .. });
        if is_counted && std::mem::replace(&mut self.last, this) == this {
            return Err(Trouble::Broken("one page is as the page before it".to_owned()));
        }
        Ok(())
    }

    fn number(&self, first: u64) -> u64 {
        self.place.page.as_deref().and_then(|page| page.parse().ok()).unwrap_or(first)
    }

    /// The address of the page that is next.
    fn url(&self) -> Result<Url, Trouble> {
        let page = self.place.page.as_deref();
        if let (Pages::Link { .. }, Some(page)) = (&self.plan.pages, page) {
            let url = Url::parse(page).map_err(|_no| "it leads to no address".to_owned());
            return url.map_err(Trouble::Broken);
        }
        let mut url = self.plan.url.clone();
        if self.cursor.is_some()
            && let Some((name, start)) = &self.plan.since
            && let Some(since) = self.place.since.as_ref().or(start.as_ref())
        {
            url = with(&url, name, since);
        }
        Ok(match (&self.plan.pages, page) {
            (Pages::Cursor { parameter, .. }, Some(page)) => with(&url, parameter, page),
            (Pages::Number { parameter, first }, _) => {
                with(&url, parameter, &self.number(*first).to_string())
            }
            _ => url,
        })
    }

    fn take(&mut self, record: Record) -> Result<(), Trouble> {
        let changed = self.cursor.and_then(|cursor| record.fields.get(cursor));
        if let Some(Value::Text(changed)) = changed
            && self.place.greatest.as_ref().is_none_or(|greatest| is_less(greatest, changed))
        {
            self.place.greatest = Some(changed.clone());
        }
        match self.batches.record(record) {
            Flow::Next => Ok(()),
            Flow::Stop => Err(Trouble::Stopped),
        }
    }
}

/// The address with a parameter, which it may have had.
fn with(url: &Url, name: &str, value: &str) -> Url {
    let mut with = url.clone();
    with.set_query(None);
    let others = url.query_pairs().filter(|(other, _)| other != name);
    with.query_pairs_mut().extend_pairs(others).append_pair(name, value);
    with
}

/// Numbers by what they are, anything else by its letters, as dates are written.
fn is_less(one: &str, other: &str) -> bool {
    match (one.parse::<i128>(), other.parse::<i128>()) {
        (Ok(one), Ok(other)) => one < other,
        _ => one < other,
    }
}

fn hash(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}
