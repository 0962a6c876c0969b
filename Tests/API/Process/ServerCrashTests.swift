import API
import Billing
import Foundation
import Glibc
import Inference
import Metering
import Plans
import Postgres
import Subscriptions
import Tenants
import TestSupport
import Testing
import Values

/// What happens to money and work when processes die: with the real program and the real model.
@Suite(.serialized) struct ServerCrashTests {
    @Test(.timeLimit(.minutes(20)))
    func `a server killed between reservation and settlement loses nothing and bills nothing twice`() async throws {
        try await withDatabase { database in
            let customer = try await Customer.make(in: database)
            // The first server dies in the middle of a stream.
            try await ServerProcess.run(["serve", "--database-url", database.url]) { server in
                try await server.untilReady()
                let asking = Task {
                    try await onOwnThread { try customer.chat(port: server.port, stream: true, maxTokens: 700) }
                }
                try await eventually("the job is under way and tokens are recorded as delivered") {
                    try await customer.jobs(in: database).contains { $0.delivered > 0 }
                }
                let reserved = try await customer.reserved(in: database)
                #expect(reserved > .zero)
                server.crash()
                _ = await asking.result
            }
            let left = try await customer.jobs(in: database)
            #expect(left.map(\.isFinal) == [false])

            // The second settles what the first left, and works.
            try await ServerProcess.run(["serve", "--database-url", database.url]) { server in
                try await server.untilReady()
                try await eventually("the job of the dead server is settled") {
                    try await customer.jobs(in: database).allSatisfy(\.isFinal)
                }
                let answer = try await onOwnThread { try customer.chat(port: server.port, stream: false, maxTokens: 8) }
                #expect(answer.status == 200)
            }
            let jobs = try await customer.jobs(in: database)
            #expect(jobs.count == 2)
            let first = try #require(jobs.first)
            let events = try await customer.events(of: first.id, in: database)
            #expect(events["requests"] == 1)
            #expect((events["tokens.input"] ?? 0) + (events["tokens.cached"] ?? 0) == Exact(first.prompt))
            // At most what was recorded as delivered: at most a second's worth is given away, nothing is made up.
            #expect(events["tokens.output"] ?? 0 == Exact(first.delivered))
            let reserved = try await customer.reserved(in: database)
            #expect(reserved == .zero)
            try await expectReconciled(database)
        }
    }

    @Test(.timeLimit(.minutes(20)))
    func `a worker killed in mid-generation is replaced, and its stream ends with an error that can be tried again`()
        async throws
    {
        try await withDatabase { database in
            let customer = try await Customer.make(in: database)
            try await ServerProcess.run(["serve", "--database-url", database.url]) { server in
                try await server.untilReady()
                let asking = Task {
                    try await onOwnThread { try customer.chat(port: server.port, stream: true, maxTokens: 700) }
                }
                try await eventually("tokens are delivered") {
                    try await customer.jobs(in: database).contains { $0.delivered > 0 }
                }
                let engines = try Self.children(of: server.pid)
                #expect(!engines.isEmpty)
                for engine in engines { _ = Glibc.kill(engine, SIGKILL) }
                let answer = try await asking.value
                let text = String(decoding: answer.body, as: UTF8.self)
                #expect(text.contains("\"error\""))
                #expect(!text.contains("[DONE]"))
                let again = try await onOwnThread { try customer.chat(port: server.port, stream: false, maxTokens: 8) }
                #expect(again.status == 200)
            }
            let jobs = try await customer.jobs(in: database)
            #expect(jobs.map(\.isFinal) == [true, true])
            let reserved = try await customer.reserved(in: database)
            #expect(reserved == .zero)
            try await expectReconciled(database)
        }
    }

    /// Processes whose parent is the given one.
    private static func children(of parent: pid_t) throws -> [pid_t] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { name in
            guard let pid = pid_t(name), let stat = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else {
                return nil
            }
            // The program's name, in parentheses, may hold anything; the parent is the second word after it.
            let words = String(decoding: stat, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
            return words.count > 1 && pid_t(words[1]) == parent ? pid : nil
        }
    }
}

/// Waits until something holds, for two minutes at most.
func eventually(_ what: String, _ holds: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now.advanced(by: .seconds(120))
    while ContinuousClock.now < deadline {
        if try await holds() { return }
        try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("not within two minutes: \(what)")
}

/// Nothing in the whole database may differ.
func expectReconciled(_ database: Database) async throws {
    let differences = try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
        try await Reconciliation.differences(tenant: nil, in: transaction)
    }
    #expect(differences.isEmpty)
}

/// A tenant with a plan that allows inference, and its key.
struct Customer: Sendable {
    struct JobRow: Sendable {
        let id: JobID
        let isFinal: Bool
        let prompt: Int
        let delivered: Int
    }

    let tenant: TenantID
    let secret: String

    /// Makes one whose history begins before now, since the server reads the real clock.
    static func make(in database: Database) async throws -> Customer {
        let stamp = Stamp(now: testNow, author: .command)
        try await ModelOperations.register(folder: ServerProcess.models, in: database, by: stamp)
        let tenant = try await database.transaction(as: .admin) { transaction in
            let plan: JSONValue = [
                "code": "metered", "currency": "USD", "interval": ["unit": "year"],
                "prices": [
                    ["code": "in", "model": "per_unit", "meter": "tokens.input", "unit_amount": "0.000002"],
                    ["code": "out", "model": "per_unit", "meter": "tokens.output", "unit_amount": "0.00001"],
                ],
                "features": ["inference": ["models": ["*"]]],
            ]
            try await PlanOperations.publish(try PlanDraft(json: plan), by: stamp, in: transaction)
            return try await TenantOperations.create(
                try TenantDraft(name: "Crash", currency: .usd),
                by: stamp,
                in: transaction
            )
        }
        return try await database.transaction(as: .tenant(tenant.id)) { transaction in
            _ = try await SubscriptionOperations.create(
                SubscriptionDraft(plan: "metered"),
                for: tenant.id,
                by: stamp,
                in: transaction
            )
            let key = try await KeyOperations.create(
                try KeyDraft(name: "test"),
                for: tenant.id,
                by: stamp,
                in: transaction
            )
            return Customer(tenant: tenant.id, secret: key.secret)
        }
    }

    /// Asks for a long text, so that there is time to do harm.
    func chat(port: Int, stream: Bool, maxTokens: Int) throws -> LoopbackClient.Answer {
        try LoopbackClient(port: port, key: secret).call(
            "POST",
            "/v1/chat/completions",
            [
                "model": "auto", "stream": .bool(stream), "max_tokens": .int(maxTokens), "temperature": 1, "seed": 7,
                "messages": [["role": "user", "content": "Write a very long story about a lighthouse keeper."]],
            ]
        )
    }

    func jobs(in database: Database) async throws -> [JobRow] {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await transaction.query(
                """
                SELECT id, finished_at IS NOT NULL, prompt_tokens, delivered_tokens FROM app.inference_jobs
                WHERE tenant_id = \(tenant) ORDER BY id
                """
            ) { row in
                JobRow(
                    id: try row.next(),
                    isFinal: try row.next(),
                    prompt: try row.next(),
                    delivered: try row.next()
                )
            }
        }
    }

    func reserved(in database: Database) async throws -> Exact {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            let reserved: Decimal12? = try await transaction.first(
                "SELECT reserved FROM app.inference_budgets WHERE tenant_id = \(tenant)"
            ) { try $0.next() }
            return reserved?.exact ?? .zero
        }
    }

    /// What was metered for a job, by meter.
    func events(of job: JobID, in database: Database) async throws -> [String: Exact] {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            let rows = try await transaction.query(
                """
                SELECT meter, value FROM app.usage_events
                WHERE tenant_id = \(tenant) AND event_id LIKE \(job.text + "%")
                """
            ) { (meter: try $0.next() as String, value: try $0.next() as Decimal12) }
            return Dictionary(rows.map { ($0.meter, $0.value.exact) }) { $0 + $1 }
        }
    }
}
