CREATE TABLE housekey_instance (
  id TEXT PRIMARY KEY,
  chain_key BYTEA,
  created_at BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE housekey_key (
  id TEXT PRIMARY KEY,
  check_value BYTEA NOT NULL,
  current BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE housekey_setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  updated_at BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE housekey_user (
  id TEXT PRIMARY KEY,
  version BIGINT NOT NULL,
  state TEXT NOT NULL,
  first_name TEXT,
  last_name TEXT,
  primary_email_id TEXT,
  device_epoch BIGINT NOT NULL,
  event_key BYTEA,
  handle BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  last_sign_in_at BIGINT
) WITHOUT ROWID;
CREATE UNIQUE INDEX housekey_user_handle ON housekey_user (handle);

CREATE TABLE housekey_password (
  user_id TEXT PRIMARY KEY REFERENCES housekey_user (id) ON DELETE CASCADE,
  hash TEXT NOT NULL,
  set_at BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE housekey_email (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES housekey_user (id) ON DELETE CASCADE,
  address TEXT NOT NULL,
  canonical TEXT NOT NULL,
  verified_at BIGINT,
  created_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX housekey_email_verified ON housekey_email (canonical) WHERE verified_at IS NOT NULL;
CREATE UNIQUE INDEX housekey_email_of_user ON housekey_email (user_id, canonical);

CREATE TABLE housekey_client (
  id TEXT PRIMARY KEY,
  version BIGINT NOT NULL,
  secret_hash BYTEA NOT NULL,
  old_hash BYTEA,
  old_until BIGINT,
  old_call BYTEA,
  old_answer BYTEA,
  active_session_id TEXT,
  changed_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX housekey_client_expires ON housekey_client (expires_at);

CREATE TABLE housekey_session (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES housekey_user (id) ON DELETE CASCADE,
  client_id TEXT NOT NULL REFERENCES housekey_client (id) ON DELETE CASCADE,
  status TEXT NOT NULL,
  tasks TEXT NOT NULL,
  active_org TEXT,
  remembered BOOLEAN NOT NULL,
  first_proved_at BIGINT NOT NULL,
  second_proved_at BIGINT,
  created_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  facts BYTEA NOT NULL
);
CREATE INDEX housekey_session_user ON housekey_session (user_id);
CREATE INDEX housekey_session_client ON housekey_session (client_id);
CREATE INDEX housekey_session_expires ON housekey_session (expires_at);

CREATE TABLE housekey_sign_in (
  client_id TEXT PRIMARY KEY REFERENCES housekey_client (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  version BIGINT NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  form BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX housekey_sign_in_expires ON housekey_sign_in (expires_at);

CREATE TABLE housekey_sign_up (
  client_id TEXT PRIMARY KEY REFERENCES housekey_client (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  version BIGINT NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  form BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX housekey_sign_up_expires ON housekey_sign_up (expires_at);

CREATE TABLE housekey_verification (
  client_id TEXT NOT NULL REFERENCES housekey_client (id) ON DELETE CASCADE,
  purpose TEXT NOT NULL,
  id TEXT NOT NULL,
  user_id TEXT,
  email_id TEXT,
  canonical TEXT NOT NULL,
  code_hash BYTEA NOT NULL,
  tries BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (client_id, purpose)
) WITHOUT ROWID;
CREATE INDEX housekey_verification_user ON housekey_verification (user_id);
CREATE INDEX housekey_verification_expires ON housekey_verification (expires_at);

CREATE TABLE housekey_link (
  id TEXT PRIMARY KEY,
  purpose TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES housekey_user (id) ON DELETE CASCADE,
  subject TEXT NOT NULL,
  secret_hash BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX housekey_link_user ON housekey_link (user_id, purpose);
CREATE INDEX housekey_link_expires ON housekey_link (expires_at);

CREATE TABLE housekey_limit (
  name BYTEA PRIMARY KEY,
  tat BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX housekey_limit_tat ON housekey_limit (tat);

CREATE TABLE housekey_failure (
  name BYTEA PRIMARY KEY,
  failures BIGINT NOT NULL,
  at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX housekey_failure_at ON housekey_failure (at);

CREATE TABLE housekey_event (
  id TEXT PRIMARY KEY,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  user_id TEXT,
  client_id TEXT,
  session_id TEXT,
  door TEXT NOT NULL,
  request_id TEXT NOT NULL,
  detail TEXT NOT NULL,
  facts BYTEA NOT NULL,
  facts_key TEXT NOT NULL
);
CREATE INDEX housekey_event_user ON housekey_event (user_id, at);
CREATE INDEX housekey_event_at ON housekey_event (at);

CREATE TABLE housekey_event_key (
  day TEXT PRIMARY KEY,
  sealed BYTEA NOT NULL,
  created_at BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE housekey_event_chain (
  number BIGINT PRIMARY KEY,
  event_id TEXT NOT NULL UNIQUE,
  at BIGINT NOT NULL,
  link BYTEA NOT NULL
);

CREATE TABLE housekey_mail (
  id TEXT PRIMARY KEY,
  sealed BYTEA NOT NULL,
  never_send BOOLEAN NOT NULL,
  state TEXT NOT NULL,
  tries BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  claimed_by TEXT,
  why TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  done_at BIGINT
);
CREATE INDEX housekey_mail_due ON housekey_mail (state, due_at);
