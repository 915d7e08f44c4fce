-- Up Migration

-- The keys that have uploaded a blob in a signed request. Until a federation refers to the blob,
-- only they may read it.
CREATE TABLE blob_uploads (
  hash bytea NOT NULL CHECK (length(hash) = 32),
  key bytea NOT NULL CHECK (length(key) = 32),
  PRIMARY KEY (hash, key)
);

-- The blobs that a federation's configuration and questionnaire name, and its first server state.
-- Its other blobs are named in rounds and updates.
CREATE TABLE federation_blobs (
  hash bytea NOT NULL CHECK (length(hash) = 32),
  federation bytea NOT NULL REFERENCES federations (address),
  PRIMARY KEY (hash, federation)
);

CREATE INDEX updates_payload ON updates (payload_hash);
CREATE INDEX rounds_next_blob ON rounds (next_blob);
CREATE INDEX rounds_next_state_blob ON rounds (next_state_blob);
CREATE INDEX rounds_manifest ON rounds (manifest_hash);

-- Down Migration

DROP INDEX rounds_manifest;
DROP INDEX rounds_next_state_blob;
DROP INDEX rounds_next_blob;
DROP INDEX updates_payload;
DROP TABLE federation_blobs;
DROP TABLE blob_uploads;
