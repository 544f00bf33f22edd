-- What was solved and used, so that it counts once; a row goes with its challenge.
CREATE TABLE housekey_challenge (
  id BYTEA PRIMARY KEY,
  expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX housekey_challenge_expires ON housekey_challenge (expires_at);

CREATE TABLE housekey_waitlist (
  id TEXT PRIMARY KEY,
  address TEXT NOT NULL,
  canonical TEXT NOT NULL,
  state TEXT NOT NULL,
  invitation_id TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX housekey_waitlist_address ON housekey_waitlist (canonical);
CREATE INDEX housekey_waitlist_created ON housekey_waitlist (created_at, id);
