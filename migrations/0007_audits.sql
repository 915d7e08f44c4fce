-- Up Migration

-- Audits of a closed round's training: what the program drew, until when reports are taken, and
-- when they were taken no longer.
ALTER TABLE rounds
  ADD COLUMN audit_slot_hash bytea CHECK (length(audit_slot_hash) = 32),
  ADD COLUMN audit_drawn bytea CHECK (length(audit_drawn) = 32),
  ADD COLUMN audits_until bigint,
  ADD COLUMN audits_closed_at bigint;

-- Auditors' signed reports, one about each drawn member.
CREATE TABLE audit_reports (
  federation bytea NOT NULL,
  round bigint NOT NULL,
  member bytea NOT NULL CHECK (length(member) = 32),
  report bytea NOT NULL,
  signature bytea NOT NULL CHECK (length(signature) = 64),
  received_at bigint NOT NULL,
  PRIMARY KEY (federation, round, member),
  FOREIGN KEY (federation, round) REFERENCES rounds (federation, number)
);

ALTER TABLE transactions DROP CONSTRAINT transactions_kind_check;
ALTER TABLE transactions ADD CONSTRAINT transactions_kind_check
  CHECK (kind IN ('open', 'audit-draw', 'commit', 'finalize', 'void'));

-- Down Migration

DELETE FROM transactions WHERE kind = 'audit-draw';
ALTER TABLE transactions DROP CONSTRAINT transactions_kind_check;
ALTER TABLE transactions ADD CONSTRAINT transactions_kind_check
  CHECK (kind IN ('open', 'commit', 'finalize', 'void'));
DROP TABLE audit_reports;
ALTER TABLE rounds
  DROP COLUMN audits_closed_at,
  DROP COLUMN audits_until,
  DROP COLUMN audit_drawn,
  DROP COLUMN audit_slot_hash;
