ALTER TABLE housekey_user ADD COLUMN passkey_after_at BIGINT;
ALTER TABLE housekey_user ADD COLUMN two_step_due_at BIGINT;

CREATE TABLE housekey_passkey (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES housekey_user (id) ON DELETE CASCADE,
  credential_id BYTEA NOT NULL UNIQUE,
  name TEXT NOT NULL,
  credential TEXT NOT NULL,
  sign_count BIGINT NOT NULL,
  synced BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  last_used_at BIGINT
) WITHOUT ROWID;
CREATE INDEX housekey_passkey_user ON housekey_passkey (user_id);

CREATE TABLE housekey_passkey_challenge (
  hash BYTEA PRIMARY KEY,
  id TEXT NOT NULL,
  client_id TEXT NOT NULL REFERENCES housekey_client (id) ON DELETE CASCADE,
  purpose TEXT NOT NULL,
  user_id TEXT REFERENCES housekey_user (id) ON DELETE CASCADE,
  sealed BYTEA NOT NULL,
  expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX housekey_passkey_challenge_client ON housekey_passkey_challenge (client_id);
CREATE INDEX housekey_passkey_challenge_expires ON housekey_passkey_challenge (expires_at);
