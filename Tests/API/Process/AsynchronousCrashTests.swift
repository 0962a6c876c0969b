import API
import Inference
import Postgres
import TestSupport
import Testing
import Values

/// Jobs that nobody waits for when a server of two dies, with the real program and the real model.
@Suite(.serialized) struct AsynchronousCrashTests {
    @Test(.timeLimit(.minutes(20)))
    func `what a dead server ran is run by the other, every job ends once and is billed once`() async throws {
        try await withDatabase { database in
            let customer = try await Customer.make(in: database)
            try await ServerProcess.run(["serve", "--database-url", database.url]) { first in
                try await first.untilReady()
                try await ServerProcess.run(["serve", "--database-url", database.url]) { second in
                    try await second.untilReady()
                    for number in 0..<6 {
                        let status = try await onOwnThread {
                            try Self.submit(to: first.port, customer, seed: number)
                        }
                        #expect(status == 202)
                    }
                    try await eventually("the first server runs some of them") {
                        try await customer.jobs(in: database).contains { $0.delivered > 0 }
                    }
                    first.crash()
                    try await eventually("all have ended") {
                        try await customer.jobs(in: database).allSatisfy(\.isFinal)
                    }
                }
            }
            let ends = try await database.transaction(as: .tenant(customer.tenant)) { transaction in
                try await InferenceJobQueries.list(of: customer.tenant, limit: 20, in: transaction)
            }
            #expect(ends.count == 6 && ends.allSatisfy { $0.status == .succeeded }, "\(ends.map(\.status))")
            for job in ends {
                let events = try await customer.events(of: job.id, in: database)
                #expect(events["requests"] == 1)
                #expect(events["tokens.output"] == job.usage.map { Exact($0.completionTokens) })
                #expect(job.output?["text"]?.string?.isEmpty == false)
            }
            #expect(try await customer.reserved(in: database) == .zero)
            try await expectReconciled(database)
        }
    }

    private static func submit(to port: Int, _ customer: Customer, seed: Int) throws -> Int {
        try LoopbackClient(port: port, key: customer.secret).call(
            "POST",
            "/v1/jobs",
            [
                "task": "generate", "model": "auto",
                "input": [
                    "prompt": "Once upon a time in a lighthouse", "max_tokens": 120, "temperature": 1,
                    "seed": .int(seed),
                ],
            ]
        ).status
    }
}
