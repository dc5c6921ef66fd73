-- When this store was last found to have been put back in time; stays after the release. Producers may send facts from
-- before once more, and what was told about them is in no table.
ALTER TABLE incarnation ADD COLUMN restored_at INTEGER;
