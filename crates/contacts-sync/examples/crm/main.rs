//! Serves the trial CRM: `crm PORT PEOPLE`.

mod crm;

use std::error::Error;
use std::sync::atomic::Ordering;
use std::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let port = words.next().ok_or("usage: crm PORT PEOPLE")?.parse()?;
    let people = words.next().ok_or("usage: crm PORT PEOPLE")?.parse()?;
    let crm = crm::serve(port, people, true)?;
    println!("http://{}/people", crm.address);
    loop {
        std::thread::sleep(Duration::from_secs(60));
        eprintln!("{} requests", crm.requests.load(Ordering::Relaxed));
    }
}
