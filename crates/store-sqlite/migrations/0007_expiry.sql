-- What is too late is found without looking at all that is due: a long queue must not slow down each lease. 0 is queued.
CREATE INDEX notice_expiry ON notice (expires_at) WHERE state = 0;
