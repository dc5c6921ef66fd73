-- Which life of the store this is: a random name, made before the first message is sent and again for every copy and every
-- store that was put back in time. The file beside the database bears it too; where the two differ, nothing is sent.
-- `lost_since` is null unless messages may have been sent of which this file knows nothing.
CREATE TABLE incarnation (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT,
    lost_since INTEGER
) STRICT;
INSERT INTO incarnation (one, id, lost_since) VALUES (1, NULL, NULL);

-- Notices about which it is certain that nobody was written to in the lost span, so that asking can go on where it ended.
CREATE TABLE incarnation_cleared (
    notice TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Receipts about attempts that this file has no row of, by our own name for the attempt.
CREATE INDEX receipt_stray ON receipt (client_ref) WHERE is_matched = 0 AND client_ref IS NOT NULL;
