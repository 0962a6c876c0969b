-- Subscriptions: the changes are the truth and are only ever added; the row of a subscription, its phases and the
-- meters it prices follow from them.

CREATE TABLE app.subscriptions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    plan_version_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('trialing', 'active', 'paused', 'past_due', 'cancelled', 'ended')),
    starts_at timestamptz NOT NULL,
    -- The date, if the start was given as one: its periods keep midnight, also where that is skipped.
    starts_on date,
    timezone text NOT NULL,
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- Where its periods are counted from; a trial has none yet.
    anchor timestamptz,
    quantities jsonb NOT NULL CHECK (jsonb_typeof(quantities) = 'object'),
    -- What falls due before was billed elsewhere.
    billed_until timestamptz,
    current_period_start timestamptz NOT NULL,
    current_period_end timestamptz NOT NULL,
    cancels_at timestamptz,
    -- The changes that wait for the end of the period.
    scheduled_changes uuid[] NOT NULL,
    -- Nothing may change before the last invoice.
    last_invoice_at timestamptz,
    next_billing_at timestamptz,
    ended_at timestamptz,
    metadata jsonb NOT NULL CHECK (jsonb_typeof(metadata) = 'object'),
    created_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT subscriptions_end CHECK ((status IN ('cancelled', 'ended')) = (ended_at IS NOT NULL)),
    CONSTRAINT subscriptions_period CHECK (current_period_start <= current_period_end),
    CONSTRAINT subscriptions_billed CHECK (billed_until > starts_at)
);
SELECT app.distribute('app.subscriptions');
SELECT app.isolate('app.subscriptions');
ALTER TABLE app.subscriptions ADD CONSTRAINT subscriptions_plan_version
    FOREIGN KEY (plan_version_id) REFERENCES app.plan_versions (id);
-- What the billing run reads: only what will fall due again is in it.
CREATE INDEX subscriptions_due ON app.subscriptions (next_billing_at, tenant_id, id) WHERE next_billing_at IS NOT NULL;
-- What moves to its next period by itself.
CREATE INDEX subscriptions_open ON app.subscriptions (current_period_end, tenant_id, id) WHERE ended_at IS NULL;
CREATE INDEX subscriptions_plan ON app.subscriptions (plan_version_id);
-- What was agreed on at the beginning stays.
GRANT SELECT, INSERT,
    UPDATE (plan_version_id, status, anchor, quantities, current_period_start, current_period_end, cancels_at,
            scheduled_changes, last_invoice_at, next_billing_at, ended_at)
    ON app.subscriptions TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.subscriptions TO abono_finance;

CREATE TABLE app.subscription_changes (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    seq int NOT NULL CHECK (seq >= 1),
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    kind text NOT NULL CHECK (kind IN ('created', 'plan', 'quantities', 'cancel', 'pause', 'resume')),
    takes_effect text NOT NULL CHECK (takes_effect IN ('immediately', 'period_end')),
    payload jsonb NOT NULL CHECK (jsonb_typeof(payload) = 'object'),
    author text NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT subscription_changes_order UNIQUE (tenant_id, subscription_id, seq),
    CONSTRAINT subscription_changes_first CHECK ((kind = 'created') = (seq = 1))
);
SELECT app.distribute('app.subscription_changes');
SELECT app.isolate('app.subscription_changes');
ALTER TABLE app.subscription_changes ADD CONSTRAINT subscription_changes_subscription
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES app.subscriptions (tenant_id, id);
GRANT SELECT, INSERT ON app.subscription_changes TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.subscription_changes TO abono_finance;

-- What is in force when, as far as it is known: stretches of one plan, one set of quantities, one status. A stretch
-- that a later change has taken away is empty.
CREATE TABLE app.subscription_phases (
    tenant_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    plan_version_id uuid NOT NULL,
    quantities jsonb NOT NULL CHECK (jsonb_typeof(quantities) = 'object'),
    status text NOT NULL CHECK (status IN ('trialing', 'active', 'paused')),
    recorded_at timestamptz NOT NULL,
    during tstzrange NOT NULL GENERATED ALWAYS AS (tstzrange(starts_at, ends_at)) STORED,
    PRIMARY KEY (tenant_id, subscription_id, starts_at),
    CONSTRAINT subscription_phases_apart
        EXCLUDE USING gist (tenant_id WITH =, subscription_id WITH =, during WITH &&)
);
SELECT app.distribute('app.subscription_phases');
SELECT app.isolate('app.subscription_phases');
ALTER TABLE app.subscription_phases ADD CONSTRAINT subscription_phases_subscription
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES app.subscriptions (tenant_id, id);
ALTER TABLE app.subscription_phases ADD CONSTRAINT subscription_phases_plan_version
    FOREIGN KEY (plan_version_id) REFERENCES app.plan_versions (id);
GRANT SELECT, INSERT, UPDATE (ends_at, plan_version_id, quantities, status, recorded_at)
    ON app.subscription_phases TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.subscription_phases TO abono_finance;

-- At any time at most one subscription of a tenant prices a meter, or usage would be billed twice.
CREATE TABLE app.subscription_meters (
    tenant_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    meter text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    recorded_at timestamptz NOT NULL,
    during tstzrange NOT NULL GENERATED ALWAYS AS (tstzrange(starts_at, ends_at)) STORED,
    PRIMARY KEY (tenant_id, subscription_id, meter, starts_at),
    CONSTRAINT subscription_meters_apart EXCLUDE USING gist (tenant_id WITH =, meter WITH =, during WITH &&)
);
SELECT app.distribute('app.subscription_meters');
SELECT app.isolate('app.subscription_meters');
ALTER TABLE app.subscription_meters ADD CONSTRAINT subscription_meters_subscription
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES app.subscriptions (tenant_id, id);
GRANT SELECT, INSERT, UPDATE (ends_at, recorded_at)
    ON app.subscription_meters TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.subscription_meters TO abono_finance;
