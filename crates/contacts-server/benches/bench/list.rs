//! Pages of the list with tags and sources, in each order, near the start and far from it.

use serde_json::Value;

use crate::Result;
use crate::base::World;
use crate::http::Client;
use crate::load::{pgbench, rest};
use crate::program::Served;
use crate::report::Section;
use crate::statement::{ORDERS, Order, Statement, page};
use crate::stats::{Spread, digits, percentile};

/// Number of rows in a page.
const ROWS: u64 = 50;

/// Number of concurrent clients where throughput is measured.
const CLIENTS: usize = 16;

/// A page of the list, as requested from the API and from `pgbench`.
struct Case {
    name: String,
    number: u64,
    path: String,
    limit: Statement,
    ours_p50: Vec<f64>,
    limit_p50: Vec<f64>,
    ours_rate: Vec<f64>,
    limit_rate: Vec<f64>,
}

/// Requests each page, from both in turn.
pub(crate) fn run(world: &mut World) -> Result<Section> {
    world.fresh("run")?;
    let far = (world.args.rows / ROWS / 2).min(1_000);
    let mut cases = Vec::new();
    for order in ORDERS {
        cases.push(case(world, order, 1)?);
        cases.push(case(world, order, far)?);
    }
    let served = Served::start(world, "run")?;
    let mut client = Client::open(&served.address, &World::token().reveal())?;
    for case in &mut cases {
        turn_to(&mut case.path, case.number, &mut client)?;
    }
    drop(client);
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
    let path = format!("/v1/contacts?sort={}&limit={ROWS}&count=none", order.name);
    let mut variables = vec![("org", org.to_string()), ("rows", (ROWS + 1).to_string())];
    let mut condition = String::new();
    if number > 1 {
        let before = (number - 1) * ROWS - 1;
        let (column, sql) = (order.column, order.sql());
        let row = world.postgres.ask(
            "run",
            &format!(
                "SELECT c.{column}, c.id FROM contacts c WHERE c.org_id = '{org}'{sql} \
                 OFFSET {before} LIMIT 1"
            ),
        )?;
        let [value, id] = row.split('|').collect::<Vec<_>>()[..] else {
            return Err(format!("no row before page {number}: {row}").into());
        };
        variables.extend([("key", value.to_owned()), ("id", id.to_owned())]);
        let beyond = if order.descending { '<' } else { '>' };
        condition = format!(" AND (c.{column}, c.id) {beyond} (:key, :id)");
    }
    let limit = Statement { text: page(order, &condition), variables, options: "" };
    let name = format!("{}, {number}", order.name);
    let [ours_p50, limit_p50, ours_rate, limit_rate] = [const { Vec::new() }; 4];
    Ok(Case { name, number, path, limit, ours_p50, limit_p50, ours_rate, limit_rate })
}

/// Adds the cursor of a page to a path that has none. The pages before it are read, because only
/// the API issues cursors; their size may differ.
fn turn_to(path: &mut String, number: u64, client: &mut Client) -> Result {
    const MAX_ROWS: u64 = 200;
    let (first, mut rows) = (path.clone(), (number - 1) * ROWS);
    while rows > 0 {
        let limit = rows.min(MAX_ROWS);
        let sized = path.replacen(&format!("limit={ROWS}"), &format!("limit={limit}"), 1);
        let page: Value = serde_json::from_slice(client.get(&sized)?)?;
        let next = page["next"].as_str().ok_or("the list has fewer rows")?;
        *path = format!("{first}&cursor={next}");
        rows -= limit;
    }
    Ok(())
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
        // The first page of an order comes before the far one.
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
