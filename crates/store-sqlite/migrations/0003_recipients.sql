-- Who was written to, as a keyed hash, for counting what one person is sent; null where nobody counts and where it is
-- certain that nothing was sent.
ALTER TABLE attempt ADD COLUMN recipient BLOB;
CREATE INDEX attempt_recipient ON attempt (recipient, deadline) WHERE recipient IS NOT NULL;

-- Since when the provider of an unknown attempt says that it never had it.
ALTER TABLE attempt ADD COLUMN absent_since INTEGER;

-- Unknown attempts by when they are looked up; 10 is unknown. A live one only: what was proved never to have been
-- received and is sent again needs no further look.
CREATE INDEX attempt_look ON attempt (COALESCE(next_look, submitted_at)) WHERE class = 10 AND live = 1;
