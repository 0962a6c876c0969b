import Plans
package import Values

/// A share of what comes in, by tiers that count up.
///
/// Pure. Worked: 20 % up to 10,000.00 and 25 % above it are 3,000.00 of 14,000.00.
package struct PartnerShare: Hashable, Sendable {
    /// A part of the base, and what share it has.
    package struct Tier: Hashable, Sendable {
        /// Where it ends, in units of the currency; nil: it has no end.
        package let upTo: Exact?
        /// 0.2 is 20 %.
        package let rate: Exact

        /// Takes both.
        package init(upTo: Exact?, rate: Exact) {
            self.upTo = upTo
            self.rate = rate
        }
    }

    /// The most tiers of a share.
    private static let maximum = 20

    /// In their order; the last has no end.
    package let tiers: [Tier]

    /// One rate for all.
    package init(rate: Exact) throws(Problem) {
        try self.init(tiers: [Tier(upTo: nil, rate: rate)])
    }

    /// Checks tiers.
    package init(tiers: [Tier]) throws(Problem) {
        guard (1...Self.maximum).contains(tiers.count) else {
            throw .invalid("tiers", "has \(tiers.count) tiers; 1 to \(Self.maximum) are allowed")
        }
        var before = Exact.zero
        for (place, tier) in tiers.enumerated() {
            guard tier.rate >= .zero, tier.rate <= .one else {
                throw .invalid(
                    "tiers[\(place)].rate",
                    "is \(tier.rate.decimalText()); from 0 to 1 is expected: 0.2 is 20 %"
                )
            }
            guard (tier.upTo == nil) == (place == tiers.count - 1) else {
                throw .invalid("tiers[\(place)].up_to", "every tier has an end but the last")
            }
            if let end = tier.upTo {
                guard end > before else {
                    throw .invalid(
                        "tiers[\(place)].up_to",
                        "is \(end.decimalText()); more than \(before.decimalText()) is expected"
                    )
                }
                before = end
            }
        }
        self.tiers = tiers
    }

    /// Reads tiers as they are written: `[{"up_to": "10000", "rate": "0.2"}, {"rate": "0.25"}]`.
    package init(json elements: [(value: JSONValue, path: String)]) throws(Problem) {
        var tiers: [Tier] = []
        for element in elements {
            var fields = try JSONFields(element.value, path: element.path)
            tiers.append(Tier(upTo: try fields.optionalNonNegative("up_to"), rate: try fields.nonNegative("rate")))
            try fields.finish()
        }
        try self.init(tiers: tiers)
    }

    /// The share of a base, rounded half away from zero; of less than nothing the first tier's rate.
    package func share(of base: Money) throws(Problem) -> Money {
        let amount = base.exact
        var share = Exact.zero
        var before = Exact.zero
        for tier in tiers {
            let end = tier.upTo.map { min($0, max(amount, before)) } ?? max(amount, before)
            share += (end - before) * tier.rate
            before = end
        }
        if amount.isNegative, let first = tiers.first { share = amount * first.rate }
        return try Money(share, currency: base.currency)
    }

    /// As it leaves over HTTP, and as it is stored.
    package var json: JSONValue {
        .array(
            tiers.map { tier in
                ["up_to": .optional(tier.upTo?.decimalText()), "rate": .string(tier.rate.decimalText())]
            }
        )
    }
}

/// Who brings tenants, and what for.
package struct Partner: Hashable, Sendable {
    /// Who sells.
    package enum Role: String, CaseIterable, Sendable {
        /// We sell: revenue is gross, the share is a cost.
        case principal
        /// The partner's part of the price was never ours: the share is taken off revenue.
        case agent
    }

    /// Over what a tier counts up: months and years of UTC.
    package enum TierStretch: String, CaseIterable, Sendable {
        case month, year, ever

        /// The first day of the stretch that holds an instant; of `ever` a day before all others.
        package func start(of instant: Instant) -> CalendarDate {
            let day = Zone.utc.date(of: instant)
            return switch self {
            case .month: day.firstOfMonth
            case .year: day.firstOfMonth.adding(months: 1 - day.month)
            case .ever: CalendarDate(daysSinceEpoch: 0)
            }
        }
    }

    /// Names it.
    package let id: PartnerID
    /// What people and statements call it.
    package let code: String
    package let name: String
    /// Who sells.
    package let role: Role
    /// What it gets of receipts net of tax and refunds.
    package let share: PartnerShare
    /// Over what tiers count up.
    package let tiersPer: TierStretch
    /// For how many months after a tenant came; nil: for good.
    package let termMonths: Int?
    /// When it came, in business time.
    package let createdAt: Instant

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "code": .string(code), "name": .string(name), "role": .string(role.rawValue),
            "tiers": share.json, "tiers_per": .string(tiersPer.rawValue),
            "term_months": termMonths.map(JSONValue.int) ?? .null,
            "created_at": .string(createdAt.text),
        ]
    }
}

/// What is asked for when a partner is made.
///
/// Terms never change: other terms are another partner.
package struct PartnerDraft: Hashable, Sendable {
    package let code: String
    package let name: String
    package let role: Partner.Role
    package let share: PartnerShare
    package let tiersPer: Partner.TierStretch
    package let termMonths: Int?

    /// Checks all of it.
    package init(
        code: String,
        name: String? = nil,
        role: Partner.Role = .principal,
        share: PartnerShare,
        tiersPer: Partner.TierStretch = .month,
        termMonths: Int? = nil
    ) throws(Problem) {
        guard CatalogueCode.isValid(code) else { throw .invalid("code", CatalogueCode.form) }
        let name = name ?? code
        guard (1...200).contains(name.unicodeScalars.count) else {
            throw .invalid("name", "has \(name.unicodeScalars.count) characters; 1 to 200 are allowed")
        }
        if let termMonths, !(1...1_200).contains(termMonths) {
            throw .invalid("term_months", "is \(termMonths); 1 to 1200 is expected, or none for good")
        }
        self.code = code
        self.name = name
        self.role = role
        self.share = share
        self.tiersPer = tiersPer
        self.termMonths = termMonths
    }

    /// Reads the fields of a request to their end: a `rate` or `tiers`.
    package init(json fields: inout JSONFields) throws(Problem) {
        let code = try fields.string("code")
        let name = try fields.optionalString("name")
        let role = try fields.optionalChoice("role", as: Partner.Role.self) ?? .principal
        let rate = try fields.optionalNonNegative("rate")
        let tiers = try fields.optionalArray("tiers")
        let stretch = try fields.optionalChoice("tiers_per", as: Partner.TierStretch.self) ?? .month
        let term = try fields.optionalInt("term_months")
        try fields.finish()
        let share: PartnerShare
        switch (rate, tiers) {
        case (let rate?, nil): share = try PartnerShare(rate: rate)
        case (nil, let tiers?): share = try PartnerShare(json: tiers)
        default: throw .invalid("rate", "either `rate` or `tiers` is expected")
        }
        try self.init(code: code, name: name, role: role, share: share, tiersPer: stretch, termMonths: term)
    }
}

/// Who brought a tenant from an instant on.
package struct PartnerAttribution: Hashable, Sendable {
    /// The partner; nil: nobody any more.
    package let partner: PartnerID?
    /// From when on.
    package let from: Instant
    /// When it was written.
    package let recordedAt: Instant

    /// Takes the three.
    package init(partner: PartnerID?, from: Instant, recordedAt: Instant) {
        self.partner = partner
        self.from = from
        self.recordedAt = recordedAt
    }

    /// The one in force at an instant: it began last, and of one beginning it was written last.
    ///
    /// So there is at most one.
    ///
    /// `all`: in the order in which they were written.
    package static func inForce(at instant: Instant, _ all: [PartnerAttribution]) -> PartnerAttribution? {
        var found: PartnerAttribution?
        for next in all where next.from <= instant {
            if let old = found, old.from > next.from { continue }
            found = next
        }
        return found?.partner == nil ? nil : found
    }

    /// Whether what is received at an instant still counts for the partner.
    package func isInTerm(of partner: Partner, at instant: Instant) -> Bool {
        guard let months = partner.termMonths else { return true }
        return instant < Zone.utc.instant(Zone.utc.wallTime(of: from).adding(months: months))
    }
}

extension Partner {
    /// With the tenants that are its, and since when.
    package func json(tenants: [(tenant: TenantID, from: Instant)]) -> JSONValue {
        var object = json.object ?? JSONObject()
        object["tenants"] = .array(tenants.map { ["tenant": $0.tenant.json, "from": $0.from.json] })
        return .object(object)
    }
}
