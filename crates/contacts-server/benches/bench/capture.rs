//! Captures by sixteen clients, half of them of existing contacts, compared with `pgbench`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;
use crate::base::{LARGE, World};
use crate::files::{contact_id, detail_id, write_computed};
use crate::http::Client;
use crate::load::pgbench;
use crate::people::{Person, person};
use crate::program::Served;
use crate::report::Section;
use crate::statement::Statement;
use crate::stats::{Spread, digits};

/// The limit, as a script for `pgbench`.
const LIMIT: &str = include_str!("capture.sql");

/// Number of concurrent clients.
const CLIENTS: usize = 16;

/// Maximum number of contacts from which the limit chooses, large enough that few are chosen twice.
const SAID: u64 = 200_000;

/// Captures for some seconds, by the program and by hand in turn, each in a new copy of the base.
pub(crate) fn run(world: &mut World) -> Result<Section> {
    let (mut ours, mut limits, mut peak) = (Vec::new(), Vec::new(), 0.0_f64);
    for run in 0..world.args.runs {
        for interrupt in 0..2 {
            world.fresh("run")?;
            if (run + interrupt) % 2 == 0 {
                let (rate, kib) = capture(world)?;
                ours.push(rate);
                peak = peak.max(kib as f64 / 1_024.0);
            } else {
                limits.push(by_hand(world)?);
            }
        }
        let (ours, limit) = (ours.last(), limits.last());
        eprintln!("capture: run {}: {ours:.0?} a second, limit {limit:.0?}", run + 1);
    }
    let share = Spread::of_ratios(&ours, &limits).median * 100.0;
    let rows = vec![vec![
        CLIENTS.to_string(),
        Spread::of(&ours).show(""),
        Spread::of(&limits).show(""),
        format!("{share:.0}%"),
        format!("{} MiB", digits(peak)),
    ]];
    let head = vec!["clients", "captures/s ours", "captures/s limit", "share", "peak memory"];
    let notes = vec!["Goal: at least 60%, no deadlock, and no capture lost.".to_owned()];
    Ok(Section { head, rows, notes })
}

fn widget() -> uuid::Uuid {
    detail_id(LARGE, "chat", 0)
}

/// Returns the person of a capture. Every second person is an existing contact.
fn who(number: u64, rows: u64) -> Person {
    if number.is_multiple_of(2) {
        return person(LARGE, number.wrapping_mul(7_919) % rows, 0);
    }
    let new = person(LARGE, rows + number, 0);
    Person { email: format!("new.{}", new.email.to_lowercase()), ..new }
}

/// Returns the captures per second, and the peak memory in KiB.
fn capture(world: &World) -> Result<(f64, u64)> {
    let before = sources(world)?;
    let served = Served::start(world, "run")?;
    let token = World::token_of(&["capture"], world)?;
    let time = Duration::from_secs(world.args.seconds);
    let (next, rows, widget) = (AtomicU64::new(0), world.args.rows, widget());
    let began = Instant::now();
    let one = || -> Result<u64> {
        let mut client = Client::open(&served.address, &token)?;
        let mut sent = 0;
        while began.elapsed() < time {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Person { name, email, .. } = who(number, rows);
            let conversation = contact_id(LARGE + 1_000, number, u64::MAX);
            let body = serde_json::json!({
                "widget_id": widget, "visitor": format!("bench-{number}"),
                "conversation_id": conversation, "name": name, "email": email,
            });
            client.send("POST", "/v1/captures", &body.to_string())?;
            sent += 1;
        }
        Ok(sent)
    };
    let sent = thread::scope(|scope| {
        let sending: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(one)).collect();
        let done = sending.into_iter().map(|client| client.join());
        done.map(|sent| sent.unwrap_or_else(|_panic| Err("a client panicked".into())))
            .sum::<Result<u64>>()
    })?;
    let took = began.elapsed().as_secs_f64();
    let kept = sources(world)? - before;
    if kept != sent {
        return Err(format!("{sent} captures were sent, and {kept} are kept").into());
    }
    Ok((sent as f64 / took, served.peak()))
}

fn sources(world: &World) -> Result<u64> {
    world.postgres.number("run", "SELECT count(*) FROM contact_sources WHERE kind = 'chat'")
}

fn by_hand(world: &World) -> Result<f64> {
    let postgres = &world.postgres;
    postgres.ask(
        "run",
        "CREATE TABLE said (n bigint, is_known boolean, id uuid, name text, name_key text, \
         email text, email_key text, phone text, phone_e164 text, search text, custom jsonb)",
    )?;
    let rows = world.args.rows;
    let said = SAID.min(2 * rows);
    postgres.copy("run", "said", |mut out| {
        for number in 0..said {
            let is_known = number.is_multiple_of(2);
            let id = contact_id(LARGE + 2_000, number, said);
            write!(out, "{}\t{is_known}\t{id}", number + 1)?;
            write_computed(&mut out, &who(number, rows))?;
            writeln!(out)?;
        }
        Ok(())
    })?;
    postgres.ask("run", "ALTER TABLE said ADD PRIMARY KEY (n); ANALYZE said")?;
    postgres.checkpoint()?;
    let variables = vec![
        ("org", World::org().to_string()),
        ("widget", widget().to_string()),
        ("people", said.to_string()),
    ];
    let statement = Statement { text: LIMIT.to_owned(), variables, options: "" };
    Ok(pgbench(world, "run", &statement, CLIENTS)?.per_second)
}
