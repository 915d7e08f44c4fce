-- Up Migration

-- Challenges of rounds as this service has followed them. The chain decides what is to be done;
-- this table serves to tell each event once.
CREATE TABLE disputes (
  address bytea NOT NULL CHECK (length(address) = 32),
  -- An address is used again when the same challenger disputes the same thing again. Milliseconds
  -- since 1970, by the chain's clock.
  opened_at bigint NOT NULL,
  federation bytea NOT NULL,
  round bigint NOT NULL,
  challenger bytea NOT NULL CHECK (length(challenger) = 32),
  kind text NOT NULL CHECK (kind IN ('chunk', 'envelope', 'omission', 'shortfall', 'total')),
  -- Chunk or leaf that it is about.
  subject bigint NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'ended')),
  -- Time from which the dispute can be ended.
  endable_at bigint,
  -- The demand that is not known to be met, and the last one that was, in words.
  demanded text,
  answered text,
  answers integer NOT NULL DEFAULT 0,
  -- The last demand that could not be met, why, and how many there were.
  failed text,
  last_error text,
  failures integer NOT NULL DEFAULT 0,
  PRIMARY KEY (address, opened_at),
  FOREIGN KEY (federation, round) REFERENCES rounds (federation, number)
);
CREATE INDEX disputes_open ON disputes (federation) WHERE state = 'open';

-- Down Migration

DROP TABLE disputes;
