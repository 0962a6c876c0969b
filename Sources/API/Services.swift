package import Billing
package import Inference
package import Jobs
package import Logging
package import Postgres
package import Tenants
import Values
package import Webhooks

/// What endpoints work with; made once by the composition root and by tests.
///
/// What happens beside requests is in `run()`: whoever makes the services runs it as one service, started after the
/// database and stopped after the HTTP server.
package final class Services: Sendable {
    /// Where everything is kept.
    package let database: Database
    /// What the time is.
    package let time: any TimeSource
    /// What `/metrics` shows; the composition root makes it swift-metrics' factory, too.
    package let prometheus: Prometheus
    /// The models; nil where this server runs none, and then asks for them are refused with 503.
    package let inference: InferenceService?

    /// Seals and opens the secrets in the database; nil where no secret key is set, and what needs it is refused.
    package let secretBox: SecretBox?
    /// Which addresses webhooks may be sent to.
    package let webhookReach: WebhookReach

    /// Makes PDFs of invoices and credit notes.
    let pdf: PDFRenderer

    let metrics: HTTPMetrics
    let keyUse: KeyUse
    let ingester: EventIngester
    let callers: CallerLookup
    let readiness: Readiness
    let version: String

    /// Makes the services; nothing runs yet.
    ///
    /// `database`: logs in as the role that may become the five roles of `Scope`.
    ///
    /// `inference`: the models, if this server offers them.
    ///
    /// `secretBox`: made of the installation's secret key, if one is set.
    ///
    /// `webhookReach`: whether endpoints may be in private networks.
    ///
    /// `pdf`: makes PDFs of invoices and credit notes.
    ///
    /// `schema`: the names of the migrations this program knows; ready is only who has all of them.
    ///
    /// `version`: what the program calls itself.
    package init(
        database: Database,
        time: any TimeSource,
        inference: InferenceService?,
        prometheus: Prometheus,
        secretBox: SecretBox? = nil,
        webhookReach: WebhookReach = .publicOnly,
        pdf: PDFRenderer = PDFRenderer(),
        schema: [String],
        version: String,
        logger: Logger
    ) {
        self.database = database
        self.time = time
        self.inference = inference
        self.prometheus = prometheus
        self.secretBox = secretBox
        self.webhookReach = webhookReach
        self.pdf = pdf
        self.version = version
        metrics = HTTPMetrics(factory: prometheus)
        keyUse = KeyUse(database: database, logger: logger)
        callers = CallerLookup(database: database, time: time)
        ingester = EventIngester(database: database, time: time, factory: prometheus)
        readiness = Readiness(database: database, time: time, schema: schema)
    }

    /// What happens beside requests, until the task is cancelled: uses of keys are written every few seconds, and
    /// once more at the end.
    package func run() async { await keyUse.run() }

    /// The payment gateways, as they are set up now.
    var gateways: Gateways { Gateways(database: database, secretBox: secretBox) }

    /// A tenant that staff named.
    func tenant(_ id: TenantID) async throws -> Tenant? {
        try await database.transaction(as: .tenant(id)) { transaction in
            try await TenantQueries.find(id, in: transaction)
        }
    }
}
