//! Deliveries: what a campaign did to a contact, reported by the service that owns the campaign
//! (R27).

use std::fmt;

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::CampaignId;
use crate::Actor;
use crate::clock::parse_time;
use crate::contact::ContactId;

/// Id of a delivery, chosen by its sender: 1 to 200 characters without control characters. A
/// delivery that is sent twice counts once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(String);

/// Reason why a text is not the id of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to 200 characters without control characters")]
pub struct InvalidDeliveryId;

/// Kind of a delivery event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryKind {
    /// A message was sent.
    Sent,
    /// The message bounced.
    Bounced,
    /// The message was opened.
    Opened,
    /// A link in the message was clicked.
    Clicked,
    /// The person unsubscribed.
    Unsubscribed,
}

/// A delivery event of a campaign and a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Id of the event.
    pub id: DeliveryId,
    /// The campaign.
    pub campaign: CampaignId,
    /// Contact that the message was sent to.
    pub contact: ContactId,
    /// Kind of the event.
    pub kind: DeliveryKind,
    /// Time of the event, as the sender reports it.
    pub at: OffsetDateTime,
    /// Who reported the event.
    pub actor: Actor,
}

/// A delivery as it was sent, not yet validated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RawDelivery<'a> {
    /// Id of the delivery.
    pub id: Option<&'a str>,
    /// Id of the campaign.
    pub campaign: Option<&'a str>,
    /// Id of the contact.
    pub contact: Option<&'a str>,
    /// Kind of the event.
    pub kind: Option<&'a str>,
    /// Time of the event, in RFC 3339.
    pub at: Option<&'a str>,
}

/// Result of storing a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The delivery was stored.
    Applied,
    /// A delivery with this id was stored before; this one is ignored.
    Duplicate,
    /// The contact does not exist.
    UnknownContact,
    /// The campaign does not exist.
    UnknownCampaign,
    /// The delivery is invalid; the sentence says why.
    Invalid(String),
}

impl DeliveryId {
    const MAX: usize = 200;

    /// Parses the id of a delivery.
    ///
    /// # Errors
    ///
    /// [`InvalidDeliveryId`].
    pub fn parse(text: &str) -> Result<Self, InvalidDeliveryId> {
        let is_id = (1..=Self::MAX).contains(&text.chars().take(Self::MAX + 1).count())
            && !text.contains(char::is_control);
        if is_id { Ok(Self(text.to_owned())) } else { Err(InvalidDeliveryId) }
    }

    /// Returns the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Hides the id: a sender may have derived it from an address.
impl fmt::Debug for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeliveryId(…)")
    }
}

impl DeliveryKind {
    /// All kinds of deliveries.
    pub const ALL: [Self; 5] =
        [Self::Sent, Self::Bounced, Self::Opened, Self::Clicked, Self::Unsubscribed];

    /// Returns the name of the kind.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Bounced => "bounced",
            Self::Opened => "opened",
            Self::Clicked => "clicked",
            Self::Unsubscribed => "unsubscribed",
        }
    }

    /// Parses the name of a kind.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl RawDelivery<'_> {
    /// How far the clock of a sender may be ahead.
    const AHEAD: Duration = Duration::days(1);

    /// Validates the delivery.
    ///
    /// # Errors
    ///
    /// A sentence that names the first part that is wrong.
    pub fn read(&self, actor: Actor, now: OffsetDateTime) -> Result<Delivery, String> {
        let id =
            DeliveryId::parse(required("id", self.id)?).map_err(|reason| format!("id {reason}"))?;
        let contact = ContactId(uuid("contact_id", self.contact)?);
        let campaign = CampaignId(uuid("campaign_id", self.campaign)?);
        let kind = DeliveryKind::parse(required("kind", self.kind)?)
            .ok_or("kind must be sent, bounced, opened, clicked or unsubscribed")?;
        let at = parse_time(required("at", self.at)?)
            .ok_or("at must be a time such as 2026-11-23T09:00:00Z")?;
        if at < OffsetDateTime::UNIX_EPOCH {
            return Err("at lies before 1970".to_owned());
        }
        // A delivery that is dated years ahead would never be the earliest, and nobody would
        // notice.
        if at > now.saturating_add(Self::AHEAD) {
            return Err("at lies more than a day ahead".to_owned());
        }
        Ok(Delivery { id, campaign, contact, kind, at, actor })
    }
}

fn required<'a>(name: &str, text: Option<&'a str>) -> Result<&'a str, String> {
    text.ok_or_else(|| format!("{name} is required"))
}

fn uuid(name: &str, text: Option<&str>) -> Result<Uuid, String> {
    Uuid::try_parse(required(name, text)?).map_err(|_no_uuid| format!("{name} must be a UUID"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const ID: &str = "019b7904-d100-7000-8000-000000000001";
    const NOW: OffsetDateTime = datetime!(2026-01-01 10:00 UTC);
    const GOOD: RawDelivery<'_> = RawDelivery {
        id: Some("mail/1"),
        campaign: Some(ID),
        contact: Some(ID),
        kind: Some("opened"),
        at: Some("2026-01-01T11:30:00.1234567+02:00"),
    };

    #[test]
    fn a_delivery_is_read_to_the_microsecond_in_utc() {
        let read = GOOD.read(Actor::System, NOW).unwrap();
        assert_eq!(read.at, datetime!(2026-01-01 09:30:00.123456 UTC));
        assert_eq!((read.id.as_str(), read.kind), ("mail/1", DeliveryKind::Opened));
    }

    #[test]
    fn the_first_part_that_is_wrong_is_named() {
        let long = "x".repeat(201);
        for (raw, errors) in [
            (RawDelivery { id: None, ..GOOD }, "id is required"),
            (RawDelivery { id: Some(""), ..GOOD }, "id must have"),
            (RawDelivery { id: Some(&long), ..GOOD }, "id must have"),
            (RawDelivery { id: Some("a\0"), ..GOOD }, "id must have"),
            (RawDelivery { contact: Some("ann"), ..GOOD }, "contact_id must be a UUID"),
            (RawDelivery { campaign: None, ..GOOD }, "campaign_id is required"),
            (RawDelivery { kind: Some("pending"), ..GOOD }, "kind must be sent"),
            (RawDelivery { at: Some("today"), ..GOOD }, "at must be a time"),
            (RawDelivery { at: Some("2026-01-02T10:00:01Z"), ..GOOD }, "at lies"),
            (RawDelivery { at: Some("0000-01-01T00:00:00+23:00"), ..GOOD }, "at must be a time"),
            (RawDelivery { at: Some("1969-12-31T23:59:59Z"), ..GOOD }, "at lies before"),
        ] {
            let refusal = raw.read(Actor::System, NOW).unwrap_err();
            assert!(refusal.starts_with(errors), "{refusal}");
        }
        let edge = RawDelivery { id: Some(&long[..200]), at: Some("2026-01-02T10:00:00Z"), ..GOOD };
        assert!(edge.read(Actor::System, NOW).is_ok());
    }
}
