import TestSupport
import Testing
import Values

@testable import Revenue

/// Partners' shares by hand.
@Suite struct PartnerShareTests {
    private static func usd(_ minor: Int64) -> Money { Money(minor: minor, currency: .usd) }

    private static func tiers() throws -> PartnerShare {
        try PartnerShare(tiers: [.init(upTo: 10_000, rate: Exact(1, 5)), .init(upTo: nil, rate: Exact(1, 4))])
    }

    @Test func `20 percent to 10,000 and 25 above are 3,000 of 14,000`() throws {
        let share = try Self.tiers()
        #expect(try share.share(of: Self.usd(1_400_000)).text == "3000.00")
        #expect(try share.share(of: Self.usd(1_000_000)).text == "2000.00")
        #expect(try share.share(of: Self.usd(0)).isZero)
        #expect(try share.share(of: Self.usd(-10_000)).text == "-20.00")
        #expect(try share.share(of: Self.usd(3)).text == "0.01")
    }

    @Test func `tiers without sense are refused`() throws {
        for text in [
            "[]", "[{\"rate\": \"1.2\"}]", "[{\"up_to\": \"10\", \"rate\": \"0.2\"}]",
            "[{\"rate\": \"0.2\"}, {\"rate\": \"0.3\"}]",
            "[{\"up_to\": \"10\", \"rate\": \"0.2\"}, {\"up_to\": \"10\", \"rate\": \"0.3\"}, {\"rate\": \"0.3\"}]",
        ] {
            let elements = (try JSONValue(parsing: text).array ?? []).map { (value: $0, path: "tiers") }
            #expect(throws: Problem.self) { _ = try PartnerShare(json: elements) }
        }
    }

    private static func partner(_ share: PartnerShare, term: Int? = nil) -> Partner {
        Partner(
            id: RevenueFixture.id(1),
            code: "north",
            name: "North",
            role: .principal,
            share: share,
            tiersPer: .month,
            termMonths: term,
            createdAt: testNow
        )
    }

    private static func rule(_ partner: Partner, from: Instant) -> PartnerAccrualRule {
        var count = 0
        return PartnerAccrualRule(
            partners: [partner.id: partner],
            tenant: RevenueFixture.id(1),
            attributions: [PartnerAttribution(partner: partner.id, from: from, recordedAt: from)],
            periods: [:],
            accruals: []
        ) {
            count += 1
            return RevenueFixture.id(count)
        }
    }

    private static func receipt(
        _ minor: Int64,
        _ at: Instant,
        invoice: Int? = 1,
        kind: PartnerReceipt.Kind = .own,
        net: Int64 = 1,
        gross: Int64 = 1,
        source: String = "allocation:1"
    ) -> PartnerReceipt {
        PartnerReceipt(
            source: source,
            kind: kind,
            at: at,
            amount: usd(minor),
            net: net,
            gross: gross,
            invoice: invoice.map { RevenueFixture.id($0) }
        )
    }

    @Test func `receipts of a month climb its tiers, and the next month begins below`() throws {
        let start = BillingFixture.day(2026, 1, 1)
        var rule = Self.rule(Self.partner(try Self.tiers()), from: start)
        let shares = try [
            Self.receipt(900_000, BillingFixture.day(2026, 1, 5), invoice: 1),
            Self.receipt(500_000, BillingFixture.day(2026, 1, 20), invoice: 2),
            Self.receipt(500_000, BillingFixture.day(2026, 2, 1), invoice: 3),
        ].flatMap { try rule.add($0) }.map(\.share.text)
        // 9,000 at 20 %; 1,000 at 20 % and 4,000 at 25 %; 5,000 at 20 %.
        #expect(shares == ["1800.00", "1200.00", "1000.00"])
    }

    @Test func `what goes back leaves the month in which it came, as if it had never come`() throws {
        var rule = Self.rule(Self.partner(try Self.tiers()), from: BillingFixture.day(2026, 1, 1))
        _ = try rule.add(Self.receipt(900_000, BillingFixture.day(2026, 1, 5), invoice: 1, source: "a"))
        _ = try rule.add(Self.receipt(500_000, BillingFixture.day(2026, 1, 20), invoice: 2, source: "b"))
        // In March 2,000 of the 9,000 go back: January is 12,000, whose share is 2,500.
        let back = try rule.add(
            Self.receipt(-200_000, BillingFixture.day(2026, 3, 3), invoice: 1, kind: .takesBack, source: "c")
        )
        #expect(back.map(\.share.text) == ["-500.00"])
        #expect(back.first?.period.text == "2026-01-01")
        // More than came is not taken back.
        let rest = try rule.add(
            Self.receipt(-900_000, BillingFixture.day(2026, 3, 4), invoice: 1, kind: .takesBack, source: "d")
        )
        #expect(rest.map(\.receipt.text) == ["-7000.00"])
        #expect(rule.accruals.reduce(Int64(0)) { $0 + $1.share.minor } == 100_000)
        // A refund that failed never was.
        let again = try rule.add(
            Self.receipt(900_000, BillingFixture.day(2026, 3, 5), invoice: nil, kind: .undoes("d"), source: "e")
        )
        #expect(again.map(\.receipt.text) == ["7000.00"])
        #expect(rule.accruals.reduce(Int64(0)) { $0 + $1.share.minor } == 250_000)
    }

    @Test func `tax does not count, and parts of an invoice come to the whole`() throws {
        var rule = Self.rule(Self.partner(try PartnerShare(rate: Exact(1, 5))), from: BillingFixture.day(2026, 1, 1))
        // 100.00 and 19.00 of tax, paid in three parts.
        let day = BillingFixture.day(2026, 1, 5)
        let parts = try [3_333, 3_333, 5_234].enumerated().flatMap { place, minor in
            try rule.add(Self.receipt(Int64(minor), day, net: 10_000, gross: 11_900, source: "p\(place)"))
        }
        #expect(parts.reduce(Int64(0)) { $0 + $1.base.minor } == 10_000)
        #expect(parts.reduce(Int64(0)) { $0 + $1.share.minor } == 2_000)
        #expect(parts.map(\.base.minor) == [2_801, 2_801, 4_398])
    }

    @Test func `before it began, after its term, and once detached nothing counts`() throws {
        let start = BillingFixture.day(2026, 1, 31)
        var rule = Self.rule(Self.partner(try PartnerShare(rate: Exact(1, 5)), term: 1), from: start)
        #expect(try rule.add(Self.receipt(100, start.adding(microseconds: -1), source: "a")).isEmpty)
        #expect(try rule.add(Self.receipt(100, start, source: "b")).count == 1)
        // A month from 31 January ends on 28 February.
        #expect(try rule.add(Self.receipt(100, BillingFixture.day(2026, 2, 27), source: "c")).count == 1)
        #expect(try rule.add(Self.receipt(100, BillingFixture.day(2026, 2, 28), source: "d")).isEmpty)

        let other: PartnerID = RevenueFixture.id(2)
        let all = [
            PartnerAttribution(partner: RevenueFixture.id(1), from: start, recordedAt: start),
            PartnerAttribution(partner: nil, from: BillingFixture.day(2026, 4, 1), recordedAt: start),
            PartnerAttribution(partner: other, from: BillingFixture.day(2026, 3, 1), recordedAt: testNow),
        ]
        func inForce(_ day: Instant) -> PartnerID? { PartnerAttribution.inForce(at: day, all)?.partner }
        #expect(inForce(BillingFixture.day(2026, 2, 1)) == RevenueFixture.id(1))
        #expect(inForce(BillingFixture.day(2026, 3, 1)) == other)
        #expect(inForce(BillingFixture.day(2026, 4, 1)) == nil)
    }
}
