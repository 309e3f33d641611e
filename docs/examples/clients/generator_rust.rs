//! The story with a client made by openapi-generator's `rust` (crate `contacts_generated`).

use std::collections::HashMap;
use std::thread::sleep;
use std::time::Duration;

use contacts_generated::apis::configuration::Configuration;
use contacts_generated::apis::{
    Error, actions_api, contacts_api, fields_api, imports_api, runs_api, selections_api,
};
use contacts_generated::models::*;

fn main() {
    let mut api = Configuration::new();
    api.base_path = std::env::var("CONTACTS_URL").unwrap();
    api.bearer_access_token = Some(std::env::var("CONTACTS_KEY").unwrap());
    let email = "rust@clients.example".to_owned();

    let field = NewField::new("tier".into(), "Tier".into(), FieldType::Text);
    match fields_api::define_field(&api, field, None) {
        Ok(_) => {}
        Err(Error::ResponseError(refused)) => assert_eq!(refused.status, 409),
        Err(error) => panic!("{error}"),
    }

    let new = NewContact::new(email.clone(), "Ann Rust".into());
    let ann = contacts_api::create_contact(&api, new, None).unwrap();
    assert!(matches!(*ann.source, Source::SourceManual(_)));
    let id = ann.id.to_string();

    // The generated functions show no headers: the tag of a contact is its version.
    let mut patch = ContactPatch::new();
    patch.phone = Some(Some("+49 30 901820".into()));
    patch.custom = Some(HashMap::from([("tier".into(), NewCustomValue::String("pro".into()))]));
    let etag = format!("\"{}\"", ann.version);
    let patched = contacts_api::update_contact(&api, &id, patch, Some(&etag)).unwrap();
    assert_eq!(patched.phone_e164.as_deref(), Some("+4930901820"));
    assert_eq!(patched.version, 2);

    let tagging = Tagging { add: Some(vec!["rust".into()]), ..Tagging::new() };
    let tagged = contacts_api::tag_contact(&api, &id, tagging, None).unwrap();
    assert_eq!(tagged.added, ["rust"]);

    let tier = Some(vec!["tier:any_of:pro".into()]);
    let page = contacts_api::list_contacts(
        &api, None, None, None, None, None, Some("rust"), None, None, None, None, None, None, None,
        None, None, None, None, None, None, None, tier, Some("-created"), Some("exact"),
        None, None,
    )
    .unwrap();
    assert_eq!(page.items.iter().map(|contact| contact.id).collect::<Vec<_>>(), [ann.id]);

    let filter = HashMap::from([(
        "tags_any".to_owned(),
        NewFilterValue::ArrayVecString(vec!["rust".into()]),
    )]);
    let chosen = NewSelection { filter: Some(filter), ..NewSelection::new() };
    let selection = selections_api::create_selection(&api, chosen, None).unwrap();
    let kind = NewActionKind {
        tags: Some(vec!["chosen".into()]),
        ..NewActionKind::new(ActionType::AddTags)
    };
    let new = NewAction { selection_id: Some(selection.id), ..NewAction::new(kind) };
    let action = actions_api::start_action(&api, new, None).unwrap().id.to_string();
    let action = until(|| {
        let action = actions_api::get_action(&api, &action).unwrap();
        action.finished_at.is_some().then_some(action)
    });
    assert_eq!(action.state, RunState::Done);
    assert_eq!(action.progress.done, 1);
    assert!(matches!(*action.action, ActionKind::ActionKindAddTags(_)));

    let path = std::env::temp_dir().join("contacts-people.csv");
    std::fs::write(&path, "Name,Email\nBob Rust,bob@clients.example\n").unwrap();
    let run = imports_api::upload_import(&api, path, Some("people.csv"), None).unwrap();
    let run = run.id.to_string();
    let import = || imports_api::get_import(&api, &run).unwrap();
    until(|| (import().state == ImportState::Ready).then_some(()));
    imports_api::start_import(&api, &run, None).unwrap();
    let imported = until(|| Some(import()).filter(|import| import.finished_at.is_some()));
    assert_eq!(imported.state, ImportState::Done);
    let summary = imported.summary;
    assert_eq!(summary.added + summary.updated, 1);

    let first = runs_api::list_runs(&api, None, None, None, Some(1)).unwrap();
    assert_eq!((first.items[0].id, first.items[0].kind), (imported.id, RunKind::Import));
    let next = first.next.as_deref();
    let second = runs_api::list_runs(&api, None, None, next, Some(1)).unwrap();
    assert_eq!(second.items[0].id, action.id);
    assert_eq!(runs_api::get_run(&api, &run).unwrap().state, RunState::Done);

    let export = contacts_api::export_contacts(
        &api, Some("rust"), None, None, None, None, None, None, None, None, None, None, None, None,
        None, None, None, None, None, None, None, None, Some("name,email"), None,
    );
    assert!(export.unwrap().text().unwrap().contains("Ann Rust"));

    let activity = contacts_api::list_contact_activity(&api, &id, None, None).unwrap();
    assert!(activity.items.iter().any(|entry| matches!(entry, Activity::ActivityCreated(_))));
    assert!(activity.items.iter().any(|entry| matches!(entry, Activity::ActivityTagged(_))));

    let taken = contacts_api::create_contact(&api, NewContact::new(email, "Ann".into()), None);
    let Err(Error::ResponseError(refused)) = taken else { panic!("the address is taken") };
    let problem: Problem = serde_json::from_str(&refused.content).unwrap();
    assert_eq!(problem.code, ProblemCode::EmailTaken);
    assert_eq!(problem.contact_id, Some(ann.id));
    println!("openapi-generator rust: the story is complete");
}

fn until<T>(mut read: impl FnMut() -> Option<T>) -> T {
    loop {
        match read() {
            Some(value) => return value,
            None => sleep(Duration::from_millis(200)),
        }
    }
}
