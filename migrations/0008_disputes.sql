-- Up Migration

-- Challenges of rounds as this service has followed them. The chain decides what is to be done;
-- this is to tell of it, once.
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
  -- Since when nothing is lacking to end it.
  endable_at bigint,
  -- What is demanded and not known to be given, and what was given last, in words.
  demanded text,
  answered text,
  answers integer NOT NULL DEFAULT 0,
  -- The demand that could not be answered last, why, and how many there were.
  failed text,
  last_error text,
  failures integer NOT NULL DEFAULT 0,
  PRIMARY KEY (address, opened_at),
  FOREIGN KEY (federation, round) REFERENCES rounds (federation, number)
);
CREATE INDEX disputes_open ON disputes (federation) WHERE state = 'open';

-- Down Migration

DROP TABLE disputes;
