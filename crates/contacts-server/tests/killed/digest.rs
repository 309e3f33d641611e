//! A digest of an organisation's data that can be compared between two runs: every row of every
//! table, with each id replaced by a mark that depends on the values next to it, and each time by a
//! constant word.
//!
//! A disturbed run has used other ids and ended later; nothing else may differ.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};

use contacts_core::OrgId;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};

/// Number of rounds in which marks are recomputed from their neighbours: an id may be identified
/// only by the ids next to it, and these by others.
const ROUNDS: usize = 4;

/// Text that identifies the job that deletes old events. Whether the job exists depends on an
/// event's id.
const SWEEP: &str = "\"kind\":\"sweep_events\"";

/// The row of a sync run, without the columns that depend on the number of attempts.
const RUN: &str = "to_jsonb(t) - '{attempt,stalled,log}'::text[]";

/// The row of a merged contact, without the copies of its rows, which are in no order.
const MERGED: &str = "to_jsonb(t) - 'trace'";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Computes the digests of organisations.
pub(crate) struct Digests {
    db: PgConnection,
    tables: Vec<String>,
}

impl Digests {
    pub(crate) fn new(url: &str) -> Self {
        let mut db = PgConnection::establish(url).unwrap();
        let tables = lines(
            &mut db,
            "SELECT c.relname::text AS line FROM pg_class c \
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id' \
             WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace ORDER BY 1",
        );
        Self { db, tables }
    }

    /// Returns every row of an organisation, in an order that does not depend on ids.
    pub(crate) fn of(&mut self, org: OrgId) -> Vec<String> {
        let rows = |table: &String| {
            let row = match table.as_str() {
                "sync_runs" => RUN,
                "merged_contacts" => MERGED,
                _ => "row_to_json(t)",
            };
            format!(
                "SELECT '{table} ' || ({row})::text AS line FROM {table} t WHERE org_id = '{org}'"
            )
        };
        let all = self.tables.iter().map(rows).collect::<Vec<_>>().join(" UNION ALL ");
        let timeless = format!(
            "SELECT regexp_replace(line, '\"\\d{{4}}-\\d\\d-\\d\\d[T ][^\"]*\"', '\"a time\"', 'g') \
             AS line FROM ({all}) lines"
        );
        let lines = lines(&mut self.db, &timeless);
        let lines = lines.iter().filter(|line| !line.contains(SWEEP));
        let legible: Vec<_> = lines.map(|line| legible(line)).collect();
        marked(&legible, &org.to_string())
    }

    /// Whether a connection to the database waits for a lock of another one.
    pub(crate) fn is_anybody_blocked(&mut self) -> bool {
        let blocked = "SELECT state AS line FROM pg_stat_activity \
             WHERE datname = current_database() AND wait_event_type = 'Lock'";
        !lines(&mut self.db, blocked).is_empty()
    }

    /// Returns the number of jobs that are left.
    pub(crate) fn jobs(&mut self, org: OrgId) -> usize {
        let jobs = "SELECT kind AS line FROM jobs WHERE kind <> 'sweep_events' AND org_id =";
        lines(&mut self.db, &format!("{jobs} '{org}'")).len()
    }
}

fn lines(db: &mut PgConnection, query: &str) -> Vec<String> {
    let lines: Vec<Line> = sql_query(query).load(db).unwrap();
    lines.into_iter().map(|line| line.line).collect()
}

/// Returns a line with its encoded bytes as text, which may contain ids too.
fn legible(line: &str) -> String {
    let mut parts = line.split("\"\\\\x");
    let mut legible = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (hex, rest) = part.split_once('"').unwrap();
        let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        let bytes: Vec<_> = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
        legible.push_str(&String::from_utf8_lossy(&bytes));
        legible.push_str(rest);
    }
    legible
}

/// A line that is split at its ids: text, id, text, id, ..., text.
struct Cut<'a> {
    texts: Vec<&'a str>,
    ids: Vec<&'a str>,
}

fn cut(line: &str) -> Cut<'_> {
    const LENGTH: usize = 36;
    let is_id = |text: &str| {
        text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    };
    let (mut texts, mut ids) = (Vec::new(), Vec::new());
    let (mut start, mut at) = (0, 0);
    while at + LENGTH <= line.len() {
        match line.get(at..at + LENGTH) {
            Some(id) if is_id(id) => {
                texts.push(&line[start..at]);
                ids.push(id);
                at += LENGTH;
                start = at;
            }
            _ => at += 1,
        }
    }
    texts.push(&line[start..]);
    Cut { texts, ids }
}

fn marked(lines: &[String], org: &str) -> Vec<String> {
    let cuts: Vec<_> = lines.iter().map(|line| cut(line)).collect();
    let mut marks: HashMap<&str, u64> = HashMap::new();
    for _ in 0..ROUNDS {
        let mut beside: BTreeMap<&str, Vec<(u64, usize)>> = BTreeMap::new();
        for cut in &cuts {
            let around =
                hash(&(&cut.texts, cut.ids.iter().map(|id| marks.get(id)).collect::<Vec<_>>()));
            for (place, id) in cut.ids.iter().enumerate().filter(|(_, id)| **id != org) {
                beside.entry(id).or_default().push((around, place));
            }
        }
        marks = beside
            .into_iter()
            .map(|(id, mut places)| {
                places.sort_unstable();
                (id, hash(&places))
            })
            .collect();
    }
    let mut marked: Vec<String> = cuts.iter().map(|cut| write(cut, &marks)).collect();
    marked.sort_unstable();
    marked
}

fn write(cut: &Cut<'_>, marks: &HashMap<&str, u64>) -> String {
    let mut line = cut.texts[0].to_owned();
    for (id, text) in cut.ids.iter().zip(&cut.texts[1..]) {
        let mark = marks.get(id).copied().unwrap_or_default();
        line.push_str(&format!("<{:08x}>", mark as u32));
        line.push_str(text);
    }
    line
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn digests_differ_by_more_than_ids() {
    let id = |n: u32| format!("019b78ff-f900-7000-8000-{n:012}");
    let rows = |ann: u32, bob: u32, tagged: u32| {
        let rows = [
            format!("contacts {{\"id\":\"{}\",\"name\":\"Ann\"}}", id(ann)),
            format!("contacts {{\"id\":\"{}\",\"name\":\"Bob\"}}", id(bob)),
            format!("tags {{\"contact\":\"{}\"}}", id(tagged)),
        ];
        marked(&rows, &id(0))
    };
    assert_eq!(rows(1, 2, 1), rows(7, 5, 7));
    assert_ne!(rows(1, 2, 1), rows(1, 2, 2));
    assert_ne!(rows(1, 2, 1), rows(1, 2, 3));
}
