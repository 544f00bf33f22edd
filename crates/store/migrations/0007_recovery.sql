ALTER TABLE housekey_verification ADD COLUMN link_hash BYTEA;
ALTER TABLE housekey_verification ADD COLUMN attempt_id TEXT;
ALTER TABLE housekey_verification ADD COLUMN return_to TEXT;
CREATE INDEX housekey_verification_id ON housekey_verification (id);

CREATE TABLE housekey_followed_link (
  attempt_id TEXT PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES housekey_client (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES housekey_user (id) ON DELETE CASCADE,
  session_id TEXT NOT NULL,
  expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX housekey_followed_link_expires ON housekey_followed_link (expires_at);

ALTER TABLE housekey_password ADD COLUMN compromised_at BIGINT;

ALTER TABLE housekey_user ADD COLUMN frozen_until BIGINT;

CREATE TABLE housekey_trusted_device (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES housekey_user (id) ON DELETE CASCADE,
  secret_hash BYTEA NOT NULL,
  facts BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX housekey_trusted_device_user ON housekey_trusted_device (user_id);
CREATE INDEX housekey_trusted_device_expires ON housekey_trusted_device (expires_at);

CREATE TABLE housekey_recovery (
  user_id TEXT PRIMARY KEY REFERENCES housekey_user (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  asked_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  remind_at BIGINT
) WITHOUT ROWID;
CREATE UNIQUE INDEX housekey_recovery_id ON housekey_recovery (id);
CREATE INDEX housekey_recovery_ends ON housekey_recovery (ends_at);
CREATE INDEX housekey_recovery_remind ON housekey_recovery (remind_at);
