//! A server that is killed in the middle of a run of a connected source (R39): another takes it up
//! from the last state that was stored, and nothing of the connector is left.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Scratch, Serving};

/// How many people there are.
const PEOPLE: usize = 60;

/// When a run must be at its end after its server was killed.
const PATIENCE: Duration = Duration::from_secs(45);

/// Says a person every quarter of a second, or at once when a file says so, with a state after
/// every fourth; notes its own number and where it began; and has a child that says nothing.
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

/// The processes of a group that are alive.
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
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < patience, "not in {patience:?}: {what}");
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

/// Who has read: the number of the process, and after which person it began.
fn begun(folder: &Path) -> Vec<(String, usize)> {
    let begun = fs::read_to_string(folder.join("begun")).unwrap_or_default();
    let lines = begun.lines().filter_map(|line| line.split_once(' '));
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
    wait_until("something is stored", Duration::from_secs(30), || {
        added(&first.expect(200, "GET", &path, "")) > 0
    });
    let (killed, _) = begun(folder.path()).remove(0);
    assert_eq!(alive(&killed).len(), 3, "a shell and two that sleep");

    first.end(Signal::KILL);
    let since = Instant::now();
    // Whoever speaks to nobody is ended by that, but whoever is silent is not.
    wait_until("it has ended", Duration::from_secs(5), || alive(&killed).len() == 1);
    fs::write(folder.path().join("hurry"), "").unwrap();
    let second = serve();
    let read = || second.ask(&key, "GET", &path, "").json();
    wait_until("the run is at its end", PATIENCE, || read()["ended_at"].is_string());
    let took = since.elapsed();
    assert!(took < PATIENCE, "{took:?}");
    let run = read();
    assert_eq!((&run["state"], added(&run)), (&json!("done"), PEOPLE as u64), "{run}");
    assert_eq!(run["summary"]["skipped"], 0, "nobody came twice: {run}");
    let people = second.ask(&key, "GET", "/v1/contacts?limit=200", "").json();
    assert_eq!(people["items"].as_array().unwrap().len(), PEOPLE);

    let begun = begun(folder.path());
    assert_eq!(begun.len(), 2, "{begun:?}");
    assert!(begun[1].1 > 0, "it went on where the last state was: {begun:?}");
    for (process, _) in begun {
        wait_until("nothing is left", Duration::from_secs(5), || alive(&process).is_empty());
    }
}
