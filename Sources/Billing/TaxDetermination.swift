package import Tenants
package import Values

/// Which taxes the invoices of a tenant have, at every instant.
///
/// Pure. The first of these that applies at an instant decides:
/// 1. An exempt customer pays none.
/// 2. Taxes that were assigned to it are the ones it pays.
/// 3. Seller and customer in two countries of the European Union, and a VAT number of the customer's: reverse charge,
///    the customer owes the tax itself.
/// 4. The taxes of the customer's country; of the seller's, if nobody has said where the customer is.
package struct TaxDetermination: Hashable, Sendable {
    /// Where the seller is.
    package struct Seller: Hashable, Sendable {
        /// Two capitals of ISO 3166.
        package let country: String
        /// From when on that counts; nil is always.
        package let from: Instant?

        /// Takes the two.
        package init(country: String, from: Instant? = nil) {
            self.country = country
            self.from = from
        }

        func counts(at instant: Instant?) -> Bool { Stretch.has(begun: from, at: instant) }
    }

    /// A tax that was assigned to the tenant for a stretch.
    package struct Assignment: Hashable, Sendable {
        /// The tax.
        package let code: String
        /// The first instant; nil is always.
        package let from: Instant?
        /// The first instant after; nil is never.
        package let until: Instant?

        /// Takes the three.
        package init(code: String, from: Instant? = nil, until: Instant? = nil) {
            self.code = code
            self.from = from
            self.until = until
        }

        func isInForce(at instant: Instant?) -> Bool {
            Stretch.has(begun: from, at: instant) && (until == nil || !Stretch.has(begun: until, at: instant))
        }
    }

    /// The part of the catalogue that can concern the tenant, in any order.
    package let taxes: [Tax]
    /// Who sells.
    package let entity: EntityID
    /// Where the seller is; nil if nobody has said.
    package let seller: Seller?
    /// What is known of the tenant, in the order of time; at one instant the later row counts.
    package let details: [TaxDetails]
    /// What was assigned to it.
    package let assignments: [Assignment]

    /// Takes the five.
    package init(
        taxes: [Tax],
        entity: EntityID,
        seller: Seller? = nil,
        details: [TaxDetails] = [],
        assignments: [Assignment] = []
    ) {
        self.taxes = taxes
        self.entity = entity
        self.seller = seller
        self.details = details
        self.assignments = assignments
    }

    /// What an invoice of an instant has; nil is the instant before all others.
    package func decision(at instant: Instant?) -> (status: TaxStatus, taxes: [Tax]) {
        let details = details.last { $0.counts(at: instant) } ?? .unknown
        guard !details.isExempt else { return (.exempt, []) }
        let known = Dictionary(grouping: taxes.filter { $0.counts(at: instant) }, by: \.code)
            .compactMap { $0.value.max { Stretch.isEarlier($0.from, $1.from) } }
            .filter { $0.rate != nil }
            .sorted { $0.code < $1.code }
        let assigned = Set(assignments.filter { $0.isInForce(at: instant) }.map(\.code))
        guard assigned.isEmpty else { return (.standard, known.filter { assigned.contains($0.code) }) }
        let home = seller.flatMap { $0.counts(at: instant) ? $0.country : nil }
        if isReverseCharge(from: home, to: details) { return (.reverseCharge, []) }
        let country = details.country ?? home
        return (
            .standard,
            known.filter { tax in
                (tax.country == nil || tax.country == country)
                    && (tax.legalEntity == nil || tax.legalEntity == entity)
            }
        )
    }

    private func isReverseCharge(from home: String?, to customer: TaxDetails) -> Bool {
        guard let home, let country = customer.country, home != country, Country.europeanUnion.contains(home),
            Country.europeanUnion.contains(country)
        else { return false }
        return customer.taxIDs.contains { $0.memberState == country }
    }

    /// The taxes of all instants, each with its stretch, and why they are what they are.
    package func adjustments() -> (taxes: [InvoiceStory.Tax], standings: [Adjustments.Standing]) {
        var found: [(tax: Tax, rate: Exact, from: Instant?, until: Instant?)] = []
        var standings: [Adjustments.Standing] = []
        let starts: [Instant?] = [nil] + turns.map { $0 }
        for (index, start) in starts.enumerated() {
            let end = index + 1 < starts.count ? starts[index + 1] : nil
            let decision = decision(at: start)
            if standings.last.map({ $0.status != decision.status }) ?? (decision.status != .standard) {
                standings.append(Adjustments.Standing(from: start, status: decision.status))
            }
            for tax in decision.taxes {
                guard let rate = tax.rate else { continue }
                if let start, let place = found.firstIndex(where: { $0.tax.id == tax.id && $0.until == start }) {
                    found[place].until = end
                } else {
                    found.append((tax, rate, start, end))
                }
            }
        }
        let taxes = found.map { item in
            InvoiceStory.Tax(
                code: item.tax.code,
                rate: item.rate,
                isInclusive: item.tax.isInclusive,
                from: item.from,
                until: item.until
            )
        }
        return (taxes, standings)
    }

    /// The instants at which something can change, in order.
    private var turns: [Instant] {
        var turns = Set(taxes.compactMap(\.from)).union(details.compactMap(\.from))
        turns.formUnion(assignments.flatMap { [$0.from, $0.until].compactMap(\.self) })
        if let from = seller?.from { turns.insert(from) }
        return turns.sorted()
    }
}

/// Stretches of time whose beginning may be nil: always.
private enum Stretch {
    /// Whether what begins at an instant has begun at another; nil as the other is the instant before all.
    static func has(begun from: Instant?, at instant: Instant?) -> Bool {
        guard let from else { return true }
        return instant.map { from <= $0 } ?? false
    }

    static func isEarlier(_ one: Instant?, _ other: Instant?) -> Bool {
        guard let other else { return false }
        return one.map { $0 < other } ?? true
    }
}

extension TaxDetails {
    /// Whether it counts at an instant, if no later one does.
    fileprivate func counts(at instant: Instant?) -> Bool { Stretch.has(begun: from, at: instant) }
}

extension Tax {
    /// Whether it counts at an instant, if no later version does.
    fileprivate func counts(at instant: Instant?) -> Bool { Stretch.has(begun: from, at: instant) }
}
