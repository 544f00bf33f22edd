\set user random(0, 19999)
\set client random(0, 19999)
\set fresh random(100000, 9000000000000000)
BEGIN;
UPDATE housekey_user SET version = version + 0, updated_at = 1, last_sign_in_at = 1 WHERE id = 'user_' || lpad(:user::text, 27, '0') AND version = 1 AND state = 'active';
UPDATE housekey_client SET version = version + 1, old_hash = secret_hash, secret_hash = '\x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff', old_until = 1, old_call = '\x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff', old_answer = decode(repeat('07', 160), 'hex'), active_session_id = 'sess_x', changed_at = 1, expires_at = 1 WHERE id = 'client_' || lpad(:client::text, 27, '0');
SELECT COUNT(*) FROM housekey_session WHERE user_id = 'user_' || lpad(:user::text, 27, '0');
DELETE FROM housekey_session WHERE client_id = 'client_' || lpad(:client::text, 27, '0') AND id <> 'sess_x';
INSERT INTO housekey_session (id, user_id, client_id, status, tasks, remembered, first_proved_at, second_proved_at, created_at, last_seen_at, expires_at, facts) VALUES ('sess_' || lpad(:fresh::text, 27, '0'), 'user_' || lpad(:user::text, 27, '0'), 'client_' || lpad(:client::text, 27, '0'), 'active', '[]', FALSE, 1, NULL, 1, 1, 1, decode(repeat('07', 120), 'hex'));
DELETE FROM housekey_sign_in WHERE client_id = 'client_' || lpad(:client::text, 27, '0') AND id = 'sia_' || lpad(:client::text, 27, '0') AND version = 1;
DELETE FROM housekey_verification WHERE client_id = 'client_' || lpad(:client::text, 27, '0') AND id = 'ver_' || lpad(:client::text, 27, '0');
INSERT INTO housekey_event (id, at, kind, user_id, client_id, session_id, door, request_id, detail, facts, facts_key) VALUES ('evt_' || lpad(:fresh::text, 27, '0'), 1, 'session.created', 'user_' || lpad(:user::text, 27, '0'), 'client_' || lpad(:client::text, 27, '0'), 'sess_' || lpad(:fresh::text, 27, '0'), 'pages', 'req_x', '{}', decode(repeat('07', 120), 'hex'), 'user');
SELECT id, events, enabled FROM housekey_webhook_endpoint ORDER BY id LIMIT 1000;
INSERT INTO housekey_outbox (tx, ids) VALUES (CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT), 'client_' || lpad(:client::text, 27, '0') || ' user_' || lpad(:user::text, 27, '0'));
COMMIT;
