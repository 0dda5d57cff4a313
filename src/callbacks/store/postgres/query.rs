/// What a connection has prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Query {
    LockDue,
    LockCallers,
    LockOf,
    LockLate,
    LockDialledBy,
    Pages,
    AttemptsSince,
    Engaged,
    Known,
    Row,
    HeldAt,
    StirsAfter,
    FirstPlace,
    Unsettled,
    WriteRows,
    WriteAttempts,
    WriteWishes,
    WriteCalls,
    DeleteCalls,
    CallsDied,
    Notify,
}

impl Query {
    pub(super) const ALL: [Self; 21] = [
        Self::LockDue,
        Self::LockCallers,
        Self::LockOf,
        Self::LockLate,
        Self::LockDialledBy,
        Self::Pages,
        Self::AttemptsSince,
        Self::Engaged,
        Self::Known,
        Self::Row,
        Self::HeldAt,
        Self::StirsAfter,
        Self::FirstPlace,
        Self::Unsettled,
        Self::WriteRows,
        Self::WriteAttempts,
        Self::WriteWishes,
        Self::WriteCalls,
        Self::DeleteCalls,
        Self::CallsDied,
        Self::Notify,
    ];

    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::LockDue => LOCK_DUE,
            Self::LockCallers => LOCK_CALLERS,
            Self::LockOf => LOCK_OF,
            Self::LockLate => LOCK_LATE,
            Self::LockDialledBy => LOCK_DIALLED_BY,
            Self::Pages => PAGES,
            Self::AttemptsSince => ATTEMPTS_SINCE,
            Self::Engaged => ENGAGED,
            Self::Known => KNOWN,
            Self::Row => "SELECT whose, body FROM callback WHERE id = $1",
            Self::HeldAt => {
                "SELECT whose, body FROM callback WHERE state = 'attempting' AND desk = $1"
            }
            Self::StirsAfter => STIRS_AFTER,
            Self::FirstPlace => FIRST_PLACE,
            Self::Unsettled => "SELECT count(*) FROM callback WHERE NOT settled",
            Self::WriteRows => WRITE_ROWS,
            Self::WriteAttempts => WRITE_ATTEMPTS,
            Self::WriteWishes => WRITE_WISHES,
            Self::WriteCalls => WRITE_CALLS,
            Self::DeleteCalls => "DELETE FROM live_call WHERE id = ANY($1::text[])",
            Self::CallsDied => "UPDATE live_call SET lapses_ms = NULL WHERE desk = $1",
            Self::Notify => "SELECT pg_notify('thirdring', $1)",
        }
    }
}

// Each of the five locks callers, and leaves their numbers for PAGES, which follows in the same packet: a statement sees
// what was committed before it began, so the rows are read by another one than the lock is taken by. All locks of an
// order are taken by its first statement in the order of their keys, and where it need not be just these callers only
// what is free: so no two desks ever wait for each other. 1953002089 is "thri".

/// A caller whom nobody talks to, and on whom nobody works: that is FOR UPDATE SKIP LOCKED, but of the page instead of one
/// row of it. OFFSET 0 keeps the lock out of the sorted query: only what is looked at is locked. The order is that of
/// `Callback::turn`, for who has no place is behind all who have one.
const LOCK_DUE: &str = "
WITH free AS MATERIALIZED (
    SELECT whose FROM (
        SELECT whose FROM callback AS due WHERE state = 'open' AND next_ms <= $1
            AND (own_ms IS NULL OR own_ms <= $1 OR seat = ANY($2::text[]) OR kind = ANY($4::bigint[]))
            AND ($3::bigint IS NULL OR place_ms < $3)
            AND NOT EXISTS (SELECT 1 FROM callback WHERE whose = due.whose AND state = 'attempting')
            AND NOT EXISTS (SELECT 1 FROM live_call WHERE whose = due.whose AND lapses_ms > $1)
        ORDER BY place_ms NULLS LAST, kind DESC, next_ms, id OFFSET 0) AS due
    WHERE pg_try_advisory_xact_lock(1953002089, hashtext(whose)) LIMIT 1)
SELECT set_config('thirdring.callers', coalesce((SELECT whose FROM free), ''), true)";
const LOCK_CALLERS: &str = "
WITH callers AS MATERIALIZED (
    SELECT DISTINCT whose, hashtext(whose) AS key FROM unnest($1::text[]) AS whose ORDER BY key),
locked AS MATERIALIZED (SELECT whose, pg_advisory_xact_lock(1953002089, key) FROM callers)
SELECT set_config('thirdring.callers', coalesce(string_agg(whose, ' '), ''), true) FROM locked";
const LOCK_OF: &str = "
WITH callers AS MATERIALIZED (
    SELECT DISTINCT whose, hashtext(whose) AS key FROM callback WHERE id = ANY($1::text[]) ORDER BY key),
locked AS MATERIALIZED (SELECT whose, pg_advisory_xact_lock(1953002089, key) FROM callers)
SELECT set_config('thirdring.callers', coalesce(string_agg(whose, ' '), ''), true) FROM locked";
const LOCK_DIALLED_BY: &str = "
WITH callers AS MATERIALIZED (
    SELECT DISTINCT whose, hashtext(whose) AS key FROM callback
    WHERE state = 'attempting' AND (desk = $1 OR desk IS NULL) ORDER BY key),
locked AS MATERIALIZED (SELECT whose, pg_advisory_xact_lock(1953002089, key) FROM callers)
SELECT set_config('thirdring.callers', coalesce(string_agg(whose, ' '), ''), true) FROM locked";
const LOCK_LATE: &str = "
WITH callers AS MATERIALIZED (
    SELECT whose FROM callback WHERE lapses_ms <= $1 UNION SELECT whose FROM callback WHERE warns_ms <= $1 LIMIT $2),
locked AS MATERIALIZED (
    SELECT whose FROM callers WHERE pg_try_advisory_xact_lock(1953002089, hashtext(whose)))
SELECT set_config('thirdring.callers', coalesce(string_agg(whose, ' '), ''), true) FROM locked";

/// In no order, which would be that of another index: see `SESSION`.
const PAGES: &str = "
SELECT whose, body FROM callback
WHERE NOT settled AND whose = ANY(string_to_array(current_setting('thirdring.callers', true), ' '))";
/// Of the same callers; `changed_ms` is that of a row's last attempt, or later.
const ATTEMPTS_SINCE: &str = "
SELECT callback.whose, attempt.body FROM callback JOIN attempt ON attempt.callback = callback.id
WHERE callback.whose = ANY(string_to_array(current_setting('thirdring.callers', true), ' '))
    AND callback.changed_ms >= $1";
/// Of the same callers, those on the line.
const ENGAGED: &str = "
SELECT DISTINCT whose FROM live_call
WHERE whose = ANY(string_to_array(current_setting('thirdring.callers', true), ' ')) AND lapses_ms > $1";
const KNOWN: &str = "
SELECT whose, body FROM callback WHERE id = ANY($1::text[])
UNION ALL
SELECT whose, body FROM callback JOIN unnest($2::text[], $3::text[]) AS key (origin, reason) USING (origin, reason)";
/// Who is on the line, which is what `$2` is for, is due once his call is over. Few are: the first that is not is near.
const STIRS_AFTER: &str = "
SELECT min(at) FROM (
    (SELECT next_ms AS at FROM callback AS due WHERE state = 'open' AND next_ms > $1
        AND NOT EXISTS (SELECT 1 FROM live_call WHERE whose = due.whose AND lapses_ms > $2)
    ORDER BY next_ms LIMIT 1)
    UNION ALL (SELECT own_ms FROM callback AS due WHERE state = 'open' AND own_ms > $1
        AND NOT EXISTS (SELECT 1 FROM live_call WHERE whose = due.whose AND lapses_ms > $2)
    ORDER BY own_ms LIMIT 1)
    UNION ALL SELECT min(lapses_ms) FROM callback WHERE lapses_ms > $1
    UNION ALL SELECT min(warns_ms) FROM callback WHERE warns_ms > $1) AS times";
const FIRST_PLACE: &str = "
SELECT place_ms FROM callback AS due WHERE state = 'open' AND place_ms IS NOT NULL AND next_ms <= $1
    AND (own_ms IS NULL OR own_ms <= $1)
    AND NOT EXISTS (SELECT 1 FROM callback WHERE whose = due.whose AND state = 'attempting')
    AND NOT EXISTS (SELECT 1 FROM live_call WHERE whose = due.whose AND lapses_ms > $1)
ORDER BY place_ms LIMIT 1";

/// In the order given.
const WRITE_ROWS: &str = "
INSERT INTO callback SELECT * FROM json_populate_recordset(NULL::callback, $1::text::json)
ON CONFLICT (id) DO UPDATE SET (
    whose, origin, reason, state, settled, kind, next_ms, own_ms, seat, lapses_ms, warns_ms, desk, changed_ms,
    place_ms, body) = (
    excluded.whose, excluded.origin, excluded.reason, excluded.state, excluded.settled, excluded.kind,
    excluded.next_ms, excluded.own_ms, excluded.seat, excluded.lapses_ms, excluded.warns_ms, excluded.desk,
    excluded.changed_ms, excluded.place_ms, excluded.body)";
const WRITE_ATTEMPTS: &str = "
INSERT INTO attempt SELECT * FROM json_populate_recordset(NULL::attempt, $1::text::json)
ON CONFLICT (callback, number) DO UPDATE SET outcome = excluded.outcome, body = excluded.body";
const WRITE_WISHES: &str = "
INSERT INTO wish SELECT * FROM json_populate_recordset(NULL::wish, $1::text::json)
ON CONFLICT (callback, number) DO UPDATE SET body = excluded.body";
const WRITE_CALLS: &str = "
INSERT INTO live_call SELECT * FROM json_populate_recordset(NULL::live_call, $1::text::json)
ON CONFLICT (id) DO UPDATE SET
    desk = excluded.desk, body = excluded.body, whose = excluded.whose, lapses_ms = excluded.lapses_ms";
