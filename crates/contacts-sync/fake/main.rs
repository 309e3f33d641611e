//! A connector for tests that misbehaves as its first arguments request:
//! `airbyte|singer BEHAVIOUR`, then the arguments of the protocol.
//!
//! It has one stream, `people`, with three records, and the last id as its cursor.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio, abort};
use std::thread::sleep;
use std::time::Duration;
use std::{env, fs};

use serde_json::{Value, json};

fn main() -> ExitCode {
    let all: Vec<String> = env::args().skip(1).collect();
    let (Some(protocol), Some(behaviour)) = (all.first(), all.get(1)) else {
        eprintln!("usage: fake-connector airbyte|singer BEHAVIOUR ...");
        return ExitCode::from(2);
    };
    let fake = Fake { is_singer: protocol == "singer", behaviour };
    let rest = &all[2..];
    let has = |word: &str| rest.iter().any(|one| one == word);
    let after = |word: &str| {
        let at = rest.iter().position(|one| one == word)?;
        Some(Path::new(rest.get(at + 1)?))
    };
    if has("spec") || has("--about") {
        fake.spec();
    } else if has("check") {
        return fake.check();
    } else if has("discover") || has("--discover") {
        return fake.discover();
    } else if after("--catalog").is_some() {
        return fake.read(after("--config"), after("--state"));
    } else {
        return ExitCode::from(2);
    }
    ExitCode::SUCCESS
}

struct Fake<'a> {
    is_singer: bool,
    behaviour: &'a str,
}

impl Fake<'_> {
    fn spec(&self) {
        let properties = json!({
            "host": {"type": "string", "title": "Host"},
            "token": {"type": "string", "airbyte_secret": true, "secret": true},
        });
        let schema = json!({"type": "object", "required": ["host"], "properties": properties});
        write_message(&match self.is_singer {
            true => json!({"name": "fake", "settings": schema}),
            false => json!({"type": "SPEC", "spec": {"connectionSpecification": schema}}),
        });
    }

    fn check(&self) -> ExitCode {
        let status = match self.behaviour {
            "refuses" => json!({"status": "FAILED", "message": "The token\n is wrong."}),
            "dies" => {
                eprintln!("no route to host");
                return ExitCode::from(3);
            }
            "hangs" => return hang(),
            _ => json!({"status": "SUCCEEDED"}),
        };
        write_message(&json!({"type": "CONNECTION_STATUS", "connectionStatus": status}));
        ExitCode::SUCCESS
    }

    fn discover(&self) -> ExitCode {
        if self.behaviour == "refuses" {
            eprintln!("Traceback:\n  the token is wrong");
            return ExitCode::FAILURE;
        }
        let properties = json!({"id": {"type": "integer"}, "email": {"type": "string"}});
        let schema = json!({"type": "object", "properties": properties});
        if self.is_singer {
            let about = json!({"inclusion": "available", "table-key-properties": ["id"]});
            let metadata = json!([{"breadcrumb": [], "metadata": about}]);
            let stream = json!({"tap_stream_id": "people", "stream": "people", "schema": schema,
                "key_properties": ["id"], "metadata": metadata});
            // Taps write it on several lines.
            println!("{:#}", json!({"streams": [stream]}));
        } else {
            let stream = json!({"name": "people", "json_schema": schema,
                "supported_sync_modes": ["full_refresh", "incremental"],
                "source_defined_cursor": true, "source_defined_primary_key": [["id"]]});
            write_message(&json!({"type": "CATALOG", "catalog": {"streams": [stream]}}));
        }
        ExitCode::SUCCESS
    }

    fn read(&self, config: Option<&Path>, state: Option<&Path>) -> ExitCode {
        self.begin();
        match self.behaviour {
            "says-nothing" => return ExitCode::SUCCESS,
            "babbles" => (0..500).for_each(|at| println!("line {at} is not a message")),
            "floods" => loop {
                self.record(&json!({"id": 7, "email": "x".repeat(1_000)}));
            },
            "trickles" => loop {
                self.record(&json!({"id": 7}));
                sleep(Duration::from_millis(20));
            },
            "long-line" => {
                let chunk = vec![b'{'; 1 << 20];
                (0..100).for_each(|_| drop(io::stdout().write_all(&chunk)));
            }
            "loud" => loop {
                eprintln!("{}", "a message. ".repeat(50));
            },
            "eats" => {
                let mut eaten: Vec<Vec<u8>> = Vec::new();
                (0..100).for_each(|_| eaten.push(vec![1; 1 << 20]));
                return hang();
            }
            "eats-at-once" => {
                let mut eaten: Vec<Vec<u8>> = Vec::new();
                loop {
                    eaten.push(vec![1; 8 << 20]);
                }
            }
            "describes-itself" => {
                self.record(&itself(config));
                self.state(&json!(1));
                return self.end();
            }
            _ => {}
        }
        let stored = state.and_then(|state| fs::read_to_string(state).ok()).unwrap_or_default();
        let since = (1..=3).rev().find(|id| stored.contains(&format!("\"since\":{id}")));
        for id in since.unwrap_or(0) + 1..=3 {
            self.record(&json!({"id": id, "email": format!("{id}@example.org")}));
            match self.behaviour {
                "changes-its-schema" if id == 2 => self.change(),
                "breaks-off" if id == 2 => {
                    print!("{{\"type\":\"RECORD\",\"stream\":\"people\",\"rec");
                    return ExitCode::SUCCESS;
                }
                "dies" | "aborts" | "hangs" if id == 2 => self.state(&json!({"since": 2})),
                _ => {}
            }
        }
        match self.behaviour {
            "future" => self.state(&json!({"since": "2999-01-01T00:00:00Z"})),
            "large-state" => self.state(&json!("x".repeat(2 << 20))),
            _ => self.state(&json!({"since": 3})),
        }
        self.finish()
    }

    /// Exits after all records.
    fn finish(&self) -> ExitCode {
        match self.behaviour {
            "hangs" => return hang(),
            "dies" => {
                eprintln!("the connection was reset");
                return ExitCode::from(3);
            }
            "aborts" => abort(),
            "ends-too-early" => return ExitCode::SUCCESS,
            "incomplete" => self.status("INCOMPLETE"),
            "wrong-settings" => trace("config_error", "The token has expired."),
            "down" => trace("transient_error", "503 from the server"),
            "broken" => trace("system_error", "list index out of range"),
            "leaves-processes" => leave_processes(),
            _ => {}
        }
        if matches!(self.behaviour, "wrong-settings" | "down" | "broken") {
            return ExitCode::FAILURE;
        }
        self.end()
    }

    fn begin(&self) {
        if self.behaviour == "says-nothing" {
            return;
        }
        if self.is_singer {
            self.schema("id");
        } else {
            write_message(&json!({"type": "LOG", "log": {"level": "INFO", "message": "Starting"}}));
            self.status("STARTED");
        }
    }

    fn end(&self) -> ExitCode {
        if self.behaviour != "incomplete" {
            self.status("COMPLETE");
        }
        ExitCode::SUCCESS
    }

    fn change(&self) {
        if self.is_singer {
            self.schema("email");
        }
        self.record(&json!({"id": {"number": 9}, "mail": ["x@example.org"], "email": 5}));
    }

    fn schema(&self, key: &str) {
        let schema = json!({"properties": {"id": {}, "email": {}}});
        let key = [key];
        write_message(
            &json!({"type": "SCHEMA", "stream": "people", "schema": schema, "key_properties": key}),
        );
    }

    fn status(&self, status: &str) {
        if self.is_singer {
            return;
        }
        let status = json!({"stream_descriptor": {"name": "people"}, "status": status});
        let trace = json!({"type": "STREAM_STATUS", "stream_status": status});
        write_message(&json!({"type": "TRACE", "trace": trace}));
    }

    fn record(&self, data: &Value) {
        write_message(&match self.is_singer {
            true => json!({"type": "RECORD", "stream": "people", "record": data}),
            false => json!({"type": "RECORD", "record": {"stream": "people", "data": data}}),
        });
    }

    fn state(&self, state: &Value) {
        write_message(&match self.is_singer {
            true => json!({"type": "STATE", "value": state}),
            false => {
                let stream =
                    json!({"stream_descriptor": {"name": "people"}, "stream_state": state});
                json!({"type": "STATE", "state": {"type": "STREAM", "stream": stream}})
            }
        });
    }
}

fn write_message(message: &Value) {
    println!("{message}");
}

fn trace(kind: &str, message: &str) {
    let error = json!({"message": message, "failure_type": kind});
    write_message(&json!({"type": "TRACE", "trace": {"type": "ERROR", "error": error}}));
}

fn hang() -> ExitCode {
    loop {
        sleep(Duration::from_secs(60));
    }
}

/// Starts processes that do not exit, one of them in a session of its own.
fn leave_processes() {
    let _ = Command::new("sleep").arg("1000").spawn();
    let _ = Command::new("setsid").args(["sleep", "1000"]).stdout(Stdio::null()).spawn();
}

/// Describes its environment, files and arguments.
fn itself(config: Option<&Path>) -> Value {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| {
        fs::metadata(path).map(|about| format!("{:o}", about.permissions().mode() & 0o777)).ok()
    };
    let folder = config.and_then(Path::parent).unwrap_or(Path::new("/"));
    let mut names: Vec<String> = env::vars().map(|(name, _)| name).collect();
    names.sort();
    json!({
        "names": names,
        "file": config.and_then(mode),
        "folder": mode(folder),
        "path": folder,
        "here": env::current_dir().ok(),
        "config": config.and_then(|config| fs::read_to_string(config).ok()),
        "arguments": env::args().collect::<Vec<_>>().join(" "),
    })
}
