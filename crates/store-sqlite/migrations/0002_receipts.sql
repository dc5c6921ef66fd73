-- What providers pushed, as it came; applied by upkeep. `look_at` is null once it is applied or known to be about nothing.
CREATE TABLE receipt (
    sequence INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    digest BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    message_id TEXT,
    client_ref TEXT,
    state INTEGER NOT NULL,
    code TEXT,
    at INTEGER NOT NULL,
    look_at INTEGER,
    is_matched INTEGER,
    body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX receipt_digest ON receipt (digest);
CREATE INDEX receipt_pending ON receipt (look_at) WHERE look_at IS NOT NULL;
INSERT INTO head (name, next) VALUES ('receipt', 1);

-- Receipts that do not give our own name back name the provider's.
CREATE INDEX attempt_provider_id ON attempt (provider_id) WHERE provider_id IS NOT NULL;
