//! The change feed in memory. Each event gets its number immediately.

use contacts_core::event::{EventFeed, NumberedEvent};
use contacts_core::{Error, OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::world::Rows;

impl Rows {
    pub(super) fn last_number(&self) -> u64 {
        self.events_swept + self.events.len() as u64
    }
}

impl EventFeed for World {
    fn after(&self, org: OrgId, number: Option<u64>, limit: usize) -> Result<Vec<NumberedEvent>> {
        self.read(org, |rows| {
            let after = number.unwrap_or(rows.events_swept);
            if after < rows.events_swept || after > rows.last_number() {
                return Err(Error::CursorExpired);
            }
            let numbered = (rows.events_swept + 1..).zip(&rows.events);
            let later = numbered.filter(|(number, _)| *number > after).take(limit);
            Ok(later
                .map(|(number, event)| NumberedEvent { number, event: event.clone() })
                .collect())
        })
    }

    fn end(&self, org: OrgId) -> Result<u64> {
        self.read(org, |rows| Ok(rows.last_number()))
    }

    fn sweep(&self, org: OrgId, before: OffsetDateTime) -> Result<bool> {
        self.rows(org, |rows| {
            let old = rows.events.iter().take_while(|event| event.at < before).count();
            rows.events.drain(..old);
            rows.events_swept += old as u64;
            Ok(false)
        })
    }
}
