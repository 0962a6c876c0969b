import API
import Billing
import CoreMetrics
import Foundation
import Hummingbird
import Inference
import Jobs
import Logging
import Metering
import Migrations
import NIOCore
import Postgres
import Revenue
import ServiceLifecycle
import Subscriptions
import UnixSignals
import Values

/// Builds everything a node is made of and runs it in one group, each part after those it needs.
struct ServerAssembly {
    /// What a node does.
    enum Role {
        /// API, background work and models.
        case server
        /// Background work and models.
        case worker
    }

    /// After a stop signal open requests have so long to end.
    private static let gracefulDuration = Duration.seconds(30)

    let session: Session
    let role: Role
    let logger: Logger

    /// Runs until SIGTERM or SIGINT, then ends in order; a second signal ends at once.
    ///
    /// - Parameter onRunning: called once with the port that is listened on, for a worker with 0.
    /// - Throws: what ended it otherwise.
    func run(onRunning: @escaping @Sendable (Int) async -> Swift.Void) async throws {
        let group = try await group(handlesSignals: true, onRunning: onRunning)
        do {
            try await withThrowingTaskGroup(of: Bool.self) { tasks in
                tasks.addTask {
                    try await group.run()
                    return true
                }
                tasks.addTask { await secondSignal() }
                let hasEnded = try await tasks.next() ?? true
                tasks.cancelAll()
                guard !hasEnded else { return }
                while try await tasks.next() != nil {}
                throw CancellationError()
            }
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw Problem(
                .precondition,
                code: "port_in_use",
                "port \(session.settings.port) is in use by another program; choose another with --port"
            )
        } catch is CancellationError {
            throw Problem(.unavailable, code: "stopped", "stopped at once, before everything had ended")
        }
    }

    /// The group, for whoever runs it beside other work.
    func group(
        handlesSignals: Bool,
        onRunning: @escaping @Sendable (Int) async -> Swift.Void
    ) async throws -> ServiceGroup {
        var configuration = ServiceGroupConfiguration(
            services: try await services(onRunning),
            gracefulShutdownSignals: handlesSignals ? [.sigterm, .sigint] : [],
            logger: Self.quiet(logger)
        )
        configuration.maximumGracefulShutdownDuration = Self.gracefulDuration
        return ServiceGroup(configuration: configuration)
    }

    /// In the order of their needs: they are stopped the other way round, HTTP first.
    private func services(
        _ onRunning: @escaping @Sendable (Int) async -> Swift.Void
    ) async throws -> [any Service] {
        let database = session.database
        let prometheus = Self.prometheus
        let keeper = NodeKeeper(
            url: database.url,
            name: ProcessInfo.processInfo.hostName,
            time: session.time,
            logger: logger
        )
        let worker = JobWorker(database: database, keeper: keeper, time: session.time, logger: logger)
        try MeteringJobs.install(on: worker)
        try SubscriptionJobs.install(on: worker)
        try BillingJobs.install(on: worker, database: database, time: session.time)
        try ReferralJobs.install(on: worker, database: database, time: session.time)
        let gateways = Gateways(database: database, secretBox: session.secretBox)
        GatewayJobs.install(on: worker, gateways: gateways)
        try CreditJobs.install(on: worker, database: database, time: session.time, gateways: gateways)
        try AlertJobs.install(on: worker, database: database, time: session.time)
        try SpendAlertJobs.install(on: worker, database: database, time: session.time)
        try ProgressiveJobs.install(on: worker, database: database, time: session.time)
        try PaymentJobs.install(on: worker, database: database, gateways: gateways, time: session.time)
        try RecognitionJobs.install(on: worker, database: database, time: session.time)
        try PartnerJobs.install(on: worker, database: database, time: session.time)
        try RecurringLevelJobs.install(on: worker, database: database, time: session.time)
        ClockJobs.install(on: worker, database: database, time: session.time, gateways: gateways)
        let models = try await ModelService.make(session, keeper: keeper, logger: logger)
        let webhooks = try WebhookRunner.make(
            session,
            keeper: keeper,
            worker: worker,
            prometheus: prometheus,
            logger: logger
        )
        var services: [any Service] = [keeper] + models.pools + [worker, webhooks]
        if role == .server {
            let endpoints = Services(
                database: database,
                time: session.time,
                inference: models.offered,
                prometheus: prometheus,
                secretBox: session.secretBox,
                webhookReach: session.webhookReach,
                schema: try MigrationFiles.all().map(\.name),
                version: Version.text,
                logger: logger
            )
            services.append(UntilShutdown { await endpoints.run() })
            services.append(
                Server.build(
                    services: endpoints,
                    host: session.settings.host,
                    port: session.settings.port,
                    logger: Self.quiet(logger),
                    onRunning: onRunning
                )
            )
        } else {
            services.append(Announcement { await onRunning(0) })
        }
        // Stopped before HTTP, though HTTP needs it: it lets streams end in the time they have, and meanwhile new
        // requests are told to come again instead of finding a closed port.
        services.append(models.inference)
        return services
    }

    /// What the whole process measures; swift-metrics takes one factory, once.
    private static let prometheus: Prometheus = {
        let prometheus = Prometheus()
        MetricsSystem.bootstrap(prometheus)
        return prometheus
    }()

    /// Libraries say a lot that operators need not read.
    private static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, logger.logLevel <= .debug ? logger.logLevel : .notice)
        return logger
    }

    private func secondSignal() async -> Bool {
        var count = 0
        for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
            count += 1
            if count == 2 { return false }
            logger.notice("stopping: open requests may end; a second signal stops at once")
        }
        // The sequence ends only with the task: then the group has ended.
        return true
    }
}

/// Runs something that ends when it is cancelled.
private struct UntilShutdown: Service {
    let body: @Sendable () async -> Swift.Void

    func run() async throws { await cancelWhenGracefulShutdown { await body() } }
}

/// Says that everything before it has been started, and waits.
private struct Announcement: Service {
    let body: @Sendable () async -> Swift.Void

    func run() async throws {
        await body()
        try await gracefulShutdown()
    }
}
