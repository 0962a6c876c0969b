import Metering
import Postgres
import TestSupport
import Testing
import Values

/// Meters that count another's events, those that a filter lets through.
@Suite struct MeterViewTests {
    private static let large: JSONValue = [
        "code": "large", "aggregation": "sum", "source": "tokens.output", "filter": ["model": ["large", 7]],
    ]

    private static func put(_ json: JSONValue, in database: Database) async throws {
        _ = try await database.transaction(as: .admin) { transaction in
            try await MeterOperations.put(Meter(definition: json), by: UsageFixture.stamp, in: transaction)
        }
    }

    private static func replace(
        _ json: JSONValue,
        isBilled: Bool = false,
        in database: Database
    ) async throws -> MeterOperations.Put {
        try await database.transaction(as: .admin) { transaction in
            try await MeterOperations.replace(
                Meter(definition: json),
                isBilled: isBilled,
                by: UsageFixture.stamp,
                in: transaction
            )
        }
    }

    /// Computes a meter; returns in how many steps.
    ///
    /// It waits for what other tests have under way in the cluster, too.
    @discardableResult
    private static func compute(_ code: String = "large", in database: Database) async throws -> Int {
        for step in 1...1_000 {
            let next = try await database.transaction(as: .system) { transaction in
                try await MeterBackfillOperations.step(code, by: UsageFixture.stamp, in: transaction)
            }
            if next == .none { return step }
            if next == .wait { try await Task.sleep(for: .milliseconds(30)) }
        }
        Issue.record("the computing of \(code) does not end")
        return 0
    }

    private static func meter(_ code: String = "large", in database: Database) async throws -> Meter {
        try await database.transaction(as: .finance) { transaction in
            try await MeterQueries.require(code, in: transaction)
        }
    }

    private static func sum(_ tenant: TenantID, _ code: String = "large", in database: Database) async throws -> Exact {
        try await UsageFixture.totals(tenant, meter: code, to: 86_400, in: database).sum
    }

    private static func send(_ prefix: String, to tenant: TenantID, in database: Database) async throws {
        let models: [JSONValue] = ["large", "small", 7, "7", nil, 7.0]
        let events = try models.enumerated().map { index, model in
            try UsageFixture.event(
                "\(prefix)\(index)",
                after: Int64(index) * 500,
                value: Decimal12(1 << index),
                properties: ["model": model]
            )
        }
        try await UsageFixture.ingest(events, for: tenant, in: database)
    }

    /// Of the events of `send` those with the model large, 7 and 7.0.
    private static let counted: Exact = 1 + 4 + 32

    @Test func `it counts past and new events, exactly before, while and after it is computed`() async throws {
        try await withDatabase { database in
            let tenants = UsageFixture.tenants(3)
            for tenant in tenants { try await Self.send("before", to: tenant, in: database) }
            try await Self.put(Self.large, in: database)
            #expect(try await Self.meter(in: database).isComputed == false)
            #expect(try await Self.sum(tenants[0], in: database) == Self.counted)
            try await Self.send("while", to: tenants[0], in: database)
            #expect(try await Self.sum(tenants[0], in: database) == 2 * Self.counted)
            #expect(try await UsageFixture.differences(in: database).isEmpty)
            let steps = try await Self.compute(in: database)
            #expect(steps > 1)
            #expect(try await Self.meter(in: database).isComputed)
            try await Self.send("after", to: tenants[1], in: database)
            for tenant in tenants.prefix(2) {
                #expect(try await Self.sum(tenant, in: database) == 2 * Self.counted)
            }
            #expect(try await Self.sum(tenants[2], in: database) == Self.counted)
            // What its source counts is as it was.
            #expect(try await Self.sum(tenants[2], "tokens.output", in: database) == 63)
            #expect(try await UsageFixture.differences(in: database).isEmpty)
            let progress = try await database.transaction(as: .admin) { transaction in
                try await MeterBackfillQueries.find("large", in: transaction)
            }
            #expect(progress?.finishedAt == testNow && progress?.done == progress?.total)
        }
    }

    @Test(arguments: [false, true])
    func `what is amended and taken back counts in it, too`(_ isComputed: Bool) async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            try await Self.send("e", to: tenant, in: database)
            try await Self.put(Self.large, in: database)
            if isComputed { try await Self.compute(in: database) }
            func amend(_ id: String, _ json: JSONValue) async throws {
                _ = try await database.transaction(as: .tenant(tenant)) { transaction in
                    try await MeteringOperations.amend(
                        id,
                        of: tenant,
                        with: UsageAmendment(json: json),
                        by: UsageFixture.stamp,
                        in: transaction
                    )
                }
            }
            // Out of it, into it, and within it.
            try await amend("e0", ["properties": ["model": "small"]])
            try await amend("e1", ["properties": ["model": "large"]])
            try await amend("e2", ["value": "100"])
            _ = try await database.transaction(as: .tenant(tenant)) { transaction in
                try await MeteringOperations.void("e5", of: tenant, by: UsageFixture.stamp, in: transaction)
            }
            #expect(try await Self.sum(tenant, in: database) == 102)
            if !isComputed { try await Self.compute(in: database) }
            #expect(try await Self.sum(tenant, in: database) == 102)
            #expect(try await UsageFixture.differences(in: database).isEmpty)
        }
    }

    @Test func `computing while others store and take back loses nothing and counts nothing twice`() async throws {
        try await withDatabase(connections: 6) { database in
            let tenants = UsageFixture.tenants(4)
            for tenant in tenants { try await Self.send("before", to: tenant, in: database) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for tenant in tenants {
                    group.addTask {
                        for number in 0..<25 {
                            try await Self.send("\(number)-", to: tenant, in: database)
                            _ = try await database.transaction(as: .tenant(tenant)) { transaction in
                                try await MeteringOperations.void(
                                    "\(number)-0",
                                    of: tenant,
                                    by: UsageFixture.stamp,
                                    in: transaction
                                )
                            }
                        }
                    }
                }
                group.addTask {
                    try await Self.put(Self.large, in: database)
                    try await Self.compute(in: database)
                }
                try await group.waitForAll()
            }
            #expect(try await Self.meter(in: database).isComputed)
            for tenant in tenants {
                #expect(try await Self.sum(tenant, in: database) == 26 * Self.counted - 25)
            }
            #expect(try await UsageFixture.differences(in: database).isEmpty)
        }
    }

    @Test func `a definition may be replaced while nothing is billed by it, and is computed anew`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            try await Self.send("e", to: tenant, in: database)
            try await Self.put(Self.large, in: database)
            try await Self.compute(in: database)
            let small: JSONValue = [
                "code": "large", "aggregation": "sum", "source": "tokens.output", "filter": ["model": ["small"]],
            ]
            await #expect(throws: MeteringError.meterTaken("large")) { try await Self.put(small, in: database) }
            await #expect(throws: MeteringError.meterBilled("large")) {
                try await Self.replace(small, isBilled: true, in: database)
            }
            #expect(try await Self.replace(Self.large, isBilled: true, in: database) == .unchanged)
            #expect(try await Self.replace(small, in: database) == .replaced)
            #expect(try await Self.sum(tenant, in: database) == 2)
            try await Self.compute(in: database)
            #expect(try await Self.sum(tenant, in: database) == 2)
            #expect(try await UsageFixture.differences(in: database).isEmpty)
        }
    }

    @Test func `a filter without a source lets events through that name the meter`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            try await Self.put(
                ["code": "own", "aggregation": "sum", "filter": ["model": ["large"], "paid": [true]]],
                in: database
            )
            let events = try [
                UsageFixture.event("a", meter: "own", value: 1, properties: ["model": "large", "paid": true]),
                UsageFixture.event("b", meter: "own", value: 2, properties: ["model": "large", "paid": "true"]),
                UsageFixture.event("c", meter: "own", value: 4, properties: ["model": "large"]),
            ]
            try await UsageFixture.ingest(events, for: tenant, in: database)
            #expect(try await Self.sum(tenant, "own", in: database) == 1)
            #expect(try await UsageFixture.differences(in: database).isEmpty)
        }
    }

    @Test func `no event names it, and it names a meter whose events there are`() async throws {
        try await withDatabase { database in
            try await Self.put(Self.large, in: database)
            let tenant = UsageFixture.tenants(1)[0]
            let outcomes = try await UsageFixture.ingest(
                [UsageFixture.event("e", meter: "large")],
                for: tenant,
                in: database
            )
            #expect(outcomes.map(\.kind) == [.rejected])
            #expect(outcomes[0].json["kept"] == nil)
            #expect(outcomes[0].errors.first?.message.contains("tokens.output") == true)
            for source in ["nothing", "large"] {
                await #expect(throws: MeteringError.unusableSource("other", source: source)) {
                    try await Self.put(
                        ["code": "other", "aggregation": "sum", "source": .string(source)],
                        in: database
                    )
                }
            }
            for (json, field) in [
                (["code": "x", "aggregation": "sum", "filter": ["model": []]], "filter.model"),
                (["code": "x", "aggregation": "sum", "filter": ["model": [nil]]], "filter.model[0]"),
                (["code": "x", "aggregation": "sum", "filter": [:]], "filter"),
                (["code": "x", "aggregation": "sum", "source": "x"], "source"),
            ] as [(JSONValue, String)] {
                let problem = #expect(throws: Problem.self) { try Meter(definition: json) }
                #expect(problem?.errors.map(\.field) == [field])
            }
            // The simulator's contract has neither.
            #expect(throws: Problem.self) { try Meter(json: Self.large) }
        }
    }
}
