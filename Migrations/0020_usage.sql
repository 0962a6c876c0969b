-- Usage: amended events, unknown meters that were kept aside, meters computed over the past.

-- An event that was amended has further rows: the revision counts them, 0 is what was sent first. Each is taken back
-- by itself, so that of an event at most the last revision counts.
ALTER TABLE app.usage_events ADD COLUMN revision integer NOT NULL DEFAULT 0;
ALTER TABLE app.usage_voids ADD COLUMN revision integer NOT NULL DEFAULT 0;
ALTER TABLE app.usage_voids DROP CONSTRAINT usage_voids_pkey;
ALTER TABLE app.usage_voids ADD CONSTRAINT usage_voids_pkey PRIMARY KEY (tenant_id, event_id, revision);
ALTER TABLE app.usage_voids ADD CONSTRAINT usage_voids_revision CHECK (revision >= 0);

-- What an event was amended to: the narrow row of a revision, as usage_keys has that of the first.
CREATE TABLE app.usage_amendments (
    tenant_id uuid NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    revision integer NOT NULL CHECK (revision > 0),
    content_hash bytea NOT NULL CHECK (length(content_hash) = 16),
    -- When the event happened by this revision: in which partition its row lies.
    event_at timestamptz NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    reason text NOT NULL CHECK (length(reason) <= 500),
    author text NOT NULL,
    PRIMARY KEY (tenant_id, event_id, revision)
);
SELECT app.distribute('app.usage_amendments');
SELECT app.isolate('app.usage_amendments');
ALTER TABLE app.usage_amendments ADD CONSTRAINT usage_amendments_event
    FOREIGN KEY (tenant_id, event_id) REFERENCES app.usage_keys (tenant_id, event_id);
GRANT SELECT, INSERT ON app.usage_amendments TO abono_tenant, abono_system;
GRANT SELECT ON app.usage_amendments TO abono_finance, abono_ingest, abono_admin;

-- Events whose meter is not known, kept until it is. What was said of one then is kept with it.
CREATE TABLE app.usage_kept (
    tenant_id uuid NOT NULL,
    event_id text COLLATE "C" NOT NULL CHECK (octet_length(event_id) BETWEEN 1 AND 128),
    -- Of one id several may be kept that differ: the first that has a meter is stored.
    content_hash bytea NOT NULL CHECK (length(content_hash) = 16),
    meter text NOT NULL,
    event jsonb NOT NULL CHECK (jsonb_typeof(event) = 'object'),
    recorded_at timestamptz NOT NULL,
    replayed_at timestamptz,
    outcome text CHECK (outcome IN ('accepted', 'duplicate', 'conflict', 'rejected')),
    PRIMARY KEY (tenant_id, event_id, content_hash),
    CONSTRAINT usage_kept_replayed CHECK ((replayed_at IS NULL) = (outcome IS NULL))
);
SELECT app.distribute('app.usage_kept');
SELECT app.isolate('app.usage_kept');
CREATE INDEX usage_kept_waiting ON app.usage_kept (tenant_id, meter, recorded_at) WHERE replayed_at IS NULL;
GRANT SELECT, INSERT ON app.usage_kept TO abono_tenant, abono_ingest, abono_system;
GRANT UPDATE (replayed_at, outcome) ON app.usage_kept TO abono_system;
GRANT SELECT ON app.usage_kept TO abono_finance, abono_admin;

-- How far the import of a file has come, kept in the transaction that stores its events.
CREATE TABLE app.usage_imports (
    tenant_id uuid NOT NULL,
    -- The SHA-256 of the file and of how it is read.
    file_hash bytea NOT NULL CHECK (length(file_hash) = 32),
    byte_offset bigint NOT NULL CHECK (byte_offset >= 0),
    line bigint NOT NULL CHECK (line >= 0),
    accepted bigint NOT NULL CHECK (accepted >= 0),
    duplicate bigint NOT NULL CHECK (duplicate >= 0),
    conflict bigint NOT NULL CHECK (conflict >= 0),
    rejected bigint NOT NULL CHECK (rejected >= 0),
    started_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, file_hash)
);
SELECT app.distribute('app.usage_imports');
SELECT app.isolate('app.usage_imports');
GRANT SELECT, INSERT, UPDATE ON app.usage_imports TO abono_tenant, abono_system;
GRANT SELECT ON app.usage_imports TO abono_finance, abono_admin;

-- A meter with a source counts those events of another meter that its filter lets through. Its rollups are right once
-- it was computed over the events there were before; until then it is read from the events. A definition can be
-- replaced: `generation` counts, `computed` is the last for which the rollups are right.
ALTER TABLE app.meters ADD COLUMN source text GENERATED ALWAYS AS (coalesce(definition ->> 'source', code)) STORED;
ALTER TABLE app.meters ADD COLUMN filter jsonb GENERATED ALWAYS AS (definition -> 'filter') STORED;
ALTER TABLE app.meters ADD COLUMN generation integer NOT NULL DEFAULT 1 CHECK (generation > 0);
ALTER TABLE app.meters ADD COLUMN computed integer NOT NULL DEFAULT 0 CHECK (computed >= 0 AND computed <= generation);
GRANT UPDATE (definition, generation) ON app.meters TO abono_admin;
GRANT UPDATE (computed) ON app.meters TO abono_system, abono_admin;

-- The computing of a meter over past events: how far it has come.
CREATE TABLE app.meter_backfills (
    meter text NOT NULL REFERENCES app.meters (code),
    generation integer NOT NULL CHECK (generation > 0),
    -- Transactions that began before may not know of the definition; it begins once they have ended.
    horizon text NOT NULL,
    -- The last tenant and quarter of an hour that was computed.
    after_tenant uuid NOT NULL,
    after_bucket timestamptz NOT NULL,
    total bigint NOT NULL CHECK (total >= 0),
    done bigint NOT NULL CHECK (done >= 0),
    started_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (meter, generation)
);
SELECT app.replicate('app.meter_backfills');
GRANT SELECT, INSERT, UPDATE ON app.meter_backfills TO abono_system;
GRANT SELECT ON app.meter_backfills TO abono_finance, abono_admin, abono_tenant;

-- Whether properties pass a filter: each property that it names has one of the values.
CREATE FUNCTION app.usage_passes(properties jsonb, filter jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT filter IS NULL OR NOT EXISTS (
        SELECT FROM jsonb_each(filter) AS wanted (name, choices)
        WHERE NOT EXISTS (
            SELECT FROM jsonb_array_elements(choices) AS choice (value) WHERE choice.value = properties -> name))
$$;
GRANT EXECUTE ON FUNCTION app.usage_passes(jsonb, jsonb) TO PUBLIC;
