//! The port of invitations.

use contacts_core::contact::EmailAddress;
use contacts_core::invitation::{
    Invitation, InvitationId, InvitationRepository, NewUser, address_taken,
};
use contacts_core::key::{KeyHash, Role};
use contacts_core::session::{NewSession, Session, User};
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, Error, OrgId, Result};
use diesel::pg::Pg;
use diesel::{
    ExpressionMethods, Insertable, QueryDsl, Queryable, Selectable, SelectableHelper, delete,
    insert_into,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::{PgResult, RunQuery, Tx, unread, unreadable};
use crate::limits::{check_limit, lock_table};
use crate::schema::invitations;
use crate::sessions::{find_by_address, insert, open};
use crate::trail::record;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = invitations, check_for_backend(Pg), treat_none_as_default_value = false)]
struct Row {
    org_id: Uuid,
    id: Uuid,
    email: String,
    email_key: String,
    role: String,
    hash: Vec<u8>,
    actor_kind: String,
    actor_id: Option<Uuid>,
    created_at: OffsetDateTime,
    expires_at: OffsetDateTime,
}

impl Row {
    fn of(invitation: &Invitation) -> Self {
        let (actor_kind, actor_id) = invitation.actor.parts();
        Self {
            org_id: invitation.org.0,
            id: invitation.id.0,
            email: invitation.email.to_string(),
            email_key: invitation.email.key().to_owned(),
            role: invitation.role.as_str().to_owned(),
            hash: invitation.hash.0.to_vec(),
            actor_kind: actor_kind.to_owned(),
            actor_id,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
        }
    }

    fn read(self) -> PgResult<Invitation> {
        let hash = <[u8; 32]>::try_from(&self.hash[..]).map_err(unread("invitations.hash"))?;
        let actor = Actor::from_parts(&self.actor_kind, self.actor_id);
        Ok(Invitation {
            id: InvitationId(self.id),
            org: OrgId(self.org_id),
            email: EmailAddress::parse(&self.email).map_err(unread("invitations.email"))?,
            role: Role::parse(&self.role).ok_or_else(|| unreadable("invitations.role"))?,
            hash: KeyHash(hash),
            actor: actor.ok_or_else(|| unreadable("invitations.actor_kind"))?,
            created_at: self.created_at,
            expires_at: self.expires_at,
        })
    }
}

impl InvitationRepository for Database {
    fn insert(&self, invitation: Invitation, limit: usize) -> Result<Invitation> {
        self.write(invitation.org, |tx| {
            let mut invitation = invitation.clone();
            lock_table(tx, "invitations")?;
            let earlier = invitations::table
                .filter(invitations::org_id.eq(tx.org.0))
                .filter(invitations::email_key.eq(invitation.email.key()));
            match delete(earlier).returning(invitations::id).row(tx)? {
                Some(id) => invitation.id = InvitationId(id),
                None => check_limit(tx, "invitations", limit, "invitations")?,
            }
            if find_by_address(tx, &invitation.email)?.is_some() {
                return Err(address_taken().into());
            }
            insert_into(invitations::table).values(Row::of(&invitation)).execute(tx)?;
            let event = TrailEvent::user_invited(&invitation);
            record(tx, &event, invitation.actor, invitation.created_at)?;
            Ok(invitation)
        })
    }

    fn list(
        &self,
        org: OrgId,
        after: Option<InvitationId>,
        limit: usize,
    ) -> Result<Vec<Invitation>> {
        self.read(org, |tx| {
            let mut select = invitations::table
                .filter(invitations::org_id.eq(tx.org.0))
                .order(invitations::id.desc())
                .limit(limit as i64)
                .select(Row::as_select())
                .into_boxed();
            if let Some(after) = after {
                select = select.filter(invitations::id.lt(after.0));
            }
            let rows: Vec<Row> = select.load(tx)?;
            rows.into_iter().map(Row::read).collect()
        })
    }

    fn revoke(
        &self,
        org: OrgId,
        id: InvitationId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.write_at(org, now, |tx| {
            let was_there = delete(invitations::table.find((tx.org.0, id.0))).execute(tx)? == 1;
            if was_there {
                record(tx, &TrailEvent::invitation_revoked(id), actor, now)?;
            }
            Ok(was_there)
        })
    }

    fn accept(
        &self,
        org: OrgId,
        hash: KeyHash,
        new: &NewUser,
        session: &NewSession,
    ) -> Result<Option<(Session, User)>> {
        self.write(org, |tx| {
            // Deleting the invitation uses it. A concurrent request waits for this transaction, and
            // then finds none.
            let invitation = invitations::table
                .filter(invitations::org_id.eq(tx.org.0))
                .filter(invitations::hash.eq(&hash.0[..]))
                .filter(invitations::expires_at.gt(session.at));
            let row: Option<Row> = delete(invitation).returning(Row::as_returning()).row(tx)?;
            let Some(invitation) = row.map(Row::read).transpose()? else { return Ok(None) };
            let user = invitation.accept(new, session.at);
            let session = join(tx, &user, session)?;
            Ok(Some((session, user)))
        })
    }
}

/// Uses the valid invitation for an address: deletes and returns it.
pub(crate) fn take_for(
    tx: &mut Tx<'_>,
    email: &EmailAddress,
    now: OffsetDateTime,
) -> PgResult<Option<Invitation>> {
    let invitation = invitations::table
        .filter(invitations::org_id.eq(tx.org.0))
        .filter(invitations::email_key.eq(email.key()))
        .filter(invitations::expires_at.gt(now));
    let row: Option<Row> = delete(invitation).returning(Row::as_returning()).row(tx)?;
    row.map(Row::read).transpose()
}

/// Adds a user, opens a session, and records both.
fn join(tx: &mut Tx<'_>, user: &User, session: &NewSession) -> PgResult<Session> {
    let inserted = insert(tx, user).map_err(|error| match error {
        error if error.is_unique_violation() => address_taken().into(),
        error => error,
    })?;
    if !inserted {
        return Err(Error::Taken("name").into());
    }
    let session = open(tx, user.id, session)?;
    record(tx, &TrailEvent::user_added(user), user.actor(), session.created_at)?;
    record(tx, &TrailEvent::signed_in(session.id), user.actor(), session.created_at)?;
    Ok(session)
}
