-- Webhooks: who is told of what happens, and how each delivery went.

-- The trail as an outbox. position is the number of the transaction that wrote the line: a line below the oldest
-- transaction still running has no neighbour that could still appear below it, so that whoever reads up to there
-- misses nothing, in whatever order transactions commit. ordinal is the order of writing: of two acts on an object,
-- whose row their transactions lock, the later has the greater. Both are defaults: writers do not know of them.
CREATE SEQUENCE app.activity_ordinal;
GRANT USAGE ON SEQUENCE app.activity_ordinal TO abono_tenant, abono_system, abono_admin;
ALTER TABLE app.activity
    ADD COLUMN position bigint NOT NULL DEFAULT 0,
    ADD COLUMN ordinal bigint NOT NULL DEFAULT 0;
ALTER TABLE app.activity
    ALTER COLUMN position SET DEFAULT (0 + pg_current_xact_id()::text::bigint),
    ALTER COLUMN ordinal SET DEFAULT nextval('app.activity_ordinal');
CREATE INDEX activity_position ON app.activity (position);

-- Up to where the outbox has been read: one row, whose lock makes one reader at a time.
CREATE TABLE app.webhook_outbox (
    is_only boolean PRIMARY KEY CHECK (is_only),
    -- All lines below have been read.
    position bigint NOT NULL CHECK (position >= 0),
    -- What is added to the numbers of transactions, which begin anew where a backup is restored.
    base bigint NOT NULL CHECK (base >= 0),
    -- The cluster whose transactions are numbered.
    cluster bigint NOT NULL
);
INSERT INTO app.webhook_outbox (is_only, position, base, cluster)
SELECT true, 0, 0, system_identifier FROM pg_control_system();
GRANT SELECT ON app.webhook_outbox TO abono_tenant, abono_finance, abono_system, abono_admin;
GRANT UPDATE (position) ON app.webhook_outbox TO abono_system;

-- After a backup was restored into another cluster its transactions have small numbers again: from here on they are
-- counted from above all that were. True if that was so.
CREATE FUNCTION app.rebase_outbox() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    here bigint;
    above bigint;
BEGIN
    SELECT system_identifier INTO here FROM pg_control_system();
    IF EXISTS (SELECT FROM app.webhook_outbox WHERE cluster = here) THEN
        RETURN false;
    END IF;
    LOCK TABLE app.activity IN ACCESS EXCLUSIVE MODE;
    SELECT greatest(max(a.position), (SELECT o.position FROM app.webhook_outbox o), 0) + 1 INTO above
    FROM app.activity a;
    UPDATE app.webhook_outbox SET base = above, cluster = here WHERE cluster <> here;
    IF FOUND THEN
        EXECUTE format(
            'ALTER TABLE app.activity ALTER COLUMN position SET DEFAULT (%s + pg_current_xact_id()::text::bigint)',
            above);
    END IF;
    RETURN FOUND;
END
$$;
REVOKE ALL ON FUNCTION app.rebase_outbox() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.rebase_outbox() TO abono_system;

-- Endpoints, their deliveries and the log of attempts stay on the coordinator of a distributed database, as the job
-- queue does. What belongs to the installation has the zero tenant, and is told of what happens to all.
CREATE TABLE app.webhook_endpoints (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    url text NOT NULL CHECK (length(url) BETWEEN 1 AND 2000),
    description text NOT NULL CHECK (length(description) <= 500),
    -- Verbs like invoice.paid, all verbs of a noun like invoice.*, or * alone.
    events text[] NOT NULL CHECK (cardinality(events) BETWEEN 1 AND 50),
    status text NOT NULL CHECK (status IN ('enabled', 'disabled', 'removed')),
    disabled_reason text CHECK (disabled_reason IN ('asked', 'gone', 'failing')),
    -- Sealed; the one before stays valid beside it for a while after a rotation.
    secret bytea NOT NULL,
    previous_secret bytea,
    previous_until timestamptz,
    -- Since when every attempt has failed.
    failing_since timestamptz,
    -- It is told of what later transactions did.
    position bigint NOT NULL,
    created_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT webhook_endpoints_reason CHECK ((status = 'disabled') = (disabled_reason IS NOT NULL)),
    CONSTRAINT webhook_endpoints_previous CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
);
SELECT app.isolate('app.webhook_endpoints');
CREATE INDEX webhook_endpoints_enabled ON app.webhook_endpoints (tenant_id, position) WHERE status = 'enabled';
GRANT SELECT, INSERT,
    UPDATE (url, description, events, status, disabled_reason, secret, previous_secret, previous_until, failing_since,
            position)
    ON app.webhook_endpoints TO abono_tenant, abono_system, abono_admin;
GRANT SELECT (tenant_id, id, url, description, events, status, disabled_reason, previous_until, failing_since, position,
              created_at, recorded_at, author)
    ON app.webhook_endpoints TO abono_finance;

CREATE TABLE app.webhook_deliveries (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    -- The line of the trail that is told, and whose it is.
    activity_tenant_id uuid NOT NULL,
    activity_id uuid NOT NULL,
    type text NOT NULL,
    object text NOT NULL,
    ordinal bigint NOT NULL,
    -- waiting: behind an earlier one about the same object. pending: to be sent at next_at.
    status text NOT NULL CHECK (status IN ('waiting', 'pending', 'sending', 'delivered', 'failed')),
    -- How often it was sent, and how often since it was last asked for.
    attempts int NOT NULL CHECK (attempts >= 0),
    tries int NOT NULL CHECK (tries >= 0),
    first_tried_at timestamptz,
    next_at timestamptz NOT NULL,
    -- Who sends it.
    node_id uuid,
    node_epoch bigint,
    response_status int,
    duration_ms int,
    error text CHECK (length(error) <= 500),
    recorded_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    -- What makes dispatching twice harmless.
    CONSTRAINT webhook_deliveries_once UNIQUE (tenant_id, endpoint_id, activity_id),
    CONSTRAINT webhook_deliveries_sender CHECK ((status = 'sending') = (node_id IS NOT NULL)),
    CONSTRAINT webhook_deliveries_finished CHECK ((status IN ('delivered', 'failed')) = (finished_at IS NOT NULL))
) WITH (fillfactor = 80);
SELECT app.isolate('app.webhook_deliveries');
ALTER TABLE app.webhook_deliveries ADD CONSTRAINT webhook_deliveries_endpoint
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES app.webhook_endpoints (tenant_id, id);
-- The line of those about one object.
CREATE INDEX webhook_deliveries_line ON app.webhook_deliveries (tenant_id, endpoint_id, object, ordinal)
    WHERE status IN ('waiting', 'pending', 'sending');
CREATE INDEX webhook_deliveries_pending ON app.webhook_deliveries (tenant_id, endpoint_id, next_at, ordinal)
    WHERE status = 'pending';
CREATE INDEX webhook_deliveries_sending ON app.webhook_deliveries (tenant_id, endpoint_id) WHERE status = 'sending';
CREATE INDEX webhook_deliveries_node ON app.webhook_deliveries (node_id, node_epoch) WHERE status = 'sending';
GRANT SELECT, INSERT,
    UPDATE (status, attempts, tries, first_tried_at, next_at, node_id, node_epoch, response_status, duration_ms, error,
            finished_at)
    ON app.webhook_deliveries TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.webhook_deliveries TO abono_finance;

-- The log of what was sent and answered; the answers' bodies have a retention.
CREATE TABLE app.webhook_attempts (
    tenant_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    attempt int NOT NULL CHECK (attempt >= 1),
    at timestamptz NOT NULL,
    duration_ms int NOT NULL CHECK (duration_ms >= 0),
    -- The address that was connected to.
    address text,
    response_status int,
    response_body text CHECK (octet_length(response_body) <= 4096),
    error text CHECK (length(error) <= 500),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, delivery_id, attempt)
);
SELECT app.isolate('app.webhook_attempts');
ALTER TABLE app.webhook_attempts ADD CONSTRAINT webhook_attempts_delivery
    FOREIGN KEY (tenant_id, delivery_id) REFERENCES app.webhook_deliveries (tenant_id, id);
CREATE INDEX webhook_attempts_bodies ON app.webhook_attempts (recorded_at) WHERE response_body IS NOT NULL;
GRANT SELECT, INSERT ON app.webhook_attempts TO abono_system;
GRANT UPDATE (response_body) ON app.webhook_attempts TO abono_system;
GRANT SELECT ON app.webhook_attempts TO abono_tenant, abono_finance, abono_admin;
