import Metering
import Postgres
import TestSupport
import Testing
import Values

@Suite struct IngestTests {
    @Test func `an event is stored once, and its repetition is told from a conflict`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            let event = try UsageEvent(
                json: [
                    "id": "e1", "meter": "tokens.output", "at": "2026-03-01T00:00:10Z", "value": "5",
                    "properties": ["a": 1, "b": ["x": 2]],
                ])
            let same = try UsageEvent(
                json: JSONValue(
                    parsing: """
                        {"id": "e1", "meter": "tokens.output", "at": "2026-03-01T01:00:10+01:00", "value": "5.000",
                         "properties": {"b": {"x": 2e0}, "a": 1.0}}
                        """
                )
            )
            let other = try UsageFixture.event("e1", after: 10, value: 6)
            #expect(try await UsageFixture.ingest([event], for: tenant, in: database).map(\.kind) == [.accepted])
            let later = try await UsageFixture.ingest([same, other], for: tenant, in: database)
            #expect(later.map(\.kind) == [.duplicate, .conflict])
            #expect(later[1].errors.map(\.field) == ["id"])
            #expect(try await UsageFixture.totals(tenant, to: 60, in: database).sum == 5)
            #expect(try await UsageFixture.differences(in: database).isEmpty)
        }
    }

    @Test func `within a batch the first of an id wins, and answers keep the order`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            try await UsageFixture.ingest([UsageFixture.event("old", value: 1)], for: tenant, in: database)
            let batch = try [
                UsageFixture.event("b", value: 2), UsageFixture.event("a", value: 3),
                UsageFixture.event("b", value: 2), UsageFixture.event("b", value: 9),
                UsageFixture.event("old", value: 7), UsageFixture.event("old", value: 1),
                UsageFixture.event("c", meter: "token.output"), UsageFixture.event("c", value: 4),
            ]
            let outcomes = try await UsageFixture.ingest(batch, for: tenant, in: database)
            #expect(outcomes.map(\.id) == batch.map(\.id))
            #expect(
                outcomes.map(\.kind) == [
                    .accepted, .accepted, .duplicate, .conflict, .conflict, .duplicate, .rejected, .accepted,
                ]
            )
            #expect(outcomes[6].errors.first?.field == "meter")
            #expect(outcomes[6].errors.first?.message.contains("tokens.output") == true)
            let totals = try await UsageFixture.totals(tenant, to: 60, in: database)
            #expect(totals == UsageTotals(count: 4, sum: 10, min: 1, max: 4))
            #expect(try await UsageFixture.differences(in: database).isEmpty)
        }
    }

    @Test func `ids are the bytes that were sent`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            // One character in two forms: equal as Swift strings.
            let events = try [UsageFixture.event("\u{E9}"), UsageFixture.event("e\u{301}")]
            #expect(events[0].id == events[1].id)
            let outcomes = try await UsageFixture.ingest(events, for: tenant, in: database)
            #expect(outcomes.map(\.kind) == [.accepted, .accepted])
        }
    }

    @Test func `one statement takes events of many tenants, who share no ids`() async throws {
        try await withDatabase { database in
            let tenants = UsageFixture.tenants(3)
            let event = try UsageFixture.event("same", value: 2)
            let outcomes = try await database.transaction(as: .ingest) { transaction in
                try await MeteringOperations.ingest(
                    tenants.map { (tenant: $0, event: event) },
                    recordedAt: testNow,
                    in: transaction
                )
            }
            #expect(outcomes.map(\.kind) == [.accepted, .accepted, .accepted])
            for tenant in tenants { #expect(try await UsageFixture.totals(tenant, to: 1, in: database).sum == 2) }
        }
    }

    @Test func `writers of the same ids at once store each once`() async throws {
        try await withDatabase(connections: 8) { database in
            let tenants = UsageFixture.tenants(2)
            let kinds = try await withThrowingTaskGroup(of: [IngestOutcome.Kind].self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        var order = Sampler(seed: UInt64(writer))
                        // Half the writers have other content for every tenth event.
                        let events = try (0..<200).map { number in
                            try UsageFixture.event(
                                "e\(number)",
                                after: Int64(number * 20),
                                value: number % 10 == 0 && writer % 2 == 0 ? 2 : 1
                            )
                        }.shuffled(using: &order)
                        return try await database.transaction(as: .ingest) { transaction in
                            let both = tenants.flatMap { tenant in events.map { (tenant: tenant, event: $0) } }
                            return try await MeteringOperations.ingest(both, recordedAt: testNow, in: transaction)
                                .map(\.kind)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            let counts = Dictionary(kinds.map { ($0, 1) }, uniquingKeysWith: +)
            #expect(counts[.accepted] == 400)
            #expect(counts[.rejected] == nil)
            // Of the eight writers of a doubtful event the four with the stored content are no conflict.
            #expect(counts[.conflict] == 2 * 20 * 4)
            for tenant in tenants {
                #expect(try await UsageFixture.totals(tenant, to: 4_000, in: database).count == 200)
            }
            #expect(try await UsageFixture.differences(in: database).isEmpty)
        }
    }

    @Test func `what a transaction stored is gone when it is rolled back, and can come again`() async throws {
        struct Stop: Error {}
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            let event = try UsageFixture.event("e1")
            await #expect(throws: Stop.self) {
                try await database.transaction(as: .tenant(tenant)) { transaction in
                    _ = try await MeteringOperations.ingest(
                        [(tenant: tenant, event: event)],
                        recordedAt: testNow,
                        in: transaction
                    )
                    throw Stop()
                }
            }
            let outcomes = try await UsageFixture.ingest([event], for: tenant, as: .tenant(tenant), in: database)
            #expect(outcomes.map(\.kind) == [.accepted])
        }
    }

    @Test func `months get their partitions as events come, and nobody reaches past the table`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            let instants = [
                "2000-01-01T00:00:00Z", "2024-02-29T23:59:59.999999Z", "2024-03-01T00:00:00Z", "2100-12-31T23:59:59Z",
            ]
            let events = try instants.enumerated().map { number, text in
                try UsageEvent(id: "e\(number)", meter: "requests", at: #require(Instant(text)))
            }
            try await UsageFixture.ingest(events, for: tenant, in: database)
            let partitions: [String] = try await database.transaction(as: .system) { transaction in
                try await transaction.query(
                    """
                    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                    WHERE i.inhparent = 'app.usage_events'::regclass ORDER BY 1
                    """
                ) { row in try row.next() }
            }
            #expect(
                partitions == [
                    "usage_events_2000_01", "usage_events_2024_02", "usage_events_2024_03", "usage_events_2100_12",
                ]
            )
            for scope in [Scope.tenant(tenant), .ingest, .finance, .system, .admin] {
                let error = await #expect(throws: PostgresError.self) {
                    try await database.transaction(as: scope) { transaction in
                        _ = try await transaction.execute("SELECT FROM app.usage_events_2024_02")
                    }
                }
                #expect(error?.isPermissionDenied == true)
            }
            for (event, text) in zip(events, instants) {
                let found: StoredEvent? = try await database.transaction(as: .tenant(tenant)) { transaction in
                    try await UsageQueries.find(event.id, of: tenant, in: transaction)
                }
                #expect(found?.event == event)
                #expect(found?.event.at == Instant(text))
            }
        }
    }

    @Test func `makers of one month at once do not meet`() async throws {
        try await withDatabase(connections: 6) { database in
            let tenants = UsageFixture.tenants(6)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, tenant) in tenants.enumerated() {
                    group.addTask {
                        let events = try (0..<12).map { month in
                            try UsageFixture.event("e\(number)-\(month)", after: Int64(month) * 31 * 86_400)
                        }
                        try await UsageFixture.ingest(events, for: tenant, as: .tenant(tenant), in: database)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await UsageFixture.differences(in: database).isEmpty)
        }
    }

    @Test func `a batch is bounded`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            let events = try (0...UsageLimits.batch).map { try UsageFixture.event("e\($0)") }
            await #expect(throws: MeteringError.batchTooLarge(UsageLimits.batch + 1)) {
                try await UsageFixture.ingest(events, for: tenant, in: database)
            }
            let outcomes = try await UsageFixture.ingest(Array(events.dropLast()), for: tenant, in: database)
            #expect(outcomes.allSatisfy { $0.kind == .accepted })
        }
    }
}
