//! A service that embeds contacts: `DATABASE_URL=… CONTACTS_SECRET=… cargo run`.

use std::env;
use std::error::Error;

use contacts_embed::core::Actor;
use contacts_embed::core::campaign::{CampaignId, CampaignKind};
use contacts_embed::core::contact::{ContactFilter, CountRequest, NewContact, PageRequest};
use contacts_embed::core::contact::{NewCapture, SearchQuery};
use contacts_embed::{Contacts, Secret, WorkerConfig};

fn main() -> Result<(), Box<dyn Error>> {
    let secret = Secret::parse(&env::var("CONTACTS_SECRET")?).ok_or("the secret is too short")?;
    let contacts = Contacts::open(&env::var("DATABASE_URL")?, &secret)?;
    let workers = contacts.worker(WorkerConfig::default()).start()?;
    let (org, me) = (contacts.organisation("Example")?, Actor::System);

    let new =
        NewContact { name: Some("Ann"), email: Some("ann@example.org"), ..Default::default() };
    let ann = contacts.contacts.create(org, &new, me)?;

    let (widget, conversation) = (contacts.ids.next(), contacts.ids.next());
    let (email, phone) = (Some("ann@example.org"), Some("+1 202 555 0101"));
    let capture =
        NewCapture { widget, visitor: "v-1", conversation, name: None, email, phone, at: None };
    contacts.captures.capture(org, &capture, me)?;

    let filter = ContactFilter { query: SearchQuery::parse("2025550101"), ..Default::default() };
    let page = PageRequest::default();
    let (found, _) = contacts.contacts.list(org, &filter, &page, CountRequest::None)?;
    assert_eq!(found.items[0].id, ann.id);

    let spring = CampaignId(contacts.ids.next());
    contacts.campaigns.register(org, spring, CampaignKind::Campaign, "Spring")?;
    let outcome = contacts.campaigns.subscribe(org, spring, ann.id, me)?;
    println!("{} is in the campaign: {outcome:?}", ann.id);
    workers.stop();
    Ok(())
}
