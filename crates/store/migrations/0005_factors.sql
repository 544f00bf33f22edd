CREATE TABLE housekey_totp (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES housekey_user (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  secret BYTEA NOT NULL,
  last_step BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  verified_at BIGINT,
  last_used_at BIGINT
) WITHOUT ROWID;
CREATE INDEX housekey_totp_user ON housekey_totp (user_id);

CREATE TABLE housekey_backup_code (
  user_id TEXT NOT NULL REFERENCES housekey_user (id) ON DELETE CASCADE,
  selector TEXT NOT NULL,
  hash TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  used_at BIGINT,
  PRIMARY KEY (user_id, selector)
) WITHOUT ROWID;
