-- The catalogue: plans, and their versions, which never change. On every node of a distributed database.

CREATE TABLE app.plans (
    id uuid PRIMARY KEY,
    code text NOT NULL CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$'),
    created_at timestamptz NOT NULL,
    -- From then on nobody can subscribe to it; who has it keeps it.
    archived_at timestamptz,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT plans_code UNIQUE (code)
);
SELECT app.replicate('app.plans');

CREATE TABLE app.plan_versions (
    id uuid PRIMARY KEY,
    plan_id uuid NOT NULL,
    version int NOT NULL CHECK (version >= 1),
    code text NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- The plan as the simulator reads it.
    document jsonb NOT NULL CHECK (jsonb_typeof(document) = 'object'),
    features jsonb NOT NULL CHECK (jsonb_typeof(features) = 'object'),
    -- Whether it is shown to customers; staff see and use it in any case.
    visible boolean NOT NULL,
    published_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    CONSTRAINT plan_versions_number UNIQUE (plan_id, version)
);
SELECT app.replicate('app.plan_versions');
ALTER TABLE app.plan_versions ADD CONSTRAINT plan_versions_plan FOREIGN KEY (plan_id) REFERENCES app.plans (id);
CREATE INDEX plan_versions_code ON app.plan_versions (code, version DESC);

GRANT SELECT ON app.plans, app.plan_versions
    TO abono_tenant, abono_finance, abono_ingest, abono_system, abono_admin;
-- A version can be added, never changed; of a plan only the archiving is written later.
GRANT INSERT ON app.plans, app.plan_versions TO abono_admin;
GRANT UPDATE (archived_at) ON app.plans TO abono_admin;
