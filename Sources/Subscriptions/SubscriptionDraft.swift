package import Plans
package import Values

/// What is asked for when a subscription is made.
package struct SubscriptionDraft: Hashable, Sendable {
    /// The code of the plan, whose latest version it gets.
    package var plan: String
    /// The currency, where the tenant has none yet; nil is then the plan's first.
    package var currency: Currency?
    /// When it starts: a date at the tenant's midnight, or an instant; nil is the instant it is asked for.
    package var startsAt: Moment?
    /// How many of what it has.
    package var quantities: Quantities
    /// How many it has of add-ons, by their codes.
    package var addOns: Quantities
    /// The prices it has in place of the plan's own.
    package var overrides: PriceOverrides
    /// Whether it begins with the plan's trial, where the plan has one.
    package var hasTrial: Bool
    /// What falls due before was billed elsewhere.
    package var billedUntil: Instant?
    /// Which events are its usage.
    package var usage: SubscriptionUsage
    /// The id that the caller brings, which then makes asking twice harmless.
    package var id: SubscriptionID?
    /// What the caller keeps with it.
    package var metadata: JSONValue
    /// Whether the customer asks, who gets a plan's trial once, only add-ons that are shown, and nothing in the past.
    package var isCustomers = false

    /// Makes a draft; it is checked when it is used.
    package init(
        plan: String,
        currency: Currency? = nil,
        startsAt: Moment? = nil,
        quantities: Quantities = [:],
        addOns: Quantities = [:],
        overrides: PriceOverrides = .none,
        hasTrial: Bool = true,
        billedUntil: Instant? = nil,
        usage: SubscriptionUsage = .any,
        id: SubscriptionID? = nil,
        metadata: JSONValue = [:]
    ) {
        self.plan = plan
        self.currency = currency
        self.startsAt = startsAt
        self.quantities = quantities
        self.addOns = addOns
        self.overrides = overrides
        self.hasTrial = hasTrial
        self.billedUntil = billedUntil
        self.usage = usage
        self.id = id
        self.metadata = metadata
    }

    /// Reads the fields of a request to their end; dates are local midnights of the zone.
    package init(json fields: inout JSONFields, in zone: Zone) throws(Problem) {
        let id = try fields.optionalID("id", of: Entities.Subscription.self)
        let plan = try fields.string("plan")
        let currency = try fields.optionalCurrency("currency")
        let startsAt = try fields.optionalMoment("starts_at", in: zone, years: SubscriptionLimits.years)
        let quantities = try fields.quantities("quantities")
        let addOns = try fields.quantities("add_ons")
        let overrides = try fields.overrides()
        let hasTrial = try fields.optionalBool("trial")
        let billedUntil = try fields.optionalInstant("billed_until", in: zone, years: SubscriptionLimits.years)
        let usage = try fields.optionalChoice("usage", as: SubscriptionUsage.self)
        let metadata = fields.value("metadata")
        try fields.finish()
        self.init(
            plan: plan,
            currency: currency,
            startsAt: startsAt,
            quantities: quantities ?? [:],
            addOns: addOns ?? [:],
            overrides: overrides ?? .none,
            hasTrial: hasTrial ?? true,
            billedUntil: billedUntil,
            usage: usage ?? .any,
            id: id,
            metadata: metadata ?? [:]
        )
    }

    /// Checks what needs no look at the database; instants are in whole seconds.
    func check(start: Moment) throws(Problem) {
        if let billedUntil, billedUntil <= start.instant {
            throw .invalid("billed_until", "must be after the start, which is \(start.instant), not \(billedUntil)")
        }
        guard metadata.object != nil else { throw .invalid("metadata", "must be an object, not \(metadata.seen)") }
        let bytes = metadata.utf8.count
        guard bytes <= SubscriptionLimits.metadataBytes else {
            throw .invalid(
                "metadata",
                "has \(bytes) bytes; at most \(SubscriptionLimits.metadataBytes) are allowed"
            )
        }
        try quantities.check(addOns: addOns)
    }

    /// Refuses to a customer a start that is over: what lies before today as a date, or before now as an instant.
    func checkCustomers(start: Moment, in zone: Zone, at now: Instant) throws(SubscriptionError) {
        guard isCustomers, startsAt != nil else { return }
        let isPast =
            start.isDate
            ? start.wall.date < zone.date(of: now)
            : start.instant < now.adding(seconds: -SubscriptionLimits.clockSeconds)
        if isPast { throw .startsInPast(start.instant, now: now) }
    }

    /// The start in a tenant's zone and in whole seconds; calendars know no fractions.
    func start(in zone: Zone, at instant: Instant) -> Moment {
        guard let startsAt else { return Moment(instant.wholeSeconds, in: zone) }
        return startsAt.isDate ? Moment(startsAt.wall.date, in: zone) : Moment(startsAt.instant.wholeSeconds, in: zone)
    }

    /// Whether a subscription is what this draft asked for when it was made.
    func isSatisfied(by story: SubscriptionStory) -> Bool {
        let subscription = story.subscription
        guard let created = story.changes.first, let version = created.version.flatMap(story.version) else {
            return false
        }
        let hasStart = startsAt.map { _ in
            start(in: subscription.timeZone, at: subscription.startsAt).instant == subscription.startsAt
        }
        return version.code == plan && currency.map { $0 == subscription.currency } ?? true
            && created.quantities == quantities.with(addOns: addOns) && created.overrides == overrides
            && created.hasTrial == hasTrial && hasStart ?? true
            && billedUntil?.wholeSeconds == subscription.billedUntil && usage == subscription.usage
            && metadata == subscription.metadata
    }
}

/// What is to be changed about a subscription: its plan, quantities, add-ons, or prices of its own.
package struct SubscriptionChangeDraft: Hashable, Sendable {
    /// The code of the new plan, whose latest version it gets.
    package var plan: String?
    /// The number of the plan's version, if it is not to be the latest.
    package var version: Int?
    /// The new quantities; those not named stay.
    package var quantities: Quantities
    /// The new numbers of add-ons, by their codes; those not named stay.
    package var addOns: Quantities
    /// The prices it has from then on in place of the plan's own, which may be none; nil: a change of plan drops those
    /// that there were.
    package var overrides: PriceOverrides?
    /// Whether a change of plan that names no prices keeps those that there were, where the plan has them.
    package var keepsOverrides: Bool
    /// When it takes effect; nil is at once, and for what costs less at the end of the period.
    package var timing: SubscriptionChange.Timing?
    /// When its lines are invoiced.
    package var invoice: SubscriptionChange.InvoiceTiming
    /// Whether the customer asks, who gets only add-ons that are shown.
    package var isCustomers = false

    /// Makes a draft; it is checked when it is used.
    package init(
        plan: String? = nil,
        version: Int? = nil,
        quantities: Quantities = [:],
        addOns: Quantities = [:],
        overrides: PriceOverrides? = nil,
        keepsOverrides: Bool = false,
        timing: SubscriptionChange.Timing? = nil,
        invoice: SubscriptionChange.InvoiceTiming = .now
    ) {
        self.plan = plan
        self.version = version
        self.quantities = quantities
        self.addOns = addOns
        self.overrides = overrides
        self.keepsOverrides = keepsOverrides
        self.timing = timing
        self.invoice = invoice
    }

    /// Whether it asks for nothing.
    var isEmpty: Bool { plan == nil && quantities.isEmpty && addOns.isEmpty && overrides == nil }

    /// Reads the fields of a request to their end: `plan`, `quantities`, `add_ons`, `overrides`, `when`, `invoice`.
    package init(json fields: inout JSONFields) throws(Problem) {
        let plan = try fields.optionalString("plan")
        let quantities = try fields.quantities("quantities")
        let addOns = try fields.quantities("add_ons")
        let overrides = try fields.overrides()
        let timing = try fields.optionalChoice("when", as: SubscriptionChange.Timing.self)
        let invoice = try fields.optionalChoice("invoice", as: SubscriptionChange.InvoiceTiming.self)
        try fields.finish()
        self.init(
            plan: plan,
            quantities: quantities ?? [:],
            addOns: addOns ?? [:],
            overrides: overrides,
            timing: timing,
            invoice: invoice ?? .now
        )
    }
}

/// What a cancellation says.
package struct SubscriptionCancelDraft: Hashable, Sendable {
    /// When it takes effect; the end of the period unless said.
    package var timing: SubscriptionChange.Timing
    /// What it does with what was paid and is not used.
    package var refund: SubscriptionChange.Refund

    /// Reads the fields of a request to their end: `when`, by default `period_end`, and `refund`, by default `credit`.
    package init(json fields: inout JSONFields) throws(Problem) {
        timing = try fields.optionalChoice("when", as: SubscriptionChange.Timing.self) ?? .periodEnd
        refund = try fields.optionalChoice("refund", as: SubscriptionChange.Refund.self) ?? .credit
        try fields.finish()
    }
}

/// The bounds of subscriptions.
package enum SubscriptionLimits {
    /// The years in which a subscription can start.
    package static let years = 2000...2199
    /// By how many seconds a customer's clock may be behind.
    package static let clockSeconds: Int64 = 60
    /// The most bytes of metadata.
    package static let metadataBytes = 8_192
    /// The most changes of one subscription.
    package static let changes = 5_000
    /// The most subscriptions of one tenant that are not over.
    package static let open = 1_000
}

extension JSONFields {
    /// `{"seats": "3"}`, if it is there.
    fileprivate mutating func quantities(_ key: String) throws(Problem) -> Quantities? {
        guard let json = value(key) else { return nil }
        return try Quantities(json: json, path: path(key))
    }

    /// The prices of `overrides`, if they are there.
    fileprivate mutating func overrides() throws(Problem) -> PriceOverrides? {
        guard let json = value("overrides") else { return nil }
        return try PriceOverrides(json: json, path: path("overrides"))
    }
}

extension Quantities {
    /// Refuses what no quantities of a plan and of add-ons can be.
    func check(addOns: Quantities) throws(Problem) {
        for (name, quantity) in self where quantity.isNegative {
            throw .invalid("quantities.\(name)", "must not be negative, not \"\(quantity)\"")
        }
        for (code, quantity) in addOns where quantity.isNegative {
            throw .invalid("add_ons.\(code)", "must not be negative, not \"\(quantity)\"")
        }
        for code in keys.compactMap(AddOnTerms.code(ofQuantity:)).sorted() {
            throw .invalid("quantities.\(AddOnTerms.quantity(of: code))", "belongs into `add_ons`, as \(code)")
        }
    }
}
