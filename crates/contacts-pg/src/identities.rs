//! The port of identities.

use std::collections::{BTreeMap, BTreeSet};

use contacts_core::identity::{
    Identity, IdentityRepository, IdentitySignIn, Refusal, SignInOutcome,
};
use contacts_core::invitation::address_taken;
use contacts_core::session::{NewSession, User, UserId, UserPatch};
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
use crate::database::{PgError, PgResult, RunQuery, Tx, unreadable};
use crate::invitations::take_for;
use crate::limits::lock_table;
use crate::schema::identities;
use crate::sessions::{change, find, find_by_address, insert, lock, open, set_seen};
use crate::trail::record;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = identities, check_for_backend(Pg))]
struct Row {
    org_id: Uuid,
    issuer: String,
    subject: String,
    user_id: Uuid,
    created_at: OffsetDateTime,
}

impl IdentityRepository for Database {
    fn sign_in(
        &self,
        org: OrgId,
        attempt: &IdentitySignIn,
        session: &NewSession,
    ) -> Result<SignInOutcome> {
        self.write(org, |tx| {
            let found = match user_of(tx, &attempt.identity)? {
                Some(user) => known_user(tx, user, attempt, session.at)?,
                None => {
                    // Of concurrent first sign-ins, the later one waits here and finds the user.
                    lock_table(tx, "identities")?;
                    match user_of(tx, &attempt.identity)? {
                        Some(user) => known_user(tx, user, attempt, session.at)?,
                        None => first_user(tx, attempt, session.at)?,
                    }
                }
            };
            let mut user = match found {
                Ok(user) => user,
                Err(refusal) => return Ok(SignInOutcome::Refused(refusal)),
            };
            user.last_seen_at = user.last_seen_at.max(Some(session.at));
            set_seen(tx, user.id, session.at)?;
            let session = open(tx, user.id, session)?;
            let event = TrailEvent::signed_in_at(session.id, &attempt.provider);
            record(tx, &event, user.actor(), session.created_at)?;
            Ok(SignInOutcome::SignedIn(Box::new((session, user))))
        })
    }

    fn connect(
        &self,
        org: OrgId,
        user: UserId,
        identity: &Identity,
        provider: &str,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.write(org, |tx| {
            // The lock waits for a concurrent deactivation.
            let found = lock(tx, user)?.filter(User::is_active);
            let Some(found) = found else { return Err(Error::NotFound("user").into()) };
            let row = Row {
                org_id: tx.org.0,
                issuer: identity.issuer().to_owned(),
                subject: identity.subject().to_owned(),
                user_id: user.0,
                created_at: now,
            };
            let key = (identities::org_id, identities::issuer, identities::subject);
            let insert = insert_into(identities::table).values(&row).on_conflict(key);
            if insert.do_nothing().execute(tx)? == 0 {
                return Ok(user_of(tx, identity)? == Some(user));
            }
            record(tx, &TrailEvent::identity_connected(user, provider), found.actor(), now)?;
            Ok(true)
        })
    }

    fn disconnect(
        &self,
        org: OrgId,
        user: UserId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.write(org, |tx| {
            let removed = delete(identities::table)
                .filter(identities::org_id.eq(tx.org.0))
                .filter(identities::user_id.eq(user.0))
                .execute(tx)?;
            if removed > 0 {
                record(tx, &TrailEvent::identities_removed(user), actor, now)?;
            }
            Ok(removed > 0)
        })
    }

    fn of_users(
        &self,
        org: OrgId,
        users: &[UserId],
    ) -> Result<BTreeMap<UserId, BTreeSet<Identity>>> {
        let ids: Vec<_> = users.iter().map(|user| user.0).collect();
        self.read(org, |tx| {
            let rows: Vec<Row> = identities::table
                .filter(identities::org_id.eq(tx.org.0))
                .filter(identities::user_id.eq_any(&ids))
                .select(Row::as_select())
                .load(tx)?;
            let mut found: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
            for row in rows {
                let identity = Identity::new(&row.issuer, &row.subject);
                let identity = identity.ok_or_else(|| unreadable("identities.subject"))?;
                found.entry(UserId(row.user_id)).or_default().insert(identity);
            }
            Ok(found)
        })
    }
}

fn user_of(tx: &mut Tx<'_>, identity: &Identity) -> PgResult<Option<UserId>> {
    let identity = identities::table.find((tx.org.0, identity.issuer(), identity.subject()));
    let user: Option<Uuid> = identity.select(identities::user_id).row(tx)?;
    Ok(user.map(UserId))
}

/// Returns the user of an identity, locked and with the role that the issuer gives.
fn known_user(
    tx: &mut Tx<'_>,
    id: UserId,
    attempt: &IdentitySignIn,
    now: OffsetDateTime,
) -> PgResult<Result<User, Refusal>> {
    let missing = || PgError::from(Error::NotFound("user"));
    let user = find(tx, id)?.ok_or_else(missing)?;
    if user.is_active() && attempt.access.role.is_some_and(|role| role != user.role) {
        let patch = UserPatch { role: attempt.access.role, active: None };
        match change(tx, id, patch, now) {
            Ok(Some((user, events))) => {
                for event in &events {
                    record(tx, event, user.actor(), now)?;
                }
            }
            // The last administrator keeps the role.
            Ok(None) | Err(PgError::Core(Error::Conflict(_))) => {}
            Err(error) => return Err(error),
        }
    }
    // The lock waits for a concurrent deactivation, or makes it wait until the session exists.
    let user = lock(tx, id)?.ok_or_else(missing)?;
    Ok(if user.is_active() { Ok(user) } else { Err(Refusal::Deactivated) })
}

/// Makes the user of a first sign-in. The organisation's identities are locked.
fn first_user(
    tx: &mut Tx<'_>,
    attempt: &IdentitySignIn,
    now: OffsetDateTime,
) -> PgResult<Result<User, Refusal>> {
    if let Some(email) = &attempt.email
        && find_by_address(tx, email)?.is_some()
    {
        return Ok(Err(Refusal::AddressTaken));
    }
    let invitation = match &attempt.email {
        Some(email) => take_for(tx, email, now)?,
        None => None,
    };
    for name in attempt.names() {
        let Some(user) = attempt.first_user(tx.org, invitation.as_ref(), name, now) else {
            return Ok(Err(Refusal::NotInvited));
        };
        let inserted = insert(tx, &user).map_err(|error| match error {
            error if error.is_unique_violation() => address_taken().into(),
            error => error,
        })?;
        if !inserted {
            continue;
        }
        let row = Row {
            org_id: tx.org.0,
            issuer: attempt.identity.issuer().to_owned(),
            subject: attempt.identity.subject().to_owned(),
            user_id: user.id.0,
            created_at: now,
        };
        insert_into(identities::table).values(&row).execute(tx)?;
        record(tx, &TrailEvent::user_added(&user), user.actor(), now)?;
        return Ok(Ok(user));
    }
    Err(Error::Taken("name").into())
}
