-- Up Migration

-- Chain transactions, written down before they are sent. After a crash the chain is asked whether
-- they took effect.
CREATE TABLE transactions (
  federation bytea NOT NULL,
  round bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('open', 'commit', 'finalize', 'void')),
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'confirmed')),
  signature text,
  attempts integer NOT NULL DEFAULT 0,
  last_error text,
  created_at bigint NOT NULL,
  confirmed_at bigint,
  PRIMARY KEY (federation, round, kind),
  FOREIGN KEY (federation, round) REFERENCES rounds (federation, number)
);

-- Nonces of signed requests that are still inside their time window.
CREATE TABLE nonces (
  key bytea NOT NULL,
  nonce text NOT NULL,
  expires_at bigint NOT NULL,
  PRIMARY KEY (key, nonce)
);
CREATE INDEX nonces_expiry ON nonces (expires_at);

-- Down Migration

DROP TABLE nonces;
DROP TABLE transactions;
