import Ledger
import TestSupport
import Testing
import Values

@testable import Revenue

/// Margin and profit by hand: two customers, two plans, two models, one month.
@Suite struct MarginTests {
    private static let first: TenantID = RevenueFixture.id(1)
    private static let second: TenantID = RevenueFixture.id(2)

    private static func line(
        _ number: Int,
        _ tenant: TenantID,
        _ minor: Int64,
        _ account: Account = .subscriptionRevenue
    ) throws -> RecognitionLine {
        let start = try RevenueFixture.instant("2026-01-01")
        let end = try RevenueFixture.instant("2026-02-01")
        return RecognitionLine(
            tenant: tenant,
            invoice: RevenueFixture.id(number),
            line: RevenueFixture.id(number),
            account: account,
            isDeferred: account == .subscriptionRevenue,
            schedule: RecognitionSchedule(
                at: start,
                start: start,
                end: account == .subscriptionRevenue ? end : start,
                zone: .utc,
                amount: Money(minor: minor, currency: .usd)
            ),
            voidedAt: nil
        )
    }

    private static func usage(
        _ tenant: TenantID,
        _ model: String?,
        _ task: String,
        _ milliseconds: Int,
        _ cost: Exact
    ) throws -> MeasuredUsage {
        var usage = MeasuredUsage(month: try RevenueFixture.month("2026-01"), tenant: tenant, model: model, task: task)
        usage.milliseconds = Exact(milliseconds)
        usage.tokens = Exact(milliseconds * 2)
        usage.costs[.usd] = cost
        return usage
    }

    private static func entry(
        _ number: Int,
        _ category: CostCategory,
        _ minor: Int64,
        _ target: CostTarget = CostTarget()
    ) throws -> CostEntry {
        CostEntry(
            id: RevenueFixture.id(number),
            category: category,
            amount: Money(minor: minor, currency: .usd),
            first: try #require(CalendarDate("2026-01-01")),
            last: try #require(CalendarDate("2026-01-31")),
            memo: "",
            target: target,
            reverses: nil,
            at: testNow,
            recordedAt: testNow
        )
    }

    private static func inputs() throws -> ProfitInputs {
        // Subscriptions of 300.00 and 100.00, usage of 100.00 and an add-on of 50.00.
        let lines = [
            try line(1, first, 30_000), try line(2, first, 10_000, .usageRevenue), try line(3, second, 10_000),
            try line(4, second, 5_000, .addOnRevenue),
        ]
        let months = try RevenueFixture.months("2026-01", "2026-01")
        var inputs = ProfitInputs(try RecognitionReport(of: lines, months: months))
        inputs.lines = [
            RevenueFixture.id(1): .init(plan: "pro"),
            RevenueFixture.id(2): .init(
                plan: "pro",
                weights: [.init(model: "small", task: "chat"): 1, .init(model: "big", task: "sum"): 2]
            ),
            RevenueFixture.id(3): .init(plan: "team"), RevenueFixture.id(4): .init(plan: "team"),
        ]
        inputs.usage = [
            try usage(first, "small", "chat", 1_000, Exact(1, 3)), try usage(first, "big", "sum", 3_000, 1),
            try usage(second, "small", "chat", 4_000, Exact(1, 3)),
        ]
        inputs.expenses = [
            BookedExpense(
                at: try RevenueFixture.instant("2026-01-10"),
                tenant: first,
                account: .paymentFees,
                amount: Money(minor: 300, currency: .usd),
                ids: ["pay_1"]
            )
        ]
        inputs.entries = [
            try entry(1, .compute, 1_000, CostTarget(model: "big")), try entry(2, .people, 9_000),
            try entry(3, .marketing, 500), try entry(4, .operations, 700, CostTarget(tenant: second)),
        ]
        inputs.rules = [
            CostRule(category: .people, basis: .revenue, from: try RevenueFixture.month("2026-01"), recordedAt: testNow)
        ]
        return inputs
    }

    private static func texts(_ table: ProfitTable, _ columns: ProfitColumn...) -> [String] {
        table.rows.map { row in ([row.key] + columns.map { row[$0].text }).joined(separator: " ") }
    }

    @Test func `costs go to whom they are for, the rest by the rule, what nothing takes has its own line`() throws {
        let inputs = try Self.inputs()
        let tenants = try MarginReport.report(of: inputs, by: .tenant)
        let (one, two) = (Self.first.text, Self.second.text)
        // 1.67 of inference is 1.00 + 0.33⅓ and 0.33⅓: the cent that is left goes to the earlier.
        #expect(
            Self.texts(tenants, .revenue, .inference, .compute, .paymentFees, .people, .operations, .marketing) == [
                "\(one) 400.00 1.34 10.00 3.00 65.45 0.00 0.00", "\(two) 150.00 0.33 0.00 0.00 24.55 7.00 0.00",
                "unallocated 0.00 0.00 0.00 0.00 0.00 0.00 5.00",
            ]
        )
        #expect(tenants.rows[0].grossMargin.text == "385.66" && tenants.rows[0].grossPercent == "96.4")
        #expect(tenants.rows[2].grossPercent == nil)
    }

    @Test func `by model usage is shared out by its events, fees of subscriptions are nobody's`() throws {
        let models = try MarginReport.report(of: Self.inputs(), by: .model)
        // 100.00 by 2 and 1; people 90.00 by 66.67, 33.33 and 450.00 of 550.00.
        #expect(
            Self.texts(models, .revenue, .inference, .compute, .paymentFees, .people, .operations) == [
                "big 66.67 1.00 10.00 0.00 10.91 0.00", "small 33.33 0.67 0.00 0.00 5.45 7.00",
                "unallocated 450.00 0.00 0.00 3.00 73.64 0.00",
            ]
        )
        let features = try MarginReport.report(of: Self.inputs(), by: .feature)
        #expect(
            Self.texts(features, .revenue, .inference) == [
                "chat 33.33 0.67", "sum 66.67 1.00", "unallocated 450.00 0.00",
            ]
        )
    }

    @Test func `rows come to the totals, and the totals are the same by whatever`() throws {
        var totals: Set<[String]> = []
        for basis in CostBasis.allCases {
            var inputs = try Self.inputs()
            inputs.rules += [CostCategory.people, .marketing].map { category in
                CostRule(category: category, basis: basis, from: Month(index: 24_000), recordedAt: testNow)
            }
            inputs.entries.append(try Self.entry(5, .research, 1_001, CostTarget(plan: "pro")))
            inputs.subscriptions = [Month(index: 2026 * 12): [Self.first: ["pro": 2], Self.second: ["team": 1]]]
            for dimension in MarginReport.Dimension.allCases {
                let table = try MarginReport.report(of: inputs, by: dimension)
                for column in ProfitColumn.allCases {
                    let sum = table.rows.reduce(Int64(0)) { $0 + $1[column].minor }
                    #expect(sum == table.totals.first?[column].minor, "\(basis) \(dimension) \(column)")
                }
                totals.insert(ProfitColumn.allCases.map { table.totals.first?[$0].text ?? "" })
                let cell = try table.facts(behind: "2026-01/total:profit").facts
                let (plus, minus) = (cell.filter { $0.column == .revenue }, cell.filter { $0.column != .revenue })
                let profit =
                    plus.reduce(Int64(0)) { $0 + $1.amount.minor } - minus.reduce(Int64(0)) { $0 + $1.amount.minor }
                #expect(profit == table.totals.first?.profit.minor)
            }
        }
        #expect(totals == [["550.00", "1.67", "10.00", "3.00", "0.00", "10.01", "7.00", "90.00", "5.00", "0.00"]])
    }

    @Test func `by subscriptions each counts the same`() throws {
        var inputs = try Self.inputs()
        inputs.rules = [
            CostRule(category: .people, basis: .subscriptions, from: Month(index: 24_000), recordedAt: testNow)
        ]
        inputs.subscriptions = [
            try RevenueFixture.month("2026-01"): [Self.first: ["pro": 2], Self.second: ["team": 1]]
        ]
        #expect(
            Self.texts(try MarginReport.report(of: inputs, by: .plan), .people)
                == ["pro 60.00", "team 30.00", "unallocated 0.00"]
        )
    }

    @Test func `profit has kinds, and what a partner brings is its`() throws {
        var inputs = try Self.inputs()
        let table = try ProfitReport.report(of: inputs)
        #expect(
            Self.texts(table, .revenue, .inference, .paymentFees, .operations, .people) == [
                "direct 500.00 1.67 3.00 7.00 0.00", "indirect 50.00 0.00 0.00 0.00 0.00",
                "shared 0.00 0.00 0.00 0.00 90.00",
            ]
        )
        // Revenue 550.00, cost 1.67 + 10.00 + 3.00, operating 90.00 + 5.00 + 7.00.
        #expect(table.totals.map { "\($0.grossMargin.text) \($0.profit.text)" } == ["535.33 433.33"])
        let partner = Partner(
            id: RevenueFixture.id(1),
            code: "north",
            name: "North",
            role: .principal,
            share: try PartnerShare(rate: Exact(1, 5)),
            tiersPer: .month,
            termMonths: nil,
            createdAt: testNow
        )
        inputs.partners = [partner.id: partner]
        inputs.attributions = [
            Self.second: [
                PartnerAttribution(
                    partner: partner.id,
                    from: try RevenueFixture.instant("2026-01-20"),
                    recordedAt: testNow
                )
            ]
        ]
        let brought = try ProfitReport.report(of: inputs)
        #expect(
            Self.texts(brought, .revenue, .inference, .operations) == [
                "direct 400.00 1.34 0.00", "partner 150.00 0.33 7.00", "shared 0.00 0.00 0.00",
            ]
        )
    }
}
