-- What a batch took from the inner log. A batch that says so has a root that covers those entries and the bytes of its
-- records too.
ALTER TABLE segment ADD COLUMN inner_first INTEGER;
ALTER TABLE segment ADD COLUMN inner INTEGER NOT NULL DEFAULT 0;
