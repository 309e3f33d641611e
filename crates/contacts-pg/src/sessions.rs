//! The port of users, sign-in links and sessions.

mod users;

use std::collections::BTreeMap;

use contacts_core::key::KeyHash;
use contacts_core::session::{
    NewSession, SESSION_IDLE, Session, SessionId, SessionRepository, SignInLink, User, UserId,
    UserPatch,
};
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, Error, OrgId, Result};
use diesel::dsl::count_star;
use diesel::pg::Pg;
use diesel::{
    ExpressionMethods, Insertable, QueryDsl, Queryable, Selectable, SelectableHelper, delete,
    insert_into, update,
};
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) use self::users::{change, find, find_by_address, insert, lock, set_seen};
use self::users::{find_by_name, list};
use crate::Database;
use crate::database::{PgResult, RunQuery, Tx, unread};
use crate::schema::{sessions, sign_in_links};
use crate::trail::record;

#[derive(Insertable)]
#[diesel(table_name = sign_in_links)]
struct LinkRow {
    org_id: Uuid,
    hash: Vec<u8>,
    user_id: Uuid,
    expires_at: OffsetDateTime,
}

impl LinkRow {
    fn of(link: &SignInLink) -> Self {
        Self {
            org_id: link.org.0,
            hash: link.hash.0.to_vec(),
            user_id: link.user.0,
            expires_at: link.expires_at,
        }
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, check_for_backend(Pg), treat_none_as_default_value = false)]
struct Row {
    org_id: Uuid,
    id: Uuid,
    user_id: Uuid,
    hash: Vec<u8>,
    agent: String,
    created_at: OffsetDateTime,
    last_seen_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    revoked_at: Option<OffsetDateTime>,
}

impl Row {
    fn of(session: &Session) -> Self {
        Self {
            org_id: session.org.0,
            id: session.id.0,
            user_id: session.user.0,
            hash: session.hash.0.to_vec(),
            agent: session.agent.clone(),
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
            revoked_at: session.revoked_at,
        }
    }

    fn read(self) -> PgResult<Session> {
        let hash = <[u8; 32]>::try_from(&self.hash[..]).map_err(unread("sessions.hash"))?;
        Ok(Session {
            id: SessionId(self.id),
            org: OrgId(self.org_id),
            user: UserId(self.user_id),
            hash: KeyHash(hash),
            agent: self.agent,
            created_at: self.created_at,
            last_seen_at: self.last_seen_at,
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
        })
    }
}

impl SessionRepository for Database {
    fn insert_user(&self, user: &User, actor: Actor) -> Result<()> {
        self.write(user.org, |tx| {
            if !insert(tx, user)? {
                return Err(Error::Taken("user").into());
            }
            record(tx, &TrailEvent::user_added(user), actor, user.created_at)
        })
    }

    fn find_user(&self, org: OrgId, name: &str) -> Result<Option<User>> {
        self.read(org, |tx| find_by_name(tx, name))
    }

    fn users(&self, org: OrgId, after: Option<UserId>, limit: usize) -> Result<Vec<User>> {
        self.read(org, |tx| list(tx, after, limit))
    }

    fn change_user(
        &self,
        org: OrgId,
        user: UserId,
        patch: UserPatch,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<User>> {
        self.write_at(org, now, |tx| {
            let Some((user, events)) = change(tx, user, patch, now)? else { return Ok(None) };
            if !user.is_active() {
                let links = sign_in_links::table
                    .filter(sign_in_links::org_id.eq(tx.org.0))
                    .filter(sign_in_links::user_id.eq(user.id.0));
                delete(links).execute(tx)?;
                revoke_all(tx, user.id, now)?;
            }
            for event in &events {
                record(tx, event, actor, now)?;
            }
            Ok(Some(user))
        })
    }

    fn count_sessions(
        &self,
        org: OrgId,
        users: &[UserId],
        now: OffsetDateTime,
    ) -> Result<BTreeMap<UserId, u64>> {
        let ids: Vec<_> = users.iter().map(|user| user.0).collect();
        self.read(org, |tx| {
            let counts: Vec<(Uuid, i64)> = sessions::table
                .filter(sessions::org_id.eq(tx.org.0))
                .filter(sessions::user_id.eq_any(&ids))
                .filter(sessions::revoked_at.is_null())
                .filter(sessions::expires_at.gt(now))
                .filter(sessions::last_seen_at.gt(now - SESSION_IDLE))
                .group_by(sessions::user_id)
                .select((sessions::user_id, count_star()))
                .load(tx)?;
            let read = |(user, sessions): (Uuid, i64)| (UserId(user), sessions.cast_unsigned());
            Ok(counts.into_iter().map(read).collect())
        })
    }

    fn end_sessions(
        &self,
        org: OrgId,
        user: UserId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<u64>> {
        self.write_at(org, now, |tx| {
            if lock(tx, user)?.is_none() {
                return Ok(None);
            }
            let ended = revoke_all(tx, user, now)?;
            if ended > 0 {
                record(tx, &TrailEvent::sessions_ended(user), actor, now)?;
            }
            Ok(Some(ended))
        })
    }

    fn insert_link(&self, link: &SignInLink) -> Result<()> {
        let row = LinkRow::of(link);
        self.write(link.org, |tx| {
            insert_into(sign_in_links::table).values(&row).execute(tx).map(drop)
        })
    }

    fn sign_in(
        &self,
        org: OrgId,
        link: KeyHash,
        new: &NewSession,
    ) -> Result<Option<(Session, User)>> {
        self.write(org, |tx| {
            let link = sign_in_links::table
                .find((tx.org.0, &link.0[..]))
                .filter(sign_in_links::expires_at.gt(new.at));
            let user_id: Option<Uuid> = link.select(sign_in_links::user_id).row(tx)?;
            let Some(user_id) = user_id else { return Ok(None) };
            // Lock the user before the link, as a deactivation does, so that neither a session nor a
            // link of a deactivated user is left. Deleting the link uses it: a concurrent sign-in
            // waits for this transaction, and then finds no link.
            let Some(mut user) = lock(tx, UserId(user_id))? else { return Ok(None) };
            if delete(link).execute(tx)? == 0 || !user.is_active() {
                return Ok(None);
            }
            user.last_seen_at = user.last_seen_at.max(Some(new.at));
            set_seen(tx, user.id, new.at)?;
            let session = open(tx, user.id, new)?;
            record(tx, &TrailEvent::signed_in(session.id), user.actor(), new.at)?;
            Ok(Some((session, user)))
        })
    }

    fn find(&self, org: OrgId, hash: KeyHash) -> Result<Option<(Session, User)>> {
        self.read(org, |tx| {
            let row: Option<Row> = sessions::table
                .filter(sessions::org_id.eq(tx.org.0))
                .filter(sessions::hash.eq(&hash.0[..]))
                .select(Row::as_select())
                .row(tx)?;
            let Some(session) = row.map(Row::read).transpose()? else { return Ok(None) };
            let user = find(tx, session.user)?;
            Ok(user.map(|user| (session, user)))
        })
    }

    fn touch(&self, org: OrgId, session: SessionId, now: OffsetDateTime) -> Result<()> {
        self.write_at(org, now, |tx| {
            let session = sessions::table.find((tx.org.0, session.0));
            let user: Option<Uuid> = update(session.filter(sessions::last_seen_at.lt(now)))
                .set(sessions::last_seen_at.eq(now))
                .returning(sessions::user_id)
                .row(tx)?;
            user.map_or(Ok(()), |user| set_seen(tx, UserId(user), now))
        })
    }

    fn list(
        &self,
        org: OrgId,
        user: UserId,
        after: Option<SessionId>,
        limit: usize,
    ) -> Result<Vec<Session>> {
        self.read(org, |tx| {
            let mut select = sessions::table
                .filter(sessions::org_id.eq(tx.org.0))
                .filter(sessions::user_id.eq(user.0))
                .order(sessions::id.desc())
                .limit(limit as i64)
                .select(Row::as_select())
                .into_boxed();
            if let Some(after) = after {
                select = select.filter(sessions::id.lt(after.0));
            }
            let rows: Vec<Row> = select.load(tx)?;
            rows.into_iter().map(Row::read).collect()
        })
    }

    fn revoke(
        &self,
        org: OrgId,
        user: UserId,
        session: SessionId,
        now: OffsetDateTime,
    ) -> Result<Option<Session>> {
        self.write_at(org, now, |tx| {
            let own =
                sessions::table.find((tx.org.0, session.0)).filter(sessions::user_id.eq(user.0));
            let live = own.filter(sessions::revoked_at.is_null());
            if update(live).set(sessions::revoked_at.eq(now)).execute(tx)? == 1 {
                record(tx, &TrailEvent::signed_out(session), Actor::User(user.0), now)?;
            }
            let row: Option<Row> = own.select(Row::as_select()).row(tx)?;
            row.map(Row::read).transpose()
        })
    }
}

/// Opens a session of a user.
pub(crate) fn open(tx: &mut Tx<'_>, user: UserId, new: &NewSession) -> PgResult<Session> {
    let session = Session::open(tx.org, user, new);
    insert_into(sessions::table).values(Row::of(&session)).execute(tx)?;
    Ok(session)
}

/// Revokes the sessions of a user, and returns the number of those that were valid.
fn revoke_all(tx: &mut Tx<'_>, user: UserId, now: OffsetDateTime) -> PgResult<u64> {
    let open = sessions::table
        .filter(sessions::org_id.eq(tx.org.0))
        .filter(sessions::user_id.eq(user.0))
        .filter(sessions::revoked_at.is_null());
    let revoked: Vec<Row> =
        update(open).set(sessions::revoked_at.eq(now)).returning(Row::as_returning()).load(tx)?;
    let mut valid = 0;
    for row in revoked {
        let session = Session { revoked_at: None, ..row.read()? };
        valid += u64::from(session.is_live(now));
    }
    Ok(valid)
}
