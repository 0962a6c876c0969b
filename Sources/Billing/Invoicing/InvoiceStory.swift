package import Plans
package import Subscriptions
package import Values

/// A subscription's whole story: all that its invoices follow from, beside the usage.
///
/// It knows nothing of where it was read: the simulator makes it of JSON, production of rows. Instants are cut to whole
/// seconds.
package struct InvoiceStory: Hashable, Sendable {
    /// One thing that was asked of the subscription.
    package struct Change: Hashable, Sendable {
        /// What was asked.
        package enum Request: Hashable, Sendable {
            /// Another plan by its key in `plans`, or the same again; perhaps with new quantities.
            case plan(String, quantities: [String: Exact], invoice: SubscriptionChange.InvoiceTiming)
            /// New quantities; those not named stay.
            case quantities([String: Exact], invoice: SubscriptionChange.InvoiceTiming)
            /// The end.
            case cancel(SubscriptionChange.Refund)
            /// To stand still: the running part is closed as by a cancellation that credits.
            case pause
            /// To go on: a period begins.
            case resume
            /// That changes wait no longer, by their `path`.
            case withdraw(Set<String>)
        }

        /// When it was asked for.
        package let at: Moment
        /// When it takes effect.
        package let timing: SubscriptionChange.Timing
        /// What was asked.
        package let request: Request
        /// Its place in the input, which errors name.
        package let path: String

        /// Takes the four.
        package init(
            at moment: Moment,
            timing: SubscriptionChange.Timing = .immediately,
            _ request: Request,
            path: String = "changes"
        ) {
            at = moment
            self.timing = timing
            self.request = request
            self.path = path
        }

        /// The key of the plan it brings.
        package var plan: String? {
            guard case .plan(let key, _, _) = request else { return nil }
            return key
        }
    }

    /// A tax on everything that is billed.
    package struct Tax: Hashable, Sendable {
        /// Its name.
        package let code: String
        /// The share of the discounted amounts: 0.19 is 19 %.
        package let rate: Exact
        /// Whether the prices contain it; else it is added to them.
        package let isInclusive: Bool
        /// Invoices of this instant and later ones have it; nil is all.
        package let from: Instant?
        /// Invoices of this instant and later ones no longer have it; nil is none.
        package let until: Instant?

        /// Takes the five.
        package init(
            code: String,
            rate: Exact,
            isInclusive: Bool = false,
            from: Instant? = nil,
            until: Instant? = nil
        ) {
            self.code = code
            self.rate = rate
            self.isInclusive = isInclusive
            self.from = from
            self.until = until
        }

        /// Whether an invoice of an instant has it.
        package func applies(at instant: Instant) -> Bool {
            (from.map { $0 <= instant } ?? true) && (until.map { instant < $0 } ?? true)
        }
    }

    /// Credit that invoices take from.
    package struct Grant: Hashable, Sendable {
        /// Names it.
        package let id: String
        /// What it is worth, in minor units.
        package let amount: Int64
        /// From when on it can be used.
        package let grantedAt: Instant
        /// From when on it no longer can; nil is never.
        package let expiresAt: Instant?
        /// The lowest is used first.
        package let priority: Int

        /// Takes the five.
        package init(id: String, amount: Int64, grantedAt: Instant, expiresAt: Instant? = nil, priority: Int = 1) {
            self.id = id
            self.amount = amount
            self.grantedAt = grantedAt
            self.expiresAt = expiresAt
            self.priority = priority
        }
    }

    /// The plans by a key of the caller's: the code where a plan has one version, else the version's id.
    package var plans: [String: Plan]
    /// Where the plans stand in the input, by key, for errors; the key itself unless given.
    package var planPaths: [String: String] = [:]
    /// The currency of all plans.
    package var currency: Currency
    /// The zone of the calendar.
    package var zone: Zone
    /// When the subscription starts.
    package var start: Moment
    /// The key of its first plan.
    package var plan: String
    /// What it has of each quantity at first.
    package var quantities: [String: Exact]
    /// What was asked of it, in any order; at one instant in the order given.
    package var changes: [Change]
    /// In the order in which they are applied.
    package var coupons: [InvoiceCoupon]
    /// In the order in which they are applied.
    package var taxes: [Tax]
    /// In the order given.
    package var grants: [Grant]
    /// The credit balance at first, in minor units.
    package var creditBalance: Int64
    /// Invoices are issued up to this instant, that included.
    package var until: Instant

    /// Takes all of it.
    package init(
        plans: [String: Plan],
        currency: Currency,
        zone: Zone,
        start: Moment,
        plan: String,
        quantities: [String: Exact] = [:],
        changes: [Change] = [],
        coupons: [InvoiceCoupon] = [],
        taxes: [Tax] = [],
        grants: [Grant] = [],
        creditBalance: Int64 = 0,
        until: Instant
    ) {
        self.plans = plans
        self.currency = currency
        self.zone = zone
        self.start = start
        self.plan = plan
        self.quantities = quantities
        self.changes = changes
        self.coupons = coupons
        self.taxes = taxes
        self.grants = grants
        self.creditBalance = creditBalance
        self.until = until
    }
}
