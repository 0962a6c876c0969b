-- Models, budgets and the jobs that run on them.

-- The registry: a version is a file, known by its hash; it is never changed.
CREATE TABLE app.models (
    model_id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,99}$'),
    version text NOT NULL,
    file text NOT NULL,
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    bytes bigint NOT NULL,
    licence text,
    tasks text[] NOT NULL,
    context int NOT NULL,
    parameters bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    retired_at timestamptz,
    UNIQUE (name, version),
    UNIQUE (sha256)
);
SELECT app.replicate('app.models');
GRANT SELECT ON app.models TO abono_tenant, abono_finance, abono_ingest, abono_system, abono_admin;
GRANT INSERT, UPDATE (retired_at, file) ON app.models TO abono_admin, abono_system;

CREATE TABLE app.model_aliases (
    alias text PRIMARY KEY CHECK (alias ~ '^[a-z0-9][a-z0-9._-]{0,99}$'),
    model_name text NOT NULL,
    recorded_at timestamptz NOT NULL
);
SELECT app.replicate('app.model_aliases');
GRANT SELECT ON app.model_aliases TO abono_tenant, abono_finance, abono_ingest, abono_system, abono_admin;
GRANT INSERT, UPDATE ON app.model_aliases TO abono_admin, abono_system;

-- One row a tenant: what its usage has cost in the calendar month, and what is set aside for work under way.
-- Its lock orders everything that could overspend.
CREATE TABLE app.inference_budgets (
    tenant_id uuid PRIMARY KEY,
    window_start timestamptz NOT NULL,
    spent numeric(38, 12) NOT NULL CHECK (spent >= 0),
    -- Of it, what prices came to to which each event adds an amount of its own: it is carried on, the rest is rated
    -- anew.
    spent_by_event numeric(38, 12) NOT NULL CHECK (spent_by_event >= 0),
    reserved numeric(38, 12) NOT NULL CHECK (reserved >= 0)
);
SELECT app.distribute('app.inference_budgets');
SELECT app.isolate('app.inference_budgets');
GRANT SELECT, INSERT, UPDATE ON app.inference_budgets TO abono_tenant, abono_system;
GRANT SELECT ON app.inference_budgets TO abono_finance, abono_admin;

-- A row while queued or running is also the tenant's concurrency slot and its reservation: leased, never counted.
CREATE TABLE app.inference_jobs (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    task text NOT NULL,
    status text NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'expired')),
    model text NOT NULL,
    version text NOT NULL,
    route text NOT NULL,
    key_id uuid NOT NULL,
    subject text,
    is_stream boolean NOT NULL,
    prompt_tokens int NOT NULL CHECK (prompt_tokens >= 0),
    max_tokens int NOT NULL CHECK (max_tokens >= 0),
    -- What admission set aside.
    reserved numeric(38, 12) NOT NULL CHECK (reserved >= 0),
    cached_tokens int NOT NULL CHECK (cached_tokens >= 0),
    -- Tokens known to have reached the client; settles a stream whose server died.
    delivered_tokens int NOT NULL CHECK (delivered_tokens >= 0),
    completion_tokens int,
    cpu_milliseconds int,
    is_prompt_computed boolean NOT NULL,
    node_id uuid NOT NULL,
    node_epoch bigint NOT NULL,
    attempts int NOT NULL,
    finish_reason text,
    -- {"code", "message"}.
    error jsonb,
    metadata jsonb NOT NULL CHECK (jsonb_typeof(metadata) = 'object'),
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    -- The node that runs it looks for this.
    cancel_requested_at timestamptz,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK ((status IN ('queued', 'running')) = (finished_at IS NULL))
);
SELECT app.distribute('app.inference_jobs');
SELECT app.isolate('app.inference_jobs');
CREATE INDEX inference_jobs_active ON app.inference_jobs (tenant_id, id) WHERE finished_at IS NULL;
CREATE INDEX inference_jobs_of_node ON app.inference_jobs (node_id, node_epoch) WHERE finished_at IS NULL;
CREATE INDEX inference_jobs_recent ON app.inference_jobs (tenant_id, created_at);
GRANT SELECT, INSERT, UPDATE ON app.inference_jobs TO abono_tenant, abono_system;
GRANT SELECT ON app.inference_jobs TO abono_finance, abono_admin;
