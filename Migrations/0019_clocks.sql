-- Test clocks: tenants that have a time of their own.

ALTER TABLE app.test_clocks
    ADD COLUMN status text NOT NULL DEFAULT 'ready' CHECK (status IN ('ready', 'advancing', 'failed')),
    -- Where it is being moved to; on the way there it passes every instant at which something falls due.
    ADD COLUMN target_at timestamptz,
    ADD COLUMN error text CHECK (length(error) <= 1000),
    ADD CONSTRAINT test_clocks_name CHECK (length(name) BETWEEN 1 AND 200),
    ADD CONSTRAINT test_clocks_target CHECK ((status = 'ready') = (target_at IS NULL)),
    ADD CONSTRAINT test_clocks_error CHECK ((status = 'failed') = (error IS NOT NULL));
SELECT app.replicate('app.test_clocks');

-- A tenant in test mode; it stays in it. Its money is no money: reports of finance leave it out.
ALTER TABLE app.tenants ADD COLUMN clock_id uuid;
ALTER TABLE app.tenants ADD CONSTRAINT tenants_clock FOREIGN KEY (clock_id) REFERENCES app.test_clocks (clock_id);
CREATE INDEX tenants_on_clocks ON app.tenants (clock_id, tenant_id) WHERE clock_id IS NOT NULL;
GRANT INSERT (clock_id) ON app.tenants TO abono_admin;

-- Invoices of tenants in test mode are numbered by an entity of their own, or the book of a real one had gaps.
ALTER TABLE app.legal_entities ADD COLUMN is_test boolean NOT NULL DEFAULT false;
GRANT UPDATE (is_test) ON app.legal_entities TO abono_admin;

-- The same look-up, with the time of a tenant in test mode.
DROP FUNCTION app.begin_request(bytea, timestamptz);
CREATE FUNCTION app.begin_request(hash bytea, now_at timestamptz)
RETURNS TABLE (
    key_id uuid, tenant_id uuid, staff_role text, scopes text[], tenant_status text, currency text, time_zone text,
    spend_limit_minor bigint, clock_at timestamptz
)
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    clock uuid;
BEGIN
    SELECT k.key_id, k.tenant_id, k.staff_role, k.scopes INTO key_id, tenant_id, staff_role, scopes
    FROM app.api_keys k
    WHERE k.key_hash = hash AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now_at);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF tenant_id IS NOT NULL THEN
        -- Single look-ups, not a join: each is one row of one node.
        SELECT t.status, t.currency, t.time_zone, t.spend_limit_minor, t.clock_id
        INTO tenant_status, currency, time_zone, spend_limit_minor, clock
        FROM app.tenants t
        WHERE t.tenant_id = begin_request.tenant_id AND t.status <> 'closed';
        IF NOT FOUND THEN
            RETURN;
        END IF;
        IF clock IS NOT NULL THEN
            SELECT c.at INTO clock_at FROM app.test_clocks c WHERE c.clock_id = clock;
        END IF;
        PERFORM app.begin_tenant(tenant_id);
    END IF;
    RETURN NEXT;
END
$$;
REVOKE ALL ON FUNCTION app.begin_request(bytea, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.begin_request(bytea, timestamptz) TO abono_tenant, abono_system;
