import Billing
import Tenants
import Testing
import Values

/// Who pays which taxes.
@Suite struct TaxDeterminationTests {
    private static let entity = EntityID.make(at: .epoch)
    private static let other = EntityID.make(at: .epoch)

    private static func instant(_ day: Int) -> Instant { Instant(seconds: Int64(day) * 86_400) }

    private static func tax(
        _ code: String,
        _ rate: Exact?,
        country: String? = nil,
        entity: EntityID? = nil,
        from day: Int? = nil
    ) -> Tax {
        Tax(
            id: .make(at: .epoch),
            code: code,
            name: code,
            rate: rate,
            isInclusive: false,
            country: country,
            legalEntity: entity,
            from: day.map(instant),
            recordedAt: .epoch
        )
    }

    private static func details(
        _ country: String?,
        _ ids: [String] = [],
        exempt: Bool = false,
        from day: Int? = nil
    ) throws -> TaxDetails {
        TaxDetails(
            country: country,
            taxIDs: try ids.map { try TaxID($0, at: "id") },
            isExempt: exempt,
            from: day.map(instant)
        )
    }

    private static let catalogue = [
        tax("de", Exact(19, 100), country: "DE"), tax("fr", Exact(20, 100), country: "FR"),
        tax("us", Exact(5, 100), country: "US"), tax("eco", Exact(1, 100)),
        tax("theirs", Exact(1, 100), country: "DE", entity: other),
    ]

    /// The seller's country; the customer's, its numbers, whether it is exempt; the taxes and why.
    struct Case: Sendable {
        let seller: String?
        var country: String?
        var ids: [String] = []
        var isExempt = false
        var assigned: [String] = []
        let taxes: [String]
        var status = TaxStatus.standard
    }

    static let cases = [
        Case(seller: "DE", country: "DE", taxes: ["de", "eco"]),
        Case(seller: "DE", country: "DE", ids: ["DE683361910"], taxes: ["de", "eco"]),
        Case(seller: "DE", country: "FR", taxes: ["eco", "fr"]),
        Case(seller: "DE", country: "FR", ids: ["FR11278681226"], taxes: [], status: .reverseCharge),
        // A number of another member than where it is proves nothing.
        Case(seller: "DE", country: "FR", ids: ["DE683361910"], taxes: ["eco", "fr"]),
        Case(seller: "DE", country: "GR", ids: ["EL939292977"], taxes: [], status: .reverseCharge),
        Case(seller: "US", country: "FR", ids: ["FR11278681226"], taxes: ["eco", "fr"]),
        Case(seller: "DE", country: "US", taxes: ["eco", "us"]),
        Case(seller: "DE", country: "JP", taxes: ["eco"]),
        // Nobody has said where the customer is.
        Case(seller: "DE", taxes: ["de", "eco"]),
        Case(seller: nil, taxes: ["eco"]),
        Case(seller: nil, country: "FR", ids: ["FR11278681226"], taxes: ["eco", "fr"]),
        Case(seller: "DE", country: "DE", isExempt: true, taxes: [], status: .exempt),
        Case(seller: "DE", country: "DE", isExempt: true, assigned: ["us"], taxes: [], status: .exempt),
        Case(
            seller: "DE",
            country: "FR",
            ids: ["FR11278681226"],
            assigned: ["us", "theirs"],
            taxes: ["theirs", "us"]
        ),
    ]

    @Test(arguments: cases)
    func `seller, customer and assignments decide`(expected: Case) throws {
        let determination = TaxDetermination(
            taxes: Self.catalogue,
            entity: Self.entity,
            seller: expected.seller.map { TaxDetermination.Seller(country: $0) },
            details: [try Self.details(expected.country, expected.ids, exempt: expected.isExempt)],
            assignments: expected.assigned.map { TaxDetermination.Assignment(code: $0) }
        )
        let decision = determination.decision(at: Self.instant(5))
        #expect(decision.taxes.map(\.code) == expected.taxes)
        #expect(decision.status == expected.status)
    }

    @Test func `versions, moves, assignments and the seller's country count from their instants`() throws {
        let determination = TaxDetermination(
            taxes: [
                Self.tax("de", Exact(19, 100), country: "DE"), Self.tax("de", Exact(16, 100), country: "DE", from: 10),
                Self.tax("de", nil, country: "DE", from: 60), Self.tax("fr", Exact(20, 100), country: "FR"),
            ],
            entity: Self.entity,
            seller: TaxDetermination.Seller(country: "DE", from: Self.instant(30)),
            details: [
                try Self.details("DE"), try Self.details("FR", ["FR11278681226"], from: 20),
                try Self.details("DE", exempt: true, from: 40), try Self.details("DE", from: 50),
            ],
            assignments: [TaxDetermination.Assignment(code: "fr", from: Self.instant(52), until: Self.instant(54))]
        )
        let adjustments = determination.adjustments()
        func told(_ day: Int?) -> [String] {
            adjustments.taxes.filter { tax in
                (tax.from.map { from in day.map { from <= Self.instant($0) } ?? false } ?? true)
                    && (tax.until.map { until in day.map { Self.instant($0) < until } ?? true } ?? true)
            }.map { "\($0.code) \($0.rate.decimalText())" }.sorted()
        }
        #expect(told(nil) == ["de 0.19"] && told(9) == ["de 0.19"] && told(10) == ["de 0.16"])
        // The seller's country is not known yet, so there is no reverse charge.
        #expect(told(20) == ["fr 0.2"] && told(30) == [] && told(40) == [] && told(50) == ["de 0.16"])
        #expect(told(52) == ["fr 0.2"] && told(54) == ["de 0.16"] && told(60) == [] && told(9_999) == [])
        let shown = Adjustments(standings: adjustments.standings)
        #expect(shown.taxStatus(at: Self.instant(29)) == .standard)
        #expect(shown.taxStatus(at: Self.instant(30)) == .reverseCharge)
        #expect(shown.taxStatus(at: Self.instant(40)) == .exempt)
        #expect(shown.taxStatus(at: Self.instant(50)) == .standard)
    }

    @Test(arguments: 1...100)
    func `the stretches say at each instant what the decision says`(seed: UInt64) throws {
        var random = Sampler(seed: seed)
        let countries = ["DE", "FR", "US"]
        func day() -> Int? { Bool.random(using: &random) ? Int.random(in: 1...30, using: &random) : nil }
        var taxes: [Tax] = []
        var seen: Set<String> = []
        for _ in 0..<8 {
            let code = ["a", "b", "c"].randomElement(using: &random) ?? "a"
            let from = day()
            guard seen.insert("\(code) \(from ?? 0)").inserted else { continue }
            let rate = Int.random(in: 0...4, using: &random)
            taxes.append(
                Self.tax(
                    code,
                    rate == 0 ? nil : Exact(rate, 20),
                    country: countries.randomElement(using: &random),
                    from: from
                )
            )
        }
        let details = try (0..<4).map { _ in
            try Self.details(
                countries.randomElement(using: &random),
                Bool.random(using: &random) ? ["FR11278681226"] : [],
                exempt: Int.random(in: 0...4, using: &random) == 0,
                from: day()
            )
        }.sorted { ($0.from ?? Instant(microseconds: .min)) < ($1.from ?? Instant(microseconds: .min)) }
        let determination = TaxDetermination(
            taxes: taxes,
            entity: Self.entity,
            seller: TaxDetermination.Seller(country: "DE", from: day().map(Self.instant)),
            details: details,
            assignments: [
                TaxDetermination.Assignment(code: "a", from: day().map(Self.instant), until: Self.instant(31))
            ]
        )
        let adjustments = determination.adjustments()
        for day in 0...35 {
            let at = Self.instant(day)
            let decision = determination.decision(at: at)
            let found = adjustments.taxes.filter { $0.applies(at: at) }
            #expect(found.map(\.code).sorted() == decision.taxes.map(\.code))
            #expect(Set(found.map(\.rate)) == Set(decision.taxes.compactMap(\.rate)))
            #expect(Adjustments(standings: adjustments.standings).taxStatus(at: at) == decision.status)
        }
    }
}
