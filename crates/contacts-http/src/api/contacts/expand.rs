//! A contact with the first pages of its lists, in one answer (R55).

use contacts_core::OrgId;
use contacts_core::contact::{Contact, ContactId};
use contacts_core::page::TimeCursor;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::view::ContactView;
use crate::api::campaigns::{self, ContactCampaignsView};
use crate::api::conversations::{self, ConversationsView};
use crate::api::notes::{self, NotesView};
use crate::parts::page::Paging;
use crate::parts::params::{FromParams, Params};
use crate::parts::problem::Problem;
use crate::parts::services::Api;

/// The lists to add to a contact.
#[derive(Clone, Copy, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Expand {
    /// Lists whose first pages are added to the contact, separated by commas: `notes`, `campaigns`,
    /// `conversations`.
    #[param(rename = "expand", value_type = Option<String>, example = "notes,campaigns")]
    notes: bool,
    #[param(ignore)]
    campaigns: bool,
    #[param(ignore)]
    conversations: bool,
}

impl FromParams for Expand {
    fn from_params(params: &mut Params) -> Self {
        let mut expand = Self::default();
        for name in params.all("expand").iter().flat_map(|names| names.split(',')) {
            match name {
                "notes" => expand.notes = true,
                "campaigns" => expand.campaigns = true,
                "conversations" => expand.conversations = true,
                _ => params.refuse("expand", "must be notes, campaigns or conversations"),
            }
        }
        expand
    }
}

/// A contact, with the first pages of the lists that were asked for.
#[derive(Serialize, ToSchema)]
#[schema(as = ExpandedContact)]
pub(super) struct ExpandedView {
    #[serde(flatten)]
    contact: ContactView,
    /// The first page of the notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    notes: Option<NotesView>,
    /// The first page of the campaigns.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    campaigns: Option<ContactCampaignsView>,
    /// The first page of the conversations.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    conversations: Option<ConversationsView>,
}

impl Expand {
    pub(super) fn is_empty(self) -> bool {
        !(self.notes || self.campaigns || self.conversations)
    }

    /// Adds the first pages to a contact. Their cursors belong to the lists of their own paths.
    pub(super) fn view(self, api: &Api, contact: &Contact) -> Result<ExpandedView, Problem> {
        let (org, id) = (contact.org, contact.id);
        let paging = |list: &str| first_page(api, org, id, list);
        let notes = self.notes.then(|| notes::page(api, org, id, &paging("notes")));
        let campaigns =
            self.campaigns.then(|| campaigns::contact::page(api, org, id, &paging("campaigns")));
        let conversations =
            self.conversations.then(|| conversations::page(api, org, id, &paging("conversations")));
        Ok(ExpandedView {
            contact: contact.into(),
            notes: notes.transpose()?,
            campaigns: campaigns.transpose()?,
            conversations: conversations.transpose()?,
        })
    }
}

fn first_page(api: &Api, org: OrgId, id: ContactId, list: &str) -> Paging<TimeCursor> {
    Paging::first(api.cursors.of_list(org, &format!("/v1/contacts/{id}/{list}"), &[]))
}
