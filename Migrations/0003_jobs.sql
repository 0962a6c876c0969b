-- Durable work, the nodes that do it, schedules, and the trail of every write.

-- One row a running process. A lease is (node_id, epoch): whoever declares a node lost moves its epoch on, and
-- everything the old epoch still tries is refused.
CREATE TABLE app.nodes (
    node_id uuid PRIMARY KEY,
    name text NOT NULL,
    epoch bigint NOT NULL,
    beat bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('alive', 'left', 'lost')),
    started_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL
);
CREATE INDEX nodes_alive ON app.nodes (node_id) WHERE state = 'alive';
GRANT SELECT ON app.nodes TO abono_tenant, abono_finance, abono_admin;
GRANT SELECT, INSERT, UPDATE ON app.nodes TO abono_system;

-- A tenant in test mode has its own time.
CREATE TABLE app.test_clocks (
    clock_id uuid PRIMARY KEY,
    name text NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL
);
GRANT SELECT ON app.test_clocks TO abono_tenant, abono_finance;
GRANT SELECT, INSERT, UPDATE ON app.test_clocks TO abono_system, abono_admin;

CREATE TABLE app.jobs (
    job_id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 100),
    state text NOT NULL CHECK (state IN ('available', 'running', 'done', 'dead', 'cancelled')),
    priority smallint NOT NULL,
    -- The machine's time from which it may run; infinity while a test clock has not reached due_at.
    run_at timestamptz NOT NULL,
    -- The business time it stands for.
    due_at timestamptz,
    clock_id uuid,
    tenant_id uuid,
    unique_key text CHECK (length(unique_key) <= 200),
    payload jsonb NOT NULL,
    attempt int NOT NULL CHECK (attempt >= 0),
    max_attempts int NOT NULL CHECK (max_attempts BETWEEN 1 AND 100),
    node_id uuid,
    node_epoch bigint,
    error text,
    recorded_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    CHECK ((state = 'running') = (node_id IS NOT NULL)),
    CHECK ((state IN ('done', 'dead', 'cancelled')) = (finished_at IS NOT NULL))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- Finished rows are in none of these.
CREATE INDEX jobs_available ON app.jobs (priority, run_at, job_id) WHERE state = 'available';
CREATE INDEX jobs_running ON app.jobs (node_id, node_epoch) WHERE state = 'running';
CREATE INDEX jobs_waiting_for_clock ON app.jobs (clock_id, due_at) WHERE state = 'available' AND clock_id IS NOT NULL;
CREATE UNIQUE INDEX jobs_unique ON app.jobs (kind, unique_key)
    WHERE unique_key IS NOT NULL AND state IN ('available', 'running');
CREATE INDEX jobs_dead ON app.jobs (finished_at) WHERE state = 'dead';

-- Anybody may write work with a change; only the system sees and does it.
ALTER TABLE app.jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.jobs FORCE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON app.jobs FOR INSERT TO abono_tenant
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid AND state = 'available');
CREATE POLICY of_staff ON app.jobs TO abono_system, abono_admin USING (true) WITH CHECK (true);
CREATE POLICY of_finance ON app.jobs FOR SELECT TO abono_finance USING (true);
GRANT INSERT ON app.jobs TO abono_tenant;
GRANT SELECT ON app.jobs TO abono_finance;
GRANT SELECT, INSERT, UPDATE ON app.jobs TO abono_system, abono_admin;

-- A schedule fires once for each slot, however many nodes run: the slot is taken in the transaction that enqueues.
CREATE TABLE app.schedules (
    name text PRIMARY KEY,
    expression text NOT NULL,
    fired_slot timestamptz NOT NULL
);
GRANT SELECT ON app.schedules TO abono_admin, abono_finance;
GRANT SELECT, INSERT, UPDATE ON app.schedules TO abono_system;

-- Who did what to which object: audit trail, timeline of an object, and outbox in one. What concerns no tenant has
-- the zero tenant.
CREATE TABLE app.activity (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    verb text NOT NULL CHECK (verb ~ '^[a-z_]+(\.[a-z_]+)+$'),
    object text NOT NULL,
    details jsonb NOT NULL,
    request_id text,
    PRIMARY KEY (tenant_id, id)
);
SELECT app.distribute('app.activity');
SELECT app.isolate('app.activity');
CREATE INDEX activity_object ON app.activity (tenant_id, object, id);
GRANT SELECT, INSERT ON app.activity TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.activity TO abono_finance;
