import Jobs
import Plans
import Postgres
import TestSupport
import Testing
import Values

@Suite struct PlanCatalogueTests {
    @Test func `a plan comes back as it was published`() async throws {
        try await withDatabase { database in
            let features: JSONValue = [
                "inference": ["models": ["small"], "concurrency": 2], "sso": true, "support": "mail",
                "output": ["meter": "tokens.output", "limit": "5000000", "hard": true],
            ]
            let published = try await PlanFixture.publish(
                PlanFixture.json("pro", ["name": "Pro", "features": features, "minimum_commitment": "5"]),
                in: database
            )
            #expect(published.version == 1)
            #expect(published.name == "Pro")
            #expect(published.isVisible)
            #expect(published.features.inference?.concurrency == 2)
            #expect(published.json["features"]?["output"]?["limit"] == "5000000")
            #expect(published.json["name"] == "Pro")
            #expect(published.document["name"] == nil)
            try await database.transaction(as: .tenant(.make(at: testNow))) { transaction in
                let latest = try await PlanQueries.latest("pro", in: transaction)
                #expect(latest == published)
                #expect(try await PlanQueries.version(published.id, in: transaction) == published)
                #expect(try await PlanQueries.versions([published.id], in: transaction) == [published])
                #expect(try await PlanQueries.latest("other", in: transaction) == nil)
            }
        }
    }

    @Test func `publishing again adds a version only if the content is another`() async throws {
        try await withDatabase { database in
            let first = try await PlanFixture.publish(PlanFixture.json(), in: database)
            // The same, whatever the order of fields.
            var turned = JSONObject()
            for (key, value) in (PlanFixture.json().object ?? [:]).reversed() { turned[key] = value }
            let later = PlanFixture.stamp(after: 60)
            let again = try await PlanFixture.publish(.object(turned), by: later, in: database)
            #expect(again == first)
            let second = try await PlanFixture.publish(PlanFixture.json(base: "25.00"), by: later, in: database)
            let third = try await PlanFixture.publish(
                PlanFixture.json(base: "25.00", ["visible": false]),
                by: PlanFixture.stamp(after: 90),
                in: database
            )
            #expect([second.version, third.version] == [2, 3])
            #expect(second.planID == first.planID)
            #expect(second.publishedAt == later.at)
            try await database.transaction(as: .finance) { transaction in
                let history = try await PlanQueries.history("pro", in: transaction)
                #expect(history == [third, second, first])
                let verbs = try await Activity.list(tenant: nil, object: first.planID.text, limit: 9, in: transaction)
                #expect(verbs.map(\.verb) == Array(repeating: "plan.published", count: 3))
                #expect(verbs.last?.details["version_id"] == .string(first.id.text))
            }
        }
    }

    @Test func `an archived plan is kept, but neither published nor listed`() async throws {
        try await withDatabase { database in
            try await PlanFixture.publish(PlanFixture.json("old"), in: database)
            let hidden = try await PlanFixture.publish(
                PlanFixture.json("hidden", ["visible": false]),
                by: PlanFixture.stamp(after: 1),
                in: database
            )
            let shown = try await PlanFixture.publish(
                PlanFixture.json("shown"),
                by: PlanFixture.stamp(after: 2),
                in: database
            )
            func archive(_ code: String, after seconds: Int64) async throws -> PlanVersion {
                try await database.transaction(as: .admin) { transaction in
                    try await PlanOperations.archive(code, by: PlanFixture.stamp(after: seconds), in: transaction)
                }
            }
            let archived = try await archive("old", after: 5)
            #expect(archived.archivedAt == testNow.adding(seconds: 5))
            #expect(try await archive("old", after: 9) == archived)
            await #expect(throws: PlanError.notFound("none")) { try await archive("none", after: 0) }
            await #expect(throws: PlanError.archived("old")) {
                try await PlanFixture.publish(PlanFixture.json("old", base: "1"), in: database)
            }
            try await database.transaction(as: .admin) { transaction in
                let all = try await PlanQueries.list(
                    onlyVisible: false,
                    includingArchived: true,
                    limit: 9,
                    in: transaction
                )
                #expect(all.map(\.code) == ["old", "hidden", "shown"])
                let rest = try await PlanQueries.list(
                    onlyVisible: false,
                    includingArchived: true,
                    limit: 1,
                    after: all.first?.planID,
                    in: transaction
                )
                #expect(rest.map(\.main) == [hidden])
                let open = try await PlanQueries.list(onlyVisible: false, limit: 9, in: transaction)
                #expect(open.map(\.main) == [hidden, shown])
                let visible = try await PlanQueries.list(onlyVisible: true, limit: 9, in: transaction)
                #expect(visible.map(\.main) == [shown])
            }
        }
    }

    @Test func `a meter that is not there is refused by its field, and nothing is written`() async throws {
        try await withDatabase { database in
            let prices: JSONValue = [
                ["code": "a", "model": "flat", "amount": "1", "meter": "requests"],
                ["code": "b", "model": "flat", "amount": "1", "meter": "nonsense"],
            ]
            let allowance: JSONValue = ["x": ["meter": "nothing", "limit": "1"]]
            for (more, field) in [
                (["prices": prices] as JSONObject, "prices[1].meter"), (["features": allowance], "features.x.meter"),
            ] {
                await #expect(throws: RateErrorTests.at(field)) {
                    do {
                        try await PlanFixture.publish(PlanFixture.json("pro", more), in: database)
                    } catch let problem as Problem {
                        throw RateErrorTests.at(problem.errors.first?.field ?? "")
                    }
                }
            }
            try await database.transaction(as: .admin) { transaction in
                let latest = try await PlanQueries.latest("pro", in: transaction)
                #expect(latest == nil)
            }
        }
    }

    @Test func `plans published at once get one version each`() async throws {
        try await withDatabase(connections: 6) { database in
            let versions = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 1...8 {
                    group.addTask {
                        try await PlanFixture.publish(PlanFixture.json(base: "\(number)"), in: database).version
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(versions.sorted() == Array(1...8))
        }
    }

    @Test func `only staff publishes, and nobody changes a version`() async throws {
        try await withDatabase { database in
            let version = try await PlanFixture.publish(PlanFixture.json(), in: database)
            let draft = try PlanDraft(json: PlanFixture.json(base: "1"))
            for scope in [Scope.tenant(.make(at: testNow)), .finance, .ingest, .system] {
                await #expect(throws: PostgresError.self) {
                    try await database.transaction(as: scope) { transaction in
                        _ = try await PlanOperations.publish(draft, by: PlanFixture.stamp, in: transaction)
                    }
                }
            }
            await #expect(throws: PostgresError.self) {
                try await database.transaction(as: .admin) { transaction in
                    try await transaction.execute(
                        "UPDATE app.plan_versions SET name = 'other' WHERE id = \(version.id)"
                    )
                }
            }
        }
    }
}
