CREATE TABLE housekey_webhook_endpoint (
  id TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  description TEXT NOT NULL,
  events TEXT NOT NULL,
  source TEXT NOT NULL,
  enabled BOOLEAN NOT NULL,
  reason TEXT,
  failing_since BIGINT,
  failures BIGINT NOT NULL,
  secret BYTEA NOT NULL,
  old_secret BYTEA,
  old_until BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE housekey_webhook_message (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  user_id TEXT,
  sealed BYTEA NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX housekey_webhook_message_user ON housekey_webhook_message (user_id);
CREATE INDEX housekey_webhook_message_created ON housekey_webhook_message (created_at);

CREATE TABLE housekey_webhook_delivery (
  number BIGINT IDENTITY PRIMARY KEY,
  endpoint_id TEXT NOT NULL REFERENCES housekey_webhook_endpoint (id) ON DELETE CASCADE,
  message_id TEXT NOT NULL REFERENCES housekey_webhook_message (id) ON DELETE CASCADE,
  user_id TEXT,
  state TEXT NOT NULL,
  tries BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  claimed_by TEXT,
  status BIGINT,
  why TEXT,
  created_at BIGINT NOT NULL,
  done_at BIGINT
);
CREATE UNIQUE INDEX housekey_webhook_delivery_one ON housekey_webhook_delivery (endpoint_id, message_id);
CREATE INDEX housekey_webhook_delivery_message ON housekey_webhook_delivery (message_id);
CREATE INDEX housekey_webhook_delivery_due ON housekey_webhook_delivery (endpoint_id, due_at, number) WHERE state = 'waiting';
CREATE INDEX housekey_webhook_delivery_user ON housekey_webhook_delivery (endpoint_id, user_id, number) WHERE state = 'waiting';
