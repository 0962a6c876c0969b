import Revenue
import Testing
import Values

/// What holds for every book, on books made at random.
@Suite struct MRRIdentityTests {
    /// A book of customers that come, change, go and come back, in two currencies, with amounts that need rounding.
    private static func book(seed: UInt64) throws -> [RecurringHistory] {
        var random = Sampler(seed: seed)
        let start = try RevenueFixture.instant("2024-01-01")
        var book: [RecurringHistory] = []
        var number = 1
        for tenant in 1...Int.random(in: 1...12, using: &random) {
            for _ in 1...Int.random(in: 1...3, using: &random) {
                let currency = Int.random(in: 0..<4, using: &random) == 0 ? Currency.eur : .usd
                var at = start
                let levels = (0..<Int.random(in: 1...6, using: &random)).map { place in
                    at = at.adding(seconds: Int64.random(in: 0...(100 * 86_400), using: &random))
                    let isEnd = Int.random(in: 0..<3, using: &random) == 0
                    return RecurringLevel(
                        at: at,
                        currency: currency,
                        monthly: isEnd ? .zero : Exact(Int.random(in: 1...9_999, using: &random), 12),
                        change: RevenueFixture.id(number * 100 + place)
                    )
                }
                book.append(
                    RecurringHistory(
                        tenant: RevenueFixture.id(tenant),
                        subscription: RevenueFixture.id(number),
                        levels: levels
                    )
                )
                number += 1
            }
        }
        return book
    }

    @Test(arguments: UInt64(1)...60)
    func `opening and movements make the closing, which the next month opens with`(seed: UInt64) throws {
        let report = try MRRReport(
            of: Self.book(seed: seed),
            months: RevenueFixture.months("2024-02", "2026-03", asOf: "2026-02-14")
        )
        var before: [Currency: Money] = [:]
        for row in report.rows {
            let moved = MRRCell.movements.reduce(row[.opening].minor) { $0 + row[$1].minor }
            #expect(moved == row[.closing].minor)
            if let before = before[row.currency] { #expect(before == row[.opening]) }
            before[row.currency] = row[.closing]
            #expect((row.customers == 0) == row[.closing].isZero)
        }
        #expect(!report.rows.isEmpty)
    }

    @Test(arguments: UInt64(1)...20)
    func `what stands behind a cell adds up to it`(seed: UInt64) throws {
        let report = try MRRReport(
            of: Self.book(seed: seed),
            months: RevenueFixture.months("2024-01", "2025-12")
        )
        for row in report.rows {
            for cell in MRRCell.allCases {
                let entries = report.entries(behind: cell, in: row.month).filter { $0.amount.currency == row.currency }
                #expect(entries.reduce(0) { $0 + $1.amount.minor } == row[cell].minor)
                #expect(entries.allSatisfy { !$0.subscriptions.isEmpty && !$0.changes.isEmpty })
            }
        }
    }

    @Test(arguments: UInt64(1)...20)
    func `where a report begins changes nothing in its months`(seed: UInt64) throws {
        let book = try Self.book(seed: seed)
        let whole = try MRRReport(of: book, months: RevenueFixture.months("2024-01", "2025-12"))
        let part = try MRRReport(of: book.reversed(), months: RevenueFixture.months("2024-09", "2024-12"))
        let months = Set(part.rows.map(\.month))
        let shared = whole.rows.filter { months.contains($0.month) }
        #expect(part.rows == shared.filter { row in part.rows.contains { $0.currency == row.currency } })
        #expect(part.movements == whole.movements.filter { months.contains($0.month) })
    }
}
