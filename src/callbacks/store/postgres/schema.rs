use super::fault::{Fault, FaultKind};
use super::link::Link;

/// From each version of the tables to the next, the first from none; what is later than all of them is refused.
const MIGRATIONS: [&str; 5] = [FIRST, PLACES, LINES, WISHES, UPKEEP];

/// `body` is the row; the columns beside it are what it is found by. PostgreSQL keeps checksums of its own.
const FIRST: &str = r#"
CREATE TABLE meta (name text PRIMARY KEY, value bigint NOT NULL);
INSERT INTO meta VALUES ('schema_version', 0);
CREATE TABLE callback (
    id text COLLATE "C" PRIMARY KEY, whose text COLLATE "C" NOT NULL, origin text, reason text NOT NULL,
    state text NOT NULL, settled boolean NOT NULL, kind bigint NOT NULL, next_ms bigint NOT NULL, own_ms bigint,
    seat text, lapses_ms bigint, warns_ms bigint, desk text, changed_ms bigint NOT NULL, body text NOT NULL);
CREATE INDEX callback_settled ON callback (settled, id);
CREATE INDEX callback_whose ON callback (whose) WHERE NOT settled;
CREATE INDEX callback_of_caller ON callback (whose, changed_ms);
CREATE INDEX callback_due ON callback (kind DESC, next_ms, id) WHERE state = 'open';
CREATE INDEX callback_next ON callback (next_ms) WHERE state = 'open';
CREATE INDEX callback_own ON callback (own_ms) WHERE state = 'open' AND own_ms IS NOT NULL;
CREATE INDEX callback_lapses ON callback (lapses_ms) WHERE lapses_ms IS NOT NULL;
CREATE INDEX callback_warns ON callback (warns_ms) WHERE warns_ms IS NOT NULL;
CREATE UNIQUE INDEX callback_origin ON callback (origin, reason) WHERE origin IS NOT NULL;
CREATE UNIQUE INDEX callback_in_flight ON callback (whose) WHERE state = 'attempting';
CREATE TABLE attempt (
    callback text COLLATE "C" NOT NULL, number bigint NOT NULL, sip_call_id text NOT NULL UNIQUE,
    outcome text, body text NOT NULL, PRIMARY KEY (callback, number));
CREATE TABLE live_call (id text PRIMARY KEY, desk text NOT NULL, body text NOT NULL);
CREATE INDEX live_call_desk ON live_call (desk);
"#;

/// The place in the line of those who keep one; before it nobody's was written down.
const PLACES: &str = r#"
ALTER TABLE callback ADD COLUMN place_ms bigint;
DROP INDEX callback_due;
CREATE INDEX callback_due ON callback (place_ms, kind DESC, next_ms, id) WHERE state = 'open';
"#;

/// Whose number a live call keeps, and until when unless its desk says so again; null once the desk died.
const LINES: &str = r#"
ALTER TABLE live_call ADD COLUMN whose text COLLATE "C", ADD COLUMN lapses_ms bigint;
CREATE INDEX live_call_line ON live_call (whose, lapses_ms) WHERE lapses_ms IS NOT NULL;
"#;

/// Who wished what of a promise.
const WISHES: &str = r#"
CREATE TABLE wish (
    callback text COLLATE "C" NOT NULL, number bigint NOT NULL, body text NOT NULL, PRIMARY KEY (callback, number));
"#;

/// Whenever a table was vacuumed or analysed, each connection plans all its statements anew: with a thousand desks on two
/// cores all claims then waited for three seconds, each minute. Which index answers which question does not depend on how
/// the rows are spread, so the server counts them seldom, and tidies once what it wastes is some tens of megabytes.
const UPKEEP: &str = r#"
DO $$ DECLARE name text; BEGIN
    FOREACH name IN ARRAY ARRAY['callback', 'attempt', 'wish', 'live_call'] LOOP
        EXECUTE format(
            'ALTER TABLE %I SET (
                autovacuum_vacuum_threshold = 50000, autovacuum_vacuum_insert_threshold = 200000,
                autovacuum_analyze_threshold = 200000)', name);
    END LOOP;
END $$;
"#;

/// One desk at a time: many start at once. 1953002090 is the key beside that of the callers.
const BEGIN: &str = "
BEGIN;
SELECT pg_advisory_xact_lock(1953002090, 0);
DO $$ BEGIN
    IF to_regnamespace('thirdring') IS NULL THEN CREATE SCHEMA thirdring; END IF;
END $$;";

const VERSION: &str = "SELECT value FROM meta WHERE name = 'schema_version'";

/// The tables' version is one that a later program laid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Newer {
    pub(super) found: u32,
    pub(super) known: u32,
}

/// Whether the tables were there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tables {
    Laid,
    Found,
}

/// Brings the tables to our version, all at once.
pub(super) fn bring_up(link: &Link) -> Result<Result<Tables, Newer>, Fault> {
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    // A thousand desks start in the morning: where nothing is to be done they do not wait for each other.
    if version(link)? == known {
        return Ok(Ok(Tables::Found));
    }
    link.batch(BEGIN)?;
    let found = version(link)?;
    if found > known {
        link.batch("ROLLBACK")?;
        return Ok(Err(Newer { found, known }));
    }
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        link.batch(migration)?;
    }
    let set = format!(
        "UPDATE meta SET value = {known} WHERE name = 'schema_version' AND value < {known}; COMMIT;"
    );
    link.batch(&set)?;
    Ok(Ok(if found == 0 {
        Tables::Laid
    } else {
        Tables::Found
    }))
}

/// None of the tables are there: version 0.
fn version(link: &Link) -> Result<u32, Fault> {
    if link.number("SELECT (to_regclass('thirdring.meta') IS NOT NULL)::int::bigint")? != Some(1) {
        return Ok(0);
    }
    let version = link
        .number(VERSION)?
        .and_then(|version| u32::try_from(version).ok());
    version.ok_or_else(|| {
        Fault::new(
            FaultKind::Refused,
            "the tables of schema thirdring have no version",
        )
    })
}
