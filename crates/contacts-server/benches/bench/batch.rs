//! New contacts sent in batches, compared with an import of the same contacts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

use crate::Result;
use crate::base::{LARGE, World};
use crate::files::{FIELDS, People};
use crate::http::Client;
use crate::people::{Person, tag};
use crate::program::{self, Served};
use crate::report::Section;
use crate::stats::{Spread, thousands};

/// Number of contacts in a batch: the most that the API takes.
const BATCH: u64 = 1_000;

/// Number of clients that send batches at the same time.
const CLIENTS: [usize; 2] = [1, 4];

/// Adds a tenth of the rows by an import and by batches in turn, each in a new copy of the base.
pub(crate) fn run(world: &mut World) -> Result<Section> {
    let count = (world.args.rows / 10).max(BATCH);
    let people = People { group: LARGE, first: world.args.rows, count, version: 0 };
    let csv = world.postgres.folder().join("batch.csv");
    people.write_csv(&csv)?;
    let (mut import, mut batches) = (Vec::new(), [const { Vec::new() }; CLIENTS.len()]);
    for run in 0..world.args.runs {
        world.fresh("run")?;
        import.push(program::import(world, "run", &csv)?.wall.as_secs_f64());
        let imported = world.digest("count(*)")?;
        for (clients, seconds) in CLIENTS.into_iter().zip(&mut batches) {
            world.fresh("run")?;
            seconds.push(send(world, people, clients)?);
            if world.digest("count(*)")? != imported {
                return Err("batches and the import leave different contacts".into());
            }
        }
        let (import, batches) = (import.last(), batches.each_ref().map(|all| all.last()));
        eprintln!("batch: run {}: import {import:.2?} s, batches {batches:.2?} s", run + 1);
    }
    world.postgres.drop_database("run")?;
    let rate = |seconds: &f64| count as f64 / seconds;
    let row = |name: String, seconds: &[f64]| {
        let rates: Vec<_> = seconds.iter().map(rate).collect();
        vec![
            name,
            Spread::of(seconds).show(" s"),
            Spread::of(&rates).show(""),
            Spread::of_ratios(seconds, &import).show("x"),
        ]
    };
    let mut rows = vec![row("import".to_owned(), &import)];
    for (clients, seconds) in CLIENTS.iter().zip(&batches) {
        rows.push(row(format!("batches, clients: {clients}"), seconds));
    }
    let head = vec!["way", "seconds", "contacts/s", "beside the import"];
    let notes = vec![format!(
        "{} new contacts. The import is a process of its own, with its start and the reading of \
         the file; batches of {} go to a server that runs. Goal: 10,000 contacts a second.",
        thousands(count),
        thousands(BATCH)
    )];
    Ok(Section { head, rows, notes })
}

/// Sends contacts in batches. Returns the seconds from the first request to the last answer.
fn send(world: &World, people: People, clients: usize) -> Result<f64> {
    let bodies: Vec<String> =
        (0..people.count.div_ceil(BATCH)).map(|at| batch(people, at)).collect();
    let served = Served::start(world, "run")?;
    let token = World::token().reveal();
    let next = AtomicU64::new(0);
    let began = Instant::now();
    let one = || -> Result {
        let mut client = Client::open(&served.address, &token)?;
        while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
            let answer: Value =
                serde_json::from_slice(client.send("POST", "/v1/contacts/batch", body)?)?;
            let results = answer["results"].as_array().ok_or("a batch without results")?;
            if let Some(other) = results.iter().find(|one| one["status"] != "created") {
                return Err(format!("a contact was not created: {other}").into());
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let sending: Vec<_> = (0..clients).map(|_| scope.spawn(one)).collect();
        let mut done = sending.into_iter().map(|client| client.join());
        done.try_for_each(|sent| sent.unwrap_or_else(|_panic| Err("a client panicked".into())))
    })?;
    Ok(began.elapsed().as_secs_f64())
}

fn batch(people: People, at: u64) -> String {
    let first = people.first + at * BATCH;
    let count = BATCH.min(people.first + people.count - first);
    let items = People { first, count, ..people }.iter().map(|(_, person)| item(&person));
    json!({ "items": items.collect::<Vec<_>>() }).to_string()
}

fn item(person: &Person) -> Value {
    let [[city, ..], [points, ..]] = FIELDS;
    let tags: Vec<_> = person.tags.iter().map(|at| tag(*at)).collect();
    json!({
        "name": person.name, "email": person.email, "phone": person.phone, "tags": tags,
        "custom": { city: person.city, points: person.points },
    })
}
