import Plans
import Postgres
import TestSupport
import Testing
import Values

@Suite struct PlanDraftTests {
    private static func save(_ json: JSONValue, in database: Database) async throws -> StoredPlanDraft {
        try await database.transaction(as: .admin) { transaction in
            try await PlanDraftOperations.save(json, by: PlanFixture.stamp, in: transaction)
        }
    }

    private static func publish(_ code: String, in database: Database) async throws -> PlanVersion {
        try await database.transaction(as: .admin) { transaction in
            try await PlanDraftOperations.publish(code, by: PlanFixture.stamp, in: transaction)
        }
    }

    @Test func `a draft is kept with its errors, replaced, published, and then no more`() async throws {
        try await withDatabase { database in
            let wrong = try await Self.save(
                PlanFixture.json(base: "-1", ["proration": "hour", "features": ["sso": []]]),
                in: database
            )
            #expect(wrong.errors.map(\.field) == ["prices[0].amount", "features.sso", "proration"])
            let problem = await #expect(throws: Problem.self) { try await Self.publish("pro", in: database) }
            #expect(problem?.errors == wrong.errors)
            let right = try await Self.save(PlanFixture.json(), in: database)
            #expect(right.errors.isEmpty)
            try await database.transaction(as: .admin) { transaction in
                let drafts = try await PlanDraftQueries.list(limit: 9, in: transaction)
                #expect(drafts == [right])
                let offer = try await PlanQueries.offer("pro", in: transaction)
                #expect(offer == nil)
            }
            let version = try await Self.publish("pro", in: database)
            #expect(version.version == 1)
            let published = try PlanDraft(json: PlanFixture.json())
            #expect(version.document == published.document)
            await #expect(throws: PlanError.draftNotFound("pro")) { try await Self.publish("pro", in: database) }
            try await database.transaction(as: .admin) { transaction in
                let drafts = try await PlanDraftQueries.list(limit: 9, in: transaction)
                #expect(drafts.isEmpty)
            }
        }
    }

    @Test func `a meter that is not there is an error of the draft, and a draft can be given up`() async throws {
        try await withDatabase { database in
            let prices: JSONValue = [
                ["code": "a", "model": "flat", "amount": "1", "meter": "nonsense"],
                ["code": "b", "model": "flat", "amount": "1", "meter": "nothing"],
            ]
            let saved = try await Self.save(PlanFixture.json("pro", ["prices": prices]), in: database)
            #expect(saved.errors.map(\.field) == ["prices[0].meter", "prices[1].meter"])
            try await database.transaction(as: .admin) { transaction in
                let shown = try await PlanDraftOperations.show("pro", in: transaction)
                #expect(shown == saved)
                try await PlanDraftOperations.drop("pro", by: PlanFixture.stamp, in: transaction)
            }
            await #expect(throws: PlanError.draftNotFound("pro")) {
                try await database.transaction(as: .admin) { transaction in
                    try await PlanDraftOperations.drop("pro", by: PlanFixture.stamp, in: transaction)
                }
            }
        }
    }

    @Test(arguments: [
        (#"{"code": "pro"}"#, ["prices", "currency", "interval"]),
        (
            #"{"code": "pro", "currency": "usd", "interval": {"unit": "moon"}, "prices": []}"#,
            ["currency", "interval.unit"]
        ),
        (
            #"""
            {"code": "pro", "currency": "USD", "interval": {"unit": "month"}, "prices": [
                {"code": "a", "model": "flat"}, {"code": "b", "model": "per_unit", "unit_amount": "x"},
                {"code": "c", "model": "graduated", "tiers": [{"up_to": "1", "unit_amount": "1"}]}]}
            """#, ["prices[0].amount", "prices[1].unit_amount", "prices[2].tiers[0].up_to"]
        ),
        (
            #"""
            {"code": "pro", "currency": "USD", "interval": {"unit": "month"}, "trial_days": -1, "mystery": 1,
             "prices": [{"code": "addon:x", "model": "flat", "amount": "1"}]}
            """#, ["prices[0].code", "trial_days", "mystery"]
        ),
        (
            #"""
            {"code": "pro", "currency": "USD", "interval": {"unit": "month"},
             "prices": [{"code": "x", "model": "per_unit", "unit_amount": "1", "quantity": "addon:y"}]}
            """#, ["prices[0].quantity"]
        ),
    ])
    func `every error is told with its field`(text: String, fields: [String]) throws {
        let json = try JSONValue(parsing: text)
        #expect(PlanDraft.errors(in: json).map(\.field) == fields)
    }

    @Test func `only the code must be right to keep a draft`() async throws {
        try await withDatabase { database in
            for (text, field) in [(#"{"name": "x"}"#, "code"), (#"{"code": "?"}"#, "code"), ("[]", "input")] {
                let problem = await #expect(throws: Problem.self) {
                    try await Self.save(JSONValue(parsing: text), in: database)
                }
                #expect(problem?.errors.map(\.field) == [field])
            }
        }
    }
}
