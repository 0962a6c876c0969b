-- The catalogue grows: drafts of plans, plans in several currencies, add-ons, prices of single subscriptions.

-- The newest version of a plan in a currency.
CREATE INDEX plan_versions_currency ON app.plan_versions (plan_id, currency, version DESC);

-- What is being prepared: at most one draft of a code. It need not be right yet.
CREATE TABLE app.plan_drafts (
    code text PRIMARY KEY CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$'),
    -- What `plans publish` takes, as far as it is written.
    document jsonb NOT NULL CHECK (jsonb_typeof(document) = 'object'),
    saved_at timestamptz NOT NULL,
    -- Published or given up; who saves the code again begins anew.
    dropped_at timestamptz,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL
);
SELECT app.replicate('app.plan_drafts');
GRANT SELECT ON app.plan_drafts TO abono_finance, abono_system, abono_admin;
GRANT INSERT, UPDATE (document, saved_at, dropped_at, recorded_at, author) ON app.plan_drafts TO abono_admin;

CREATE TABLE app.add_ons (
    id uuid PRIMARY KEY,
    code text NOT NULL CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,47}$'),
    created_at timestamptz NOT NULL,
    -- From then on nobody can add it; who has it keeps it.
    archived_at timestamptz,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT add_ons_code UNIQUE (code)
);
SELECT app.replicate('app.add_ons');

-- An add-on is sold by currency and interval: of each the newest version is current. A version never changes.
CREATE TABLE app.add_on_versions (
    id uuid PRIMARY KEY,
    add_on_id uuid NOT NULL,
    version int NOT NULL CHECK (version >= 1),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    interval_unit text NOT NULL CHECK (interval_unit IN ('day', 'week', 'month', 'year')),
    interval_count int NOT NULL CHECK (interval_count >= 1),
    prices jsonb NOT NULL CHECK (jsonb_typeof(prices) = 'array'),
    -- Whether it is shown to customers; staff see and use it in any case.
    visible boolean NOT NULL,
    published_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    CONSTRAINT add_on_versions_number UNIQUE (add_on_id, version)
);
SELECT app.replicate('app.add_on_versions');
ALTER TABLE app.add_on_versions ADD CONSTRAINT add_on_versions_add_on
    FOREIGN KEY (add_on_id) REFERENCES app.add_ons (id);
CREATE INDEX add_on_versions_current
    ON app.add_on_versions (add_on_id, currency, interval_unit, interval_count, version DESC);

GRANT SELECT ON app.add_ons, app.add_on_versions
    TO abono_tenant, abono_finance, abono_ingest, abono_system, abono_admin;
GRANT INSERT ON app.add_ons, app.add_on_versions TO abono_admin;
GRANT UPDATE (archived_at) ON app.add_ons TO abono_admin;

-- The prices of the plan in force that this subscription alone has; as in the change that brought them.
ALTER TABLE app.subscriptions
    ADD COLUMN overrides jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(overrides) = 'array');
ALTER TABLE app.subscriptions ALTER COLUMN overrides DROP DEFAULT;
GRANT UPDATE (overrides) ON app.subscriptions TO abono_tenant, abono_system, abono_admin;

-- What the stretch is billed by: the id of the plan version, with the id of the change where that brought other prices.
-- NULL is the version's id alone.
ALTER TABLE app.subscription_phases ADD COLUMN plan_key text CHECK (length(plan_key) BETWEEN 1 AND 200);
GRANT UPDATE (plan_key) ON app.subscription_phases TO abono_tenant, abono_system, abono_admin;
