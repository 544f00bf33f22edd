ALTER TABLE housekey_phone ADD COLUMN second_at BIGINT;
ALTER TABLE housekey_phone ADD COLUMN second_default_at BIGINT;
