import Tenants
import Values

/// Every route there is; the server, its description and the tests are made of it.
enum Catalogue {
    static let endpoints: [Endpoint] = [
        HealthRoutes.endpoints, PlansRoutes.endpoints, AddOnsRoutes.endpoints, TenantsRoutes.endpoints,
        KeysRoutes.endpoints,
        SubscriptionsRoutes.endpoints, EventsRoutes.endpoints, UsageRoutes.endpoints, EntitlementsRoutes.endpoints,
        AlertsRoutes.endpoints,
        InvoicesRoutes.endpoints, PaymentsRoutes.endpoints, PaymentMethodsRoutes.endpoints, GatewaysRoutes.endpoints,
        CreditsRoutes.endpoints, CreditNotesRoutes.endpoints, ThresholdRoutes.endpoints, CouponsRoutes.endpoints,
        TaxesRoutes.endpoints, EntitiesRoutes.endpoints, WebhooksRoutes.endpoints, AuditRoutes.endpoints,
        ReportsRoutes.endpoints, CostsRoutes.endpoints, ExchangeRatesRoutes.endpoints, PartnersRoutes.endpoints,
        ForecastsRoutes.endpoints, ClocksRoutes.endpoints, CompletionRoutes.endpoints, ModelsRoutes.endpoints,
        InferenceJobsRoutes.endpoints, TasksRoutes.endpoints, EmbeddingsRoutes.endpoints,
        ResponsesRoutes.endpoints, FilesRoutes.endpoints, BatchesRoutes.endpoints,
    ].flatMap(\.self)
}

/// Which staff may do what.
enum Staff {
    static let all: Set<StaffRole> = [.admin, .finance, .support]
    static let money: Set<StaffRole> = [.admin, .finance]
    static let admin: Set<StaffRole> = [.admin]
}
