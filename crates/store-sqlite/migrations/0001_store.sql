-- Everything that the store holds. Times are microseconds since 1970; words are stored as their number in the closed
-- lists of the engine; ids come from outside, never from SQL.

-- Where each sequence goes on. A plain rowid would reuse the largest deleted one, so that retention which empties a
-- table would begin again below what others have read.
CREATE TABLE head (
    name TEXT PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO head (name, next)
VALUES ('log', 1), ('inner', 1), ('source', 1), ('batch', 1), ('case', 1), ('notice', 1), ('attempt', 1), ('policy', 1);

-- The stream: so many records in one compressed row that a record costs no row of its own.
CREATE TABLE log (
    first INTEGER PRIMARY KEY,
    n INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;

-- Facts that our own work makes.
CREATE TABLE inner_log (
    sequence INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    payload BLOB NOT NULL
) STRICT;

-- How far the lane has come; every commit compares and sets it.
CREATE TABLE progress (
    lane INTEGER PRIMARY KEY CHECK (lane = 0),
    next INTEGER NOT NULL,
    inner_next INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    high_water INTEGER NOT NULL,
    owner TEXT NOT NULL
) STRICT;
INSERT INTO progress (lane, next, inner_next, epoch, high_water, owner) VALUES (0, 1, 1, 0, 0, '');

-- One row per committed batch: how its records were read, and the chain that proves what it decided.
CREATE TABLE segment (
    batch INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    at INTEGER NOT NULL,
    first INTEGER NOT NULL,
    n INTEGER NOT NULL,
    cases_first INTEGER NOT NULL,
    cases INTEGER NOT NULL,
    records BLOB NOT NULL,
    root BLOB NOT NULL,
    prev BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX segment_first ON segment (first) WHERE n > 0;

CREATE TABLE source (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- Keyed by sender and id in the order of ids: counters and ULIDs append at the right edge of their sender.
CREATE TABLE identity (
    source INTEGER NOT NULL,
    id TEXT NOT NULL,
    digest BLOB NOT NULL,
    plate TEXT NOT NULL,
    PRIMARY KEY (source, id)
) STRICT, WITHOUT ROWID;

-- `due` stands here and not in a table of timers: the row is written anyway, and the index holds only who waits.
CREATE TABLE ledger (
    plate TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    due INTEGER,
    document BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_due ON ledger (due) WHERE due IS NOT NULL;

-- Append-only. The effective version of a case is its highest. One entry per case leads from a plate to its cases.
CREATE TABLE case_version (
    sequence INTEGER PRIMARY KEY,
    case_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    plate TEXT NOT NULL,
    outcome INTEGER NOT NULL,
    offence_at INTEGER NOT NULL,
    decided_at INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX case_chain ON case_version (case_id, version);
CREATE INDEX case_plate ON case_version (plate) WHERE version = 1;
CREATE INDEX case_outcome ON case_version (outcome);

-- Text and recipient are sealed. A leased notice is queued here: leases live in memory and end with the process.
CREATE TABLE notice (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    kind INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    plate TEXT NOT NULL,
    state INTEGER NOT NULL,
    reason TEXT,
    parameters BLOB NOT NULL,
    not_before INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    queued_at INTEGER NOT NULL,
    submitted_at INTEGER,
    accepted_at INTEGER,
    final_at INTEGER,
    text BLOB,
    segments INTEGER,
    recipient BLOB
) STRICT;
CREATE UNIQUE INDEX notice_id ON notice (id);
CREATE INDEX notice_case ON notice (case_id);
CREATE INDEX notice_state ON notice (state);
-- 0 is queued.
CREATE INDEX notice_due ON notice (not_before) WHERE state = 0;

-- `live` is 1 until it is certain that nothing was sent, then null: one live attempt per notice, whatever the code above
-- believes. `class` is null while the call is in flight.
CREATE TABLE attempt (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    notice TEXT NOT NULL,
    provider TEXT NOT NULL,
    live INTEGER CHECK (live = 1),
    submitted_at INTEGER NOT NULL,
    deadline INTEGER NOT NULL,
    class INTEGER,
    code TEXT,
    provider_id TEXT,
    finished_at INTEGER,
    looks INTEGER NOT NULL DEFAULT 0,
    next_look INTEGER,
    request BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX attempt_id ON attempt (id);
CREATE UNIQUE INDEX attempt_live ON attempt (notice) WHERE live = 1;
CREATE INDEX attempt_in_flight ON attempt (deadline) WHERE class IS NULL;
-- 10 is unknown.
CREATE INDEX attempt_unknown ON attempt (submitted_at) WHERE class = 10;

-- A row per provider that was ever paused or unknown; `*` pauses everything.
CREATE TABLE provider (
    name TEXT PRIMARY KEY,
    unknowns INTEGER NOT NULL,
    pause_reason TEXT,
    pause_by TEXT,
    pause_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE policy (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    version TEXT NOT NULL,
    text TEXT NOT NULL,
    hash BLOB NOT NULL,
    at INTEGER NOT NULL,
    by TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX policy_version ON policy (id, version);

CREATE TABLE audit (
    chain TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    before TEXT,
    after TEXT,
    prev BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (chain, sequence)
) STRICT, WITHOUT ROWID;

-- Counts that pages ask for all the time, changed in the transaction that changes what they count.
CREATE TABLE counter (
    kind TEXT NOT NULL,
    key INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
