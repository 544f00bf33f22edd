ALTER TABLE housekey_user ADD COLUMN external_id TEXT;
ALTER TABLE housekey_user ADD COLUMN public_metadata TEXT NOT NULL DEFAULT '{}';
ALTER TABLE housekey_user ADD COLUMN private_metadata TEXT NOT NULL DEFAULT '{}';
ALTER TABLE housekey_user ADD COLUMN unsafe_metadata TEXT NOT NULL DEFAULT '{}';
ALTER TABLE housekey_user ADD COLUMN picture_id TEXT;
ALTER TABLE housekey_user ADD COLUMN locked_until BIGINT;
ALTER TABLE housekey_user ADD COLUMN legal_accepted_at BIGINT;
ALTER TABLE housekey_user ADD COLUMN last_active_at BIGINT;
ALTER TABLE housekey_user ADD COLUMN may_delete_self BOOLEAN NOT NULL DEFAULT TRUE;
CREATE UNIQUE INDEX housekey_user_external ON housekey_user (external_id);
CREATE INDEX housekey_user_created ON housekey_user (created_at, id);
CREATE INDEX housekey_email_by_user ON housekey_email (user_id, created_at);

ALTER TABLE housekey_client ADD COLUMN signed_at BIGINT NOT NULL DEFAULT 0;

CREATE TABLE housekey_picture (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES housekey_user (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  bytes BYTEA NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX housekey_picture_user ON housekey_picture (user_id);

CREATE TABLE housekey_signing_key (
  id TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  private_key BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX housekey_signing_key_active ON housekey_signing_key (state) WHERE state = 'active';

CREATE TABLE housekey_secret_key (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  hash BYTEA NOT NULL,
  hint TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  last_used_at BIGINT,
  revoked_at BIGINT
) WITHOUT ROWID;
CREATE UNIQUE INDEX housekey_secret_key_hash ON housekey_secret_key (hash);

CREATE TABLE housekey_handshake (
  hash BYTEA PRIMARY KEY,
  sealed BYTEA NOT NULL,
  expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX housekey_handshake_expires ON housekey_handshake (expires_at);

CREATE TABLE housekey_refresh (
  session_id TEXT NOT NULL REFERENCES housekey_session (id) ON DELETE CASCADE,
  origin TEXT NOT NULL,
  hash BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (session_id, origin)
) WITHOUT ROWID;

CREATE TABLE housekey_sign_in_token (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES housekey_user (id) ON DELETE CASCADE,
  state TEXT NOT NULL,
  secret_hash BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX housekey_sign_in_token_user ON housekey_sign_in_token (user_id);
CREATE INDEX housekey_sign_in_token_expires ON housekey_sign_in_token (expires_at);

CREATE TABLE housekey_invitation (
  id TEXT PRIMARY KEY,
  address TEXT NOT NULL,
  canonical TEXT NOT NULL,
  state TEXT NOT NULL,
  public_metadata TEXT NOT NULL,
  redirect_url TEXT,
  user_id TEXT,
  secret_hash BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX housekey_invitation_address ON housekey_invitation (canonical);
CREATE UNIQUE INDEX housekey_invitation_pending ON housekey_invitation (canonical) WHERE state = 'pending';

CREATE TABLE housekey_jwt_template (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  claims TEXT NOT NULL,
  lifetime BIGINT NOT NULL,
  allowed_clock_skew BIGINT NOT NULL,
  algorithm TEXT NOT NULL,
  signing_key BYTEA,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX housekey_jwt_template_name ON housekey_jwt_template (name);

CREATE TABLE housekey_redirect_url (
  id TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX housekey_redirect_url_url ON housekey_redirect_url (url);

CREATE TABLE housekey_listed_identifier (
  id TEXT PRIMARY KEY,
  list TEXT NOT NULL,
  identifier TEXT NOT NULL,
  kind TEXT NOT NULL,
  invitation_id TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX housekey_listed_identifier_one ON housekey_listed_identifier (list, identifier);
