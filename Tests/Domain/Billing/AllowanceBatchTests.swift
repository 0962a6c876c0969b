import Billing
import Metering
import Postgres
import TestSupport
import Testing
import Values

/// The allowances of many that are renewed at once.
@Suite struct AllowanceBatchTests {
    private static let plan: JSONValue = [
        "code": "allowed", "currency": "USD", "interval": ["unit": "month"],
        "prices": [["code": "base", "model": "flat", "amount": "20.00"]],
        "features": ["chat": ["meter": "tokens", "limit": "1000", "hard": true]],
    ]

    @Test func `a renewal of many writes their allowances by one statement, each its own`() async throws {
        try await withDatabase { database in
            var books: [BillingFixture] = []
            for name in ["Acme", "Globex", "Initech"] {
                books.append(try await BillingFixture(database, name: name, plan: Self.plan, quantities: [:]))
            }
            for book in books { try await book.run(until: BillingFixture.start) }
            let until = BillingFixture.day(2026, 2, 5)
            _ = try await books[0].run(until: until)
            // The next period's allowance is there as soon as a period has begun.
            let next = BillingFixture.day(2026, 3, 5)
            let written: [(String, String)] = try await database.transaction(as: .finance) { transaction in
                try await transaction.query(
                    "SELECT source, xmin::text || ' ' || cmin::text FROM app.quotas WHERE window_start = \(next)"
                ) { row in (try row.next(), try row.next()) }
            }
            #expect(Set(written.map(\.0)) == Set(books.map(\.subscription.text)) && written.count == 3)
            #expect(Set(written.map(\.1)).count == 1, "rows of one statement have its number: \(written)")
            for book in books {
                let balances = try await database.transaction(as: .tenant(book.tenant)) { transaction in
                    try await QuotaQueries.balances(of: book.tenant, at: until, in: transaction)
                }
                #expect(balances.map(\.feature) == ["chat"] && balances.first?.remaining == 1_000)
                #expect(balances.first?.window.start == until && balances.first?.window.end == next)
            }
            let acts: Int? = try await database.transaction(as: .finance) { transaction in
                try await transaction.first(
                    """
                    SELECT count(*) FROM app.activity WHERE verb = 'quota.replaced' AND at >= \(until)
                      AND object = ANY (\(books.map(\.subscription.text))::text[])
                    """
                ) { row in try row.next() }
            }
            #expect(acts == 3)
        }
    }
}
