//! A server is killed during a run of a connected source (R39): another server continues the run
//! from the last stored state, and no process of the connector is left.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Scratch, Serving};

/// Number of records in the stream.
const PEOPLE: usize = 60;

/// Time within which a run must end after its server was killed (R63).
const TIMEOUT: Duration = Duration::from_secs(60);

/// Time for everything else, which is quick unless the machine is busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connector that writes a record every quarter of a second, or without a pause when a file says
/// so, with a state after every fourth record. It notes its process id and its start position in a
/// file, and has a child process that writes nothing.
const SLOW: &str = r#"
cd "$(dirname "$0")" || exit 1
stream='"stream_descriptor":{"name":"people"}'
case $1 in
spec) echo '{"type":"SPEC","spec":{"connectionSpecification":{"properties":{}}}}' ;;
discover)
  echo '{"type":"CATALOG","catalog":{"streams":[{"name":"people","json_schema":{"properties":{"id":{},"name":{}}},"supported_sync_modes":["incremental"],"source_defined_cursor":true,"source_defined_primary_key":[["id"]]}]}}' ;;
read)
  n=$(sed -n 's/.*"since":\([0-9]*\).*/\1/p' "${7:-/dev/null}")
  n=${n:-0}
  echo "$$ $n" >>begun
  sleep 1000 &
  silent=$!
  while [ "$n" -lt 60 ]; do
    n=$((n + 1))
    echo '{"type":"RECORD","record":{"stream":"people","data":{"id":'$n',"name":"Person '$n'"}}}'
    if [ $((n % 4)) = 0 ]; then
      echo '{"type":"STATE","state":{"type":"STREAM","stream":{'$stream',"stream_state":{"since":'$n'}}}}'
    fi
    [ -e hurry ] || sleep 0.25
  done
  kill $silent ;;
esac
"#;

/// Returns the live processes of a process group.
fn alive(group: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let stats = processes.filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok());
    let of_group = |stat: &String| {
        let fields = stat.rsplit_once(')').unwrap().1;
        let fields: Vec<_> = fields.split_whitespace().collect();
        !matches!(fields[0], "Z" | "X") && fields[2] == group
    };
    stats.filter(of_group).collect()
}

#[track_caller]
fn wait_until(what: &str, patience: Duration, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < patience, "not in {patience:?}: {what}");
        sleep(Duration::from_millis(50));
    }
}

fn connector(folder: &Path) -> String {
    let (script, list) = (folder.join("slow.sh"), folder.join("connectors.json"));
    fs::write(&script, SLOW).unwrap();
    let command = ["sh".into(), script.display().to_string()];
    let list_of =
        json!({"connectors": [{"name": "slow", "protocol": "airbyte", "command": command}]});
    fs::write(&list, list_of.to_string()).unwrap();
    list.display().to_string()
}

/// Returns the processes that have read the stream: the process id, and the record after which it
/// began.
fn started(folder: &Path) -> Vec<(String, usize)> {
    let started = fs::read_to_string(folder.join("begun")).unwrap_or_default();
    let lines = started.lines().filter_map(|line| line.split_once(' '));
    lines.map(|(process, after)| (process.to_owned(), after.parse().unwrap())).collect()
}

#[test]
fn another_server_takes_up_the_run_of_one_that_is_killed() {
    let (database, folder) = (Scratch::new(), tempfile::tempdir().unwrap());
    let list = connector(folder.path());
    let serve = || Serving::with(&database.url, &[], &[("CONTACTS_CONNECTORS", &*list)]);
    let first = serve();
    let source = json!({
        "name": "CRM", "connector": "slow", "settings": {}, "stream": "people",
        "mode": "incremental", "mapping": {"fields": [{"field": "name", "target": "name"}]},
    });
    let source = first.expect(201, "POST", "/v1/sources", &source.to_string());
    let runs = format!("/v1/sources/{}/runs", source["id"].as_str().unwrap());
    let run = first.expect(202, "POST", &runs, "{}");
    let path = format!("{runs}/{}", run["id"].as_str().unwrap());
    let key = first.key().to_owned();
    let added = |run: &Value| run["summary"]["added"].as_u64().unwrap_or_else(|| panic!("{run}"));
    wait_until("something is stored", PATIENCE, || added(&first.expect(200, "GET", &path, "")) > 0);
    let (killed, _) = started(folder.path()).remove(0);
    wait_until("a shell and two that sleep", PATIENCE, || alive(&killed).len() == 3);

    first.end(Signal::KILL);
    let since = Instant::now();
    // A process that writes to the closed pipe is ended by that; a silent one is not.
    wait_until("it has ended", PATIENCE, || alive(&killed).len() == 1);
    fs::write(folder.path().join("hurry"), "").unwrap();
    let second = serve();
    let read = || second.ask(&key, "GET", &path, "").json();
    wait_until("the run is at its end", TIMEOUT, || read()["finished_at"].is_string());
    let took = since.elapsed();
    assert!(took < TIMEOUT, "{took:?}");
    let run = read();
    assert_eq!((&run["state"], added(&run)), (&json!("done"), PEOPLE as u64), "{run}");
    assert_eq!(run["summary"]["skipped"], 0, "nobody came twice: {run}");
    let people = second.ask(&key, "GET", "/v1/contacts?limit=200", "").json();
    assert_eq!(people["items"].as_array().unwrap().len(), PEOPLE);

    let started = started(folder.path());
    assert_eq!(started.len(), 2, "{started:?}");
    assert!(started[1].1 > 0, "it went on where the last state was: {started:?}");
    for (process, _) in started {
        wait_until("nothing is left", PATIENCE, || alive(&process).is_empty());
    }
}
