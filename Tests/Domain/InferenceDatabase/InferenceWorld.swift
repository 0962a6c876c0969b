import Inference
import Jobs
import Logging
import Metering
import Plans
import Postgres
import Subscriptions
import Tenants
import TestSupport
import Testing
import Values

/// A tenant with a plan, a model that follows a script, and a service that runs.
struct InferenceWorld: Sendable {
    static let model = "smollm2-135m-instruct"
    static let stamp = Stamp(now: testNow, author: .command)

    let database: Database
    let time: ManualTime
    let keeper: NodeKeeper
    let service: InferenceService
    let tenant: TenantID
    let caller: InferenceCaller

    /// A reply of a hundred tokens, slow enough to be stopped long before its end.
    static let slow = ScriptedGenerator.Reply((0..<100).map { _ in "abcd" }, pause: .milliseconds(50))

    /// Prices of the plan that most tests have, in dollars a unit.
    static let prices: [(meter: String, amount: String)] = [
        ("tokens.input", "0.001"), ("tokens.output", "0.002"), ("requests", "0.01"),
    ]

    /// Lends a world in a database of its own; requests come an hour after the month began.
    static func with(
        prices: [(meter: String, amount: String)] = prices,
        features: JSONValue = ["inference": [:]],
        spendLimit: String? = nil,
        replies: [ScriptedGenerator.Reply],
        _ body: (InferenceWorld) async throws -> Void
    ) async throws {
        try await withDatabase(connections: 8) { database in
            let tenant = try await makeTenant(spendLimit: spendLimit, in: database)
            try await subscribe(tenant, prices: prices, features: features, in: database)
            try await registerModel(in: database)
            try await run(database, tenant, replies, body)
        }
    }

    static func run(
        _ database: Database,
        _ tenant: TenantID,
        _ replies: [ScriptedGenerator.Reply],
        _ body: (InferenceWorld) async throws -> Void
    ) async throws {
        let time = ManualTime(testNow.adding(seconds: 3600))
        let keeper = NodeKeeper(url: database.url, name: "test", time: time, logger: Logger(label: "test"))
        try await keeper.register()
        let service = InferenceService(
            database: database,
            generators: [model: ScriptedGenerator(replies)],
            keeper: keeper,
            time: time,
            logger: Logger(label: "test")
        )
        let world = InferenceWorld(
            database: database,
            time: time,
            keeper: keeper,
            service: service,
            tenant: tenant,
            caller: InferenceCaller(tenant: tenant, key: KeyID.make(at: testNow))
        )
        // As in a server the lease outlives the service.
        try await during(keeper.run) {
            try await world.wait { try await world.hasBeaten() }
            try await during(service.run) { try await body(world) }
        }
    }

    private static func during(
        _ run: @escaping @Sendable () async throws -> Void,
        _ body: () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await run() }
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            group.cancelAll()
            while await group.nextResult() != nil {}
            try result.get()
        }
    }

    private func hasBeaten() async throws -> Bool {
        let node = keeper.lease.node
        let beat: Int? = try await database.transaction(as: .system) { transaction in
            try await transaction.first("SELECT beat FROM app.nodes WHERE node_id = \(node)") { row in try row.next() }
        }
        return (beat ?? 0) > 0
    }

    /// Another server on the same database, whose service does not run by itself.
    func neighbour() async throws -> InferenceService {
        let other = NodeKeeper(url: database.url, name: "other", time: time, logger: Logger(label: "test"))
        try await other.register()
        return InferenceService(
            database: database,
            generators: [:],
            keeper: other,
            time: time,
            logger: Logger(label: "test")
        )
    }

    // MARK: - Making

    static func makeTenant(spendLimit: String? = nil, in database: Database) async throws -> TenantID {
        try await database.transaction(as: .admin) { transaction in
            let limit = try spendLimit.map { try Money(json: ["amount": .string($0), "currency": "USD"]) }
            return try await TenantOperations.create(
                try TenantDraft(name: "Acme", currency: .usd, spendLimit: limit),
                by: stamp,
                in: transaction
            ).id
        }
    }

    static func subscribe(
        _ tenant: TenantID,
        prices: [(meter: String, amount: String)],
        features: JSONValue,
        in database: Database
    ) async throws {
        let rows = prices.enumerated().map { index, price -> JSONValue in
            [
                "code": .string("p\(index)"), "model": "per_unit", "meter": .string(price.meter),
                "unit_amount": .string(price.amount),
            ]
        }
        try await subscribe(tenant, prices: rows, features: features, in: database)
    }

    static func subscribe(
        _ tenant: TenantID,
        prices: [JSONValue],
        features: JSONValue,
        in database: Database
    ) async throws {
        let code = "plan\(prices.count)\(tenant.uuidText.suffix(8))"
        let plan: JSONValue = [
            "code": .string(code), "currency": "USD", "interval": ["unit": "month"], "prices": .array(prices),
            "features": features,
        ]
        try await database.transaction(as: .admin) { transaction in
            _ = try await PlanOperations.publish(try PlanDraft(json: plan), by: stamp, in: transaction)
        }
        try await database.transaction(as: .tenant(tenant)) { transaction in
            _ = try await SubscriptionOperations.create(
                SubscriptionDraft(plan: code),
                for: tenant,
                by: stamp,
                in: transaction
            )
        }
    }

    static func registerModel(in database: Database) async throws {
        try await TinyModel.withFolder(["SmolLM2-135M-Instruct.Q4_1.gguf"]) { folder in
            _ = try await ModelOperations.register(folder: folder, in: database, by: stamp)
        }
    }

    // MARK: - Asking

    /// A request whose prompt is two tokens.
    static func request(
        _ prompt: String = "12345678",
        maxTokens: Int? = 10,
        isStream: Bool = true,
        model: String? = "auto"
    ) -> InferenceRequest {
        InferenceRequest(
            model: model,
            task: "generate",
            prompt: .text(prompt),
            maxTokens: maxTokens,
            isStream: isStream,
            subject: "user-1"
        )
    }

    /// Asks and reads the answer to its end.
    func ask(_ request: InferenceRequest = request()) async throws -> InferenceAnswer {
        try await service.begin(request, by: caller).answer()
    }

    // MARK: - Looking

    /// The events of the tenant by the end of their ids after the job's: values and properties.
    func usage(of job: JobID? = nil) async throws -> [String: Exact] {
        let events = try await events()
        var usage: [String: Exact] = [:]
        for event in events where job.map({ event.id.hasPrefix("\($0):") }) ?? true {
            usage[event.id.split(separator: ":").dropFirst().joined(separator: ":"), default: .zero] += event.value
        }
        return usage
    }

    func events() async throws -> [RatingEvent] {
        guard let all = Period(start: testNow.adding(seconds: -86_400), end: testNow.adding(seconds: 40 * 86_400))
        else { return [] }
        return try await database.transaction(as: .tenant(tenant)) { transaction in
            var events: [RatingEvent] = []
            for meter in InferenceMeter.allCases {
                events += try await UsageQueries.ratingEvents(
                    of: tenant,
                    meter: meter.rawValue,
                    during: all,
                    in: transaction
                )
            }
            return events
        }
    }

    func budget() async throws -> Budget {
        let budget = try await database.transaction(as: .tenant(tenant)) { transaction in
            try await BudgetQueries.find(tenant, in: transaction)
        }
        return try #require(budget)
    }

    func job(_ id: JobID) async throws -> InferenceJob {
        let job = try await database.transaction(as: .tenant(tenant)) { transaction in
            try await InferenceJobQueries.find(id, of: tenant, in: transaction)
        }
        return try #require(job)
    }

    func jobs() async throws -> [InferenceJob] {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await InferenceJobQueries.list(of: tenant, limit: 100, in: transaction)
        }
    }

    /// Waits until a job has ended.
    func ended(_ id: JobID) async throws -> InferenceJob {
        try await wait { try await job(id).status.isFinal }
        return try await job(id)
    }

    func wait(for limit: Duration = .seconds(10), until isSo: () async throws -> Bool) async throws {
        let deadline = SuspendingClock.now + limit
        while try await !isSo() {
            try #require(SuspendingClock.now < deadline, "waited \(limit) in vain")
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Makes the node's lease void, as whoever declares it lost does.
    func declareLost() async throws {
        let lease = keeper.lease
        try await database.transaction(as: .system) { transaction in
            _ = try await transaction.execute(
                "UPDATE app.nodes SET epoch = epoch + 1, state = 'lost' WHERE node_id = \(lease.node)"
            )
        }
    }

    func deliveredTokens(of job: JobID) async throws -> Int {
        let count: Int? = try await database.transaction(as: .tenant(tenant)) { transaction in
            try await transaction.first(
                "SELECT delivered_tokens FROM app.inference_jobs WHERE tenant_id = \(tenant) AND id = \(job)"
            ) { row in try row.next() }
        }
        return count ?? 0
    }
}

/// Reads a run up to its n-th piece.
func read(_ run: InferenceRun, pieces wanted: Int) async throws -> InferenceStream.AsyncIterator {
    var events = run.events.makeAsyncIterator()
    var pieces = 0
    while pieces < wanted, let event = try await events.next() {
        if case .piece = event { pieces += 1 }
    }
    return events
}
