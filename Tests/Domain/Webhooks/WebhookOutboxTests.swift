import Jobs
import Postgres
import TestSupport
import Testing
import Values

@testable import Webhooks

/// How what happened becomes deliveries: each once, none missed, in order.
@Suite(.timeLimit(.minutes(10))) struct WebhookOutboxTests {
    @Test func `an endpoint is told of what matches, of its tenant, from its making on`() async throws {
        try await withDatabase { database in
            let acme = try await WebhookFixture.tenant(in: database)
            let globex = try await WebhookFixture.tenant("Globex", in: database)
            try await WebhookFixture.act("invoice.before", "inv_0", of: acme, in: database)
            let endpoint = try await WebhookFixture.endpoint(["invoice.*", "credit.granted"], for: acme, in: database)
            try await WebhookFixture.endpoint(["plan.*"], for: globex, in: database)
            for (verb, tenant) in [
                ("invoice.created", acme), ("credit.granted", acme), ("credit.voided", acme), ("invoice.paid", globex),
                ("invoice.paid", acme),
            ] {
                try await WebhookFixture.act(verb, "obj_1", of: tenant, in: database)
            }
            let told = try await WebhookFixture.dispatched(3, of: acme, in: database)
            #expect(told.map(\.type) == ["invoice.created", "credit.granted", "invoice.paid"])
            #expect(told.map(\.status) == [.pending, .waiting, .waiting])
            #expect(told.allSatisfy { $0.endpoint == endpoint.id && $0.object == "obj_1" && $0.attempts == 0 })
            #expect(try await WebhookFixture.deliveries(of: globex, in: database).isEmpty)
        }
    }

    @Test func `the installation's endpoint is told of all tenants' acts and its own`() async throws {
        try await withDatabase { database in
            let acme = try await WebhookFixture.tenant(in: database)
            try await WebhookFixture.endpoint(["plan.*", "invoice.*"], for: nil, in: database)
            try await WebhookFixture.act("invoice.paid", "inv_1", of: acme, in: database)
            try await WebhookFixture.act("plan.published", "pln_1", of: nil, in: database)
            let told = try await WebhookFixture.dispatched(2, of: nil, in: database)
            #expect(told.map(\.type) == ["invoice.paid", "plan.published"])
            #expect(told.map(\.status) == [.pending, .pending])
        }
    }

    @Test func `transactions that commit out of the order of their numbers are neither missed nor told twice`()
        async throws
    {
        try await withDatabase(connections: 6) { database in
            let acme = try await WebhookFixture.tenant(in: database)
            try await WebhookFixture.endpoint(["thing.*"], for: acme, in: database)
            try await database.transaction(as: .system) { slow in
                // Has its number first and commits last.
                try await WebhookFixture.act("thing.slow", "thg_slow", of: acme, in: slow)
                for number in 0..<5 {
                    try await WebhookFixture.act("thing.quick", "thg_\(number)", of: acme, in: database)
                }
                try await WebhookFixture.dispatch(in: database)
                #expect(try await WebhookFixture.deliveries(of: acme, in: database).isEmpty)
            }
            let told = try await WebhookFixture.dispatched(6, of: acme, in: database)
            #expect(told.map(\.object) == ["thg_slow", "thg_0", "thg_1", "thg_2", "thg_3", "thg_4"])
            try await WebhookFixture.dispatch(in: database)
            #expect(try await WebhookFixture.deliveries(of: acme, in: database).count == 6)
        }
    }

    @Test func `many writers and readers at once: each act is told exactly once, an object's in order`() async throws {
        try await withDatabase(connections: 12) { database in
            let acme = try await WebhookFixture.tenant(in: database)
            try await WebhookFixture.endpoint(["thing.*"], for: acme, in: database)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<6 {
                    group.addTask {
                        for number in 0..<25 {
                            try await database.transaction(as: .system) { transaction in
                                for step in 0..<(1 + number % 3) {
                                    try await WebhookFixture.act(
                                        "thing.done",
                                        "thg_\(writer)_\(number)_\(step)",
                                        of: acme,
                                        in: transaction
                                    )
                                }
                                if number % 7 == 0 { try await Task.sleep(for: .milliseconds(20)) }
                            }
                        }
                    }
                }
                for _ in 0..<3 {
                    group.addTask {
                        for _ in 0..<40 {
                            try await WebhookFixture.dispatch(limit: 7, in: database)
                            try await Task.sleep(for: .milliseconds(5))
                        }
                    }
                }
                try await group.waitForAll()
            }
            let expected = 6 * (0..<25).reduce(0) { $0 + 1 + $1 % 3 }
            let told = try await WebhookFixture.dispatched(expected, of: acme, in: database)
            #expect(told.count == expected)
            #expect(Set(told.map(\.event)).count == expected)
        }
    }

    @Test func `acts of one transaction are told in the order of their writing`() async throws {
        try await withDatabase { database in
            let acme = try await WebhookFixture.tenant(in: database)
            try await WebhookFixture.endpoint(["thing.*"], for: acme, in: database)
            let verbs = (0..<10).map { "thing.step_" + String(repeating: "i", count: 10 - $0) }
            try await database.transaction(as: .system) { transaction in
                for verb in verbs { try await WebhookFixture.act(verb, "thg_1", of: acme, in: transaction) }
            }
            let told = try await WebhookFixture.dispatched(10, of: acme, in: database)
            #expect(told.map(\.type) == verbs)
            #expect(told.map(\.status) == [.pending] + Array(repeating: .waiting, count: 9))
        }
    }

    @Test func `nothing is written where nobody is to be told`() async throws {
        try await withDatabase { database in
            let acme = try await WebhookFixture.tenant(in: database)
            try await WebhookFixture.act("thing.done", "thg_1", of: acme, in: database)
            let more = try await database.transaction(as: .system) { transaction in
                try await WebhookOutboxOperations.dispatch(limit: 10, now: testNow, in: transaction)
            }
            #expect(!more)
            let position: Int64? = try await database.transaction(as: .system) { transaction in
                try await transaction.first("SELECT position FROM app.webhook_outbox") { try $0.next() }
            }
            #expect(position == 0)
        }
    }

    @Test func `after a restore into another cluster events go on where they were`() async throws {
        try await withDatabase { database in
            let acme = try await WebhookFixture.tenant(in: database)
            try await WebhookFixture.endpoint(["thing.*"], for: acme, in: database)
            try await WebhookFixture.act("thing.told", "thg_1", of: acme, in: database)
            _ = try await WebhookFixture.dispatched(1, of: acme, in: database)
            try await WebhookFixture.act("thing.untold", "thg_2", of: acme, in: database)
            let owner = Database(url: database.url.replacing("abono_app", with: "postgres"), connections: 1)
            defer { owner.close() }
            // As if it came from a cluster that had counted far beyond this one.
            try await owner.transaction(as: .system) { transaction in
                try await transaction.execute("RESET ROLE")
                try await transaction.execute(
                    "UPDATE app.webhook_outbox SET cluster = 1, position = position + 1000000000"
                )
                try await transaction.execute(
                    "UPDATE app.activity SET position = position + 1000000000 WHERE position > 0"
                )
                try await transaction.execute(
                    "UPDATE app.webhook_endpoints SET position = position + 1000000000"
                )
            }
            let rebased = try await database.transaction(as: .system) { transaction in
                [
                    try await WebhookOutboxOperations.rebase(in: transaction),
                    try await WebhookOutboxOperations.rebase(in: transaction),
                ]
            }
            #expect(rebased == [true, false])
            try await WebhookFixture.act("thing.after", "thg_3", of: acme, in: database)
            let told = try await WebhookFixture.dispatched(3, of: acme, in: database)
            #expect(told.map(\.type) == ["thing.told", "thing.untold", "thing.after"])
        }
    }

    @Test func `the database matches filters as the values do`() async throws {
        try await withDatabase { database in
            let acme = try await WebhookFixture.tenant(in: database)
            let filters = ["*", "invoice.*", "invoice.paid", "invoice.line.*", "invoices.paid", "credit.granted"]
            let verbs = ["invoice.paid", "invoice.line.added", "invoices.paid", "credit.granted", "invoice_x.paid"]
            var endpoints: [WebhookEndpointID: String] = [:]
            for filter in filters {
                endpoints[try await WebhookFixture.endpoint([filter], for: acme, in: database).id] = filter
            }
            for verb in verbs { try await WebhookFixture.act(verb, "thing_of_\(verb)", of: acme, in: database) }
            var expected: Set<String> = []
            for filter in filters {
                for verb in verbs where try WebhookFilter(filter, at: "events").matches(verb) {
                    expected.insert("\(filter) \(verb)")
                }
            }
            var told: Set<String> = []
            for _ in 0..<200 where !told.isSuperset(of: expected) {
                let found = try await WebhookFixture.dispatched(expected.count, of: acme, in: database)
                told = Set(found.map { "\(endpoints[$0.endpoint] ?? "") \($0.type)" })
            }
            #expect(told.filter { !$0.contains("webhook_endpoint") } == expected)
        }
    }
}
