-- Up Migration

-- What a reader of a round is told about its disputes beside what was there before: stake, deadline
-- and ending. Disputes that ended before this was written down keep nulls.
ALTER TABLE disputes
  ADD COLUMN deposit numeric(20),
  -- Last moment at which what is demanded can be given. Milliseconds since 1970, by the chain's
  -- clock.
  ADD COLUMN demanded_until bigint,
  -- From the transaction that ended the dispute, in base58; null if the chain did not show it. No
  -- fault unless it was upheld.
  ADD COLUMN verdict text CHECK (verdict IN ('upheld', 'rejected', 'moot')),
  ADD COLUMN fault text,
  ADD COLUMN ended_in text,
  ADD CHECK ((verdict IS NULL) = (ended_in IS NULL)),
  ADD CHECK (fault IS NULL OR verdict = 'upheld');
CREATE INDEX disputes_round ON disputes (federation, round);

-- Down Migration

DROP INDEX disputes_round;
ALTER TABLE disputes
  DROP COLUMN ended_in,
  DROP COLUMN fault,
  DROP COLUMN verdict,
  DROP COLUMN demanded_until,
  DROP COLUMN deposit;
