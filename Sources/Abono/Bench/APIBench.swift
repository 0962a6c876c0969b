import API
import Hummingbird
import Jobs
import Logging
import Migrations
import Postgres
import Tenants
import Values

/// How fast an authenticated read is over HTTP, beside a bare route that runs the same query without looking at a key
/// and without a tenant's scope: same process, same database, same client, in turns.
struct APIBench: Sendable {
    /// Connections at once.
    let connections: Int
    /// Seconds of load on each of the two in each turn.
    let seconds: Int

    private static let turns = 3
    private static let path = "/v1/tenant"

    func run(on bench: BenchDatabase) async throws -> BenchResult {
        let database = Database(url: bench.url, connections: 8)
        defer { database.close() }
        let (tenant, secret) = try await Self.customer(in: database)
        try await bench.analyze()
        var logger = Logger(label: "bench")
        // Servers complain about connections that are open when they are told to stop.
        logger.logLevel = .critical
        let services = Services(
            database: database,
            time: SystemTime(),
            inference: nil,
            prometheus: Prometheus(),
            schema: try MigrationFiles.all().map(\.name),
            version: Version.text,
            logger: logger
        )
        let (ports, opened) = AsyncStream<(isOurs: Bool, port: Int)>.makeStream()
        let ours = Server.build(services: services, host: "127.0.0.1", port: 0, logger: logger) { port in
            opened.yield((true, port))
        }
        let bare = Self.bare(database, tenant, logger) { port in opened.yield((false, port)) }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await ours.run() }
            group.addTask { try await bare.run() }
            defer { group.cancelAll() }
            var found: [Bool: Int] = [:]
            for await (isOurs, port) in ports {
                found[isOurs] = port
                if found.count == 2 { break }
            }
            guard let oursAt = found[true], let bareAt = found[false] else { throw CancellationError() }
            return try await measure(
                HTTPLoad(port: oursAt, path: Self.path, secret: secret),
                HTTPLoad(port: bareAt, path: Self.path, secret: secret)
            )
        }
    }

    /// In turns, so that what else the machine does meets both alike.
    private func measure(_ ours: HTTPLoad, _ bare: HTTPLoad) async throws -> BenchResult {
        for load in [ours, bare] { _ = try await load.run(connections: connections, for: .seconds(1)) }
        var oursMeasured = HTTPLoad.Measured()
        var bareMeasured = HTTPLoad.Measured()
        for _ in 0..<Self.turns {
            oursMeasured.add(try await ours.run(connections: connections, for: .seconds(seconds)))
            bareMeasured.add(try await bare.run(connections: connections, for: .seconds(seconds)))
        }
        var result = BenchResult(bench: "api")
        result.figure("connections", Double(connections))
        result.figure("requests_per_second", oursMeasured.perSecond)
        result.figure("bare_requests_per_second", bareMeasured.perSecond)
        let oursTimes = Latencies(oursMeasured.seconds)
        let bareTimes = Latencies(bareMeasured.seconds)
        for (name, percentile) in [("p50", 50.0), ("p95", 95), ("p99", 99)] {
            result.figure("\(name)_ms", oursTimes.milliseconds(percentile: percentile))
            result.figure("bare_\(name)_ms", bareTimes.milliseconds(percentile: percentile))
            let limit = bareTimes.milliseconds(percentile: percentile)
            if limit > 0 { result.ratio("\(name)_vs_bare", oursTimes.milliseconds(percentile: percentile) / limit) }
        }
        if bareMeasured.perSecond > 0 {
            result.ratio("requests_vs_bare", oursMeasured.perSecond / bareMeasured.perSecond)
        }
        return result
    }

    private static func customer(in database: Database) async throws -> (TenantID, String) {
        let stamp = Stamp(now: SystemTime().now(), author: .command)
        let tenant = try await database.transaction(as: .admin) { transaction in
            try await TenantOperations.create(
                try TenantDraft(name: "Bench", currency: .usd),
                by: stamp,
                in: transaction
            )
        }
        let made = try await database.transaction(as: .tenant(tenant.id)) { transaction in
            try await KeyOperations.create(try KeyDraft(name: "bench"), for: tenant.id, by: stamp, in: transaction)
        }
        return (tenant.id, made.secret)
    }

    /// The limit: the framework, one query, JSON out.
    private static func bare(
        _ database: Database,
        _ tenant: TenantID,
        _ logger: Logger,
        onRunning: @escaping @Sendable (Int) -> Void
    ) -> some ApplicationProtocol {
        let router = Router(context: BasicRequestContext.self)
        router.get(RouterPath(path)) { _, _ -> Response in
            let found = try await database.transaction(as: .system) { transaction in
                try await TenantQueries.find(tenant, in: transaction)
            }
            guard let found else { throw HTTPError(.notFound) }
            return Response(
                status: .ok,
                headers: [.contentType: "application/json; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: found.json.text))
            )
        }
        return Application(
            router: router,
            configuration: ApplicationConfiguration(
                address: .hostname("127.0.0.1", port: 0),
                serverName: "bare",
                backlog: 1024
            ),
            onServerRunning: { channel in onRunning(channel.localAddress?.port ?? 0) },
            logger: logger
        )
    }
}
