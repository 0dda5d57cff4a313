-- As version 4 of the tables lay on a disk; the second row was changed afterwards.
BEGIN TRANSACTION;
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
INSERT INTO meta VALUES('schema_version',4);
INSERT INTO meta VALUES('commits',4);
CREATE TABLE callback (
    id TEXT PRIMARY KEY, whose TEXT NOT NULL, origin TEXT, reason TEXT NOT NULL, state TEXT NOT NULL,
    settled INTEGER NOT NULL, kind INTEGER NOT NULL, next_ms INTEGER NOT NULL, own_ms INTEGER, seat TEXT,
    lapses_ms INTEGER, warns_ms INTEGER, desk TEXT, changed_ms INTEGER NOT NULL, body TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT;
INSERT INTO callback VALUES('01a2047b213d7e47ae1ff88d134dbbb2','+8613800138000',NULL,'rep','open',0,1,1798113600000,NULL,NULL,NULL,1797016763212,NULL,1795371508030,'{"id":"01a2047b213d7e47ae1ff88d134dbbb2","promise":{"kind":"rep","number":"13800138000","origin":null,"reason":"rep","due":"2026-12-24T12:00:00Z","seat":null,"note":"","language":"zh-CN","made_at":"2026-11-22T18:18:28.029951269Z"},"state":{"is":"open"},"next":"2026-12-24T12:00:00Z","attempts":0,"failures":0,"fence":0,"warned":"nothing"}',517824167);
INSERT INTO callback VALUES('01a2047b214579daa24701da7dd9dd37','+8613800138009',NULL,'rep','open',0,1,1798113600000,NULL,NULL,NULL,1797016763216,NULL,1795371508038,'{"id":"01a2047b214579daa24701da7dd9dd37","promise":{"kind":"rep","number":"13800138001","origin":null,"reason":"rep","due":"2026-12-24T12:00:00Z","seat":null,"note":"","language":"zh-CN","made_at":"2026-11-22T18:18:28.037851859Z"},"state":{"is":"open"},"next":"2026-12-24T12:00:00Z","attempts":0,"failures":0,"fence":0,"warned":"nothing"}',1550285026);
INSERT INTO callback VALUES('01a2047b214b73ef90a8595f47748b86','+8613800138002',NULL,'rep','attempting',0,1,1795371508044,NULL,NULL,1795371538045,NULL,'desk',1795371508045,'{"id":"01a2047b214b73ef90a8595f47748b86","promise":{"kind":"rep","number":"13800138002","origin":null,"reason":"rep","due":"2026-11-22T18:18:28.043173339Z","seat":null,"note":"","language":"zh-CN","made_at":"2026-11-22T18:18:28.043173339Z"},"state":{"is":"attempting","attempt":{"number":1,"sip_call_id":"callback-01a2047b214b73ef90a8595f47748b86-1","seat":"rep1","begun":"2026-11-22T18:18:28.044181449Z","end":null},"lease":{"desk":"desk","until":"2026-11-22T18:18:58.044181449Z"},"then":null},"next":"2026-11-22T18:18:28.043173339Z","attempts":1,"failures":0,"fence":1,"warned":"nothing"}',3782698130);
CREATE TABLE attempt (
    callback TEXT NOT NULL, number INTEGER NOT NULL, sip_call_id TEXT NOT NULL UNIQUE,
    outcome TEXT, body TEXT NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (callback, number)) STRICT;
INSERT INTO attempt VALUES('01a2047b214b73ef90a8595f47748b86',1,'callback-01a2047b214b73ef90a8595f47748b86-1',NULL,'{"number":1,"sip_call_id":"callback-01a2047b214b73ef90a8595f47748b86-1","seat":"rep1","begun":"2026-11-22T18:18:28.044181449Z","end":null}',3155457038);
CREATE TABLE live_call (id TEXT PRIMARY KEY, body TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT;
INSERT INTO live_call VALUES('01a2047b214b73ef90a8595f47748b99','{"call":"01a2047b214b73ef90a8595f47748b99","number":"13800138005","answered":"2026-11-22T18:18:28.043173339Z","seat":"rep1","language":"zh-CN"}',1235049318);
CREATE TABLE set_aside (
    at_ms INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE INDEX callback_settled ON callback (settled, id);
CREATE INDEX callback_whose ON callback (whose) WHERE settled = 0;
CREATE INDEX callback_of_caller ON callback (whose, changed_ms);
CREATE INDEX callback_due ON callback (kind DESC, next_ms, id) WHERE state = 'open';
CREATE INDEX callback_next ON callback (next_ms) WHERE state = 'open';
CREATE INDEX callback_own ON callback (own_ms) WHERE state = 'open' AND own_ms IS NOT NULL;
CREATE INDEX callback_lapses ON callback (lapses_ms) WHERE lapses_ms IS NOT NULL;
CREATE INDEX callback_warns ON callback (warns_ms) WHERE warns_ms IS NOT NULL;
CREATE UNIQUE INDEX callback_origin ON callback (origin, reason) WHERE origin IS NOT NULL;
CREATE UNIQUE INDEX callback_in_flight ON callback (whose) WHERE state = 'attempting';
PRAGMA user_version = 4;
COMMIT;
