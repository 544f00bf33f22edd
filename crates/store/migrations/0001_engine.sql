CREATE TABLE housekey_outbox (
  number BIGINT IDENTITY PRIMARY KEY,
  tx BIGINT NOT NULL,
  ids TEXT NOT NULL
);
CREATE INDEX housekey_outbox_tx ON housekey_outbox (tx); -- PostgreSQL
