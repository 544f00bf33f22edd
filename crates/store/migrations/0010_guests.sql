ALTER TABLE housekey_user ADD COLUMN guest_since BIGINT;
ALTER TABLE housekey_user ADD COLUMN guest_left_at BIGINT;
CREATE INDEX housekey_user_guest ON housekey_user (guest_since) WHERE guest_since IS NOT NULL;
