//! Bulk actions on all contacts, as a job with progress, compared with one statement each.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Result;
use crate::base::{LARGE, World};
use crate::files::{detail_id, tag_id};
use crate::http::Client;
use crate::program::Served;
use crate::report::Section;
use crate::stats::{Spread, digits};

/// The actions, in the order in which they run.
const KINDS: [&str; 3] = ["tag", "add to a campaign", "delete"];

#[derive(Default)]
struct Figures {
    ours: Vec<f64>,
    limit: Vec<f64>,
}

/// Tags, subscribes and deletes all contacts, by the program and by hand in turn, each in a new
/// copy of the base.
pub(crate) fn run(world: &mut World) -> Result<Section> {
    let mut figures: [Figures; 3] = Default::default();
    let mut peak = 0.0_f64;
    for run in 0..world.args.runs {
        let mut states = Vec::new();
        for interrupt in 0..2 {
            prepare(world)?;
            states.push(if (run + interrupt) % 2 == 0 {
                let (state, kib) = ours(world, &mut figures)?;
                peak = peak.max(kib as f64 / 1_024.0);
                state
            } else {
                by_hand(world, &mut figures)?
            });
        }
        if states.first() != states.last() {
            return Err(format!("both leave different contacts: {states:?}").into());
        }
        for (kind, figures) in KINDS.iter().zip(&figures) {
            let (ours, limit) = (figures.ours.last(), figures.limit.last());
            eprintln!("bulk: run {}, {kind}: {ours:.2?} s, limit {limit:.2?} s", run + 1);
        }
    }
    let rows = KINDS.iter().zip(&figures).map(|(kind, figures)| {
        let people = world.args.rows as f64;
        let rates: Vec<_> = figures.ours.iter().map(|seconds| people / seconds).collect();
        vec![
            (*kind).to_owned(),
            Spread::of(&figures.ours).show(" s"),
            Spread::of(&figures.limit).show(" s"),
            Spread::of_ratios(&figures.ours, &figures.limit).show("x"),
            Spread::of(&rates).show(""),
        ]
    });
    let notes = vec![format!(
        "Seconds from choosing everybody by a filter until the action is done, looked at every 20 \
         ms. Goal: within 1.25x. Peak memory of ours: {} MiB.",
        digits(peak)
    )];
    let head = vec!["everybody", "ours", "limit", "ratio", "contacts/s"];
    Ok(Section { head, rows: rows.collect(), notes })
}

fn campaign() -> uuid::Uuid {
    detail_id(LARGE, "campaign", 0)
}

fn prepare(world: &mut World) -> Result {
    world.fresh("run")?;
    let (org, campaign) = (World::org(), campaign());
    let register = format!(
        "INSERT INTO campaigns (org_id, id, kind, name, created_at) \
         VALUES ('{org}', '{campaign}', 'campaign', 'Spring', now())"
    );
    world.postgres.ask("run", &register)?;
    world.postgres.checkpoint()
}

/// Runs the actions through the API. Returns the state after each action, and the peak memory in
/// KiB.
fn ours(world: &World, figures: &mut [Figures; 3]) -> Result<(Vec<String>, u64)> {
    let served = Served::start(world, "run")?;
    let mut client = Client::open(&served.address, &World::token().reveal())?;
    let actions = [
        r#"{"type": "add_tags", "tags": ["bench"]}"#.to_owned(),
        format!(r#"{{"type": "add_to_campaign", "campaign_id": "{}"}}"#, campaign()),
        r#"{"type": "delete"}"#.to_owned(),
    ];
    let mut states = Vec::new();
    for (action, figures) in actions.iter().zip(figures) {
        let began = Instant::now();
        let chosen = client.send("POST", "/v1/selections", r#"{"filter": {}}"#)?;
        let chosen: Value = serde_json::from_slice(chosen)?;
        let body = format!(
            r#"{{"selection_id": {}, "action": {action}, "confirm_count": {}}}"#,
            chosen["id"], chosen["count"]
        );
        let started: Value = serde_json::from_slice(client.send("POST", "/v1/actions", &body)?)?;
        let path = format!("/v1/actions/{}", started["id"].as_str().unwrap_or_default());
        loop {
            world.postgres.uninterrupted()?;
            let action: Value = serde_json::from_slice(client.get(&path)?)?;
            match action["state"].as_str() {
                Some("done") => break,
                Some("queued" | "running") => thread::sleep(Duration::from_millis(20)),
                _ => return Err(format!("the action did not end well: {action}").into()),
            }
        }
        figures.ours.push(began.elapsed().as_secs_f64());
        states.push(state(world)?);
    }
    Ok((states, served.peak()))
}

fn by_hand(world: &World, figures: &mut [Figures; 3]) -> Result<Vec<String>> {
    let (org, campaign, tag) = (World::org(), campaign(), tag_id(LARGE, usize::MAX / 4));
    let statements = [
        format!(
            "INSERT INTO tags (org_id, id, name, key, created_at) \
             VALUES ('{org}', '{tag}', 'bench', 'bench', now()); \
             INSERT INTO contact_tags (org_id, contact_id, tag_id) \
             SELECT '{org}', c.id, '{tag}' FROM contacts c WHERE c.org_id = '{org}' \
             ON CONFLICT (org_id, contact_id, tag_id) DO NOTHING; \
             ANALYZE contact_tags"
        ),
        format!(
            "INSERT INTO subscriptions (org_id, contact_id, campaign_id, pending_at, actor_kind) \
             SELECT '{org}', c.id, '{campaign}', now(), 'system' FROM contacts c \
             WHERE c.org_id = '{org}' AND c.email_key <> '' AND NOT EXISTS ( \
                 SELECT FROM unsubscribes u WHERE u.org_id = '{org}' AND u.contact_id = c.id) \
             ON CONFLICT (org_id, contact_id, campaign_id) DO NOTHING; \
             ANALYZE subscriptions"
        ),
        format!(
            "DELETE FROM contacts WHERE org_id = '{org}'; \
             ANALYZE contacts, contact_tags, contact_sources"
        ),
    ];
    let mut states = Vec::new();
    for (statement, figures) in statements.iter().zip(figures) {
        let began = Instant::now();
        world.postgres.ask("run", &format!("SET jit = off; {statement}"))?;
        figures.limit.push(began.elapsed().as_secs_f64());
        states.push(state(world)?);
    }
    Ok(states)
}

/// Returns the state of the database, which must be the same for both.
fn state(world: &World) -> Result<String> {
    let org = World::org();
    let count = |table: &str| format!("(SELECT count(*) FROM {table} WHERE org_id = '{org}')");
    let tables = ["contacts", "contact_tags", "subscriptions", "contact_sources"].map(count);
    let state = world.postgres.ask("run", &format!("SELECT {}", tables.join(", ")))?;
    world.postgres.checkpoint()?;
    Ok(state)
}
