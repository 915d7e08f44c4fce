-- Up Migration

-- Questionnaire versions that federations' authorities have signed. Version 1 is the one that the
-- configuration names, and has no row.
CREATE TABLE questionnaires (
  federation bytea NOT NULL REFERENCES federations,
  number bigint NOT NULL CHECK (number >= 2),
  -- SHA-256 of the questionnaire's blob.
  hash bytea NOT NULL,
  message bytea NOT NULL,
  signature bytea NOT NULL,
  authority bytea NOT NULL,
  -- Milliseconds since 1970, by the service's clock.
  received_at bigint NOT NULL,
  PRIMARY KEY (federation, number)
);

-- The version that a round is trained on; null for the configuration's.
ALTER TABLE rounds
  ADD COLUMN questionnaire bigint,
  ADD FOREIGN KEY (federation, questionnaire) REFERENCES questionnaires (federation, number);

-- Down Migration

ALTER TABLE rounds DROP COLUMN questionnaire;
DROP TABLE questionnaires;
