//! The database from which every benchmark starts: 200 organisations, one of them large.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use contacts_core::campaign::AddressKey;
use contacts_core::contact::SEARCH_VERSION;
use contacts_core::key::Token;
use contacts_core::org::OrgId;
use contacts_embed::ClockIds;
use contacts_pg::{Database, PoolConfig};
use uuid::Uuid;

use crate::Result;
use crate::args::Args;
use crate::files::{
    FIELDS, People, contact_id, detail_id, made_at, org_id, tag_id, write_computed, write_tags,
};
use crate::postgres::Postgres;
use crate::random::Random;

/// Name of the template database. Benchmarks run on copies of it, and nothing connects to it.
const BASE: &str = "base";

/// The columns of custom fields that are written.
const CUSTOM_FIELDS: &str = "fields (org_id, key, label, kind, options, position, archived)";

/// The columns of tags that are written.
const TAGS: &str = "tags (org_id, id, name, key, created_at)";

/// The columns of contacts that are written.
const CONTACTS: &str = "contacts (org_id, id, name, name_key, email, email_key, phone, \
     phone_e164, search, custom, created_at, updated_at, version)";

/// The columns of imports that are written. Their files count as deleted, as they would be by now.
const IMPORTS: &str = "imports (org_id, id, file_id, file_name, bytes, actor_kind, actor_id, \
     state, problem, analysis, plan, rows_read, tally, created_at, started_at, finished_at, \
     file_state)";

/// The columns of sources that are written.
const SOURCES: &str = "contact_sources (org_id, contact_id, kind, detail_id, reference, visitor, \
     row_number, at, is_first)";

/// Inserts the addresses of all contacts.
const ADDRESSES: &str = "INSERT INTO addresses (org_id, email_key, contact_id, email, is_primary, added_at, source) \
     SELECT c.org_id, c.email_key, c.id, c.email, true, c.created_at, s.kind \
     FROM contacts c JOIN contact_sources s \
         ON s.org_id = c.org_id AND s.contact_id = c.id AND s.is_first \
     WHERE c.email_key <> '' ORDER BY c.org_id, c.email_key";

/// Number of organisations.
const ORGANISATIONS: u64 = 200;

/// Number of the large organisation.
pub(crate) const LARGE: u64 = 0;

/// The state that the benchmarks share.
pub(crate) struct World {
    /// The arguments of the command line.
    pub(crate) args: Args,
    /// The temporary cluster.
    pub(crate) postgres: Postgres,
    made: bool,
}

impl World {
    /// Starts the cluster.
    pub(crate) fn new(args: Args) -> Result<Self> {
        let postgres = Postgres::start(&args)?;
        Ok(Self { args, postgres, made: false })
    }

    /// Creates a new copy of the base, after creating the base itself at the first call.
    pub(crate) fn fresh(&mut self, name: &str) -> Result {
        if !self.made {
            let began = Instant::now();
            self.make()?;
            self.made = true;
            eprintln!("base: made in {:.0} s", began.elapsed().as_secs_f64());
        }
        self.postgres.clone_database(BASE, name)
    }

    /// Returns the id of the large organisation.
    pub(crate) fn org() -> OrgId {
        OrgId(org_id(LARGE))
    }

    /// Returns the token of an API key of the large organisation with all scopes.
    pub(crate) fn token() -> Token {
        Token::new(Self::org(), [7; 32])
    }

    /// Creates an API key of the large organisation with these scopes, and returns its token.
    pub(crate) fn token_of(scopes: &[&str], world: &Self) -> Result<String> {
        let token = Token::new(Self::org(), [8; 32]);
        let id = detail_id(LARGE, "key", 0);
        world.postgres.ask("run", &make_key(&token, id, scopes))?;
        Ok(token.reveal())
    }

    /// Returns a digest of the large organisation in the database of a run, which includes the
    /// columns `of_sources` of its sources. Then it runs a checkpoint, so that no writes are
    /// pending.
    pub(crate) fn digest(&self, of_sources: &str) -> Result<String> {
        let org = Self::org();
        let digest = self.postgres.ask(
            "run",
            &format!(
                "SET jit = off; \
                 SELECT count(*), sum(hashtextextended(concat_ws('|', name, name_key, email, \
                     email_key, phone, phone_e164, search, custom, version), 0)::numeric) \
                 FROM contacts WHERE org_id = '{org}'; \
                 SELECT count(*), sum(hashtextextended(concat_ws('|', email_key, email, \
                     is_primary), 0)::numeric) FROM addresses WHERE org_id = '{org}'; \
                 SELECT count(*) FROM contact_tags WHERE org_id = '{org}'; \
                 SELECT {of_sources} FROM contact_sources WHERE org_id = '{org}'; \
                 SELECT count(*) FROM tags WHERE org_id = '{org}';"
            ),
        )?;
        self.postgres.checkpoint()?;
        Ok(digest)
    }

    fn make(&self) -> Result {
        // The base contains no unsubscribes, so this key hashes nothing.
        const KEY: AddressKey = AddressKey::new([0; 32]);
        let postgres = &self.postgres;
        postgres.ask("postgres", &format!("CREATE DATABASE {BASE}"))?;
        let pool = PoolConfig::new(1, Duration::from_secs(10));
        // Use the program's own migrations, so that the limit runs on the same schema.
        let database =
            Database::open(&postgres.url(BASE), pool, Arc::new(ClockIds::default()), KEY)?;
        database.migrate()?;
        drop(database);
        let sizes = self.sizes();
        postgres.copy(BASE, "organisations", |out| write_organisations(out, &sizes))?;
        postgres.copy(BASE, CUSTOM_FIELDS, |out| write_fields(out, &sizes))?;
        postgres.copy(BASE, IMPORTS, |out| write_imports(out, &sizes))?;
        postgres.copy(BASE, TAGS, |out| write_all_tags(out, &sizes))?;
        postgres.copy(BASE, CONTACTS, |out| each(&sizes, |at| write_contacts(out, at)))?;
        postgres.copy(BASE, "contact_tags", |out| each(&sizes, |at| write_links(out, at)))?;
        postgres.copy(BASE, SOURCES, |out| each(&sizes, |at| write_sources(out, at)))?;
        postgres.ask(BASE, ADDRESSES)?;
        postgres.ask(BASE, &make_key(&Self::token(), Self::org().0, &["admin"]))?;
        postgres.ask(BASE, "VACUUM (ANALYZE, FREEZE)")?;
        postgres.ask("postgres", &format!("ALTER DATABASE {BASE} ALLOW_CONNECTIONS false"))?;
        Ok(())
    }

    /// Returns the number of contacts in each organisation. The large one has as many as requested;
    /// the others have a quarter of that in total, most of it in few of them.
    fn sizes(&self) -> Vec<People> {
        let weights: f64 = (1..ORGANISATIONS).map(|rank| 1.0 / rank as f64).sum();
        let others = self.args.rows as f64 / 4.0;
        let size = |group: u64| match group {
            LARGE => self.args.rows,
            rank => (others / weights / rank as f64) as u64,
        };
        let people = (0..ORGANISATIONS).map(|group| People {
            group,
            first: 0,
            count: size(group),
            version: 0,
        });
        people.collect()
    }
}

fn each(sizes: &[People], mut write: impl FnMut(People) -> Result) -> Result {
    sizes.iter().try_for_each(|people| write(*people))
}

fn write_organisations(out: &mut dyn Write, sizes: &[People]) -> Result {
    for People { group, .. } in sizes {
        let org = org_id(*group);
        writeln!(out, "{org}\tOrganisation {group}\t\\N\t2024-01-01\t{SEARCH_VERSION}")?;
    }
    Ok(())
}

fn write_fields(out: &mut dyn Write, sizes: &[People]) -> Result {
    for People { group, .. } in sizes {
        for (position, [key, label, kind]) in FIELDS.iter().enumerate() {
            let org = org_id(*group);
            writeln!(out, "{org}\t{key}\t{label}\t{kind}\t\\N\t{position}\tf")?;
        }
    }
    Ok(())
}

/// Writes a few imports for each organisation. The list shows their file names.
fn write_imports(out: &mut dyn Write, sizes: &[People]) -> Result {
    for People { group, .. } in sizes {
        for place in 0..5 {
            let (org, id) = (org_id(*group), detail_id(*group, "csv_import", place));
            write!(out, "{org}\t{id}\t{id}\tcontacts {place}.csv\t1\tsystem\t\\N\tdone")?;
            let tally = r#"{"added":0,"updated":0,"skipped":[],"warnings":0}"#;
            writeln!(
                out,
                "\t\\N\t\\N\t\\N\t0\t{tally}\t2024-01-01\t2024-01-01\t2024-01-01\texpired"
            )?;
        }
    }
    Ok(())
}

fn write_all_tags(out: &mut dyn Write, sizes: &[People]) -> Result {
    for People { group, .. } in sizes {
        let mut tags = Vec::new();
        write_tags(&mut tags, *group)?;
        for line in String::from_utf8(tags)?.lines() {
            let tag = line.split_once('\t').map_or(line, |(_place, rest)| rest);
            writeln!(out, "{}\t{tag}\t2024-01-01", org_id(*group))?;
        }
    }
    Ok(())
}

fn write_contacts(mut out: &mut dyn Write, people: People) -> Result {
    let org = org_id(people.group);
    for (number, person) in people.iter() {
        write!(out, "{org}\t{}", contact_id(people.group, number, people.count))?;
        write_computed(&mut out, &person)?;
        let made = timestamp(made_at(number, people.count));
        // A third of the contacts were changed later, most of them long ago.
        let changed = match Random::of(people.group, !number).below(3) {
            0 => timestamp(made_at(people.count - number / 4, people.count)),
            _ => made.clone(),
        };
        writeln!(out, "\t{made}\t{changed}\t1")?;
    }
    Ok(())
}

fn write_links(out: &mut dyn Write, people: People) -> Result {
    let org = org_id(people.group);
    for (number, person) in people.iter() {
        let contact = contact_id(people.group, number, people.count);
        for place in person.tags {
            writeln!(out, "{org}\t{contact}\t{}", tag_id(people.group, place))?;
        }
    }
    Ok(())
}

fn write_sources(out: &mut dyn Write, people: People) -> Result {
    let org = org_id(people.group);
    for number in people.first..people.first + people.count {
        let contact = contact_id(people.group, number, people.count);
        let made = timestamp(made_at(number, people.count));
        let mut random = Random::of(people.group, u64::MAX / 2 - number);
        let place = random.skewed(5, 2) as u64;
        let (kind, reference, visitor, row) = match random.below(10) {
            0..5 => ("chat", format!("conversation-{number}"), format!("v{number}"), "\\N".into()),
            5..9 => ("csv_import", String::new(), "\\N".into(), (number + 1).to_string()),
            _ => ("manual", "user".into(), "\\N".into(), "\\N".into()),
        };
        let detail = detail_id(people.group, kind, place);
        write!(out, "{org}\t{contact}\t{kind}\t{detail}\t{reference}")?;
        writeln!(out, "\t{visitor}\t{row}\t{made}\tt")?;
    }
    Ok(())
}

/// Returns a time in the format that Postgres reads.
fn timestamp(millis: u64) -> String {
    // Days have equal length in Unix time, so a division gives the day and the time of day.
    let (days, rest) = (millis / 86_400_000, millis % 86_400_000);
    let day = time::Date::from_julian_day(2_440_588 + days as i32).map(|day| day.to_string());
    let (seconds, millis) = (rest / 1_000, rest % 1_000);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{} {hours:02}:{minutes:02}:{seconds:02}.{millis:03}+00", day.unwrap_or_default())
}

fn make_key(token: &Token, id: Uuid, scopes: &[&str]) -> String {
    let hash: String = token.hash().0.iter().map(|byte| format!("{byte:02x}")).collect();
    let (org, scopes) = (World::org(), scopes.join(","));
    format!(
        "INSERT INTO api_keys (org_id, id, name, scopes, hash, created_at) \
         VALUES ('{org}', '{id}', 'bench', '{{{scopes}}}', '\\x{hash}', now())"
    )
}
