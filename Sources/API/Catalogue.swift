import Tenants
import Values

/// Every route there is; the server, its description and the tests are made of it.
enum Catalogue {
    static let endpoints: [Endpoint] = [
        HealthRoutes.endpoints, PlansRoutes.endpoints, TenantsRoutes.endpoints, KeysRoutes.endpoints,
        SubscriptionsRoutes.endpoints, EventsRoutes.endpoints, UsageRoutes.endpoints, EntitlementsRoutes.endpoints,
        InvoicesRoutes.endpoints, CreditsRoutes.endpoints, AuditRoutes.endpoints, ReportsRoutes.endpoints,
        ForecastsRoutes.endpoints, CompletionRoutes.endpoints, ModelsRoutes.endpoints, InferenceJobsRoutes.endpoints,
    ].flatMap(\.self)
}

/// Which staff may do what.
enum Staff {
    static let all: Set<StaffRole> = [.admin, .finance, .support]
    static let money: Set<StaffRole> = [.admin, .finance]
    static let admin: Set<StaffRole> = [.admin]
}
