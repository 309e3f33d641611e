//! The world in memory keeps every contract.

use contacts_testkit::{Ports, World};

fn make() -> Ports {
    World::new().ports()
}

contacts_testkit::answer_repository_contract!(make);
contacts_testkit::contact_repository_contract!(make);
contacts_testkit::batch_repository_contract!(make);
contacts_testkit::campaign_repository_contract!(make);
contacts_testkit::consent_repository_contract!(make);
contacts_testkit::conversation_repository_contract!(make);
contacts_testkit::capture_repository_contract!(make);
contacts_testkit::duplicate_repository_contract!(make);
contacts_testkit::tag_repository_contract!(make);
contacts_testkit::trail_repository_contract!(make);
contacts_testkit::field_repository_contract!(make);
contacts_testkit::organisation_repository_contract!(make);
contacts_testkit::key_repository_contract!(make);
contacts_testkit::session_repository_contract!(make);
contacts_testkit::invitation_repository_contract!(make);
contacts_testkit::identity_repository_contract!(make);
contacts_testkit::note_repository_contract!(make);
contacts_testkit::erasure_repository_contract!(make);
contacts_testkit::housekeeping_contract!(make);
contacts_testkit::audit_repository_contract!(make);
contacts_testkit::person_repository_contract!(make);
contacts_testkit::import_repository_contract!(make);
contacts_testkit::export_repository_contract!(make);
contacts_testkit::event_feed_contract!(make);
contacts_testkit::dry_run_repository_contract!(make);
contacts_testkit::undo_repository_contract!(make);
contacts_testkit::file_store_contract!(make);
contacts_testkit::webhook_repository_contract!(make);
contacts_testkit::job_queue_contract!(make);
contacts_testkit::segment_repository_contract!(make);
contacts_testkit::selection_repository_contract!(make);
contacts_testkit::action_repository_contract!(make);
contacts_testkit::sync_repository_contract!(make);
contacts_testkit::run_repository_contract!(make);
