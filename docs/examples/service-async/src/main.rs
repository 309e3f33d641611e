//! An asynchronous service that embeds contacts: `DATABASE_URL=… CONTACTS_SECRET=… cargo run`.

use std::env;
use std::error::Error;

use contacts_embed::core::Actor;
use contacts_embed::core::contact::{ContactFilter, CountRequest, NewContact, PageRequest};
use contacts_embed::{AsyncContacts, Contacts, Secret, WorkerConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = Secret::parse(&env::var("CONTACTS_SECRET")?).ok_or("the secret is too short")?;
    let options = Contacts::options(&env::var("DATABASE_URL")?, &secret).pool_size(4);
    let contacts = AsyncContacts::open(options).await?;
    let workers = contacts.start_workers(WorkerConfig::default())?;
    let org = contacts.run(|c| c.organisation("Example")).await?;

    let ann = NewContact { name: Some("Ann"), email: Some("ann@example.org"), ..Default::default() };
    let ann = contacts.run(move |c| c.contacts.create(org, &ann, Actor::System)).await?;

    let list = contacts.run(move |c| {
        let (filter, page) = (ContactFilter::default(), PageRequest::default());
        c.contacts.list(org, &filter, &page, CountRequest::None)
    });
    let note = contacts.run(move |c| c.notes.create(org, ann.id, "Called.", Actor::System));
    let ((found, _), note) = tokio::try_join!(list, note)?;
    assert_eq!((found.items[0].id, note.contact), (ann.id, ann.id));

    println!("{} has a note", ann.id);
    contacts.stop_workers(workers).await?;
    Ok(())
}
