//! The table of users.

use contacts_core::OrgId;
use contacts_core::contact::EmailAddress;
use contacts_core::key::Role;
use contacts_core::session::{User, UserId, UserPatch};
use contacts_core::trail::TrailEvent;
use diesel::pg::Pg;
use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, QueryDsl, Queryable, Selectable,
    SelectableHelper, insert_into, update,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::database::{PgResult, RunQuery, Tx, unread, unreadable};
use crate::schema::users;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = users, check_for_backend(Pg), treat_none_as_default_value = false)]
struct Row {
    org_id: Uuid,
    id: Uuid,
    name: String,
    created_at: OffsetDateTime,
    role: String,
    email: Option<String>,
    email_key: Option<String>,
    last_seen_at: Option<OffsetDateTime>,
    deactivated_at: Option<OffsetDateTime>,
}

impl Row {
    fn of(user: &User) -> Self {
        Self {
            org_id: user.org.0,
            id: user.id.0,
            name: user.name.clone(),
            created_at: user.created_at,
            role: user.role.as_str().to_owned(),
            email: user.email.as_ref().map(ToString::to_string),
            email_key: user.email.as_ref().map(|email| email.key().to_owned()),
            last_seen_at: user.last_seen_at,
            deactivated_at: user.deactivated_at,
        }
    }

    fn read(self) -> PgResult<User> {
        let email = self.email.as_deref().map(EmailAddress::parse).transpose();
        Ok(User {
            id: UserId(self.id),
            org: OrgId(self.org_id),
            name: self.name,
            email: email.map_err(unread("users.email"))?,
            role: Role::parse(&self.role).ok_or_else(|| unreadable("users.role"))?,
            created_at: self.created_at,
            last_seen_at: self.last_seen_at,
            deactivated_at: self.deactivated_at,
        })
    }
}

/// Adds a user; returns false when the organisation has a user of this name. Another user with the
/// address is a unique violation.
pub(crate) fn insert(tx: &mut Tx<'_>, user: &User) -> PgResult<bool> {
    let inserted = insert_into(users::table)
        .values(Row::of(user))
        .on_conflict((users::org_id, users::name))
        .do_nothing()
        .execute(tx)?;
    Ok(inserted == 1)
}

/// Finds a user by id.
pub(crate) fn find(tx: &mut Tx<'_>, user: UserId) -> PgResult<Option<User>> {
    let row: Option<Row> =
        users::table.find((tx.org.0, user.0)).select(Row::as_select()).row(tx)?;
    row.map(Row::read).transpose()
}

/// Finds a user by id, and locks it until the transaction ends.
pub(crate) fn lock(tx: &mut Tx<'_>, user: UserId) -> PgResult<Option<User>> {
    let user = users::table.find((tx.org.0, user.0)).for_update();
    let row: Option<Row> = user.select(Row::as_select()).row(tx)?;
    row.map(Row::read).transpose()
}

/// Finds a user by name.
pub(super) fn find_by_name(tx: &mut Tx<'_>, name: &str) -> PgResult<Option<User>> {
    let row: Option<Row> = users::table
        .filter(users::org_id.eq(tx.org.0))
        .filter(users::name.eq(name))
        .select(Row::as_select())
        .row(tx)?;
    row.map(Row::read).transpose()
}

/// Finds a user by address.
pub(crate) fn find_by_address(tx: &mut Tx<'_>, email: &EmailAddress) -> PgResult<Option<User>> {
    let row: Option<Row> = users::table
        .filter(users::org_id.eq(tx.org.0))
        .filter(users::email_key.eq(email.key()))
        .select(Row::as_select())
        .row(tx)?;
    row.map(Row::read).transpose()
}

/// Returns up to `limit` users after a user, in the order of their ids.
pub(super) fn list(tx: &mut Tx<'_>, after: Option<UserId>, limit: usize) -> PgResult<Vec<User>> {
    let mut select = users::table
        .filter(users::org_id.eq(tx.org.0))
        .order(users::id.asc())
        .limit(limit as i64)
        .select(Row::as_select())
        .into_boxed();
    if let Some(after) = after {
        select = select.filter(users::id.gt(after.0));
    }
    let rows: Vec<Row> = select.load(tx)?;
    rows.into_iter().map(Row::read).collect()
}

/// Applies a patch to a user. Returns the user and what the audit trail records.
pub(crate) fn change(
    tx: &mut Tx<'_>,
    user: UserId,
    patch: UserPatch,
    now: OffsetDateTime,
) -> PgResult<Option<(User, Vec<TrailEvent>)>> {
    // Lock the administrators before the user, so that two of them who step down at the same time
    // do not both see the other one.
    let administrators: Vec<Uuid> = users::table
        .filter(users::org_id.eq(tx.org.0))
        .filter(users::role.eq(Role::Administrator.as_str()))
        .filter(users::deactivated_at.is_null())
        .order(users::id)
        .select(users::id)
        .for_update()
        .load(tx)?;
    let Some(mut user) = lock(tx, user)? else { return Ok(None) };
    let events = user.apply(patch, administrators.len(), now)?;
    if !events.is_empty() {
        update(users::table.find((tx.org.0, user.id.0)))
            .set((
                users::role.eq(user.role.as_str()),
                users::deactivated_at.eq(user.deactivated_at),
            ))
            .execute(tx)?;
    }
    Ok(Some((user, events)))
}

/// Sets when a user was last seen, unless a later time is stored.
pub(crate) fn set_seen(tx: &mut Tx<'_>, user: UserId, now: OffsetDateTime) -> PgResult<()> {
    let is_earlier = users::last_seen_at.is_null().or(users::last_seen_at.lt(now));
    update(users::table.find((tx.org.0, user.0)).filter(is_earlier))
        .set(users::last_seen_at.eq(now))
        .execute(tx)
        .map(drop)
}
