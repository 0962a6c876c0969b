-- Entitlements that roll over, expire and burn in order; alerts at thresholds; usage that is archived.

-- What is left of a window is had in the next of its source, up to so much.
ALTER TABLE app.quotas ADD COLUMN rollover numeric(38, 12) NOT NULL DEFAULT 0 CHECK (rollover >= 0);
ALTER TABLE app.quotas ALTER COLUMN rollover DROP DEFAULT;
-- The business time at which a row was taken back; ended_at is when that was recorded.
ALTER TABLE app.quotas ADD COLUMN until timestamptz;
GRANT UPDATE (until) ON app.quotas TO abono_tenant, abono_system, abono_admin;
CREATE INDEX quotas_history ON app.quotas (tenant_id, feature, meter, window_start);

-- Extra units of a feature.
CREATE TABLE app.quota_grants (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    feature text NOT NULL CHECK (length(feature) BETWEEN 1 AND 64),
    meter text NOT NULL,
    units numeric(38, 12) NOT NULL CHECK (units > 0),
    priority smallint NOT NULL CHECK (priority BETWEEN 0 AND 1000),
    -- A whole quarter of an hour: what was used since is told by rollups alone.
    starts_at timestamptz NOT NULL,
    expires_at timestamptz CHECK (expires_at > starts_at),
    voided_at timestamptz CHECK (voided_at >= starts_at),
    memo text NOT NULL CHECK (length(memo) <= 500),
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT quota_grants_start CHECK (starts_at = date_bin('15 minutes', starts_at, '2000-01-01 00:00:00+00'))
);
SELECT app.distribute('app.quota_grants');
SELECT app.isolate('app.quota_grants');
ALTER TABLE app.quota_grants ADD CONSTRAINT quota_grants_meter FOREIGN KEY (meter) REFERENCES app.meters (code);
CREATE INDEX quota_grants_feature ON app.quota_grants (tenant_id, feature, starts_at);
GRANT SELECT, INSERT, UPDATE (voided_at) ON app.quota_grants TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.quota_grants TO abono_finance;

-- What was left of each pot of a feature at an instant: balances are computed from there on, and usage that comes in
-- later for what lies before changes them no more.
CREATE TABLE app.quota_checkpoints (
    tenant_id uuid NOT NULL,
    feature text NOT NULL,
    meter text NOT NULL,
    at timestamptz NOT NULL,
    pots text[] NOT NULL,
    units_left numeric(38, 12)[] NOT NULL CHECK (cardinality(units_left) = cardinality(pots)),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, feature, meter)
);
SELECT app.distribute('app.quota_checkpoints');
SELECT app.isolate('app.quota_checkpoints');
GRANT SELECT ON app.quota_checkpoints TO abono_tenant, abono_finance, abono_admin;
GRANT SELECT, INSERT, UPDATE ON app.quota_checkpoints TO abono_system;

-- Who wants to know when a figure reaches a threshold.
CREATE TABLE app.alerts (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('usage', 'entitlement', 'spend', 'credit')),
    meter text,
    feature text CHECK (length(feature) BETWEEN 1 AND 64),
    -- As they were written: a decimal, or a decimal and %.
    thresholds text[] NOT NULL CHECK (cardinality(thresholds) BETWEEN 1 AND 10),
    name text NOT NULL CHECK (length(name) <= 200),
    created_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    removed_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT alerts_subject CHECK (
        (kind = 'usage') = (meter IS NOT NULL) AND (kind = 'entitlement') = (feature IS NOT NULL))
);
SELECT app.distribute('app.alerts');
SELECT app.isolate('app.alerts');
ALTER TABLE app.alerts ADD CONSTRAINT alerts_meter FOREIGN KEY (meter) REFERENCES app.meters (code);
CREATE INDEX alerts_live ON app.alerts (kind, tenant_id, id) WHERE removed_at IS NULL;
GRANT SELECT, INSERT, UPDATE (removed_at) ON app.alerts TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.alerts TO abono_finance;

-- Each threshold of an alert, once a period.
CREATE TABLE app.alert_firings (
    tenant_id uuid NOT NULL,
    alert_id uuid NOT NULL,
    threshold text NOT NULL,
    period_start timestamptz NOT NULL,
    value numeric NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, alert_id, threshold, period_start)
);
SELECT app.distribute('app.alert_firings');
SELECT app.isolate('app.alert_firings');
ALTER TABLE app.alert_firings ADD CONSTRAINT alert_firings_alert
    FOREIGN KEY (tenant_id, alert_id) REFERENCES app.alerts (tenant_id, id);
GRANT SELECT ON app.alert_firings TO abono_tenant, abono_finance, abono_admin;
GRANT SELECT, INSERT ON app.alert_firings TO abono_system;

-- What an alert's tenant had used when it was looked at last: who has used nothing since is not looked at again.
CREATE TABLE app.alert_marks (
    tenant_id uuid NOT NULL,
    alert_id uuid NOT NULL,
    mark text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, alert_id)
);
SELECT app.distribute('app.alert_marks');
SELECT app.isolate('app.alert_marks');
ALTER TABLE app.alert_marks ADD CONSTRAINT alert_marks_alert
    FOREIGN KEY (tenant_id, alert_id) REFERENCES app.alerts (tenant_id, id);
GRANT SELECT, INSERT, UPDATE ON app.alert_marks TO abono_system;
GRANT SELECT ON app.alert_marks TO abono_tenant, abono_finance, abono_admin;

-- For how many months events stay in the database; no row: for good.
CREATE TABLE app.usage_retention (
    is_only boolean PRIMARY KEY CHECK (is_only),
    months integer NOT NULL CHECK (months BETWEEN 6 AND 1200),
    recorded_at timestamptz NOT NULL,
    author text NOT NULL
);
SELECT app.replicate('app.usage_retention');
GRANT SELECT ON app.usage_retention TO abono_tenant, abono_finance, abono_ingest, abono_system;
GRANT SELECT, INSERT, UPDATE ON app.usage_retention TO abono_admin;

-- The events of a month in a file. 'writing': the file is not done; 'written': it was read back and is what the
-- partition holds; 'archived': the partition is gone; 'restored': its events are back.
CREATE TABLE app.usage_archives (
    month date PRIMARY KEY CHECK (extract(day FROM month) = 1),
    state text NOT NULL CHECK (state IN ('writing', 'written', 'archived', 'restored')),
    file text NOT NULL CHECK (length(file) BETWEEN 1 AND 4096),
    rows bigint CHECK (rows >= 0),
    -- Of the lines, before they were compressed.
    sha256 bytea CHECK (length(sha256) = 32),
    bytes bigint CHECK (bytes >= 0),
    min_at timestamptz,
    max_at timestamptz,
    -- By meter the events that count, as {"count", "sum"}.
    sums jsonb CHECK (jsonb_typeof(sums) = 'object'),
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    CONSTRAINT usage_archives_manifest CHECK (
        state = 'writing' OR (rows IS NOT NULL AND sha256 IS NOT NULL AND bytes IS NOT NULL AND sums IS NOT NULL))
);
SELECT app.replicate('app.usage_archives');
GRANT SELECT ON app.usage_archives TO abono_tenant, abono_finance, abono_ingest, abono_admin;
GRANT SELECT, INSERT, UPDATE ON app.usage_archives TO abono_system;

-- Takes a month's partition away if it holds what its file has: as many events, for they are only ever added. False if
-- it holds others. Whoever writes or reads events waits meanwhile, for as long as counting takes.
CREATE FUNCTION app.drop_usage_partition(wanted date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    name text := 'usage_events_' || to_char(wanted, 'YYYY_MM');
    kept bigint;
    held bigint;
BEGIN
    SELECT rows INTO kept FROM app.usage_archives WHERE month = wanted AND state = 'written' FOR UPDATE;
    IF kept IS NULL THEN
        RAISE EXCEPTION 'the archive of % is not verified', wanted USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    IF to_regclass('app.' || name) IS NOT NULL THEN
        -- The parent first, as everybody takes them: the other way round two could wait for each other.
        LOCK TABLE ONLY app.usage_events IN ACCESS EXCLUSIVE MODE;
        EXECUTE format('SELECT count(*) FROM app.%I', name) INTO held;
        IF held <> kept THEN
            RETURN false;
        END IF;
        EXECUTE format('ALTER TABLE app.usage_events DETACH PARTITION app.%I', name);
        EXECUTE format('DROP TABLE app.%I', name);
    ELSIF kept <> 0 THEN
        RETURN false;
    END IF;
    UPDATE app.usage_archives SET state = 'archived' WHERE month = wanted;
    RETURN true;
END
$$;
REVOKE ALL ON FUNCTION app.drop_usage_partition(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.drop_usage_partition(date) TO abono_system;
