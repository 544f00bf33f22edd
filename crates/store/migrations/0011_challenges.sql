-- What a client solved for its next operation that is due a challenge, where the operation itself cannot show it. The
-- holder is a keyed hash of the client's whole credential; an empty action is any.
CREATE TABLE housekey_challenge_pass (
  holder BYTEA PRIMARY KEY,
  action TEXT NOT NULL,
  level BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX housekey_challenge_pass_expires ON housekey_challenge_pass (expires_at);
