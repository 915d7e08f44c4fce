-- Up Migration

-- Rounds after which a federation is complete, where its authority has extended it.
ALTER TABLE federations ADD COLUMN total_rounds bigint CHECK (total_rounds > 0);

-- Down Migration

ALTER TABLE federations DROP COLUMN total_rounds;
