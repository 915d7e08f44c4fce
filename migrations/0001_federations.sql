-- Up Migration

-- One row per federation that this service aggregates. Hashes, addresses and keys are 32 bytes.
CREATE TABLE federations (
  address bytea PRIMARY KEY CHECK (length(address) = 32),
  program_id bytea NOT NULL CHECK (length(program_id) = 32),
  genesis_hash bytea NOT NULL CHECK (length(genesis_hash) = 32),
  authority bytea NOT NULL CHECK (length(authority) = 32),
  aggregator bytea NOT NULL CHECK (length(aggregator) = 32),
  reward_mint bytea NOT NULL CHECK (length(reward_mint) = 32),
  -- json, not jsonb: the text stays as it was hashed
  configuration json NOT NULL,
  configuration_hash bytea NOT NULL CHECK (length(configuration_hash) = 32),
  status text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'paused', 'complete')),
  committed_rounds bigint NOT NULL DEFAULT 0,
  -- Number of the last committed round, 0 before the first. What it left follows.
  last_committed_round bigint NOT NULL DEFAULT 0,
  model_root bytea NOT NULL CHECK (length(model_root) = 32),
  model_blob bytea NOT NULL CHECK (length(model_blob) = 32),
  state_root bytea NOT NULL CHECK (length(state_root) = 32),
  state_blob bytea NOT NULL CHECK (length(state_blob) = 32),
  manifest_hash bytea CHECK (length(manifest_hash) = 32),
  -- Number of the last event of this federation. Taking the next number locks the row, so that
  -- events become visible in order.
  event_count bigint NOT NULL DEFAULT 0,
  registered_at bigint NOT NULL
);

-- Mirror of the Member accounts on chain.
CREATE TABLE members (
  federation bytea NOT NULL REFERENCES federations (address),
  address bytea NOT NULL CHECK (length(address) = 32),
  owner bytea NOT NULL CHECK (length(owner) = 32),
  update_key bytea NOT NULL CHECK (length(update_key) = 32),
  previous_key bytea NOT NULL CHECK (length(previous_key) = 32),
  key_since_round bigint NOT NULL,
  payout bytea NOT NULL CHECK (length(payout) = 32),
  joined_round bigint NOT NULL,
  -- First round that the member may not take part in; 0 while it stays.
  exit_round bigint NOT NULL DEFAULT 0,
  claimed numeric(20) NOT NULL DEFAULT 0,
  PRIMARY KEY (federation, address)
);

-- Down Migration

DROP TABLE members;
DROP TABLE federations;
