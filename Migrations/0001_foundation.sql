-- Roles, isolation and the hooks for a distributed database. Run by a role that may create roles and passes
-- row-level security; it owns everything in the schema.

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['abono_tenant', 'abono_finance', 'abono_ingest', 'abono_system', 'abono_admin'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- Roles belong to the cluster: another database's migration was a moment earlier.
            END;
        END IF;
    END LOOP;
END
$$;

REVOKE ALL ON SCHEMA app FROM PUBLIC;
GRANT USAGE ON SCHEMA app TO abono_tenant, abono_finance, abono_ingest, abono_system, abono_admin;
GRANT SELECT ON app.schema_migrations TO abono_finance, abono_system, abono_admin;

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- Sets the tenant for the rest of the transaction. SET LOCAL as a statement of its own text is what a distributed
-- database replays on its workers; set_config is not.
CREATE FUNCTION app.begin_tenant(tenant uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL app.tenant_id = %L', tenant);
END
$$;
REVOKE ALL ON FUNCTION app.begin_tenant(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.begin_tenant(uuid) TO abono_tenant;

-- The sum of a journal's amounts, for its CHECK.
CREATE FUNCTION app.sum_amounts(amounts bigint[]) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(sum(amount), 0) FROM unnest(amounts) AS amount
$$;
GRANT EXECUTE ON FUNCTION app.sum_amounts(bigint[]) TO PUBLIC;

-- Distributes a tenant table by tenant_id where the distributed engine is installed; does nothing elsewhere.
CREATE FUNCTION app.distribute(name regclass) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        EXECUTE format('SELECT create_distributed_table(%L, %L)', name, 'tenant_id');
    END IF;
END
$$;

-- Copies a catalogue or look-up table to every node likewise.
CREATE FUNCTION app.replicate(name regclass) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        EXECUTE format('SELECT create_reference_table(%L)', name);
    END IF;
END
$$;

-- Keeps tenants apart in a table with the column tenant_id. The tenant role meets the policy that raises when no
-- tenant is set; the other roles pass it, and are held by their grants.
CREATE FUNCTION app.isolate(name regclass) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
        'CREATE POLICY of_tenant ON %s TO abono_tenant '
        'USING (tenant_id = current_setting(''app.tenant_id'')::uuid) '
        'WITH CHECK (tenant_id = current_setting(''app.tenant_id'')::uuid)', name);
    EXECUTE format('CREATE POLICY of_finance ON %s FOR SELECT TO abono_finance USING (true)', name);
    EXECUTE format(
        'CREATE POLICY of_staff ON %s TO abono_ingest, abono_system, abono_admin USING (true) WITH CHECK (true)', name);
END
$$;
REVOKE ALL ON FUNCTION app.distribute(regclass), app.replicate(regclass), app.isolate(regclass) FROM PUBLIC;
