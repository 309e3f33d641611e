//! A service that embeds contacts: `DATABASE_URL=… CONTACTS_SECRET=… cargo run`.

use std::env;
use std::error::Error;

use contacts_embed::core::Actor;
use contacts_embed::core::campaign::{CampaignId, CampaignKind};
use contacts_embed::core::contact::{
    ContactFilter, CountRequest, NewContact, PageRequest, SearchQuery,
};
use contacts_embed::{Contacts, Secret, WorkerConfig};

fn main() -> Result<(), Box<dyn Error>> {
    let secret = Secret::parse(&env::var("CONTACTS_SECRET")?).ok_or("the secret is too short")?;
    let contacts = Contacts::open(&env::var("DATABASE_URL")?, &secret)?;
    let workers = contacts.worker(WorkerConfig::default()).start()?;
    let org = contacts.organisation("Example")?;

    let ann =
        NewContact { name: Some("Ann Lee"), email: Some("ann@example.org"), ..Default::default() };
    let ann = contacts.contacts.create(org, &ann, Actor::System)?;

    let filter = ContactFilter { query: SearchQuery::parse("lee"), ..Default::default() };
    let (found, _) =
        contacts.contacts.list(org, &filter, &PageRequest::default(), CountRequest::None)?;
    assert_eq!(found.items[0].id, ann.id);

    let spring = CampaignId(contacts.ids.next());
    contacts.campaigns.register(org, spring, CampaignKind::Campaign, "Spring")?;
    let joining = contacts.campaigns.subscribe(org, spring, ann.id, Actor::System)?;
    println!("{} is in the campaign: {joining:?}", ann.id);
    workers.stop();
    Ok(())
}
