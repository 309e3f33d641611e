//! Users, sign-in links and sessions.

use contacts_core::key::KeyHash;
use contacts_core::session::{
    NewSession, Session, SessionId, SessionRepository, SignInLink, User, UserId,
};
use contacts_core::{Error, OrgId, Result};
use diesel::sql_types::{Binary, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::{is_unique_violation, store, unread};
use crate::statement::Statement;

#[derive(QueryableByName)]
struct UserRow {
    #[diesel(sql_type = SqlUuid)]
    org_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        let UserRow { org_id, id, name, created_at } = row;
        Self { id: UserId(id), org: OrgId(org_id), name, created_at }
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    org_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    user_id: Uuid,
    #[diesel(sql_type = Binary)]
    hash: Vec<u8>,
    #[diesel(sql_type = Text)]
    agent: String,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
    #[diesel(sql_type = Timestamptz)]
    last_seen_at: OffsetDateTime,
    #[diesel(sql_type = Timestamptz)]
    expires_at: OffsetDateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    revoked_at: Option<OffsetDateTime>,
}

impl Row {
    fn read(self) -> Result<Session> {
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

#[derive(QueryableByName)]
struct UsedLink {
    #[diesel(sql_type = SqlUuid)]
    user_id: Uuid,
}

impl SessionRepository for Database {
    fn insert_user(&self, user: &User) -> Result<()> {
        let statement = "INSERT INTO users (org_id, id, name, created_at) VALUES ($1, $2, $3, $4)";
        self.write(|db| {
            sql_query(statement)
                .bind::<SqlUuid, _>(user.org.0)
                .bind::<SqlUuid, _>(user.id.0)
                .bind::<Text, _>(&user.name)
                .bind::<Timestamptz, _>(user.created_at)
                .execute(db)
                .map(drop)
                .map_err(|error| match error {
                    error if is_unique_violation(&error) => Error::Taken("user"),
                    error => store(error),
                })
        })
    }

    fn users(&self, org: OrgId) -> Result<Vec<User>> {
        self.read(|db| {
            let rows: Vec<UserRow> =
                sql_query("SELECT * FROM users WHERE org_id = $1 ORDER BY created_at, id")
                    .bind::<SqlUuid, _>(org.0)
                    .load(db)
                    .map_err(store)?;
            Ok(rows.into_iter().map(User::from).collect())
        })
    }

    fn insert_link(&self, link: &SignInLink) -> Result<()> {
        let statement = "INSERT INTO sign_in_links (org_id, hash, user_id, expires_at) \
             VALUES ($1, $2, $3, $4)";
        self.write(|db| {
            sql_query(statement)
                .bind::<SqlUuid, _>(link.org.0)
                .bind::<Binary, _>(&link.hash.0[..])
                .bind::<SqlUuid, _>(link.user.0)
                .bind::<Timestamptz, _>(link.expires_at)
                .execute(db)
                .map(drop)
                .map_err(store)
        })
    }

    fn sign_in(
        &self,
        org: OrgId,
        link: KeyHash,
        new: &NewSession,
    ) -> Result<Option<(Session, User)>> {
        // Whoever deletes it has used it: the others wait, and find nothing then.
        let statement = "DELETE FROM sign_in_links \
             WHERE org_id = $1 AND hash = $2 AND expires_at > $3 RETURNING user_id";
        self.write(|db| {
            let used: Option<UsedLink> = sql_query(statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<Binary, _>(&link.0[..])
                .bind::<Timestamptz, _>(new.at)
                .get_result(db)
                .optional()
                .map_err(store)?;
            let Some(UsedLink { user_id }) = used else { return Ok(None) };
            let session = Session::open(org, UserId(user_id), new);
            insert(db, &session)?;
            let user = user(db, org, session.user)?;
            Ok(user.map(|user| (session, user)))
        })
    }

    fn find(&self, org: OrgId, hash: KeyHash) -> Result<Option<(Session, User)>> {
        self.read(|db| {
            let row: Option<Row> =
                sql_query("SELECT * FROM sessions WHERE org_id = $1 AND hash = $2")
                    .bind::<SqlUuid, _>(org.0)
                    .bind::<Binary, _>(&hash.0[..])
                    .get_result(db)
                    .optional()
                    .map_err(store)?;
            let Some(session) = row.map(Row::read).transpose()? else { return Ok(None) };
            let user = user(db, org, session.user)?;
            Ok(user.map(|user| (session, user)))
        })
    }

    fn touch(&self, org: OrgId, session: SessionId, now: OffsetDateTime) -> Result<()> {
        let statement = "UPDATE sessions SET last_seen_at = $3 \
             WHERE org_id = $1 AND id = $2 AND last_seen_at < $3";
        self.write(|db| {
            sql_query(statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(session.0)
                .bind::<Timestamptz, _>(now)
                .execute(db)
                .map(drop)
                .map_err(store)
        })
    }

    fn list(&self, org: OrgId, user: UserId) -> Result<Vec<Session>> {
        let query = "SELECT * FROM sessions WHERE org_id = $1 AND user_id = $2 \
             ORDER BY created_at DESC, id DESC";
        self.read(|db| {
            let rows: Vec<Row> = sql_query(query)
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(user.0)
                .load(db)
                .map_err(store)?;
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
        let statement = "UPDATE sessions SET revoked_at = coalesce(revoked_at, $4) \
             WHERE org_id = $1 AND id = $2 AND user_id = $3 RETURNING *";
        self.write(|db| {
            let row: Option<Row> = sql_query(statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(session.0)
                .bind::<SqlUuid, _>(user.0)
                .bind::<Timestamptz, _>(now)
                .get_result(db)
                .optional()
                .map_err(store)?;
            row.map(Row::read).transpose()
        })
    }
}

fn insert(db: &mut PgConnection, session: &Session) -> Result<()> {
    let statement = "INSERT INTO sessions \
         (org_id, id, user_id, hash, agent, created_at, last_seen_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    sql_query(statement)
        .bind::<SqlUuid, _>(session.org.0)
        .bind::<SqlUuid, _>(session.id.0)
        .bind::<SqlUuid, _>(session.user.0)
        .bind::<Binary, _>(&session.hash.0[..])
        .bind::<Text, _>(&session.agent)
        .bind::<Timestamptz, _>(session.created_at)
        .bind::<Timestamptz, _>(session.last_seen_at)
        .bind::<Timestamptz, _>(session.expires_at)
        .execute(db)
        .map(drop)
        .map_err(store)
}

fn user(db: &mut PgConnection, org: OrgId, user: UserId) -> Result<Option<User>> {
    let row: Option<UserRow> = Statement::find(org, "users", "id", user.0).row(db)?;
    Ok(row.map(User::from))
}
