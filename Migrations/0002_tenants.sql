-- Who the seller is, who its customers are, who belongs to them, and the keys they come with.

-- Staff's catalogue of the seller's legal entities; the first one made is the default of new tenants.
CREATE TABLE app.legal_entities (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    country char(2) CHECK (country ~ '^[A-Z]{2}$'),
    currency char(3) CHECK (currency ~ '^[A-Z]{3}$'),
    created_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT legal_entities_name UNIQUE (name)
);
SELECT app.replicate('app.legal_entities');
GRANT SELECT ON app.legal_entities TO abono_tenant, abono_finance, abono_system, abono_admin;
GRANT INSERT, UPDATE (name, country, currency) ON app.legal_entities TO abono_admin;

CREATE TABLE app.tenants (
    tenant_id uuid PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    email text CHECK (length(email) BETWEEN 3 AND 320),
    time_zone text NOT NULL,
    -- NULL until it is fixed, at the latest by the first invoice; from then on it stays.
    currency char(3) CHECK (currency ~ '^[A-Z]{3}$'),
    status text NOT NULL CHECK (status IN ('active', 'suspended', 'closed')),
    legal_entity_id uuid NOT NULL,
    -- A month's usage may cost so much; in minor units of the currency, without which it would mean nothing.
    spend_limit_minor bigint CHECK (spend_limit_minor >= 0),
    metadata jsonb NOT NULL CHECK (jsonb_typeof(metadata) = 'object'),
    created_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT tenants_spend_limit CHECK (spend_limit_minor IS NULL OR currency IS NOT NULL)
);
SELECT app.distribute('app.tenants');
SELECT app.isolate('app.tenants');
ALTER TABLE app.tenants ADD CONSTRAINT tenants_legal_entity
    FOREIGN KEY (legal_entity_id) REFERENCES app.legal_entities (id);
GRANT SELECT ON app.tenants TO abono_tenant, abono_finance, abono_system, abono_admin;
-- A tenant's own transaction fixes its currency when it makes the first invoice.
GRANT UPDATE (currency) ON app.tenants TO abono_tenant;
GRANT UPDATE (currency, status) ON app.tenants TO abono_system;
GRANT INSERT, UPDATE (name, email, time_zone, currency, status, legal_entity_id, spend_limit_minor, metadata)
    ON app.tenants TO abono_admin;

CREATE TABLE app.members (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    email text NOT NULL CHECK (length(email) BETWEEN 3 AND 320),
    role text NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'billing', 'viewer')),
    status text NOT NULL CHECK (status IN ('active', 'removed')),
    created_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
SELECT app.distribute('app.members');
SELECT app.isolate('app.members');
ALTER TABLE app.members ADD CONSTRAINT members_tenant FOREIGN KEY (tenant_id) REFERENCES app.tenants (tenant_id);
-- Who was removed may be added again.
CREATE UNIQUE INDEX members_email ON app.members (tenant_id, lower(email)) WHERE status = 'active';
GRANT SELECT, INSERT, UPDATE (role, status) ON app.members TO abono_tenant, abono_admin;
GRANT SELECT ON app.members TO abono_finance, abono_system;

-- A look-up table: it is read by the hash before the tenant is known, so it is on every node and refers to no tenant
-- table. Nobody but the function below reads a hash.
CREATE TABLE app.api_keys (
    key_hash bytea PRIMARY KEY CHECK (length(key_hash) = 32),
    key_id uuid NOT NULL,
    tenant_id uuid,
    staff_role text CHECK (staff_role IN ('admin', 'finance', 'support')),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    -- The first characters of the secret, by which people recognise it.
    prefix text NOT NULL CHECK (length(prefix) = 12),
    scopes text[] NOT NULL CHECK (
        scopes <@ ARRAY['inference', 'usage:read', 'usage:write', 'billing:read', 'billing:write', 'keys']),
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT api_keys_id UNIQUE (key_id),
    CONSTRAINT api_keys_owner CHECK ((tenant_id IS NULL) <> (staff_role IS NULL)),
    -- What staff may do is said by the role.
    CONSTRAINT api_keys_staff_scopes CHECK (staff_role IS NULL OR cardinality(scopes) = 0)
);
SELECT app.replicate('app.api_keys');
SELECT app.isolate('app.api_keys');
CREATE INDEX api_keys_tenant ON app.api_keys (tenant_id, key_id);
GRANT SELECT (key_id, tenant_id, staff_role, name, prefix, scopes, expires_at, last_used_at, revoked_at, created_at,
              recorded_at)
    ON app.api_keys TO abono_tenant, abono_finance, abono_system, abono_admin;
GRANT INSERT ON app.api_keys TO abono_tenant, abono_admin;
GRANT UPDATE (revoked_at) ON app.api_keys TO abono_tenant, abono_admin;
GRANT UPDATE (last_used_at) ON app.api_keys TO abono_system;

-- Authenticates a request in the round trip that opens its transaction: looks the key up, sets its tenant, and says
-- what the key may do. No row: the key is unknown, revoked or expired, or its tenant is closed. Nothing is cached, so
-- a revocation is effective with the next request.
CREATE FUNCTION app.begin_request(hash bytea, now_at timestamptz)
RETURNS TABLE (
    key_id uuid, tenant_id uuid, staff_role text, scopes text[], tenant_status text, currency text, time_zone text,
    spend_limit_minor bigint
)
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    SELECT k.key_id, k.tenant_id, k.staff_role, k.scopes INTO key_id, tenant_id, staff_role, scopes
    FROM app.api_keys k
    WHERE k.key_hash = hash AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now_at);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF tenant_id IS NOT NULL THEN
        -- Two look-ups, not a join: each is one row of one node.
        SELECT t.status, t.currency, t.time_zone, t.spend_limit_minor
        INTO tenant_status, currency, time_zone, spend_limit_minor
        FROM app.tenants t
        WHERE t.tenant_id = begin_request.tenant_id AND t.status <> 'closed';
        IF NOT FOUND THEN
            RETURN;
        END IF;
        PERFORM app.begin_tenant(tenant_id);
    END IF;
    RETURN NEXT;
END
$$;
REVOKE ALL ON FUNCTION app.begin_request(bytea, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.begin_request(bytea, timestamptz) TO abono_tenant, abono_system;
