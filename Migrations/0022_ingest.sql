-- What ingest needs to be fast.

-- Authenticates many requests in one query, as app.begin_request does one: for those that are stored together. It sets
-- no tenant. No row for a hash: the key is unknown, revoked or expired, or its tenant is closed. Nothing is cached
-- here either: a revocation is effective with the next request.
CREATE FUNCTION app.find_callers(hashes bytea[], now_at timestamptz)
RETURNS TABLE (
    key_hash bytea, key_id uuid, tenant_id uuid, staff_role text, scopes text[], tenant_status text, currency text,
    time_zone text, spend_limit_minor bigint, clock_at timestamptz
)
LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT k.key_hash, k.key_id, k.tenant_id, k.staff_role, k.scopes, t.status, t.currency, t.time_zone,
           t.spend_limit_minor, (SELECT c.at FROM app.test_clocks c WHERE c.clock_id = t.clock_id)
    FROM app.api_keys k
    LEFT JOIN app.tenants t ON t.tenant_id = k.tenant_id
    WHERE k.key_hash = ANY (hashes) AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now_at)
      AND (k.tenant_id IS NULL OR t.status <> 'closed')
$$;
REVOKE ALL ON FUNCTION app.find_callers(bytea[], timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.find_callers(bytea[], timestamptz) TO abono_ingest;
