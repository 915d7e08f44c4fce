-- Up Migration

CREATE TABLE rounds (
  federation bytea NOT NULL REFERENCES federations (address),
  number bigint NOT NULL CHECK (number > 0),
  address bytea NOT NULL CHECK (length(address) = 32),
  state text NOT NULL CHECK (state IN ('opening', 'collecting', 'closing', 'committing', 'committed', 'final', 'void')),
  -- Why a round that is closing or committing will be void, once the chain allows it.
  void_reason text,
  base_root bytea NOT NULL CHECK (length(base_root) = 32),
  base_blob bytea NOT NULL CHECK (length(base_blob) = 32),
  base_state_root bytea NOT NULL CHECK (length(base_state_root) = 32),
  base_state_blob bytea NOT NULL CHECK (length(base_state_blob) = 32),
  previous_manifest bytea CHECK (length(previous_manifest) = 32),
  -- Number of the committed round that this one builds on, 0 for the first model.
  base_round bigint NOT NULL,
  slot_hash bytea CHECK (length(slot_hash) = 32),
  -- Milliseconds since 1970. opened_at, deadline_at, commit_by, committed_at and challenge_ends_at
  -- are by the chain's clock.
  opened_at bigint,
  deadline_at bigint,
  commit_by bigint,
  closed_at bigint,
  committed_at bigint,
  challenge_ends_at bigint,
  next_root bytea CHECK (length(next_root) = 32),
  next_blob bytea CHECK (length(next_blob) = 32),
  next_state_root bytea CHECK (length(next_state_root) = 32),
  next_state_blob bytea CHECK (length(next_state_blob) = 32),
  updates_root bytea CHECK (length(updates_root) = 32),
  update_count integer,
  total_weight integer,
  rewards_root bytea CHECK (length(rewards_root) = 32),
  reward_count integer,
  cumulative_rewards numeric(20),
  manifest_hash bytea CHECK (length(manifest_hash) = 32),
  evaluation json,
  created_at bigint NOT NULL,
  PRIMARY KEY (federation, number)
);

-- A federation works on one round at a time.
CREATE UNIQUE INDEX rounds_live ON rounds (federation)
  WHERE state IN ('opening', 'collecting', 'closing', 'committing');
CREATE INDEX rounds_not_final ON rounds (federation, number) WHERE state = 'committed';

-- What every member has earned since the federation started, as of a committed round: the leaves of
-- its rewards tree.
CREATE TABLE rewards (
  federation bytea NOT NULL,
  round bigint NOT NULL,
  member bytea NOT NULL CHECK (length(member) = 32),
  cumulative numeric(20) NOT NULL CHECK (cumulative > 0),
  PRIMARY KEY (federation, round, member),
  FOREIGN KEY (federation, round) REFERENCES rounds (federation, number)
);

-- Down Migration

DROP TABLE rewards;
DROP TABLE rounds;
