//! Reads a list page by page.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use contacts_core::sync::{ConnectorError, Flow, Mode, Reading, Record, State, Value};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use url::Url;

use super::client::HttpClient;
use super::page;
use super::plan::{Format, Pages, Plan};
use crate::batches::Batches;
use crate::json;
use crate::record::Shape;

/// Longest page of JSON, in bytes.
const MAX_PAGE_BYTES: usize = 32 << 20;

/// The state of a run: where to continue.
#[derive(Clone, Default, Deserialize, Serialize)]
struct Position {
    /// Changes since this value are requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// The greatest value of the cursor field so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    greatest: Option<String>,
    /// The next page: its cursor, URL or number.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<String>,
}

/// Reads the pages of a list.
pub(super) struct PageReading<'a, 'b> {
    client: &'a HttpClient<'a>,
    plan: &'a Plan,
    shape: Shape,
    batches: Batches<'b>,
    /// The field that shows what has changed.
    cursor: Option<&'a str>,
    position: Position,
    /// Hashes of the URLs that were requested.
    requested: HashSet<u64>,
    /// Hash of the last page.
    last_page: u64,
}

impl<'a, 'b> PageReading<'a, 'b> {
    pub(super) fn new(
        client: &'a HttpClient<'a>,
        plan: &'a Plan,
        reading: &Reading<'a>,
        batches: Batches<'b>,
    ) -> Result<Self, ConnectorError> {
        let settings_error = |reason: &str| ConnectorError::Settings(reason.to_owned());
        let cursor = match reading.mode {
            Mode::Full => None,
            Mode::Incremental { .. } if plan.since.is_none() => {
                return Err(settings_error("the setting since.parameter is missing"));
            }
            Mode::Incremental { cursor: None } => {
                return Err(settings_error("choose a cursor field, which shows what has changed"));
            }
            Mode::Incremental { cursor: Some(cursor) } => Some(cursor.as_str()),
        };
        let position = match reading.state {
            None => Position::default(),
            Some(State(state)) => serde_json::from_slice(state).unwrap_or_default(),
        };
        let shape = Shape::new(&[], &plan.key);
        let (requested, last_page) = (HashSet::new(), 0);
        Ok(Self { client, plan, shape, batches, cursor, position, requested, last_page })
    }

    /// Reads all pages.
    pub(super) fn read(mut self) -> Result<(), ConnectorError> {
        let read = self.pages();
        if read != Err(ConnectorError::Stopped) {
            self.batches.flush();
        }
        read
    }

    fn pages(&mut self) -> Result<(), ConnectorError> {
        let mut is_first = true;
        loop {
            let next = match self.page() {
                // The page at which the last run ended may no longer exist.
                Err(ConnectorError::Settings(_)) if is_first && self.position.page.is_some() => {
                    self.position.page = None;
                    self.requested.clear();
                    continue;
                }
                next => next?,
            };
            is_first = false;
            let is_last = next.is_none();
            if is_last && let Some(greatest) = self.position.greatest.take() {
                self.position.since = Some(greatest);
            }
            self.position.page = next;
            let state = serde_json::to_vec(&self.position).unwrap_or_default();
            if self.batches.push_state(state)? == Flow::Stop {
                return Err(ConnectorError::Stopped);
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Reads one page, and returns the next one.
    fn page(&mut self) -> Result<Option<String>, ConnectorError> {
        let url = self.url()?;
        if !self.requested.insert(hash(url.as_str())) {
            let reason = "the next page is one that was read before: check the settings of pages";
            return Err(ConnectorError::Broken(reason.to_owned()));
        }
        let mut answer = self.client.get(&url)?;
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
                let body = answer.body(MAX_PAGE_BYTES)?;
                self.check_is_new(&body)?;
                let text = json::line(&body);
                let json: &RawValue = serde_json::from_str(&text).map_err(|error| {
                    ConnectorError::Broken(format!("its response is not valid JSON: {error}"))
                })?;
                let items = page::list(json, path)?;
                for item in &items {
                    let invalid = || {
                        let reason = "its list contains an entry that is not a record";
                        ConnectorError::Broken(reason.to_owned())
                    };
                    self.take(self.shape.read(item).ok_or_else(invalid)?)?;
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

    /// Checks that a page differs from the one before. A server that ignores the number of the page
    /// would answer the same without end.
    fn check_is_new(&mut self, body: &[u8]) -> Result<(), ConnectorError> {
        let this = hash(body);
        let is_numbered = matches!(self.plan.pages, Pages::Number { .. });
        if is_numbered && std::mem::replace(&mut self.last_page, this) == this {
            let reason = "two pages in a row are the same: check the setting pages.parameter";
            return Err(ConnectorError::Broken(reason.to_owned()));
        }
        Ok(())
    }

    fn number(&self, first: u64) -> u64 {
        self.position.page.as_deref().and_then(|page| page.parse().ok()).unwrap_or(first)
    }

    /// The URL of the next page.
    fn url(&self) -> Result<Url, ConnectorError> {
        let page = self.position.page.as_deref();
        if let (Pages::Link { .. }, Some(page)) = (&self.plan.pages, page) {
            let invalid =
                |_| ConnectorError::Broken("the address of its next page is invalid".to_owned());
            return Url::parse(page).map_err(invalid);
        }
        let mut url = self.plan.url.clone();
        if self.cursor.is_some()
            && let Some((name, start)) = &self.plan.since
            && let Some(since) = self.position.since.as_ref().or(start.as_ref())
        {
            url = with_parameter(&url, name, since);
        }
        Ok(match (&self.plan.pages, page) {
            (Pages::Cursor { parameter, .. }, Some(page)) => with_parameter(&url, parameter, page),
            (Pages::Number { parameter, first }, _) => {
                with_parameter(&url, parameter, &self.number(*first).to_string())
            }
            _ => url,
        })
    }

    fn take(&mut self, record: Record) -> Result<(), ConnectorError> {
        let changed = self.cursor.and_then(|cursor| record.fields.get(cursor));
        if let Some(Value::Text(changed)) = changed
            && self.position.greatest.as_ref().is_none_or(|greatest| is_less(greatest, changed))
        {
            self.position.greatest = Some(changed.clone());
        }
        match self.batches.push_record(record) {
            Flow::Next => Ok(()),
            Flow::Stop => Err(ConnectorError::Stopped),
        }
    }
}

/// Returns the URL with a query parameter set.
fn with_parameter(url: &Url, name: &str, value: &str) -> Url {
    let mut changed = url.clone();
    changed.set_query(None);
    let other_pairs = url.query_pairs().filter(|(other, _)| other != name);
    changed.query_pairs_mut().extend_pairs(other_pairs).append_pair(name, value);
    changed
}

/// Compares numbers by value, and other texts, such as dates, by their characters.
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
