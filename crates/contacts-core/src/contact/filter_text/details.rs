//! Parts about addresses and deliveries.

use time::OffsetDateTime;

use super::parts::Parts;
use super::{FilterText, read_range};
use crate::campaign::{DeliveryCondition, DeliveryKind};
use crate::contact::{EmailDomain, TimeRange};

/// Parses domains that are comma-separated, repeated, or both.
pub(super) fn read_domains(parts: &mut Parts<'_>) -> Vec<EmailDomain> {
    let values = parts.several("email_domain", FilterText::MAX_VALUES);
    let names: Vec<_> = values.iter().flat_map(|text| text.split(',')).collect();
    if names.len() > FilterText::MAX_VALUES {
        let most = FilterText::MAX_VALUES;
        parts.add_error("email_domain", format!("names more than {most} domains"));
        return Vec::new();
    }
    let domains = names.into_iter().map(EmailDomain::parse).collect::<Result<Vec<_>, _>>();
    domains.unwrap_or_else(|reason| {
        parts.add_error("email_domain", reason);
        Vec::new()
    })
}

/// Parses the condition on deliveries: kinds, of which each may be repeated, and the time.
pub(super) fn read_delivery(
    parts: &mut Parts<'_>,
    zone: Option<&str>,
    now: OffsetDateTime,
) -> Option<DeliveryCondition> {
    let at = read_range(parts, "delivery", zone, now);
    let values = parts.several("delivery", FilterText::MAX_VALUES);
    let kinds: Option<Vec<_>> = values.iter().map(|name| DeliveryKind::parse(name)).collect();
    match kinds {
        Some(kinds) if kinds.is_empty() && at == TimeRange::default() => None,
        Some(kinds) if kinds.is_empty() => {
            Some(DeliveryCondition { kinds: DeliveryKind::ALL.to_vec(), at })
        }
        Some(kinds) => Some(DeliveryCondition { kinds, at }),
        None => {
            let names = DeliveryKind::ALL.map(DeliveryKind::as_str).join(", ");
            parts.add_error("delivery", format!("must be one of: {names}"));
            None
        }
    }
}
