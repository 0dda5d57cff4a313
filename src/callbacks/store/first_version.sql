-- As version 1 of the tables lay on a disk; the second row was changed afterwards.
BEGIN TRANSACTION;
CREATE TABLE attempt (
    callback TEXT NOT NULL, number INTEGER NOT NULL, sip_call_id TEXT NOT NULL UNIQUE,
    outcome TEXT, body TEXT NOT NULL, PRIMARY KEY (callback, number)) STRICT;
INSERT INTO "attempt" VALUES('01a203e872597b2e91d258bd90fd4577',1,'callback-01a203e872597b2e91d258bd90fd4577-1',NULL,'{"number":1,"sip_call_id":"callback-01a203e872597b2e91d258bd90fd4577-1","seat":"rep1","begun":"2026-11-22T15:38:15.001256351Z","end":null}');
CREATE TABLE callback (
    id TEXT PRIMARY KEY, number TEXT NOT NULL, state TEXT NOT NULL, next_ms INTEGER NOT NULL,
    settled INTEGER NOT NULL, body TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT;
INSERT INTO "callback" VALUES('01a203e87253757b9ec603d0971c736f','13800138000','open',1798113600000,0,'{"id":"01a203e87253757b9ec603d0971c736f","promise":{"kind":"rep","number":"13800138000","origin":null,"reason":"rep","due":"2026-12-24T12:00:00Z","seat":null,"note":"","language":"zh-CN","made_at":"2026-11-22T15:38:14.995366611Z"},"state":{"is":"open"},"next":"2026-12-24T12:00:00Z","attempts":0,"failures":0}',2190212500);
INSERT INTO "callback" VALUES('01a203e8725875f48ca3d462dfd701f9','13800138009','open',1798113600000,0,'{"id":"01a203e8725875f48ca3d462dfd701f9","promise":{"kind":"rep","number":"13800138001","origin":null,"reason":"rep","due":"2026-12-24T12:00:00Z","seat":null,"note":"","language":"zh-CN","made_at":"2026-11-22T15:38:15.000856131Z"},"state":{"is":"open"},"next":"2026-12-24T12:00:00Z","attempts":0,"failures":0}',2797498653);
INSERT INTO "callback" VALUES('01a203e872597b2e91d258bd90fd4577','13800138002','attempting',1795361895001,0,'{"id":"01a203e872597b2e91d258bd90fd4577","promise":{"kind":"rep","number":"13800138002","origin":null,"reason":"rep","due":"2026-11-22T15:38:15.001255111Z","seat":null,"note":"","language":"zh-CN","made_at":"2026-11-22T15:38:15.001255111Z"},"state":{"is":"attempting","attempt":{"number":1,"sip_call_id":"callback-01a203e872597b2e91d258bd90fd4577-1","seat":"rep1","begun":"2026-11-22T15:38:15.001256351Z","end":null}},"next":"2026-11-22T15:38:15.001255111Z","attempts":1,"failures":0}',2246375793);
CREATE TABLE live_call (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
INSERT INTO "meta" VALUES('schema_version',1);
INSERT INTO "meta" VALUES('commits',4);
CREATE TABLE set_aside (
    at_ms INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE INDEX callback_open ON callback (settled, id);
COMMIT;
