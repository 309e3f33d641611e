//! What a campaign did to a contact, as its owner service tells it (R27).

use std::fmt;

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime, UtcOffset};
use uuid::Uuid;

use super::CampaignId;
use crate::Actor;
use crate::contact::ContactId;

/// A delivery's id, as its sender chose it: 1 to 200 characters without control characters.
/// Told twice, it counts once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(String);

/// Why a text is no delivery's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to 200 characters, none of them a control character")]
pub struct InvalidDeliveryId;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryKind {
    /// A message was sent.
    Sent,
    /// It came back.
    Bounced,
    /// It was opened.
    Opened,
    /// A link in it was clicked.
    Clicked,
    /// The person wants no more.
    Unsubscribed,
}

/// Something that a campaign did to a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// Of which campaign.
    pub campaign: CampaignId,
    /// To whom.
    pub contact: ContactId,
    /// What.
    pub kind: DeliveryKind,
    /// When, as the sender says.
    pub at: OffsetDateTime,
    /// Who told us.
    pub actor: Actor,
}

/// A delivery as it was sent to us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RawDelivery<'a> {
    /// Its id.
    pub id: Option<&'a str>,
    /// The campaign's id.
    pub campaign: Option<&'a str>,
    /// The contact's id.
    pub contact: Option<&'a str>,
    /// What happened.
    pub kind: Option<&'a str>,
    /// When, in RFC 3339.
    pub at: Option<&'a str>,
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// It was taken.
    Applied,
    /// One of this id was taken before, whatever this one says.
    Duplicate,
    /// There is no such contact.
    UnknownContact,
    /// There is no such campaign.
    UnknownCampaign,
    /// It cannot be read; the sentence says why.
    Invalid(String),
}

impl DeliveryId {
    const MAX: usize = 200;

    /// Reads an id.
    ///
    /// # Errors
    ///
    /// [`InvalidDeliveryId`].
    pub fn parse(text: &str) -> Result<Self, InvalidDeliveryId> {
        let is_id = (1..=Self::MAX).contains(&text.chars().take(Self::MAX + 1).count())
            && !text.contains(char::is_control);
        if is_id { Ok(Self(text.to_owned())) } else { Err(InvalidDeliveryId) }
    }

    /// The id as it was chosen.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Hides it: a sender may have made it of an address.
impl fmt::Debug for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeliveryId(…)")
    }
}

impl DeliveryKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Sent, Self::Bounced, Self::Opened, Self::Clicked, Self::Unsubscribed];

    /// The kind's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Bounced => "bounced",
            Self::Opened => "opened",
            Self::Clicked => "clicked",
            Self::Unsubscribed => "unsubscribed",
        }
    }

    /// The kind of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl RawDelivery<'_> {
    /// How far a sender's clock may be ahead.
    const AHEAD: Duration = Duration::days(1);

    /// Reads it.
    ///
    /// # Errors
    ///
    /// A sentence that names the first part that is wrong.
    pub fn read(&self, actor: Actor, now: OffsetDateTime) -> Result<Delivery, String> {
        let id = DeliveryId::parse(given("id", self.id)?).map_err(|why| format!("id {why}"))?;
        let contact = ContactId(uuid("contact_id", self.contact)?);
        let campaign = CampaignId(uuid("campaign_id", self.campaign)?);
        let kind = DeliveryKind::parse(given("kind", self.kind)?)
            .ok_or("kind must be sent, bounced, opened, clicked or unsubscribed")?;
        let at = moment(given("at", self.at)?)
            .ok_or("at must be a time such as 2026-11-23T09:00:00Z")?;
        if at < OffsetDateTime::UNIX_EPOCH {
            return Err("at lies before 1970".to_owned());
        }
        // One of a year that is yet to come would never be the earliest, nor be noticed.
        if at > now.saturating_add(Self::AHEAD) {
            return Err("at lies more than a day ahead".to_owned());
        }
        Ok(Delivery { id, campaign, contact, kind, at, actor })
    }
}

fn given<'a>(name: &str, text: Option<&'a str>) -> Result<&'a str, String> {
    text.ok_or_else(|| format!("{name} is required"))
}

fn uuid(name: &str, text: Option<&str>) -> Result<Uuid, String> {
    Uuid::try_parse(given(name, text)?).map_err(|_no_uuid| format!("{name} must be a UUID"))
}

/// The moment in UTC, to the microsecond, which is what stores keep.
fn moment(text: &str) -> Option<OffsetDateTime> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?.checked_to_offset(UtcOffset::UTC)?;
    at.replace_microsecond(at.microsecond()).ok()
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
        for (raw, wrong) in [
            (RawDelivery { id: None, ..GOOD }, "id is required"),
            (RawDelivery { id: Some(""), ..GOOD }, "id must have"),
            (RawDelivery { id: Some(&long), ..GOOD }, "id must have"),
            (RawDelivery { id: Some("a\0"), ..GOOD }, "id must have"),
            (RawDelivery { contact: Some("ann"), ..GOOD }, "contact_id must be a UUID"),
            (RawDelivery { campaign: None, ..GOOD }, "campaign_id is required"),
            (RawDelivery { kind: Some("pending"), ..GOOD }, "kind must be sent"),
            (RawDelivery { at: Some("today"), ..GOOD }, "at must be a time"),
            (RawDelivery { at: Some("2026-01-02T10:00:01Z"), ..GOOD }, "at lies"),
            (RawDelivery { at: Some("0000-01-01T00:00:00+23:00"), ..GOOD }, "at lies before"),
        ] {
            let refusal = raw.read(Actor::System, NOW).unwrap_err();
            assert!(refusal.starts_with(wrong), "{refusal}");
        }
        let edge = RawDelivery { id: Some(&long[..200]), at: Some("2026-01-02T10:00:00Z"), ..GOOD };
        assert!(edge.read(Actor::System, NOW).is_ok());
    }
}
