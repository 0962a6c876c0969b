import Billing
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Inference
import Jobs
import Logging
import Metering
import Plans
import Postgres
import Subscriptions
import Tenants
import TestSupport
import Values

@testable import API

/// A tenant with one of everything that has an id.
struct WorldCustomer: Sendable {
    let tenant: TenantID
    /// Its key with every scope.
    let secret: String
    let key: KeyID
    let subscription: SubscriptionID
    let event: String
    let grant: GrantID
}

/// A server with two tenants and keys of staff; its clock stands at `testNow` plus a day.
struct World: Sendable {
    let database: Database
    let services: Services
    let time: ManualTime
    let logger: Logger
    let acme: WorldCustomer
    let globex: WorldCustomer
    /// Staff keys by role.
    let staff: [StaffRole: String]

    /// When most requests happen.
    static let now = testNow.adding(seconds: 86_400)

    /// What its secrets are sealed with.
    static let secretKey = "the secret key of a world in tests"

    /// What the models of a world say unless a test says otherwise.
    static let script = [ScriptedGenerator.Reply(["Hel", "lo, ", "world"])]

    /// Lends a world and a client whose requests go to its router, or to a server that listens.
    static func run(
        _ replies: [ScriptedGenerator.Reply] = script,
        features: JSONValue = standardFeatures,
        isLive: Bool = false,
        _ body: @escaping @Sendable (World, any TestClientProtocol) async throws -> Void
    ) async throws {
        try await withDatabase(connections: 8) { database in
            let time = ManualTime(now)
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let keeper = NodeKeeper(url: database.url, name: "test", time: time, logger: logger)
            try await keeper.register()
            let inference = InferenceService(
                database: database,
                generators: ["tiny": ScriptedGenerator(replies), "vectors": ScriptedGenerator(replies)],
                keeper: keeper,
                time: time,
                logger: logger
            )
            let services = Services(
                database: database,
                time: time,
                inference: inference,
                prometheus: Prometheus(),
                secretBox: try SecretBox(key: secretKey),
                schema: try await schema(of: database),
                version: "test",
                logger: logger
            )
            let world = try await World(database, services, time, logger, features)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await keeper.run() }
                group.addTask { try await inference.run() }
                let app = Server.build(services: services, host: "127.0.0.1", port: 0, logger: logger)
                do {
                    try await app.test(isLive ? .live : .router) { client in try await body(world, client) }
                } catch {
                    group.cancelAll()
                    throw error
                }
                group.cancelAll()
            }
        }
    }

    static let standardFeatures: JSONValue = [
        "inference": ["requests_per_minute": 100_000, "tokens_per_minute": 100_000_000, "concurrency": 100],
        "exports": ["meter": "requests", "limit": "3", "hard": true],
    ]

    /// As the standard ones, without the allowance that three requests use up.
    static let roomyFeatures: JSONValue = [
        "inference": ["requests_per_minute": 100_000, "tokens_per_minute": 100_000_000, "concurrency": 100]
    ]

    private init(
        _ database: Database,
        _ services: Services,
        _ time: ManualTime,
        _ logger: Logger,
        _ features: JSONValue
    ) async throws {
        self.database = database
        self.services = services
        self.time = time
        self.logger = logger
        try await Self.publishCatalogue(features, in: database)
        acme = try await Self.customer("Acme", in: database)
        globex = try await Self.customer("Globex", in: database)
        var staff: [StaffRole: String] = [:]
        for role in StaffRole.allCases {
            staff[role] = try await database.transaction(as: .admin) { transaction in
                try await KeyOperations.createStaff(
                    try KeyDraft(name: role.rawValue),
                    role: role,
                    by: Self.stamp,
                    in: transaction
                ).secret
            }
        }
        self.staff = staff
    }

    static let stamp = Stamp(now: testNow, author: .command)

    private static func schema(of database: Database) async throws -> [String] {
        try await database.transaction(as: .system) { transaction in
            try await transaction.query("SELECT name FROM app.schema_migrations") { row in try row.next() }
        }
    }

    private static func publishCatalogue(_ features: JSONValue, in database: Database) async throws {
        let plan: JSONValue = [
            "code": "basic", "name": "Basic", "currency": "USD", "interval": ["unit": "month"],
            "prices": [
                ["code": "base", "model": "flat", "amount": "20.00", "timing": "advance"],
                ["code": "out", "model": "per_unit", "meter": "tokens.output", "unit_amount": "0.01"],
            ],
            "features": features,
        ]
        let bigger: JSONValue = [
            "code": "bigger", "currency": "USD", "interval": ["unit": "month"], "features": features,
            "prices": [["code": "base", "model": "flat", "amount": "50.00", "timing": "advance"]],
        ]
        try await database.transaction(as: .admin) { transaction in
            for json in [plan, bigger] {
                try await PlanOperations.publish(try PlanDraft(json: json), by: stamp, in: transaction)
            }
            var coupon = try JSONFields(["code": "WELCOME", "percent": "5"])
            try await CouponOperations.create(CouponTerms(json: &coupon, in: .utc), by: stamp, in: transaction)
            for code in ["calls", "level"] {
                let meter = try Meter(json: ["code": .string(code), "aggregation": code == "calls" ? "sum" : "latest"])
                try await MeterOperations.put(meter, by: stamp, in: transaction)
            }
            try await transaction.execute(
                """
                INSERT INTO app.models (model_id, name, version, file, sha256, bytes, licence, tasks, context,
                                        parameters, recorded_at)
                VALUES (\(ModelID.make(at: testNow)), 'tiny', 'v1', '/nowhere', \([UInt8](repeating: 7, count: 32)),
                        1, 'MIT', ARRAY['chat', 'generate'], 2048, 1, \(testNow))
                """
            )
            try await transaction.execute(
                """
                INSERT INTO app.models (model_id, name, version, file, sha256, bytes, licence, tasks, context,
                                        parameters, recorded_at)
                VALUES (\(ModelID.make(at: testNow)), 'vectors', 'v1', '/nowhere',
                        \([UInt8](repeating: 8, count: 32)), 1, 'MIT', ARRAY['embed'], 512, 1, \(testNow))
                """
            )
            try await transaction.execute(
                "INSERT INTO app.model_aliases (alias, model_name, recorded_at) VALUES ('fast', 'tiny', \(testNow))"
            )
        }
    }

    private static func customer(_ name: String, in database: Database) async throws -> WorldCustomer {
        let tenant = try await database.transaction(as: .admin) { transaction in
            try await TenantOperations.create(
                try TenantDraft(name: name, email: "owner@\(name.lowercased()).test"),
                by: stamp,
                in: transaction
            )
        }
        let event = "event of \(name)"
        return try await database.transaction(as: .tenant(tenant.id)) { transaction in
            let key = try await KeyOperations.create(
                try KeyDraft(name: "all"),
                for: tenant.id,
                by: stamp,
                in: transaction
            )
            let subscription = try await SubscriptionOperations.create(
                SubscriptionDraft(plan: "basic"),
                for: tenant.id,
                by: stamp,
                in: transaction
            )
            let grant = try await CreditOperations.grant(
                try CreditGrantDraft(amount: Money(minor: 500, currency: subscription.currency)),
                to: tenant.id,
                by: stamp,
                in: transaction
            )
            _ = try await MeteringOperations.ingest(
                [(tenant: tenant.id, event: try UsageEvent(id: event, meter: "calls", at: testNow, value: 2))],
                recordedAt: testNow,
                in: transaction
            )
            return WorldCustomer(
                tenant: tenant.id,
                secret: key.secret,
                key: key.key.id,
                subscription: subscription.id,
                event: event,
                grant: grant.id
            )
        }
    }

    /// A further key of a tenant.
    func key(of customer: WorldCustomer, scopes: Set<KeyScope>) async throws -> String {
        try await database.transaction(as: .tenant(customer.tenant)) { transaction in
            try await KeyOperations.create(
                try KeyDraft(scopes: scopes),
                for: customer.tenant,
                by: Self.stamp,
                in: transaction
            ).secret
        }
    }

    /// Bills what has fallen due and returns the finalized invoice.
    func invoice(of customer: WorldCustomer) async throws -> Invoice {
        try await database.transaction(as: .tenant(customer.tenant)) { transaction in
            let drafts = try await InvoiceOperations.bill(
                customer.subscription,
                of: customer.tenant,
                until: Self.now,
                by: Self.stamp,
                in: transaction
            )
            guard let first = drafts.first else { throw Problem(.internal, "nothing was billed") }
            return try await InvoiceOperations.finalize(
                first.id,
                of: customer.tenant,
                by: Self.stamp,
                in: transaction
            )
        }
    }

    /// A staff key's secret.
    func secret(_ role: StaffRole) -> String { staff[role] ?? "" }
}

/// An answer, read.
struct Answer: Sendable {
    let status: Int
    let text: String
    let headers: HTTPFields

    /// The body as JSON; null if it is none.
    var json: JSONValue { (try? JSONValue(parsing: text)) ?? .null }

    func header(_ name: String) -> String? {
        headers.first { $0.name.canonicalName == name.lowercased() }?.value
    }

    /// The fields that the error names.
    var fields: [String] {
        if let param = json["error"]?["param"]?.string { return [param] }
        return (json["errors"]?.array ?? []).compactMap { $0["field"]?.string }
    }
}

extension TestClientProtocol {
    /// Sends a request.
    ///
    /// `body`: sent as JSON.
    ///
    /// `text`: sent as it is, instead of a body of JSON.
    func send(
        _ method: HTTPRequest.Method,
        _ uri: String,
        as secret: String? = nil,
        for tenant: TenantID? = nil,
        body: JSONValue? = nil,
        text: String? = nil,
        headers: [String: String] = [:]
    ) async throws -> Answer {
        var all: [String: String] = headers
        if let secret { all["Authorization"] = "Bearer \(secret)" }
        if let tenant { all["Abono-Tenant"] = tenant.text }
        if body != nil, all["Content-Type"] == nil { all["Content-Type"] = "application/json" }
        var fields = HTTPFields()
        for (name, value) in all {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        let bytes = (text ?? body?.text).map { ByteBuffer(string: $0) }
        return try await execute(uri: uri, method: method, headers: fields, body: bytes) { response in
            Answer(
                status: Int(response.status.code),
                text: String(buffer: response.body),
                headers: response.headers
            )
        }
    }
}

extension TestClientProtocol {
    /// Sends a file for a batch.
    func upload(_ content: String, as secret: String, more: [(String, String)] = []) async throws -> Answer {
        let boundary = "a-boundary-of-tests"
        var text = ""
        for (name, value) in [("purpose", "batch")] + more {
            text += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
        }
        text += "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"in.jsonl\"\r\n"
        text += "Content-Type: application/octet-stream\r\n\r\n\(content)\r\n--\(boundary)--\r\n"
        return try await send(
            .post,
            "/v1/files",
            as: secret,
            text: text,
            headers: ["Content-Type": "multipart/form-data; boundary=\(boundary)"]
        )
    }
}

/// Does something so many times at once, and returns what came out in the order of the numbers.
func atOnce<Value: Sendable>(
    _ count: Int,
    _ body: @escaping @Sendable (Int) async throws -> Value
) async throws -> [Value] {
    try await withThrowingTaskGroup(of: (Int, Value).self) { group in
        for number in 0..<count {
            group.addTask { (number, try await body(number)) }
        }
        var values: [(Int, Value)] = []
        for try await value in group { values.append(value) }
        return values.sorted { $0.0 < $1.0 }.map(\.1)
    }
}
