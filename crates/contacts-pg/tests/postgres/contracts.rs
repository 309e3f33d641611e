//! Runs the contract tests of every port on Postgres.

use crate::support::ports;

contacts_testkit::answer_repository_contract!(ports);
contacts_testkit::contact_repository_contract!(ports);
contacts_testkit::batch_repository_contract!(ports);
contacts_testkit::campaign_repository_contract!(ports);
contacts_testkit::consent_repository_contract!(ports);
contacts_testkit::conversation_repository_contract!(ports);
contacts_testkit::capture_repository_contract!(ports);
contacts_testkit::duplicate_repository_contract!(ports);
contacts_testkit::tag_repository_contract!(ports);
contacts_testkit::trail_repository_contract!(ports);
contacts_testkit::field_repository_contract!(ports);
contacts_testkit::organisation_repository_contract!(ports);
contacts_testkit::key_repository_contract!(ports);
contacts_testkit::session_repository_contract!(ports);
contacts_testkit::invitation_repository_contract!(ports);
contacts_testkit::identity_repository_contract!(ports);
contacts_testkit::note_repository_contract!(ports);
contacts_testkit::erasure_repository_contract!(ports);
contacts_testkit::housekeeping_contract!(ports);
contacts_testkit::audit_repository_contract!(ports);
contacts_testkit::person_repository_contract!(ports);
contacts_testkit::import_repository_contract!(ports);
contacts_testkit::export_repository_contract!(ports);
contacts_testkit::event_feed_contract!(ports);
contacts_testkit::dry_run_repository_contract!(ports);
contacts_testkit::undo_repository_contract!(ports);
contacts_testkit::file_store_contract!(ports);
contacts_testkit::webhook_repository_contract!(ports);
contacts_testkit::job_queue_contract!(ports);
contacts_testkit::segment_repository_contract!(ports);
contacts_testkit::selection_repository_contract!(ports);
contacts_testkit::action_repository_contract!(ports);
contacts_testkit::sync_repository_contract!(ports);
contacts_testkit::run_repository_contract!(ports);
