//! Search while typing, among all contacts of the large organisation.

use std::time::Duration;

use contacts_core::contact::SearchQuery;

use crate::Result;
use crate::base::{LARGE, World};
use crate::files::tag_id;
use crate::load::{pgbench, rest};
use crate::people::{RARE, tag};
use crate::program::Served;
use crate::report::Section;
use crate::statement::{ORDERS, Statement, page, page_of_found};
use crate::stats::{Spread, digits, percentile};

/// The typed texts, and what each stands for.
const QUERIES: &[(&str, &str)] = &[
    ("common word", "john"),
    ("rare word", "wyverling"),
    ("no hit", "wyverlang"),
    ("two letters, common", "jo"),
    ("two letters, rare", "xq"),
    ("two words", "maria garcia"),
    ("address fragment", "hotmail.co"),
    ("other letters", "мария"),
];

/// Additional filters of the list.
const FILTERS: &[Filter] = &[
    Filter { name: "", source: false, tag: None },
    Filter { name: ", source", source: true, tag: None },
    Filter { name: ", tag", source: false, tag: Some(0) },
    Filter { name: ", source, rare tag", source: true, tag: Some(150) },
];

struct Filter {
    name: &'static str,
    source: bool,
    tag: Option<usize>,
}

struct Case {
    name: String,
    path: String,
    /// Statements of which the fastest becomes the limit of this case.
    limits: Vec<Statement>,
    ours: Vec<Duration>,
    counted: Vec<Duration>,
    ours_p50: Vec<f64>,
    limit_p50: Vec<f64>,
}

/// Runs each search, by both in turn.
pub(crate) fn run(world: &mut World) -> Result<Section> {
    world.fresh("run")?;
    let cases = QUERIES.iter().flat_map(|query| FILTERS.iter().map(move |f| case(query, f)));
    let mut cases: Vec<_> = cases.collect();
    let served = Served::start(world, "run")?;
    for case in &mut cases {
        choose(world, case)?;
    }
    for run in 0..world.args.runs {
        eprintln!("search: run {}", run + 1);
        for case in &mut cases {
            measure(world, &served, case)?;
        }
    }
    drop(served);
    world.postgres.drop_database("run")?;
    let notes = vec![format!(
        "One client, in milliseconds, the first 50 by age. With a count: the answer says besides \
         how many there are, or estimates it. The limit is the fastest of three statements: the \
         program's own, one that finds everybody before it sorts, and one that walks along the \
         order. The one found is {}. Goals: p99 within 50 ms, p50 within 25 ms, none over twice \
         its limit.",
        RARE.1
    )];
    let head =
        vec!["search", "p50 ours", "p99 ours", "p50 limit", "ratio", "p50 counted", "p99 counted"];
    Ok(Section { head, rows: cases.iter_mut().map(row).collect(), notes })
}

fn case(query: &(&str, &str), filter: &Filter) -> Case {
    let (meaning, typed) = query;
    let mut variables = vec![("org", World::org().to_string()), ("rows", "51".to_owned())];
    let mut path = format!("/v1/contacts?limit=50&q={}", encode(typed));
    let mut conditions = String::new();
    let names = ["one", "two", "three", "four"];
    let terms = SearchQuery::parse(typed);
    for (name, term) in names.into_iter().zip(terms.terms()) {
        // None of the queries is a number, so each term has one needle.
        variables.push((name, format!("%{}%", term.needles().concat())));
        conditions.push_str(&format!(" AND (c.search LIKE :{name})"));
    }
    if filter.source {
        path.push_str("&source=csv_import");
        variables.push(("kind", "csv_import".to_owned()));
        conditions.push_str(
            " AND (c.id IN (SELECT fs.contact_id FROM contact_sources fs \
             WHERE fs.org_id = :org AND fs.kind = :kind))",
        );
    }
    if let Some(place) = filter.tag {
        path.push_str(&format!("&tags_any={}", encode(&tag(place))));
        variables.push(("tags", format!("{{{}}}", tag_id(LARGE, place))));
        conditions.push_str(
            " AND c.id IN (SELECT ct.contact_id FROM contact_tags ct \
             WHERE ct.org_id = :org AND ct.tag_id = ANY(:tags))",
        );
    }
    let [order, ..] = ORDERS;
    let text = page(order, &conditions);
    let own = Statement { text: text.clone(), variables: variables.clone(), options: "" };
    let found = Statement { text: page_of_found(order, &conditions), ..own.clone() };
    let walk = Statement { text, variables, options: "-c enable_bitmapscan=off" };
    Case {
        name: format!("{meaning}{}", filter.name),
        path,
        limits: vec![own, found, walk],
        ours: Vec::new(),
        counted: Vec::new(),
        ours_p50: Vec::new(),
        limit_p50: Vec::new(),
    }
}

/// Keeps only the fastest statement.
fn choose(world: &World, case: &mut Case) -> Result {
    let mut best: Option<(f64, Statement)> = None;
    for limit in std::mem::take(&mut case.limits) {
        let p50 = percentile(&mut pgbench(world, "run", &limit, 1)?.times, 50);
        if best.as_ref().is_none_or(|(other, _)| p50 < *other) {
            best = Some((p50, limit));
        }
    }
    case.limits.extend(best.map(|(_, limit)| limit));
    Ok(())
}

fn measure(world: &World, served: &Served, case: &mut Case) -> Result {
    let mut ours = rest(world, &served.address, &format!("{}&count=none", case.path), 1)?.times;
    case.ours_p50.push(percentile(&mut ours, 50));
    case.ours.extend(ours);
    for limit in &case.limits {
        case.limit_p50.push(percentile(&mut pgbench(world, "run", limit, 1)?.times, 50));
    }
    let counted = rest(world, &served.address, &format!("{}&count=quick", case.path), 1)?;
    case.counted.extend(counted.times);
    Ok(())
}

fn row(case: &mut Case) -> Vec<String> {
    vec![
        case.name.clone(),
        Spread::of(&case.ours_p50).show(""),
        digits(percentile(&mut case.ours, 99)),
        Spread::of(&case.limit_p50).show(""),
        Spread::of_ratios(&case.ours_p50, &case.limit_p50).show("x"),
        digits(percentile(&mut case.counted, 50)),
        digits(percentile(&mut case.counted, 99)),
    ]
}

/// Encodes text as a value in a query string.
fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}
