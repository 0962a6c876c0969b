-- Answers kept under the caller's Idempotency-Key. The answer has a retention; the key and its hash stay for good.
CREATE TABLE app.idempotency_keys (
    tenant_id uuid NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    route text NOT NULL,
    hash bytea NOT NULL,
    status int NOT NULL,
    -- json, not jsonb: a repetition is answered with the same bytes.
    answer json,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, key)
);
SELECT app.distribute('app.idempotency_keys');
SELECT app.isolate('app.idempotency_keys');
GRANT SELECT, INSERT ON app.idempotency_keys TO abono_tenant, abono_admin;
GRANT SELECT, INSERT, UPDATE ON app.idempotency_keys TO abono_system;
