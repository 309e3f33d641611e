//! A page of the list, with tags and sources, by each order, near the beginning and far from it.

use contacts_core::contact::{ContactId, Cursor, CursorKey, Sort, SortBy};
use time::OffsetDateTime;

use crate::Result;
use crate::base::World;
use crate::load::{pgbench, rest};
use crate::program::Served;
use crate::report::Section;
use crate::statement::{ORDERS, Order, Statement, page};
use crate::stats::{Spread, digits, percentile};

/// How many rows a page has.
const ROWS: u64 = 50;

/// How many clients ask at once where throughput is measured.
const CLIENTS: usize = 16;

/// A page of the list, as both are asked for it.
struct Case {
    name: String,
    path: String,
    limit: Statement,
    ours_p50: Vec<f64>,
    limit_p50: Vec<f64>,
    ours_rate: Vec<f64>,
    limit_rate: Vec<f64>,
}

/// Asks for each page, both in turn.
pub(crate) fn run(world: &mut World) -> Result<Section> {
    world.fresh("run")?;
    let far = (world.args.rows / ROWS / 2).min(1_000);
    let mut cases = Vec::new();
    for order in ORDERS {
        cases.push(case(world, order, 1)?);
        cases.push(case(world, order, far)?);
    }
    let served = Served::start(world, "run")?;
    for run in 0..world.args.runs {
        eprintln!("list: run {}", run + 1);
        for case in &mut cases {
            measure(world, &served, case)?;
        }
    }
    let peak = served.peak() as f64 / 1_024.0;
    drop(served);
    world.postgres.drop_database("run")?;
    let notes = vec![format!(
        "p50: one client, in milliseconds. Pages a second: {CLIENTS} clients; ours and Postgres \
         share the cores. Goals: p50 within 1.5x, at least 55% of the pages a second, page \
         {far} within 1.2x of page 1. Peak memory of ours: {} MiB.",
        digits(peak)
    )];
    let head = vec![
        "order, page",
        "p50 ours",
        "p50 limit",
        "ratio",
        "to page 1",
        "pages/s ours",
        "pages/s limit",
        "share",
    ];
    Ok(Section { head, rows: rows(&cases), notes })
}

fn case(world: &World, order: Order, number: u64) -> Result<Case> {
    let org = World::org();
    let mut path = format!("/v1/contacts?sort={}&limit={ROWS}&count=none", order.name);
    let mut variables = vec![("org", org.to_string()), ("rows", (ROWS + 1).to_string())];
    let mut condition = String::new();
    if number > 1 {
        let before = (number - 1) * ROWS - 1;
        let (column, sql) = (order.column, order.sql());
        let micros = format!("(extract(epoch FROM c.{column}) * 1000000)::bigint");
        let key = if order.column.ends_with("_at") { &micros } else { &format!("c.{column}") };
        let row = world.postgres.ask(
            "run",
            &format!(
                "SELECT c.{column}, {key}, c.id FROM contacts c WHERE c.org_id = '{org}'{sql} \
                 OFFSET {before} LIMIT 1"
            ),
        )?;
        let [value, key, id] = row.split('|').collect::<Vec<_>>()[..] else {
            return Err(format!("no row before page {number}: {row}").into());
        };
        path.push_str(&format!("&cursor={}", cursor(order, key, id)?));
        variables.extend([("key", value.to_owned()), ("id", id.to_owned())]);
        let beyond = if order.descending { '<' } else { '>' };
        condition = format!(" AND (c.{column}, c.id) {beyond} (:key, :id)");
    }
    let limit = Statement { text: page(order, &condition), variables, options: "" };
    let name = format!("{}, {number}", order.name);
    let [ours_p50, limit_p50, ours_rate, limit_rate] = [const { Vec::new() }; 4];
    Ok(Case { name, path, limit, ours_p50, limit_p50, ours_rate, limit_rate })
}

/// The API's cursor after a row.
fn cursor(order: Order, key: &str, id: &str) -> Result<String> {
    let by = match order.column {
        "name_key" => SortBy::Name,
        "email_key" => SortBy::Email,
        "created_at" => SortBy::Created,
        _ => SortBy::Updated,
    };
    let key = match by {
        SortBy::Name | SortBy::Email => CursorKey::Text(key.to_owned()),
        SortBy::Created | SortBy::Updated => {
            let nanos = i128::from(key.parse::<i64>()?) * 1_000;
            CursorKey::Time(OffsetDateTime::from_unix_timestamp_nanos(nanos)?)
        }
    };
    let sort = Sort { by, descending: order.descending };
    Ok(Cursor { sort, key, id: ContactId(id.parse()?) }.encode())
}

fn measure(world: &World, served: &Served, case: &mut Case) -> Result {
    let mut ours = rest(world, &served.address, &case.path, 1)?;
    let mut limit = pgbench(world, "run", &case.limit, 1)?;
    case.ours_p50.push(percentile(&mut ours.times, 50));
    case.limit_p50.push(percentile(&mut limit.times, 50));
    case.ours_rate.push(rest(world, &served.address, &case.path, CLIENTS)?.per_second);
    case.limit_rate.push(pgbench(world, "run", &case.limit, CLIENTS)?.per_second);
    Ok(())
}

fn rows(cases: &[Case]) -> Vec<Vec<String>> {
    let mut first = f64::NAN;
    let rows = cases.iter().map(|case| {
        let ours = Spread::of(&case.ours_p50);
        // The first page of an order stands before the far one.
        let is_first = case.name.ends_with(", 1");
        if is_first {
            first = ours.median;
        }
        let share = Spread::of_ratios(&case.ours_rate, &case.limit_rate).median * 100.0;
        vec![
            case.name.clone(),
            ours.show(""),
            Spread::of(&case.limit_p50).show(""),
            Spread::of_ratios(&case.ours_p50, &case.limit_p50).show("x"),
            if is_first { String::new() } else { format!("{}x", digits(ours.median / first)) },
            Spread::of(&case.ours_rate).show(""),
            Spread::of(&case.limit_rate).show(""),
            format!("{share:.0}%"),
        ]
    });
    rows.collect()
}
