//! Deliveries reported in batches, compared with the same statements by hand.

use std::fmt::Write;
use std::fs;
use std::time::{Duration, Instant};

use crate::Result;
use crate::base::{LARGE, World};
use crate::files::{contact_id, detail_id};
use crate::http::Client;
use crate::program::{self, Served};
use crate::report::Section;
use crate::stats::{Spread, digits, thousands};

/// Number of events in a batch.
const BATCH: u64 = 500;

/// Maximum number of contacts with deliveries.
const MOST: u64 = 100_000;

/// The kinds of events that are reported for every contact, one kind after the other.
const KINDS: [&str; 2] = ["sent", "opened"];

/// Reports deliveries for all contacts, by the program and by hand in turn, each in a new copy of
/// the base.
pub(crate) fn run(world: &mut World) -> Result<Section> {
    let people = world.args.rows.min(MOST);
    fs::write(world.postgres.folder().join("deliveries.sql"), limit(people)?)?;
    let (mut ours, mut limits, mut peak) = (Vec::new(), Vec::new(), 0.0_f64);
    for run in 0..world.args.runs {
        let mut states = Vec::new();
        for interrupt in 0..2 {
            prepare(world, people)?;
            if (run + interrupt) % 2 == 0 {
                let (took, kib) = tell(world, people)?;
                ours.push(took.as_secs_f64());
                peak = peak.max(kib as f64 / 1_024.0);
            } else {
                let mut psql = world.postgres.client("psql", "run");
                psql.args(["-f", "deliveries.sql"]);
                limits.push(program::run(psql)?.wall.as_secs_f64());
            }
            states.push(state(world)?);
        }
        if states.first() != states.last() {
            return Err(format!("both know different deliveries: {states:?}").into());
        }
        let (ours, limit) = (ours.last(), limits.last());
        eprintln!("deliveries: run {}: {ours:.2?} s, limit {limit:.2?} s", run + 1);
    }
    let events = people * KINDS.len() as u64;
    let rates: Vec<_> = ours.iter().map(|seconds| events as f64 / seconds).collect();
    let rows = vec![vec![
        thousands(events),
        Spread::of(&ours).show(" s"),
        Spread::of(&limits).show(" s"),
        Spread::of_ratios(&ours, &limits).show("x"),
        Spread::of(&rates).show(""),
        format!("{} MiB", digits(peak)),
    ]];
    let head = vec!["events", "ours", "limit", "ratio", "events/s", "peak memory"];
    let notes = vec!["Goal: within 1.5x.".to_owned()];
    Ok(Section { head, rows, notes })
}

fn campaign() -> uuid::Uuid {
    detail_id(LARGE, "campaign", 0)
}

/// Prepares a new copy of the base with a campaign, and with the events in a table for the limit.
fn prepare(world: &mut World, people: u64) -> Result {
    world.fresh("run")?;
    let (org, campaign) = (World::org(), campaign());
    world.postgres.ask(
        "run",
        &format!(
            "INSERT INTO campaigns (org_id, id, kind, name, created_at) \
             VALUES ('{org}', '{campaign}', 'campaign', 'Spring', now()); \
             CREATE UNLOGGED TABLE told (batch int, id text, contact_id uuid, kind text);"
        ),
    )?;
    let all = world.args.rows;
    world.postgres.copy("run", "told", |out| {
        for (number, kind, event) in events(people) {
            let contact = contact_id(LARGE, number, all);
            writeln!(out, "{}\t{event}\t{contact}\t{kind}", batch(people, number, kind))?;
        }
        Ok(())
    })?;
    world.postgres.ask("run", "CREATE INDEX ON told (batch); ANALYZE told")?;
    world.postgres.checkpoint()
}

fn events(people: u64) -> impl Iterator<Item = (u64, &'static str, String)> {
    KINDS.into_iter().flat_map(move |kind| {
        (0..people).map(move |number| (number, kind, format!("mail/{number}/{kind}")))
    })
}

fn batches(people: u64) -> u64 {
    people.div_ceil(BATCH)
}

fn batch(people: u64, number: u64, kind: &str) -> u64 {
    let place = KINDS.iter().position(|known| *known == kind).unwrap_or_default() as u64;
    place * batches(people) + number / BATCH
}

/// The time of every event, which both write.
const AT: &str = "2026-01-01T00:00:00Z";

fn tell(world: &World, people: u64) -> Result<(Duration, u64)> {
    let served = Served::start(world, "run")?;
    let mut client = Client::open(&served.address, &World::token().reveal())?;
    let (campaign, all) = (campaign(), world.args.rows);
    let mut bodies: Vec<String> = Vec::new();
    for kind in KINDS {
        for first in (0..people).step_by(BATCH as usize) {
            let mut body = String::from("{\"events\":[");
            for number in first..people.min(first + BATCH) {
                let comma = if number > first { "," } else { "" };
                write!(
                    body,
                    "{comma}{{\"id\":\"mail/{number}/{kind}\",\"campaign_id\":\"{campaign}\",\
                     \"contact_id\":\"{}\",\"kind\":\"{kind}\",\"at\":\"{AT}\"}}",
                    contact_id(LARGE, number, all)
                )?;
            }
            body.push_str("]}");
            bodies.push(body);
        }
    }
    let began = Instant::now();
    for body in &bodies {
        world.postgres.uninterrupted()?;
        client.send("POST", "/v1/deliveries", body)?;
    }
    Ok((began.elapsed(), served.peak()))
}

/// Returns the script of the limit: two statements for each batch.
fn limit(people: u64) -> Result<String> {
    let (org, campaign) = (World::org(), campaign());
    let mut text = String::from("SET jit = off;\n");
    for batch in 0..batches(people) * KINDS.len() as u64 {
        write!(
            text,
            "BEGIN;\n\
             INSERT INTO deliveries (org_id, id, contact_id, campaign_id, kind, at, actor_kind, \
                 actor_id) \
             SELECT '{org}', id, contact_id, '{campaign}', kind, '{AT}', 'key', '{org}' \
             FROM told WHERE batch = {batch} ON CONFLICT (org_id, id) DO NOTHING;\n\
             INSERT INTO subscriptions (org_id, contact_id, campaign_id, pending_at, sent_at, \
                 opened_at, actor_kind, actor_id) \
             SELECT '{org}', contact_id, '{campaign}', '{AT}', \
                 CASE WHEN kind = 'sent' THEN timestamptz '{AT}' END, \
                 CASE WHEN kind = 'opened' THEN timestamptz '{AT}' END, 'key', '{org}' \
             FROM told WHERE batch = {batch} \
             ON CONFLICT (org_id, contact_id, campaign_id) DO UPDATE SET \
                 sent_at = LEAST(subscriptions.sent_at, excluded.sent_at), \
                 opened_at = LEAST(subscriptions.opened_at, excluded.opened_at);\n\
             COMMIT;\n"
        )?;
    }
    Ok(text)
}

/// Returns the stored deliveries at the end, which must be the same for both.
fn state(world: &World) -> Result<String> {
    world.postgres.ask(
        "run",
        "SELECT (SELECT count(*) FROM deliveries), count(*), count(sent_at), count(opened_at) \
         FROM subscriptions",
    )
}
