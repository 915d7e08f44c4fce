-- Up Migration

-- Mean alignment on the half of the held-out groups by which the best round is chosen. Null for
-- rounds that have no scores, or were evaluated before the groups were halved.
ALTER TABLE rounds ADD COLUMN choosing_score double precision;
CREATE INDEX rounds_choosing ON rounds (federation, choosing_score)
  WHERE choosing_score IS NOT NULL;

-- Down Migration

DROP INDEX rounds_choosing;
ALTER TABLE rounds DROP COLUMN choosing_score;
