-- Up Migration

-- What happened in a federation, numbered without gaps: the event stream resumes after a number.
CREATE TABLE events (
  federation bytea NOT NULL REFERENCES federations (address),
  id bigint NOT NULL,
  type text NOT NULL,
  round bigint,
  member bytea CHECK (length(member) = 32),
  at bigint NOT NULL,
  PRIMARY KEY (federation, id)
);

CREATE FUNCTION notify_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('plenary_events', encode(NEW.federation, 'hex'));
  RETURN NULL;
END
$$;

CREATE TRIGGER events_notify AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION notify_event();

-- Down Migration

DROP TABLE events;
DROP FUNCTION notify_event();
