-- Payment gateways: saved methods, attempts, and what a gateway tells.

-- How gateways are reached. The secrets are sealed under the installation's secret key, so that no backup and no
-- reader of the table learns them. Staff's catalogue: a gateway that is no longer used loses its secrets and stays.
CREATE TABLE app.gateways (
    name text PRIMARY KEY CHECK (name IN ('stripe')),
    -- Another address than the gateway's own: of an imitation to try things with.
    url text CHECK (url ~ '^https?://' AND length(url) <= 500),
    api_key bytea CHECK (length(api_key) BETWEEN 30 AND 20000),
    webhook_secret bytea CHECK (length(webhook_secret) BETWEEN 30 AND 20000),
    updated_at timestamptz NOT NULL,
    removed_at timestamptz,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT gateways_removed CHECK ((removed_at IS NULL) = (api_key IS NOT NULL)
        AND (removed_at IS NULL OR webhook_secret IS NULL))
);
SELECT app.replicate('app.gateways');
GRANT SELECT ON app.gateways TO abono_system, abono_admin;
GRANT SELECT (name, url, updated_at, removed_at, recorded_at) ON app.gateways TO abono_finance;
GRANT INSERT, UPDATE (url, api_key, webhook_secret, updated_at, removed_at, recorded_at)
    ON app.gateways TO abono_admin;

-- What a gateway calls a tenant.
CREATE TABLE app.gateway_customers (
    tenant_id uuid NOT NULL,
    gateway text NOT NULL CHECK (gateway IN ('stripe')),
    customer text NOT NULL CHECK (length(customer) BETWEEN 1 AND 200),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, gateway)
);
SELECT app.distribute('app.gateway_customers');
SELECT app.isolate('app.gateway_customers');
ALTER TABLE app.gateway_customers ADD CONSTRAINT gateway_customers_tenant
    FOREIGN KEY (tenant_id) REFERENCES app.tenants (tenant_id);
GRANT SELECT, INSERT ON app.gateway_customers TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.gateway_customers TO abono_finance;

-- What a tenant pays with. Nothing here is secret: the gateway keeps the card, we its reference and what is shown.
CREATE TABLE app.payment_methods (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    gateway text NOT NULL CHECK (gateway IN ('manual', 'stripe')),
    -- What the gateway calls the customer and the method; with bank transfers the method is what people call it.
    customer text CHECK (length(customer) BETWEEN 1 AND 200),
    reference text NOT NULL CHECK (length(reference) BETWEEN 1 AND 200),
    kind text NOT NULL CHECK (kind ~ '^[a-z][a-z0-9_]{0,39}$'),
    brand text CHECK (length(brand) BETWEEN 1 AND 40),
    last4 text CHECK (length(last4) BETWEEN 1 AND 4),
    expires_month int CHECK (expires_month BETWEEN 1 AND 12),
    expires_year int CHECK (expires_year BETWEEN 2000 AND 2199),
    is_default boolean NOT NULL,
    created_at timestamptz NOT NULL,
    removed_at timestamptz,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT payment_methods_customer CHECK ((gateway = 'manual') = (customer IS NULL)),
    CONSTRAINT payment_methods_expiry CHECK ((expires_month IS NULL) = (expires_year IS NULL)),
    CONSTRAINT payment_methods_default CHECK (NOT is_default OR removed_at IS NULL)
);
SELECT app.distribute('app.payment_methods');
SELECT app.isolate('app.payment_methods');
ALTER TABLE app.payment_methods ADD CONSTRAINT payment_methods_tenant
    FOREIGN KEY (tenant_id) REFERENCES app.tenants (tenant_id);
-- A tenant has one default, and saves a method once.
CREATE UNIQUE INDEX payment_methods_one_default ON app.payment_methods (tenant_id) WHERE is_default;
CREATE UNIQUE INDEX payment_methods_reference ON app.payment_methods (tenant_id, gateway, reference)
    WHERE removed_at IS NULL;
GRANT SELECT, INSERT, UPDATE (brand, last4, expires_month, expires_year, is_default, removed_at)
    ON app.payment_methods TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.payment_methods TO abono_finance;

-- What gateways told, each once and for good: the same event again is found here and does nothing. Whose it is may be
-- unknown when it comes, so it is no tenant table. What it said is kept only while it waits for the payment it is about.
CREATE TABLE app.gateway_events (
    gateway text NOT NULL CHECK (gateway IN ('stripe')),
    event_id text NOT NULL CHECK (length(event_id) BETWEEN 1 AND 200),
    type text NOT NULL CHECK (length(type) BETWEEN 1 AND 200),
    -- What it is about, as the gateway calls it.
    object text CHECK (length(object) BETWEEN 1 AND 200),
    state text NOT NULL CHECK (state IN ('waiting', 'applied', 'ignored', 'abandoned')),
    body text CHECK (octet_length(body) <= 1048576),
    created_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    settled_at timestamptz,
    PRIMARY KEY (gateway, event_id),
    CONSTRAINT gateway_events_settled CHECK (
        (state = 'waiting') = (settled_at IS NULL) AND (state = 'waiting') = (body IS NOT NULL))
);
CREATE INDEX gateway_events_time ON app.gateway_events (recorded_at);
GRANT SELECT, INSERT, UPDATE (state, body, settled_at) ON app.gateway_events TO abono_system;
GRANT SELECT ON app.gateway_events TO abono_finance, abono_admin;
