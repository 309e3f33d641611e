//! Repeats one request over the API, or one statement by `pgbench`.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;
use crate::base::World;
use crate::http::Client;
use crate::postgres::OPTIONS;
use crate::statement::Statement;

/// Results of a load.
pub(crate) struct Load {
    /// Time of each response.
    pub(crate) times: Vec<Duration>,
    /// Responses per second.
    pub(crate) per_second: f64,
}

/// Requests a path from the API with several concurrent clients.
pub(crate) fn rest(world: &World, address: &str, path: &str, clients: usize) -> Result<Load> {
    world.postgres.uninterrupted()?;
    let token = World::token().reveal();
    let time = Duration::from_secs(world.args.seconds);
    let began = Instant::now();
    let one = || -> Result<Vec<Duration>> {
        let mut client = Client::open(address, &token)?;
        let mut times = Vec::new();
        while began.elapsed() < time {
            let asked = Instant::now();
            client.get(path)?;
            times.push(asked.elapsed());
        }
        Ok(times)
    };
    let times = thread::scope(|scope| {
        let asking: Vec<_> = (0..clients).map(|_| scope.spawn(one)).collect();
        let done = asking.into_iter().map(|client| client.join());
        done.map(|times| times.unwrap_or_else(|_panic| Err("a client panicked".into())))
            .collect::<Result<Vec<_>>>()
    })?;
    let times = times.concat();
    let per_second = times.len() as f64 / began.elapsed().as_secs_f64();
    Ok(Load { times, per_second })
}

/// Runs a statement by `pgbench` with several concurrent clients.
pub(crate) fn pgbench(
    world: &World,
    database: &str,
    statement: &Statement,
    clients: usize,
) -> Result<Load> {
    world.postgres.uninterrupted()?;
    let folder = world.postgres.folder();
    let script = folder.join("limit.sql");
    fs::write(&script, &statement.text)?;
    let mut command = world.postgres.client("pgbench", database);
    command.env("PGOPTIONS", format!("{OPTIONS} {}", statement.options));
    command.args(["-n", "-M", "prepared", "-l", "--log-prefix=limit"]);
    command.arg("-c").arg(clients.to_string()).arg("-j").arg(clients.min(2).to_string());
    command.arg("-T").arg(world.args.seconds.to_string()).arg("-f").arg(&script);
    for (name, value) in &statement.variables {
        command.arg("-D").arg(format!("{name}={value}"));
    }
    let output = command.arg(world.postgres.url(database)).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(format!("pgbench: {words}\n{}", statement.text).into());
    }
    let per_second = said
        .lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok())
        .ok_or_else(|| format!("pgbench did not say how much it did: {said}"))?;
    Ok(Load { times: read_logs(folder)?, per_second })
}

/// Reads and removes the logs of `pgbench`: one line per transaction, with the microseconds in the
/// third column.
fn read_logs(folder: &std::path::Path) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !name.starts_with("limit.") || name.ends_with(".sql") {
            continue;
        }
        for line in fs::read_to_string(&path)?.lines() {
            let micros = line.split(' ').nth(2).and_then(|micros| micros.parse().ok());
            times.extend(micros.map(Duration::from_micros));
        }
        fs::remove_file(path)?;
    }
    Ok(times)
}
