//! The port of users, sign-in links and sessions.

use contacts_core::key::{KeyHash, Role};
use contacts_core::session::{
    NewSession, Session, SessionId, SessionRepository, SignInLink, User, UserId,
};
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, Error, OrgId, Result};
use diesel::pg::Pg;
use diesel::{
    ExpressionMethods, Insertable, QueryDsl, Queryable, Selectable, SelectableHelper, delete,
    insert_into, update,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::{PgResult, RunQuery, Tx, unread, unreadable};
use crate::schema::{sessions, sign_in_links, users};
use crate::trail::record;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = users, check_for_backend(Pg))]
struct UserRow {
    org_id: Uuid,
    id: Uuid,
    name: String,
    created_at: OffsetDateTime,
    role: String,
}

impl UserRow {
    fn of(user: &User) -> Self {
        Self {
            org_id: user.org.0,
            id: user.id.0,
            name: user.name.clone(),
            created_at: user.created_at,
            role: user.role.as_str().to_owned(),
        }
    }

    fn read(self) -> PgResult<User> {
        let Self { org_id, id, name, created_at, role } = self;
        let role = Role::parse(&role).ok_or_else(|| unreadable("users.role"))?;
        Ok(User { id: UserId(id), org: OrgId(org_id), name, role, created_at })
    }
}

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
        let row = UserRow::of(user);
        self.write(user.org, |tx| {
            let inserted = insert_into(users::table).values(&row).execute(tx);
            inserted.map_err(|error| match error {
                error if error.is_unique_violation() => Error::Taken("user").into(),
                error => error,
            })?;
            record(tx, &TrailEvent::user_added(user), actor, user.created_at)
        })
    }

    fn find_user(&self, org: OrgId, name: &str) -> Result<Option<User>> {
        self.read(org, |tx| {
            let row: Option<UserRow> = users::table
                .filter(users::org_id.eq(tx.org.0))
                .filter(users::name.eq(name))
                .select(UserRow::as_select())
                .row(tx)?;
            row.map(UserRow::read).transpose()
        })
    }

    fn users(&self, org: OrgId, after: Option<UserId>, limit: usize) -> Result<Vec<User>> {
        self.read(org, |tx| {
            let mut select = users::table
                .filter(users::org_id.eq(tx.org.0))
                .order(users::id.asc())
                .limit(limit as i64)
                .select(UserRow::as_select())
                .into_boxed();
            if let Some(after) = after {
                select = select.filter(users::id.gt(after.0));
            }
            let rows: Vec<UserRow> = select.load(tx)?;
            rows.into_iter().map(UserRow::read).collect()
        })
    }

    fn set_role(
        &self,
        org: OrgId,
        user: UserId,
        role: Role,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<User>> {
        self.write_at(org, now, |tx| {
            // Lock the administrators before the user, so that two of them who step down at the same
            // time do not both see the other one.
            let administrators: Vec<Uuid> = users::table
                .filter(users::org_id.eq(tx.org.0))
                .filter(users::role.eq(Role::Administrator.as_str()))
                .order(users::id)
                .select(users::id)
                .for_update()
                .load(tx)?;
            let Some(mut user) = find_user(tx, user)? else { return Ok(None) };
            user.check_role(role, administrators.len())?;
            if std::mem::replace(&mut user.role, role) != role {
                update(users::table.find((tx.org.0, user.id.0)))
                    .set(users::role.eq(role.as_str()))
                    .execute(tx)?;
                record(tx, &TrailEvent::role_changed(&user), actor, now)?;
            }
            Ok(Some(user))
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
            // Deleting the link uses it. A concurrent sign-in waits for this transaction, and then
            // finds no link.
            let link = sign_in_links::table
                .find((tx.org.0, &link.0[..]))
                .filter(sign_in_links::expires_at.gt(new.at));
            let user_id: Option<Uuid> = delete(link).returning(sign_in_links::user_id).row(tx)?;
            let Some(user_id) = user_id else { return Ok(None) };
            let session = Session::open(org, UserId(user_id), new);
            insert_into(sessions::table).values(Row::of(&session)).execute(tx)?;
            let Some(user) = find_user(tx, session.user)? else { return Ok(None) };
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
            let user = find_user(tx, session.user)?;
            Ok(user.map(|user| (session, user)))
        })
    }

    fn touch(&self, org: OrgId, session: SessionId, now: OffsetDateTime) -> Result<()> {
        self.write_at(org, now, |tx| {
            let session = sessions::table.find((tx.org.0, session.0));
            update(session.filter(sessions::last_seen_at.lt(now)))
                .set(sessions::last_seen_at.eq(now))
                .execute(tx)
                .map(drop)
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

fn find_user(tx: &mut Tx<'_>, user: UserId) -> PgResult<Option<User>> {
    let row: Option<UserRow> =
        users::table.find((tx.org.0, user.0)).select(UserRow::as_select()).row(tx)?;
    row.map(UserRow::read).transpose()
}
