import Metering
import Postgres
import TestSupport
import Testing
import Values

@Suite struct MeterTests {
    private static func put(_ json: JSONValue, in database: Database) async throws -> Bool {
        try await database.transaction(as: .admin) { transaction in
            try await MeterOperations.put(Meter(json: json), by: UsageFixture.stamp, in: transaction)
        }
    }

    @Test func `a meter is put once, and never changed`() async throws {
        try await withDatabase { database in
            let users: JSONValue = ["code": "users", "aggregation": "unique", "unique_by": "user"]
            let isNew = try await Self.put(users, in: database)
            #expect(isNew)
            #expect(try await Self.put(users, in: database) == false)
            await #expect(throws: MeteringError.meterTaken("users")) {
                try await Self.put(["code": "users", "aggregation": "sum"], in: database)
            }
            await #expect(throws: Problem.self) {
                let long = String(repeating: "x", count: 65)
                return try await Self.put(["code": .string(long), "aggregation": "sum"], in: database)
            }
            try await database.transaction(as: .admin) { transaction in
                let meter = try await MeterQueries.require("users", in: transaction)
                #expect(meter.json == users)
            }
        }
    }

    @Test(
        arguments: [
            ("count", 4), ("sum", 8), ("max", 9), ("min", 0), ("average", 2), ("latest", 2), ("unique", 2),
            // 9 over 30 of 30 days, −5 over 20, 2 over 10, and 2 over the last second.
            ("weighted_sum", Exact(19, 3) + 2 * Exact(1, 30 * 86_400)),
        ] as [(String, Exact)]
    )
    func `every aggregation tells the quantity of a month`(_ aggregation: String, _ quantity: Exact) async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            var json: JSONObject = ["code": "own", "aggregation": .string(aggregation)]
            if aggregation == "unique" { json["unique_by"] = "user" }
            if aggregation == "weighted_sum" { json["carry_over"] = true }
            _ = try await Self.put(.object(json), in: database)
            let day: Int64 = 86_400
            let events = try [
                UsageFixture.event("a", meter: "own", after: 0, value: 9, properties: ["user": 1]),
                UsageFixture.event("b", meter: "own", after: 10 * day, value: -5, properties: ["user": 2]),
                UsageFixture.event("c", meter: "own", after: 20 * day, value: 2, properties: ["user": 1.0]),
                UsageFixture.event("d", meter: "own", after: 30 * day - 1, value: 2, properties: ["user": 2]),
                UsageFixture.event("after", meter: "own", after: 30 * day, value: 70),
            ]
            try await UsageFixture.ingest(events, for: tenant, in: database)
            let measured = try await database.transaction(as: .tenant(tenant)) { transaction in
                let meter = try await MeterQueries.require("own", in: transaction)
                return try await UsageQueries.quantity(
                    of: tenant,
                    meter: meter,
                    during: UsageFixture.anyPeriod,
                    in: transaction
                )
            }
            #expect(measured == quantity)
        }
    }

    @Test(arguments: Aggregation.allCases)
    func `windows of one answer tell what each of them tells alone`(_ aggregation: Aggregation) async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            var json: JSONObject = ["code": "own", "aggregation": .string(aggregation.rawValue)]
            if aggregation == .unique { json["unique_by"] = "user" }
            if aggregation == .weightedSum { json["carry_over"] = true }
            _ = try await Self.put(.object(json), in: database)
            let day: Int64 = 86_400
            let events = try [-day, 0, 60, day - 1, 2 * day, 2 * day + 500, 3 * day].enumerated().map { index, after in
                try UsageFixture.event(
                    "e\(index)",
                    meter: "own",
                    after: after,
                    value: Decimal12(7 * index % 5),
                    properties: ["user": .int(index % 2)]
                )
            }
            try await UsageFixture.ingest(events, for: tenant, in: database)
            let windows = [0, 1, 2].compactMap { number in
                Period(start: testNow.adding(seconds: number * day), end: testNow.adding(seconds: (number + 1) * day))
            }
            try await database.transaction(as: .tenant(tenant)) { transaction in
                let meter = try await MeterQueries.require("own", in: transaction)
                let rows = try await UsageQueries.rows(of: tenant, meter: meter, windows: windows, in: transaction)
                #expect(rows.map(\.window) == windows)
                for row in rows {
                    // What rating makes of the events themselves.
                    let alone = try await UsageQueries.usage(
                        of: tenant,
                        meter: meter,
                        during: row.window,
                        wholeSeconds: row.window.seconds,
                        ratio: .one,
                        in: transaction
                    ).quantity()
                    #expect(row.quantity == alone)
                }
            }
        }
    }
}
