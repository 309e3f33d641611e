//! Imports (R36): looking at a file, and taking its rows.

use contacts_core::import::{Chunks, NewPlan};
use contacts_core::tag::TagName;
use contacts_core::{Actor, OrgId};
use contacts_embed::Contacts;

use crate::walk::{Stage, finish};

const FILE: &str = "name,email,phone,tags\n\
    Ann,ann@example.org,+1 202 555 0101,\"vip,fair\"\n\
    Bob,bob@example.org,,fair\n\
    ,nobody@example.org,,\n\
    Ann Lee,ann@example.org,,new\n\
    Cy,cy@example.org,,\n";

fn upload(services: &Contacts, org: OrgId) -> contacts_core::import::Import {
    Chunks::shrink(2);
    let mut upload = services.imports.begin(org, "people.csv", Actor::System, u64::MAX).unwrap();
    upload.push(FILE.as_bytes()).unwrap();
    upload.finish().unwrap()
}

#[test]
fn a_file_is_looked_at() {
    Stage::new().walk(|services, org| {
        upload(services, org);
    });
}

#[test]
fn rows_are_taken() {
    Stage::new().walk(|services, org| {
        let import = upload(services, org);
        finish(services);
        let tags = Some(vec![TagName::parse("imported").unwrap()]);
        services.imports.replan(org, import.id, NewPlan { tags, ..NewPlan::default() }).unwrap();
        services.imports.start(org, import.id).unwrap();
    });
}
