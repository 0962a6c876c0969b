import Testing
import Values

@testable import Revenue

/// Movements told apart by plan, partner and customer, and brought to one currency: by hand, and on books at random.
@Suite struct MRRGroupTests {
    private typealias Fixture = RevenueFixture

    private static func level(_ at: String, _ plan: String, _ monthly: Exact) throws -> RecurringLevel {
        RecurringLevel(at: try Fixture.instant(at), currency: .usd, monthly: monthly, change: Fixture.id(1), plan: plan)
    }

    private static func history(_ number: Int, _ subscription: Int, _ levels: [RecurringLevel]) -> RecurringHistory {
        RecurringHistory(tenant: Fixture.id(number), subscription: Fixture.id(subscription), levels: levels)
    }

    private static func texts(_ report: MRRReport, _ month: String) -> [String] {
        report.rows.filter { $0.month.text == month }.map { row in
            ([row.group ?? ""] + report.terms.by.cells.map { row[$0].text } + ["\(row.customers)"])
                .joined(separator: " ")
        }
    }

    private static func book() throws -> [RecurringHistory] {
        [
            // From basic to pro: it grew by 50, and 100 went with it.
            history(1, 1, [try level("2025-01-10", "basic", 100), try level("2025-02-10", "pro", 150)]),
            // Two subscriptions, one of each plan: basic leaves, pro grows by more.
            history(2, 2, [try level("2025-01-10", "basic", 40), try level("2025-02-10", "basic", 0)]),
            history(2, 3, [try level("2025-01-10", "pro", 60), try level("2025-02-10", "pro", 130)]),
            // The same amount in another plan moves nothing but that.
            history(3, 4, [try level("2025-01-10", "pro", 70), try level("2025-02-10", "basic", 70)]),
            history(4, 5, [try level("2025-01-10", "basic", 30), try level("2025-02-20", "basic", 0)]),
            history(5, 6, [try level("2025-02-01", "pro", 20)]),
        ]
    }

    @Test func `what passes from plan to plan is a transfer, and the rest is who grew or shrank`() throws {
        let months = try Fixture.months("2025-01", "2025-02")
        let plans = try MRRReport(of: Self.book(), months: months, terms: MRRTerms(by: .plan))
        // opening, new, expansion, contraction, churn, reactivation, transfer, exchange, closing, customers
        #expect(
            Self.texts(plans, "2025-02") == [
                "basic 170.00 0.00 0.00 0.00 -30.00 0.00 -70.00 0.00 70.00 1",
                "pro 130.00 20.00 80.00 0.00 0.00 0.00 70.00 0.00 300.00 3",
            ]
        )
        let all = try MRRReport(of: Self.book(), months: months)
        #expect(Self.texts(all, "2025-02") == [" 300.00 20.00 80.00 0.00 -30.00 0.00 0.00 370.00 4"])
        let behind = plans.entries(behind: .transfer, in: try Fixture.month("2025-02"), group: "basic")
        #expect(behind.map(\.amount.text) == ["-100.00", "-40.00", "70.00"])
        #expect(behind.map(\.tenant) == [Fixture.id(1), Fixture.id(2), Fixture.id(3)])
    }

    @Test func `a customer that moves to another partner is transferred, with what it grew by`() throws {
        let partners: [Partner] = try [("north", 1), ("south", 2)].map { code, number in
            Partner(
                id: Fixture.id(number),
                code: code,
                name: code,
                role: .principal,
                share: try PartnerShare(rate: Exact(1, 5)),
                tiersPer: .month,
                termMonths: number == 1 ? nil : 1,
                createdAt: try Fixture.instant("2025-01-01")
            )
        }
        let attributions = [
            PartnerAttribution(
                partner: Fixture.id(1),
                from: try Fixture.instant("2025-01-01"),
                recordedAt: try Fixture.instant("2025-01-01")
            ),
            PartnerAttribution(
                partner: Fixture.id(2),
                from: try Fixture.instant("2025-02-15"),
                recordedAt: try Fixture.instant("2025-02-15")
            ),
        ]
        let terms = MRRTerms(
            by: .partner,
            partners: PartnerBook(
                partners: Dictionary(uniqueKeysWithValues: partners.map { ($0.id, $0) }),
                attributions: [Fixture.id(1): attributions]
            )
        )
        let report = try MRRReport(
            of: [
                Fixture.customer(1, [("2025-01-10", 100), ("2025-02-20", 130)]),
                Fixture.customer(2, [("2025-01-10", 10)]),
            ],
            months: Fixture.months("2025-02", "2025-03"),
            terms: terms
        )
        #expect(
            Self.texts(report, "2025-02") == [
                "- 10.00 0.00 0.00 0.00 0.00 0.00 0.00 0.00 10.00 1",
                "north 100.00 0.00 0.00 0.00 0.00 0.00 -100.00 0.00 0.00 0",
                "south 0.00 0.00 30.00 0.00 0.00 0.00 100.00 0.00 130.00 1",
            ]
        )
        // South's share ends after a month: the customer is nobody's.
        #expect(
            Self.texts(report, "2025-03") == [
                "- 10.00 0.00 0.00 0.00 0.00 0.00 130.00 0.00 140.00 2",
                "south 130.00 0.00 0.00 0.00 0.00 0.00 -130.00 0.00 0.00 0",
            ]
        )
    }

    private static func rates(_ list: [(String, Decimal12)], to currency: Currency = .usd) throws -> ExchangeTerms {
        ExchangeTerms(
            to: currency,
            try list.enumerated().map { place, entry in
                ExchangeRate(
                    id: Fixture.id(place),
                    from: .eur,
                    to: .usd,
                    rate: entry.1,
                    day: try #require(CalendarDate(entry.0)),
                    source: "",
                    recordedAt: try Fixture.instant("2025-01-01")
                )
            }
        )
    }

    @Test func `another rate of exchange is no movement`() throws {
        let exchange = try Self.rates([
            ("2025-01-01", #require(Decimal12("1.08"))), ("2025-02-15", #require(Decimal12("1.10"))),
        ])
        let report = try MRRReport(
            of: [
                Fixture.customer(1, currency: .eur, [("2025-01-10", 1000)]),
                Fixture.customer(2, [("2025-01-10", 500)]),
                Fixture.customer(3, currency: .eur, [("2025-01-10", 100), ("2025-02-20", 150)]),
                Fixture.customer(4, currency: .eur, [("2025-01-10", 10), ("2025-02-20", 0)]),
            ],
            months: Fixture.months("2025-01", "2025-02"),
            terms: MRRTerms(exchange: exchange)
        )
        // 1,080 and 108 and 10.80 and 500.
        #expect(Self.texts(report, "2025-01") == [" 0.00 1698.80 0.00 0.00 0.00 0.00 0.00 1698.80 4"])
        // 1,000 × 0.02 = 20; 100 × 0.02 = 2, and 50 more at 1.10; 10 × 0.02 = 0.20, and 11 are lost at 1.10.
        #expect(Self.texts(report, "2025-02") == [" 1698.80 0.00 55.00 0.00 -11.00 0.00 22.20 1765.00 3"])
        let moved = report.entries(behind: .exchange, in: try Fixture.month("2025-02"))
        #expect(moved.map(\.amount.text) == ["20.00", "2.00", "0.20"])
        #expect(moved.allSatisfy { !$0.subscriptions.isEmpty })
        #expect(report.json["rates"]?.array?.compactMap { $0["rate"]?.string } == ["1.08", "1.1"])
        let back = try MRRReport(
            of: [Fixture.customer(2, [("2025-01-10", 540)])],
            months: Fixture.months("2025-01", "2025-01"),
            terms: MRRTerms(exchange: Self.rates([("2025-01-01", #require(Decimal12("1.08")))], to: .eur))
        )
        #expect(back.rows.first?[.closing].text == "500.00")
    }

    @Test func `an amount without a rate is refused`() throws {
        let exchange = try Self.rates([("2025-02-01", #require(Decimal12("1.08")))])
        let error = #expect(throws: Problem.self) {
            try MRRReport(
                of: [Fixture.customer(1, currency: .eur, [("2025-01-10", 1000)])],
                months: Fixture.months("2025-01", "2025-02"),
                terms: MRRTerms(exchange: exchange)
            )
        }
        #expect(error?.code == "rate_missing")
        // Where nothing stands no rate is needed.
        let later = try MRRReport(
            of: [Fixture.customer(1, currency: .eur, [("2025-02-10", 1000)])],
            months: Fixture.months("2025-01", "2025-02"),
            terms: MRRTerms(exchange: exchange)
        )
        #expect(later.rows.map { $0[.closing].text } == ["0.00", "1080.00"])
    }

    /// Customers with several subscriptions, in two currencies and three plans, and three partners.
    private static func random(seed: UInt64) throws -> (book: [RecurringHistory], partners: PartnerBook) {
        var random = Sampler(seed: seed)
        let start = try Fixture.instant("2024-01-01")
        var book: [RecurringHistory] = []
        var attributions: [TenantID: [PartnerAttribution]] = [:]
        for tenant in 1...12 {
            let currency = Int.random(in: 0..<3, using: &random) == 0 ? Currency.eur : .usd
            for number in 1...Int.random(in: 1...3, using: &random) {
                var at = start
                let levels = (0..<Int.random(in: 1...7, using: &random)).map { place in
                    at = at.adding(seconds: Int64.random(in: 0...(60 * 86_400), using: &random))
                    let isEnd = Int.random(in: 0..<4, using: &random) == 0
                    return RecurringLevel(
                        at: at,
                        currency: currency,
                        monthly: isEnd ? .zero : Exact(Int.random(in: 1...9_999, using: &random), 12),
                        change: Fixture.id(number * 100 + place),
                        plan: ["a", "b", "c"][Int.random(in: 0..<3, using: &random)]
                    )
                }
                book.append(
                    RecurringHistory(
                        tenant: Fixture.id(tenant),
                        subscription: Fixture.id(tenant * 10 + number),
                        levels: levels
                    )
                )
            }
            attributions[Fixture.id(tenant)] = (0..<3).map { place in
                PartnerAttribution(
                    partner: Int.random(in: 0..<3, using: &random) == 0 ? nil : Fixture.id(1 + place % 2),
                    from: start.adding(seconds: Int64.random(in: 0...(400 * 86_400), using: &random)),
                    recordedAt: start.adding(seconds: Int64(place))
                )
            }
        }
        let partners = try (1...2).map { number in
            Partner(
                id: Fixture.id(number),
                code: "p\(number)",
                name: "p",
                role: .principal,
                share: try PartnerShare(rate: Exact(1, 5)),
                tiersPer: .month,
                termMonths: nil,
                createdAt: start
            )
        }
        return (
            book,
            PartnerBook(
                partners: Dictionary(uniqueKeysWithValues: partners.map { ($0.id, $0) }),
                attributions: attributions
            )
        )
    }

    @Test(arguments: UInt64(1)...8, MRRDimension.allCases)
    func `every group ties, and all groups come to the whole in every column`(
        seed: UInt64,
        dimension: MRRDimension
    ) throws {
        let (book, partners) = try Self.random(seed: seed)
        let months = try Fixture.months("2024-02", "2025-06", asOf: "2025-06-14")
        var random = Sampler(seed: seed)
        let daily = try (0..<30).map { place in
            let day = try #require(CalendarDate("2023-12-01")).adding(days: place * 20)
            return (day.text, try #require(Decimal12("1.\(Int.random(in: 1000...1999, using: &random))")))
        }
        for exchange in [nil, try Self.rates(daily)] {
            let whole = try MRRReport(of: book, months: months, terms: MRRTerms(exchange: exchange))
            let apart = try MRRReport(
                of: book,
                months: months,
                terms: MRRTerms(by: dimension, partners: partners, exchange: exchange)
            )
            for row in apart.rows {
                let moved = MRRCell.movements.reduce(row[.opening].minor) { $0 + row[$1].minor }
                #expect(moved == row[.closing].minor)
                let next = apart.rows.first {
                    $0.group == row.group && $0.currency == row.currency && $0.month == row.month.adding(1)
                }
                if row.month < months.to, next != nil || !row[.closing].isZero {
                    #expect(next?[.opening] == row[.closing])
                }
                for cell in MRRCell.allCases {
                    let entries = apart.entries(behind: cell, in: row.month, group: row.group)
                        .filter { $0.amount.currency == row.currency }
                    #expect(entries.reduce(0) { $0 + $1.amount.minor } == row[cell].minor)
                    #expect(entries.allSatisfy { !$0.subscriptions.isEmpty && !$0.changes.isEmpty })
                }
            }
            for row in whole.rows {
                let own = apart.rows.filter { $0.month == row.month && $0.currency == row.currency }
                for cell in MRRCell.allCases {
                    #expect(own.reduce(0) { $0 + $1[cell].minor } == row[cell].minor, "\(row.month) \(cell)")
                }
            }
            #expect(whole.rows.allSatisfy { $0[.transfer].isZero && (exchange != nil || $0[.exchange].isZero) })
            if exchange != nil { #expect(whole.rows.contains { !$0[.exchange].isZero }) }
        }
    }
}
