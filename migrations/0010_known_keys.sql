-- Up Migration

-- Nonces of keys that no federation knows are forgotten soon: this finds the others.
CREATE INDEX members_owner ON members (owner);
CREATE INDEX members_update_key ON members (update_key);

-- Down Migration

DROP INDEX members_update_key;
DROP INDEX members_owner;
