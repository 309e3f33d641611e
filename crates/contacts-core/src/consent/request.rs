//! Validation of a requested change of consent.

use super::{ConsentChange, ConsentNote, ConsentReason};
use crate::Invalid;

/// A change of consent as it was requested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RawConsent<'a> {
    /// The wanted state: `subscribed` or `unsubscribed`.
    pub state: &'a str,
    /// Reason of an unsubscribe. `None` means that the person asked.
    pub reason: Option<&'a str>,
    /// Free text. Required for `subscribed`: how the person agreed.
    pub note: Option<&'a str>,
}

impl RawConsent<'_> {
    /// Validates the request.
    ///
    /// # Errors
    ///
    /// Every part that is wrong: `state`, `reason`, `note`.
    pub fn read(&self) -> Result<ConsentChange, Vec<Invalid>> {
        let mut errors = Vec::new();
        let note = self.note.and_then(|text| {
            ConsentNote::parse(text)
                .map_err(|reason| errors.push(Invalid::new("note", reason)))
                .ok()
        });
        match self.state {
            "unsubscribed" => {
                let reason = self.read_reason(&mut errors);
                if errors.is_empty() {
                    return Ok(ConsentChange::Lower { reason, note });
                }
            }
            "subscribed" => {
                if self.reason.is_some() {
                    errors.push(Invalid::new("reason", "is only for unsubscribed"));
                }
                if self.note.is_none() {
                    errors.push(Invalid::new("note", "is required: say how the person agreed"));
                }
                if let (Some(note), true) = (note, errors.is_empty()) {
                    return Ok(ConsentChange::Raise { note });
                }
            }
            _ => errors.push(Invalid::new("state", "must be subscribed or unsubscribed")),
        }
        Err(errors)
    }

    /// Reads the reason. The reasons of imports and of connected sources are set by these only.
    fn read_reason(&self, errors: &mut Vec<Invalid>) -> ConsentReason {
        let Some(name) = self.reason else { return ConsentReason::Asked };
        match ConsentReason::parse(name) {
            None | Some(ConsentReason::Imported | ConsentReason::Source) => {
                let expected = "must be asked, campaign, bounced or complained";
                errors.push(Invalid::new("reason", expected));
                ConsentReason::Asked
            }
            Some(reason) => reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(raw: RawConsent<'_>) -> Vec<String> {
        let errors = raw.read().unwrap_err();
        errors.into_iter().map(|part| format!("{} {}", part.field, part.reason)).collect()
    }

    #[test]
    fn an_unsubscribe_needs_no_note_and_its_reason_is_asked_by_default() {
        let raw = RawConsent { state: "unsubscribed", ..RawConsent::default() };
        let asked = ConsentChange::Lower { reason: ConsentReason::Asked, note: None };
        assert_eq!(raw.read(), Ok(asked));
        let raw = RawConsent { reason: Some("complained"), note: Some(" spam "), ..raw };
        let note = Some(ConsentNote::parse("spam").unwrap());
        let complained = ConsentChange::Lower { reason: ConsentReason::Complained, note };
        assert_eq!(raw.read(), Ok(complained));
        for reason in ["imported", "source", "bored"] {
            let refused = errors(RawConsent { reason: Some(reason), ..raw });
            assert_eq!(refused, ["reason must be asked, campaign, bounced or complained"]);
        }
    }

    #[test]
    fn subscribing_again_needs_a_note_that_says_how_the_person_agreed() {
        let raw = RawConsent { state: "subscribed", ..RawConsent::default() };
        assert_eq!(errors(raw), ["note is required: say how the person agreed"]);
        let blank = errors(RawConsent { note: Some(" "), ..raw });
        assert!(matches!(&*blank, [reason] if reason.starts_with("note must have 1")));
        let raw = RawConsent { note: Some("signed a form"), ..raw };
        let note = ConsentNote::parse("signed a form").unwrap();
        assert_eq!(raw.read(), Ok(ConsentChange::Raise { note }));
        let raw = RawConsent { reason: Some("asked"), ..raw };
        assert_eq!(errors(raw), ["reason is only for unsubscribed"]);
    }

    #[test]
    fn any_other_state_is_refused() {
        let raw = RawConsent { state: "maybe", ..RawConsent::default() };
        assert_eq!(errors(raw), ["state must be subscribed or unsubscribed"]);
    }
}
