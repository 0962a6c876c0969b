import Postgres
import TestSupport
import Testing
import Values

/// What the role that the program logs in as may do: become one of five roles, and nothing else.
@Suite struct LoginRoleTests {
    @Test func `the login role may become the five roles, inherits nothing and owns nothing`() async throws {
        try await withDatabase { database in
            try await database.transaction(as: .system) { transaction in
                let roles: [String] = try await transaction.query(
                    """
                    SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
                    WHERE m.member = 'abono_app'::regrole ORDER BY 1
                    """
                ) { try $0.next() }
                #expect(roles == scopeRoles.sorted())
                // Nor may those become anything.
                let further: Int? = try await transaction.first(
                    "SELECT count(*) FROM pg_auth_members WHERE member = ANY (\(scopeRoles)::regrole[]::oid[])"
                ) { try $0.next() }
                #expect(further == 0)
                let able: [String] = try await transaction.query(
                    """
                    SELECT rolname FROM pg_roles
                    WHERE rolname = ANY (\(scopeRoles + ["abono_app"])::text[])
                      AND (rolsuper OR rolinherit OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
                    """
                ) { try $0.next() }
                #expect(able == [])
                let owned: Int? = try await transaction.first(
                    """
                    SELECT count(*) FROM pg_shdepend
                    WHERE refclassid = 'pg_authid'::regclass AND deptype = 'o'
                      AND refobjid = ANY (\(scopeRoles + ["abono_app"])::regrole[]::oid[])
                    """
                ) { try $0.next() }
                #expect(owned == 0)
            }
        }
    }

    @Test(arguments: [
        "SELECT * FROM app.jobs", "SELECT * FROM app.activity", "SELECT * FROM app.tenants",
        "INSERT INTO app.schedules VALUES ('a', '* * * * *', '2026-03-01Z')", "SELECT app.begin_tenant(NULL)",
        "UPDATE app.schema_migrations SET name = name", "SET ROLE postgres",
    ])
    func `without one of the roles it is refused everything`(statement: String) async throws {
        try await withDatabase { database in
            let error = await #expect(throws: PostgresError.self) {
                try await database.transaction(as: .system) { transaction in
                    try await transaction.execute("RESET ROLE")
                    try await transaction.execute("\(unescaped: statement)")
                }
            }
            #expect(error?.isPermissionDenied == true, "\(String(describing: error))")
        }
    }

    @Test(arguments: [
        "SET ROLE postgres", "SET SESSION AUTHORIZATION postgres", "CREATE TABLE app.own (a int)",
        "CREATE TABLE public.own (a int)", "CREATE ROLE other", "CREATE SCHEMA other", "TRUNCATE app.jobs",
        "DELETE FROM app.activity", "UPDATE app.activity SET verb = 'a.b'", "DROP TABLE app.jobs",
        "ALTER TABLE app.jobs NO FORCE ROW LEVEL SECURITY", "GRANT abono_admin TO abono_system",
        "COPY (SELECT 1) TO PROGRAM 'true'", "UPDATE app.schema_migrations SET name = name",
    ])
    func `none of the roles may change the schema, the roles or the past`(statement: String) async throws {
        try await withDatabase { database in
            for scope in [Scope.tenant(.make(at: testNow)), .finance, .ingest, .system, .admin] {
                let error = await #expect(throws: PostgresError.self, "\(scope)") {
                    try await database.transaction(as: scope) { transaction in
                        _ = try await transaction.execute("\(unescaped: statement)")
                    }
                }
                #expect(error?.isPermissionDenied == true, "\(scope): \(String(describing: error))")
            }
        }
    }
}
