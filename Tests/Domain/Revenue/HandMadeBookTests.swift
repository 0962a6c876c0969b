import Billing
import Postgres
import Revenue
import TestSupport
import Testing
import Values

/// A book small enough to be done by hand: two customers, a partner, a refund, a cost.
///
/// A pays 12,000.00 for the year from 5 January 2026 (365 days), B 2,000.00 for the month from 5 January (31 days).
/// Partner north brought both: 20 % up to 10,000, 25 % above, for ever. B gets all of it back on 10 February. People
/// cost 300.00 for the 30 days from 15 January.
@Suite struct HandMadeBookTests {
    private static let asOf = BillingFixture.day(2026, 3, 1)

    private static func plan(_ code: String, _ amount: String, _ unit: String) -> JSONValue {
        [
            "code": .string(code), "currency": "USD", "interval": ["unit": .string(unit)],
            "prices": [["code": "base", "model": "flat", "amount": .string(amount)]],
        ]
    }

    private static func make(_ database: Database) async throws {
        let books = [
            try await BillingFixture(database, name: "A", plan: plan("year", "12000.00", "year"), quantities: [:]),
            try await BillingFixture(database, name: "B", plan: plan("month", "2000.00", "month"), quantities: [:]),
        ]
        let start = BillingFixture.stamp(BillingFixture.start)
        try await database.transaction(as: .admin) { transaction in
            let share = try PartnerShare(tiers: [
                PartnerShare.Tier(upTo: 10_000, rate: Exact(1, 5)), PartnerShare.Tier(upTo: nil, rate: Exact(1, 4)),
            ])
            _ = try await PartnerOperations.create(
                PartnerDraft(code: "north", share: share, tiersPer: .ever),
                by: start,
                in: transaction
            )
            for book in books {
                try await PartnerOperations.attribute(book.tenant, to: "north", from: nil, by: start, in: transaction)
            }
            _ = try await CostOperations.add(
                CostDraft(
                    category: .people,
                    amount: PaymentFixture.dollars("300.00"),
                    first: #require(CalendarDate("2026-01-15")),
                    last: #require(CalendarDate("2026-02-13"))
                ),
                by: start,
                in: transaction
            )
        }
        var payments: [PaymentID] = []
        for (book, day) in zip(books, [6, 7]) {
            try await book.run(until: BillingFixture.start, recordedAt: BillingFixture.start)
            let invoice = try #require(try await book.invoices().first)
            let draft = try PaymentDraft(
                amount: invoice.total,
                reference: "bank \(day)",
                invoices: [invoice.id],
                fee: nil,
                writesOffRest: false
            )
            try await database.transaction(as: .tenant(book.tenant)) { transaction in
                let stamp = BillingFixture.stamp(BillingFixture.day(2026, 1, day))
                let payment = try await PaymentOperations.record(draft, of: book.tenant, by: stamp, in: transaction)
                payments.append(payment.id)
            }
        }
        try await database.transaction(as: .tenant(books[1].tenant)) { transaction in
            _ = try await PaymentOperations.refund(
                payments[1],
                amount: PaymentFixture.dollars("2000.00"),
                reason: "not what they wanted",
                key: nil,
                of: books[1].tenant,
                by: BillingFixture.stamp(BillingFixture.day(2026, 2, 10)),
                in: transaction
            )
        }
        try await PartnerAccrualRun.run(
            database: database,
            by: BillingFixture.stamp(BillingFixture.day(2026, 2, 20))
        )
    }

    /// The figures of a month, of all rows together.
    private static func figures(
        _ name: ReportName,
        _ month: String,
        _ columns: [String],
        in database: Database
    ) async throws -> [String] {
        let request = ReportRequest(
            name,
            from: try RevenueFixture.month("2026-01"),
            to: try RevenueFixture.month("2026-02"),
            asOf: asOf
        )
        let page = try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
            try await RevenueReports.page(request, in: transaction)
        }
        let rows = (page.json[name == .margin ? "totals" : "rows"]?.array ?? []).filter { $0["month"]?.string == month }
        return columns.map { column in
            rows.reduce(Exact.zero) { $0 + (Exact(decimal: $1[column]?.string ?? "0") ?? .zero) }
                .decimalText(digits: 2)
        }
    }

    @Test func `every figure is what it is by hand, to the cent`() async throws {
        try await withDatabase { database in
            try await Self.make(database)
            func check(_ name: ReportName, _ month: String, _ expected: [(String, String)]) async throws {
                let found = try await Self.figures(name, month, expected.map(\.0), in: database)
                #expect(found == expected.map(\.1), "\(name) of \(month)")
            }
            // 12,000 ÷ 12 + 2,000.
            try await check(.mrr, "2026-01", [("new", "3000.00"), ("closing", "3000.00")])
            try await check(.arr, "2026-01", [("arr", "36000.00")])
            // 27 of 365 days: 887.671…; 27 of 31 days: 1,741.935…
            try await check(.recognized, "2026-01", [("total", "2629.61")])
            // 14,000.00 − 2,629.61.
            try await check(.deferred, "2026-01", [("billed", "14000.00"), ("closing", "11370.39")])
            // After 55 days 1,808.22 of A, less 887.67; and the last 4 days of B, 258.06. The refund is taken off whole
            // in its own month.
            try await check(.recognized, "2026-02", [("total", "1178.61"), ("net", "-821.39")])
            try await check(.deferred, "2026-02", [("recognized", "1178.61"), ("closing", "10191.78")])
            // 20 % of 10,000 and 25 % of 4,000; what goes back was at 25 %.
            try await check(.partners, "2026-01", [("receipts", "14000.00"), ("shares", "3000.00")])
            try await check(
                .partners,
                "2026-02",
                [("receipts", "-2000.00"), ("taken_back", "500.00"), ("owed", "-500.00")]
            )
            try await check(.cash, "2026-02", [("net", "-2000.00")])
            // 2,629.61 − 3,000.00; 17 of 30 days of 300.00.
            try await check(
                .margin,
                "2026-01",
                [("gross_margin", "-370.39"), ("people", "170.00"), ("profit", "-540.39")]
            )
            let differences = try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
                try await PartnerReconciliationQueries.differences(in: transaction)
            }
            #expect(differences.map(\.json.text) == [])
        }
    }
}
