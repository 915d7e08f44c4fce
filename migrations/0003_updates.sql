-- Up Migration

-- Every update with a receipt, whatever became of it.
CREATE TABLE updates (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  federation bytea NOT NULL,
  round bigint NOT NULL,
  member bytea NOT NULL CHECK (length(member) = 32),
  -- A member may choose any 64-bit number.
  sequence numeric(20) NOT NULL,
  envelope bytea NOT NULL,
  envelope_hash bytea NOT NULL CHECK (length(envelope_hash) = 32),
  signature bytea NOT NULL CHECK (length(signature) = 64),
  signing_key bytea NOT NULL CHECK (length(signing_key) = 32),
  payload_hash bytea NOT NULL CHECK (length(payload_hash) = 32),
  payload_bytes bigint NOT NULL,
  -- What the envelope states.
  weight integer NOT NULL,
  state text NOT NULL CHECK (state IN ('received', 'counted', 'refused', 'superseded')),
  -- Reason code of a screened update; 0 is counted. Kept when the update is superseded later.
  reason smallint,
  score bigint,
  receipt bytea NOT NULL,
  receipt_signature bytea NOT NULL CHECK (length(receipt_signature) = 64),
  received_at bigint NOT NULL,
  UNIQUE (federation, round, member, sequence),
  FOREIGN KEY (federation, round) REFERENCES rounds (federation, number),
  FOREIGN KEY (federation, member) REFERENCES members (federation, address)
);

-- Of a member's updates in a round at most one stands.
CREATE UNIQUE INDEX updates_standing ON updates (federation, round, member) WHERE state <> 'superseded';
CREATE INDEX updates_to_screen ON updates (id) WHERE state = 'received';

-- Signed envelopes that contradict a stored update with the same sequence: evidence for the chain.
CREATE TABLE equivocations (
  federation bytea NOT NULL,
  round bigint NOT NULL,
  member bytea NOT NULL,
  sequence numeric(20) NOT NULL,
  envelope bytea NOT NULL,
  envelope_hash bytea NOT NULL CHECK (length(envelope_hash) = 32),
  signature bytea NOT NULL CHECK (length(signature) = 64),
  received_at bigint NOT NULL,
  PRIMARY KEY (federation, round, member, sequence, envelope_hash),
  FOREIGN KEY (federation, round, member, sequence) REFERENCES updates (federation, round, member, sequence)
);

-- Down Migration

DROP TABLE equivocations;
DROP TABLE updates;
