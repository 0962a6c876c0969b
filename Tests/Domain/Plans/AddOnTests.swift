import Jobs
import Plans
import Postgres
import TestSupport
import Testing
import Values

@Suite struct AddOnTests {
    private static func json(_ more: JSONObject = [:]) -> JSONValue {
        var object: JSONObject = [
            "code": "storage", "currency": "USD", "interval": ["unit": "month"],
            "prices": [["model": "flat", "amount": "5.00"]],
        ]
        for (key, value) in more { object[key] = value }
        return .object(object)
    }

    private static func publish(
        _ json: JSONValue,
        after seconds: Int64 = 0,
        in database: Database
    ) async throws -> AddOnVersion {
        try await database.transaction(as: .admin) { transaction in
            try await AddOnOperations.publish(
                AddOnDraft(json: json),
                by: PlanFixture.stamp(after: seconds),
                in: transaction
            )
        }
    }

    @Test func `a flat amount is for each unit, and prices are named after the add-on`() throws {
        let one = try AddOnDraft(json: Self.json()).terms.prices
        #expect(one.map(\.code) == ["addon:storage"])
        #expect(one.map(\.quantity) == ["addon:storage"])
        #expect(try Rating.rate(try #require(one.first), .quantity(3)).exact == 15)
        let two = try AddOnDraft(
            json: Self.json([
                "prices": [
                    ["code": "set", "model": "package", "package_size": "10", "amount": "1"],
                    ["code": "each", "model": "volume", "tiers": [["up_to": nil, "unit_amount": "2"]]],
                ]
            ])
        ).terms.prices
        #expect(two.map(\.code) == ["addon:storage:set", "addon:storage:each"])
        for price in one + two { #expect(try Rating.rate(price, .quantity(0)).exact == .zero) }
    }

    @Test(arguments: [
        ("code", #"{"code": "a:b"}"#), ("currency", #"{"currency": "XXX"}"#), ("interval.unit", #"{"interval": {}}"#),
        ("prices", #"{"prices": []}"#),
        ("prices[0].meter", #"{"prices": [{"model": "flat", "amount": "1", "meter": "m"}]}"#),
        ("prices[0].quantity", #"{"prices": [{"model": "flat", "amount": "1", "quantity": "m"}]}"#),
        ("prices[0].minimum", #"{"prices": [{"model": "flat", "amount": "1", "minimum": "1"}]}"#),
        ("prices[0].amount", #"{"prices": [{"model": "flat", "amount": "x"}]}"#),
        ("prices[0].model", #"{"prices": [{"model": "dynamic"}]}"#),
        ("prices[1].code", #"{"prices": [{"code": "a", "model": "flat", "amount": "1"}, {"model": "flat"}]}"#),
        ("unknown", #"{"unknown": 1}"#),
    ])
    func `what is wrong is told with its field`(field: String, more: String) throws {
        let more = try #require(try JSONValue(parsing: more).object)
        let problem = #expect(throws: Problem.self) { try AddOnDraft(json: Self.json(more)) }
        #expect(problem?.errors.map(\.field) == [field])
    }

    @Test func `of each currency and interval the newest version is current`() async throws {
        try await withDatabase { database in
            let first = try await Self.publish(Self.json(), in: database)
            #expect(try await Self.publish(Self.json(), after: 1, in: database) == first)
            let yearly = try await Self.publish(Self.json(["interval": ["unit": "year"]]), after: 2, in: database)
            let euros = try await Self.publish(Self.json(["currency": "EUR"]), after: 3, in: database)
            let dearer = try await Self.publish(
                Self.json(["prices": [["model": "flat", "amount": "6"]], "visible": false]),
                after: 4,
                in: database
            )
            #expect([first, yearly, euros, dearer].map(\.version) == [1, 2, 3, 4])
            try await database.transaction(as: .tenant(.make(at: testNow))) { transaction in
                let current = try await AddOnQueries.current("storage", in: transaction)
                #expect(current == [yearly, euros, dearer])
                let seen = try await AddOnQueries.list(onlyVisible: true, limit: 9, in: transaction)
                #expect(seen == [yearly, euros])
                let inDollars = try await AddOnQueries.list(
                    currency: .usd,
                    onlyVisible: false,
                    limit: 9,
                    in: transaction
                )
                #expect(inDollars == [yearly, dearer])
            }
        }
    }

    @Test func `an archived one is kept, but not published again`() async throws {
        try await withDatabase { database in
            _ = try await Self.publish(Self.json(), in: database)
            let archived = try await database.transaction(as: .admin) { transaction in
                try await AddOnOperations.archive("storage", by: PlanFixture.stamp(after: 5), in: transaction)
            }
            #expect(archived.archivedAt == testNow.adding(seconds: 5))
            await #expect(throws: AddOnError.archived("storage")) {
                try await Self.publish(Self.json(["name": "Other"]), in: database)
            }
            await #expect(throws: AddOnError.notFound("none")) {
                try await database.transaction(as: .admin) { transaction in
                    try await AddOnOperations.archive("none", by: PlanFixture.stamp, in: transaction)
                }
            }
            try await database.transaction(as: .finance) { transaction in
                let list = try await AddOnQueries.list(onlyVisible: false, limit: 9, in: transaction)
                #expect(list.isEmpty)
            }
        }
    }
}
