package import Values

/// As whom a transaction runs: a database role, and for a tenant the tenant that row-level security admits.
package enum Scope: Hashable, Sendable {
    /// One tenant: sees and writes that tenant's rows only.
    case tenant(TenantID)
    /// Reads all tenants, writes nothing.
    case finance
    /// Inserts and reads usage tables of every tenant, nothing else.
    case ingest
    /// Jobs, schedules, the billing run.
    case system
    /// Catalogue, tenants, keys.
    case admin
    /// A tenant that the first statement finds out from the request's key.
    case unauthenticated

    var role: String {
        switch self {
        case .tenant, .unauthenticated: "abono_tenant"
        case .finance: "abono_finance"
        case .ingest: "abono_ingest"
        case .system: "abono_system"
        case .admin: "abono_admin"
        }
    }
}

/// What a transaction sees of others that run at the same time.
package enum Isolation: Sendable {
    /// Each statement sees what was committed before it.
    case readCommitted
    /// One snapshot for all statements, read only: what reports use.
    case snapshot
    /// As if transactions ran one after another.
    case serializable

    var begin: SQL {
        switch self {
        case .readCommitted: "BEGIN"
        case .snapshot: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        case .serializable: "BEGIN ISOLATION LEVEL SERIALIZABLE"
        }
    }
}

/// The roles a login role may become: what `abono migrate` grants and what a test proves to be all.
package let scopeRoles = ["abono_tenant", "abono_finance", "abono_ingest", "abono_system", "abono_admin"]
