import Plans
import Postgres
import TestSupport
import Testing
import Values

@Suite struct PlanCurrencyTests {
    private static func publish(
        _ currency: String,
        _ amount: String,
        visible: Bool = true,
        after seconds: Int64,
        in database: Database
    ) async throws -> PlanVersion {
        try await PlanFixture.publish(
            PlanFixture.json(base: amount, ["currency": .string(currency), "visible": .bool(visible)]),
            by: PlanFixture.stamp(after: seconds),
            in: database
        )
    }

    @Test func `a code in another currency is a version beside the others, and each currency has its latest`()
        async throws
    {
        try await withDatabase { database in
            let dollars = try await Self.publish("USD", "20", after: 0, in: database)
            let euros = try await Self.publish("EUR", "18", after: 1, in: database)
            let dearer = try await Self.publish("USD", "22", after: 2, in: database)
            #expect([dollars.version, euros.version, dearer.version] == [1, 2, 3])
            // What is current in its currency again adds nothing, though it is not the newest of all.
            #expect(try await Self.publish("EUR", "18", after: 3, in: database) == euros)
            try await database.transaction(as: .finance) { transaction in
                let offer = try #require(try await PlanQueries.offer("pro", in: transaction))
                #expect(offer.versions == [dearer, euros])
                #expect(offer.main == dearer)
                #expect(offer.version(in: .eur) == euros)
                #expect(offer.json["currencies"] == ["USD", "EUR"])
                #expect(offer.json["versions"]?[1]?["version"] == 2)
                #expect(try await PlanQueries.latest("pro", currency: .eur, in: transaction) == euros)
                let pounds = try #require(Currency(code: "GBP"))
                #expect(try await PlanQueries.latest("pro", currency: pounds, in: transaction) == nil)
                #expect(try await PlanQueries.latest("pro", in: transaction) == dearer)
                #expect(try await PlanQueries.version(1, of: "pro", in: transaction) == dollars)
                #expect(try await PlanQueries.version(4, of: "pro", in: transaction) == nil)
            }
        }
    }

    @Test func `a list has a plan once, with what is seen of it in the currency asked for`() async throws {
        try await withDatabase { database in
            let dollars = try await Self.publish("USD", "20", after: 0, in: database)
            let euros = try await Self.publish("EUR", "18", visible: false, after: 1, in: database)
            try await PlanFixture.publish(
                PlanFixture.json("other"),
                by: PlanFixture.stamp(after: 2),
                in: database
            )
            try await database.transaction(as: .finance) { transaction in
                let all = try await PlanQueries.list(onlyVisible: false, limit: 1, in: transaction)
                #expect(all.map(\.versions) == [[dollars, euros]])
                let next = try await PlanQueries.list(
                    onlyVisible: false,
                    limit: 9,
                    after: all.first?.planID,
                    in: transaction
                )
                #expect(next.map(\.code) == ["other"])
                let seen = try await PlanQueries.list(onlyVisible: true, limit: 9, in: transaction)
                #expect(seen.first?.versions == [dollars])
                let inEuros = try await PlanQueries.list(currency: .eur, onlyVisible: false, limit: 9, in: transaction)
                #expect(inEuros.map(\.versions) == [[euros]])
                #expect(all.first?.shown(in: .eur, onlyVisible: true) == nil)
            }
        }
    }
}
