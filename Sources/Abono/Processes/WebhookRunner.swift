import API
import CoreMetrics
import Jobs
import Logging
import ServiceLifecycle
import Webhooks

/// Runs the sending of webhooks as a part of a node; told to stop, it waits for what is being sent.
struct WebhookRunner: Service {
    private let service: WebhookService

    /// Makes it, and has answers that are past their retention cleared every night.
    static func make(
        _ session: Session,
        keeper: NodeKeeper,
        worker: JobWorker,
        prometheus: Prometheus,
        logger: Logger
    ) throws -> WebhookRunner {
        try WebhookJobs.install(on: worker)
        let counters = Dictionary(
            uniqueKeysWithValues: ["delivered", "retried", "failed"].map { outcome in
                (
                    outcome,
                    prometheus.makeCounter(label: "abono_webhook_attempts", dimensions: [("outcome", outcome)])
                )
            }
        )
        let gauges = (
            count: prometheus.makeMeter(label: "abono_webhook_undelivered", dimensions: []),
            age: prometheus.makeMeter(label: "abono_webhook_oldest_undelivered_seconds", dimensions: [])
        )
        let service = WebhookService(
            database: session.database,
            keeper: keeper,
            time: session.time,
            box: session.secretBox,
            configuration: WebhookConfiguration(reach: session.webhookReach),
            logger: logger,
            count: { outcome in counters[outcome]?.increment(by: 1) },
            measure: { count, age in
                gauges.count.set(Int64(count))
                gauges.age.set(age)
            }
        )
        return WebhookRunner(service: service)
    }

    private init(service: WebhookService) { self.service = service }

    func run() async throws {
        await withGracefulShutdownHandler {
            await service.run()
        } onGracefulShutdown: {
            service.stop()
        }
    }
}

extension Session {
    /// Which addresses webhooks may be sent to.
    var webhookReach: WebhookReach { settings.allowsPrivateWebhooks ? .anywhere : .publicOnly }
}
