-- How many records of a batch were set aside; null: not counted, as in batches written before this was. The index leads
-- from one such batch to the next over millions of records that were not.
ALTER TABLE segment ADD COLUMN aside INTEGER;
CREATE INDEX segment_aside ON segment (first) WHERE n > 0 AND (aside IS NULL OR aside > 0);

-- What people did about records that were set aside, once for each. `redriven` is where the record stands in the stream
-- since then; null: it was dropped.
CREATE TABLE handling (
    position INTEGER PRIMARY KEY,
    redriven INTEGER,
    is_corrected INTEGER NOT NULL,
    at INTEGER NOT NULL,
    by TEXT NOT NULL,
    reason TEXT NOT NULL,
    key BLOB NOT NULL,
    print BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX handling_key ON handling (key);
