ALTER TABLE housekey_user ADD COLUMN username TEXT;
ALTER TABLE housekey_user ADD COLUMN username_canonical TEXT;
CREATE UNIQUE INDEX housekey_user_username ON housekey_user (username_canonical);

ALTER TABLE housekey_mail ADD COLUMN channel TEXT NOT NULL DEFAULT 'mail';

ALTER TABLE housekey_user ADD COLUMN primary_phone_id TEXT;
CREATE TABLE housekey_phone (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES housekey_user (id) ON DELETE CASCADE,
  number TEXT NOT NULL,
  verified_at BIGINT,
  created_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX housekey_phone_verified ON housekey_phone (number) WHERE verified_at IS NOT NULL;
CREATE UNIQUE INDEX housekey_phone_of_user ON housekey_phone (user_id, number);
