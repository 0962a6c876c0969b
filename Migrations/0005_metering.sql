-- Usage: events as they were sent, once each and for good, and what they add up to; and how much may be used.

-- The catalogue. A definition is the meter as the simulator reads it; it is never changed.
CREATE TABLE app.meters (
    code text PRIMARY KEY CHECK (length(code) BETWEEN 1 AND 64),
    definition jsonb NOT NULL CHECK (jsonb_typeof(definition) = 'object' AND definition ->> 'code' = code),
    created_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL
);
SELECT app.replicate('app.meters');
GRANT SELECT ON app.meters TO abono_tenant, abono_finance, abono_ingest, abono_system, abono_admin;
GRANT INSERT ON app.meters TO abono_admin;

-- What inference is measured by is always there.
INSERT INTO app.meters (code, definition, created_at, recorded_at, author)
SELECT code, jsonb_build_object('code', code, 'aggregation', aggregation), '2000-01-01 00:00:00+00',
       '2000-01-01 00:00:00+00', 'system:migration'
FROM (VALUES ('tokens.input', 'sum'), ('tokens.cached', 'sum'), ('tokens.output', 'sum'), ('requests', 'count'),
             ('cpu_milliseconds', 'sum')) AS built_in (code, aggregation)
ON CONFLICT DO NOTHING;

-- Dedupe for good: a narrow row an event, which outlives the event's partition.
CREATE TABLE app.usage_keys (
    tenant_id uuid NOT NULL,
    event_id text COLLATE "C" NOT NULL CHECK (octet_length(event_id) BETWEEN 1 AND 128),
    -- Sixteen bytes of the SHA-256 of the content: enough to tell a repetition from a conflict.
    content_hash bytea NOT NULL CHECK (length(content_hash) = 16),
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, event_id)
);
SELECT app.distribute('app.usage_keys');
SELECT app.isolate('app.usage_keys');
GRANT SELECT, INSERT ON app.usage_keys TO abono_tenant, abono_ingest, abono_system;
GRANT SELECT ON app.usage_keys TO abono_finance, abono_admin;

-- The events as they were sent, a partition a month. Partitions are reached through this table only: nobody holds
-- rights on them.
CREATE TABLE app.usage_events (
    tenant_id uuid NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    meter text NOT NULL,
    at timestamptz NOT NULL,
    value numeric(38, 12) NOT NULL,
    properties jsonb NOT NULL,
    subject text,
    subscription_id uuid,
    recorded_at timestamptz NOT NULL
) PARTITION BY RANGE (at);
SELECT app.distribute('app.usage_events');
SELECT app.isolate('app.usage_events');
ALTER TABLE app.usage_events ADD CONSTRAINT usage_events_properties CHECK (jsonb_typeof(properties) = 'object');
CREATE INDEX usage_events_time ON app.usage_events (tenant_id, meter, at);
GRANT SELECT, INSERT ON app.usage_events TO abono_tenant, abono_ingest, abono_system;
GRANT SELECT ON app.usage_events TO abono_finance, abono_admin;

-- Makes the partitions of months (their first days) that are not there yet. ATTACH holds up neither readers nor
-- writers, as CREATE … PARTITION OF would; the lock keeps two makers of one month apart.
CREATE FUNCTION app.ensure_usage_partitions(months date[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    month date;
    name text;
BEGIN
    FOREACH month IN ARRAY months LOOP
        IF month < '2000-01-01' OR month >= '2101-01-01' OR extract(day FROM month) <> 1 THEN
            RAISE EXCEPTION 'no partition for %', month USING ERRCODE = 'datetime_field_overflow';
        END IF;
        name := 'usage_events_' || to_char(month, 'YYYY_MM');
        CONTINUE WHEN to_regclass('app.' || name) IS NOT NULL;
        PERFORM pg_advisory_xact_lock(4738029, 5);
        -- Not to_regclass again: it looks into a cache that waiting for the lock did not bring up to date.
        CONTINUE WHEN EXISTS (
            SELECT FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace AND c.relname = name);
        EXECUTE format('CREATE TABLE app.%I (LIKE app.usage_events INCLUDING CONSTRAINTS)', name);
        EXECUTE format(
            'ALTER TABLE app.usage_events ATTACH PARTITION app.%I FOR VALUES FROM (%L) TO (%L)', name,
            to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00',
            to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION app.ensure_usage_partitions(date[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.ensure_usage_partitions(date[]) TO abono_tenant, abono_ingest, abono_system;

-- An event is taken back once, by a row of its own; the event stays.
CREATE TABLE app.usage_voids (
    tenant_id uuid NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    reason text NOT NULL CHECK (length(reason) <= 500),
    author text NOT NULL,
    PRIMARY KEY (tenant_id, event_id)
);
SELECT app.distribute('app.usage_voids');
SELECT app.isolate('app.usage_voids');
ALTER TABLE app.usage_voids ADD CONSTRAINT usage_voids_event
    FOREIGN KEY (tenant_id, event_id) REFERENCES app.usage_keys (tenant_id, event_id);
GRANT SELECT, INSERT ON app.usage_voids TO abono_tenant, abono_system;
GRANT SELECT ON app.usage_voids TO abono_finance, abono_ingest, abono_admin;

-- What the events of a quarter of an hour add up to, kept in the transaction that stores them. Every zone's days are
-- whole quarters. The zero subscription stands for events that name none.
CREATE TABLE app.usage_rollups (
    tenant_id uuid NOT NULL,
    meter text NOT NULL,
    bucket timestamptz NOT NULL,
    subscription_id uuid NOT NULL,
    count bigint NOT NULL CHECK (count >= 0),
    -- Wider than a value, so that no number of valid events can overflow it.
    sum numeric(60, 12) NOT NULL,
    min numeric(38, 12),
    max numeric(38, 12),
    PRIMARY KEY (tenant_id, meter, bucket, subscription_id),
    CONSTRAINT usage_rollups_bounds CHECK ((count = 0) = (min IS NULL) AND (count = 0) = (max IS NULL) AND min <= max),
    CONSTRAINT usage_rollups_empty CHECK (count > 0 OR sum = 0),
    CONSTRAINT usage_rollups_bucket CHECK (bucket = date_bin('15 minutes', bucket, '2000-01-01 00:00:00+00'))
) WITH (fillfactor = 70);
SELECT app.distribute('app.usage_rollups');
SELECT app.isolate('app.usage_rollups');
GRANT SELECT, INSERT, UPDATE (count, sum, min, max) ON app.usage_rollups TO abono_tenant, abono_ingest, abono_system;
GRANT SELECT ON app.usage_rollups TO abono_finance, abono_admin;

-- How much of a meter a feature allows in a window. The rows of a source are written by whoever grants them; one that
-- no longer holds gets an end, it is not deleted.
CREATE TABLE app.quotas (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    feature text NOT NULL CHECK (length(feature) BETWEEN 1 AND 64),
    meter text NOT NULL,
    allowance numeric(38, 12) NOT NULL CHECK (allowance >= 0),
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    is_hard boolean NOT NULL,
    -- The wire id of what grants it.
    source text NOT NULL CHECK (length(source) BETWEEN 1 AND 100),
    recorded_at timestamptz NOT NULL,
    ended_at timestamptz,
    during tstzrange NOT NULL GENERATED ALWAYS AS (tstzrange(window_start, window_end)) STORED,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT quotas_window CHECK (window_start < window_end),
    -- Of one source there is one allowance at a time.
    CONSTRAINT quotas_apart EXCLUDE USING gist (
        tenant_id WITH =, feature WITH =, source WITH =, during WITH &&) WHERE (ended_at IS NULL)
);
SELECT app.distribute('app.quotas');
SELECT app.isolate('app.quotas');
ALTER TABLE app.quotas ADD CONSTRAINT quotas_meter FOREIGN KEY (meter) REFERENCES app.meters (code);
GRANT SELECT, INSERT, UPDATE (ended_at) ON app.quotas TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.quotas TO abono_finance;
