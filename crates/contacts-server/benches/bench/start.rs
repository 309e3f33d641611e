//! Time until the program is ready with a migrated database, and its memory when idle.

use std::thread;
use std::time::Duration;

use crate::Result;
use crate::base::World;
use crate::program::Served;
use crate::report::Section;
use crate::stats::Spread;

/// Idle time before the memory is read.
const IDLE: Duration = Duration::from_secs(3);

/// Starts the program several times.
pub(crate) fn run(world: &mut World) -> Result<Section> {
    world.fresh("run")?;
    let (mut ready, mut resident) = (Vec::new(), Vec::new());
    // The first start reads the program from the disk.
    drop(Served::start(world, "run")?);
    for _ in 0..world.args.runs {
        let served = Served::start(world, "run")?;
        ready.push(served.ready_after.as_secs_f64() * 1_000.0);
        thread::sleep(IDLE);
        resident.push(served.resident() as f64 / 1_024.0);
    }
    world.postgres.drop_database("run")?;
    let rows = vec![
        vec![
            "from exec to 200 of `/readyz`".to_owned(),
            Spread::of(&ready).show(" ms"),
            "under 300 ms".to_owned(),
        ],
        vec![
            "resident memory when idle".to_owned(),
            Spread::of(&resident).show(" MiB"),
            "under 40 MiB".to_owned(),
        ],
    ];
    Ok(Section { head: vec!["what", "ours", "goal"], rows, notes: Vec::new() })
}
