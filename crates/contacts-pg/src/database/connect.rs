//! Connection strings, and the check of the server when a database is opened.

use std::time::Duration;

use contacts_core::Result;
use diesel::{Connection as _, PgConnection, RunQueryDsl, sql_query};

use super::{OpenError, PoolConfig};

/// Settings of the server for each connection. They are part of the connection string, because a
/// pooler between the program and the server may not keep the state of a session.
///
/// - Custom plans: a cached generic plan makes `LIKE $1` slow. Neither JIT compilation nor parallel
///   workers for short statements, and the index of an organisation rather than a scan of the whole
///   table.
/// - On a cluster, statements that would query every shard are refused. Elsewhere this setting has
///   no effect.
/// - The server cleans up after a client that vanished: it closes the connection after some 20
///   seconds, and ends an open transaction after 15.
const SERVER: &[(&str, &str)] = &[
    ("plan_cache_mode", "force_custom_plan"),
    ("jit", "off"),
    ("max_parallel_workers_per_gather", "0"),
    ("enable_seqscan", "off"),
    ("citus.multi_task_query_log_level", "error"),
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "3"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "8000"),
    ("idle_in_transaction_session_timeout", "15000"),
];

/// Parameters of libpq, so that a server that vanished is noticed within seconds: a connection
/// attempt takes at most five seconds, and sent data must be acknowledged within eight.
const CLIENT: &[(&str, &str)] = &[
    ("connect_timeout", "5"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "3"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "8000"),
];

/// The oldest supported version of the server, in the form of `server_version_num`.
const MIN_SERVER_VERSION: i32 = 140_000;

/// The connection string of a pool: the given one, plus each of [`CLIENT`] that it does not set
/// itself, and the server's settings unless it has `options` of its own.
pub(super) fn connection_string(url: &str, config: &PoolConfig, english: bool) -> String {
    let mut string = ConnectionString::new(url);
    for (name, value) in CLIENT {
        string.add(name, value);
    }
    let mut settings: Vec<_> =
        SERVER.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let milliseconds = |limit: Duration| limit.as_millis().to_string();
    settings.extend(config.statement_timeout.map(|t| ("statement_timeout", milliseconds(t))));
    settings.extend(config.lock_timeout.map(|t| ("lock_timeout", milliseconds(t))));
    if english {
        settings.push(("lc_messages", "C".to_owned()));
    }
    let settings: Vec<_> =
        settings.iter().map(|(name, value)| format!("-c {name}={value}")).collect();
    string.add("options", &settings.join(" "));
    string.text
}

/// A connection string in one of libpq's two forms.
struct ConnectionString {
    text: String,
    is_uri: bool,
}

impl ConnectionString {
    fn new(url: &str) -> Self {
        let is_uri = url.starts_with("postgres://") || url.starts_with("postgresql://");
        Self { text: url.to_owned(), is_uri }
    }

    /// Adds a parameter, unless it is set. The values are constants of this file, and contain no
    /// quotes.
    fn add(&mut self, name: &str, value: &str) {
        if self.has(name) {
            return;
        }
        if self.is_uri {
            let value = value.replace(' ', "%20").replace('=', "%3D");
            let separator = if self.text.contains('?') { '&' } else { '?' };
            self.text.push_str(&format!("{separator}{name}={value}"));
        } else {
            self.text.push_str(&format!(" {name}='{value}'"));
        }
    }

    fn has(&self, name: &str) -> bool {
        let is_name = |pair: &str| pair.split('=').next().is_some_and(|own| own.trim() == name);
        if self.is_uri {
            let (_, query) = self.text.split_once('?').unwrap_or_default();
            return query.split('&').any(is_name);
        }
        // A quoted value may contain the name, too. Then the parameter counts as set, and is not
        // added.
        let unspaced = self.text.replace(" =", "=");
        unspaced.split_whitespace().any(|pair| pair.contains('=') && is_name(pair))
    }
}

#[derive(diesel::QueryableByName)]
struct ServerRow {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    number: i32,
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    encoding: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    ctype: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    messages: String,
}

/// Connects once, checks that the server can be used, and returns the connection string of the
/// pool.
///
/// Diesel hides most SQLSTATEs, so that some failures are recognised by their message. The
/// connections therefore request untranslated messages. Only a superuser may change that setting,
/// so it is set only where the server translates its messages.
///
/// # Errors
///
/// [`OpenError`], whose message states what to do.
pub(super) fn check(url: &str, config: &PoolConfig) -> Result<String, OpenError> {
    let string = connection_string(url, config, false);
    let server = ask(&string)?;
    if server.number < MIN_SERVER_VERSION {
        return Err(OpenError::TooOld(server.version));
    }
    if server.encoding != "UTF8" {
        return Err(OpenError::Encoding(server.encoding));
    }
    if matches!(server.ctype.as_str(), "C" | "POSIX") {
        tracing::warn!(
            "the database's locale is {}: search is slow for names that are not ASCII; \
             make a database with the locale C.UTF-8",
            server.ctype
        );
    }
    if is_english(&server.messages) {
        return Ok(string);
    }
    let english = connection_string(url, config, true);
    match ask(&english) {
        Ok(server) if is_english(&server.messages) => Ok(english),
        _ => {
            tracing::warn!(
                "the database server writes its errors in {}, so a deadlock, a full disk or a \
                 timeout is reported as an unknown failure: let a superuser run ALTER ROLE … SET \
                 lc_messages = 'C' for the service's role",
                server.messages
            );
            Ok(string)
        }
    }
}

/// Returns whether messages in this locale are untranslated.
fn is_english(locale: &str) -> bool {
    let language = locale.split(['.', '_', '@']).next().unwrap_or_default();
    matches!(language, "C" | "POSIX" | "en" | "English")
}

fn ask(string: &str) -> Result<ServerRow, OpenError> {
    let unreachable = |error: &dyn ToString| OpenError::Unreachable(first_line(&error.to_string()));
    let mut db = PgConnection::establish(string).map_err(|error| unreachable(&error))?;
    let query = "SELECT current_setting('server_version_num')::int AS number, \
                 current_setting('server_version') AS version, \
                 current_setting('server_encoding') AS encoding, \
                 current_setting('lc_messages') AS messages, \
                 datctype::text AS ctype FROM pg_database WHERE datname = current_database()";
    RunQueryDsl::get_result(sql_query(query), &mut db).map_err(|error| unreachable(&error))
}

pub(super) fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool() -> PoolConfig {
        PoolConfig {
            statement_timeout: Some(Duration::from_secs(30)),
            lock_timeout: Some(Duration::from_secs(10)),
            ..PoolConfig::new(1, Duration::from_secs(1))
        }
    }

    fn string(url: &str) -> String {
        connection_string(url, &pool(), false)
    }

    #[test]
    fn a_uri_gets_what_it_does_not_set() {
        let uri = string("postgres://localhost/x");
        let begin = "postgres://localhost/x?connect_timeout=5&keepalives_idle=10&";
        assert!(uri.starts_with(begin), "{uri}");
        assert!(uri.contains("&options=-c%20plan_cache_mode%3Dforce_custom_plan%20-c"), "{uri}");
        assert!(uri.ends_with("%20-c%20statement_timeout%3D30000%20-c%20lock_timeout%3D10000"));
        let uri = string("postgres:///x?host=/run&connect_timeout=60");
        assert!(uri.starts_with("postgres:///x?host=/run&connect_timeout=60&keepalives_idle=10"));
        assert_eq!(uri.matches("connect_timeout").count(), 1);
    }

    #[test]
    fn a_list_of_parameters_gets_what_it_does_not_set() {
        let list = string("host=/run dbname=x keepalives_idle = 99");
        assert!(list.starts_with("host=/run dbname=x keepalives_idle = 99 connect_timeout='5'"));
        assert_eq!(list.matches("keepalives_idle").count(), 2, "once for the server: {list}");
        assert!(list.contains(" options='-c plan_cache_mode=force_custom_plan -c jit=off"));
        assert!(list.ends_with("-c statement_timeout=30000 -c lock_timeout=10000'"), "{list}");
    }

    #[test]
    fn own_options_replace_ours() {
        for url in ["postgres:///x?options=-c%20a%3Db", "dbname=x options='-c a=b'"] {
            let own = string(url);
            assert!(own.starts_with(url) && own.contains("connect_timeout"), "{own}");
            assert!(!own.contains("plan_cache_mode"), "{own}");
        }
    }

    #[test]
    fn a_pool_without_limits_asks_for_none() {
        let none = PoolConfig::new(1, Duration::from_secs(1));
        let string = connection_string("dbname=x", &none, false);
        assert!(!string.contains("statement_timeout") && !string.contains("lock_timeout"));
    }

    #[test]
    fn untranslated_messages_are_asked_for_where_the_server_translates() {
        assert!(connection_string("dbname=x", &pool(), true).contains("-c lc_messages=C"));
        for locale in ["C", "C.UTF-8", "POSIX", "en_US.UTF-8", "en_GB"] {
            assert!(is_english(locale), "{locale}");
        }
        for locale in ["de_DE.UTF-8", "", "French_France.1252"] {
            assert!(!is_english(locale), "{locale}");
        }
    }
}
