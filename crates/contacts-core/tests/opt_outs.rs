//! Files that opt people out (R52), on the world in memory.
#![expect(clippy::unwrap_used, reason = "whatever goes wrong in a test is to fail it")]

use contacts_core::Actor;
use contacts_core::contact::{Contact, NewContact};
use contacts_core::import::{ImportState, NewPlan, Policy, Target};
use contacts_core::job::Interrupt;
use contacts_testkit::World;
use rstest::rstest;

struct Always;

impl Interrupt for Always {
    fn may_continue(&self) -> bool {
        true
    }

    fn must_end(&self) -> bool {
        false
    }
}

/// Imports a file, and returns the codes of the skipped rows. Without `columns`, the suggested ones
/// are used.
fn import(world: &World, file: &str, columns: &str, policy: Policy) -> String {
    let (imports, org) = (world.services().imports, world.org());
    let mut upload = imports.begin(org, "list.csv", Actor::System, u64::MAX).unwrap();
    assert!(upload.push(file.as_bytes()).unwrap());
    let import = upload.finish().unwrap();
    imports.analyse(org, import.id, &Always).unwrap();
    let columns =
        (!columns.is_empty()).then(|| columns.split(',').map(Target::parse).collect::<Vec<_>>());
    let plan = NewPlan { columns, policy: Some(policy), ..NewPlan::default() };
    let import = imports.replan(org, import.id, plan).unwrap();
    assert_eq!(import.state, ImportState::Ready);
    imports.start(org, import.id, Actor::System).unwrap();
    let (import, chunks) = imports.chunks(org, import.id).unwrap().unwrap();
    imports.take(&import, chunks, &Always).unwrap();
    let tally = imports.get(org, import.id).unwrap().tally;
    let skipped: Vec<_> = tally.skipped.keys().map(|code| code.as_str()).collect();
    skipped.join(",")
}

const COLUMNS: &str = "id,external_id,name,email,unsubscribed";

#[rstest]
#[case::an_own_id("User ID,Email\n9000,a@x.org\n9001,b@x.org", "", "ab", "")]
#[case::a_long_name("Name,Email\nNNNN,a@x.org", "name,email", "a", "")]
#[case::an_unknown_id("id,Email\nx,a@x.org", "id,email", "a", "not_found")]
#[case::a_bad_address("User ID,Email\ncrm-a,nobody", "external_id,email", "a", "invalid_email")]
#[case::two_contacts("User ID,Email\ncrm-a,b@x.org", "external_id,email", "ab", "ambiguous")]
#[case::a_new_address("User ID,Email\ncrm-a,new@x.org", "external_id,email", "a!", "")]
#[case::an_unknown_address("Email\nnew@x.org", "email", "!", "suppressed")]
#[case::by_a_column("Email,Out\na@x.org,yes\nb@x.org,no\n", "email,unsubscribed", "a", "unchanged")]
#[case::a_blank_row("Email,Out\nnew@x.org,\n", "email,unsubscribed", "", "not_known")]
fn an_opt_out_list_reaches_everyone_it_means(
    #[case] file: &str,
    #[case] columns: &str,
    #[case] opted_out: &str,
    #[case] skipped: &str,
) {
    assert_eq!(
        opted_out_by(file, columns, Policy::OptOut),
        (opted_out.to_owned(), skipped.to_owned())
    );
}

#[rstest]
#[case::a_long_name(",crm-a,NNNN,a@x.org,yes", "a", "invalid_name")]
#[case::a_bad_address(",crm-a,Ann,nobody,yes", "a", "invalid_email")]
#[case::two_contacts(",crm-a,Ann,b@x.org,yes", "ab", "ambiguous")]
#[case::an_unknown_id("x,,Ann,a@x.org,yes", "a", "not_found")]
#[case::an_external_id_of_nobody(",9000,Ann,a@x.org,yes", "a", "ambiguous")]
#[case::no_name(",,,new@x.org,yes", "!", "missing_name")]
#[case::one_that_wants_messages(",crm-a,NNNN,a@x.org,no", "", "invalid_name")]
fn an_opt_out_holds_although_its_row_is_skipped(
    #[case] row: &str,
    #[case] opted_out: &str,
    #[case] skipped: &str,
) {
    let file = format!("id,external_id,name,email,Unsubscribed\n{row}");
    for policy in [Policy::Overwrite, Policy::FillBlanks] {
        let found = opted_out_by(&file, COLUMNS, policy);
        assert_eq!(found, (opted_out.to_owned(), skipped.to_owned()), "{policy:?}");
    }
}

/// Imports a file into an organisation with the contacts `crm-a` and `crm-b`. Returns which of them
/// are unsubscribed, with `!` for the address new@x.org, and the codes of the skipped rows. `NNNN`
/// is a name that is too long.
fn opted_out_by(file: &str, columns: &str, policy: Policy) -> (String, String) {
    let world = World::new();
    let (contacts, org) = (world.services().contacts, world.org());
    let add = |name: &str, id: Option<&str>| {
        let email = if name == "!" { "new@x.org".to_owned() } else { format!("{name}@x.org") };
        let (name, email) = (Some(name), Some(&*email));
        let new = NewContact { name, email, external_id: id, ..NewContact::default() };
        contacts.create(org, &new, Actor::System).unwrap()
    };
    let known = [add("a", Some("crm-a")), add("b", Some("crm-b"))];
    let skipped = import(&world, &file.replace("NNNN", &"n".repeat(201)), columns, policy);
    let new = add("!", None);
    let now = |contact: &Contact| contacts.get(org, contact.id).unwrap();
    let out = known.iter().chain([&new]).map(now).filter(|now| !now.consent.is_subscribed());
    (out.map(|contact| contact.name.unwrap().to_string()).collect(), skipped)
}
