package import Metering
package import Plans
package import Values

/// Where a subscription stands.
package enum SubscriptionStatus: String, CaseIterable, Sendable {
    /// In its trial, in which nothing is billed.
    case trialing
    /// In force; also before it has started.
    case active
    /// Standing still.
    case paused
    /// In force with an invoice overdue.
    case pastDue = "past_due"
    /// In force, but without inference and allowances: an invoice has been overdue for too long.
    case suspended
    /// Cut off by a cancellation.
    case cancelled
    /// Over at the end of a period, after a cancellation that waited for it.
    case ended

    /// Whether it is over; nothing leads back.
    package var isOver: Bool { self == .cancelled || self == .ended }
}

/// Which events are a subscription's usage.
package enum SubscriptionUsage: String, CaseIterable, Sendable {
    /// Those that name it, and those that name none: one such subscription at a time prices a meter.
    case any
    /// Those that name it, and no others.
    case named
}

/// What a tenant is subscribed to, as it stands: the row that follows from the changes.
package struct Subscription: Hashable, Sendable {
    /// Names it.
    package let id: SubscriptionID
    /// Whose it is.
    package let tenant: TenantID
    /// The plan version in force.
    package internal(set) var planVersion: PlanVersionID
    /// The code of the plan in force.
    package internal(set) var planCode: String
    /// The number of the version in force, from 1.
    package internal(set) var planVersionNumber: Int
    /// What it is like: it follows from the changes and the standing.
    package internal(set) var status: SubscriptionStatus
    /// Where it stands with what it owes.
    package internal(set) var standing: SubscriptionStanding
    /// Its first instant, in whole seconds.
    package let startsAt: Instant
    /// The date, if the start was given as one: its periods keep midnight.
    package let startsOn: CalendarDate?
    /// The zone of its calendar: the tenant's when it began.
    package let timeZone: Zone
    /// The currency of all its plans.
    package let currency: Currency
    /// Where its periods are counted from; nil in a trial.
    package internal(set) var anchor: Instant?
    /// The quantities in force.
    package internal(set) var quantities: Quantities
    /// The prices it has in place of the plan's own.
    package internal(set) var overrides: PriceOverrides
    /// What falls due before was billed elsewhere.
    package let billedUntil: Instant?
    /// Which events are its usage.
    package let usage: SubscriptionUsage
    /// The first instant of the period, or of the trial.
    package internal(set) var currentPeriodStart: Instant
    /// The first instant after the period, or after the trial.
    package internal(set) var currentPeriodEnd: Instant
    /// Since when it stands still.
    package internal(set) var pausedAt: Instant?
    /// When it will end, if a cancellation waits.
    package internal(set) var cancelsAt: Instant?
    /// The changes that wait for the end of the period, in the order they were asked for.
    package internal(set) var scheduledChanges: [ChangeID]
    /// The instant of the last invoice; nothing can change at or before it.
    package internal(set) var lastInvoiceAt: Instant?
    /// The next instant at which something may fall due; nil once all is billed of one that is over.
    package internal(set) var nextBillingAt: Instant?
    /// When it ended.
    package internal(set) var endedAt: Instant?
    /// What the caller keeps with it.
    package let metadata: JSONValue
    /// When it was asked for, in business time.
    package let createdAt: Instant

    /// The period that was reached, of one that is over or paused the last it had, cut there; in a trial the trial.
    package var currentPeriod: (start: Instant, end: Instant) { (currentPeriodStart, currentPeriodEnd) }

    /// The start as it was written, with the wall time that its periods keep.
    package var start: Moment {
        startsOn.map { Moment($0, in: timeZone) } ?? Moment(startsAt, in: timeZone)
    }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "tenant": .string(tenant.text), "plan": .string(planCode),
            "plan_version": .int(planVersionNumber), "plan_version_id": .string(planVersion.text),
            "status": .string(status.rawValue), "standing": .string(standing.rawValue),
            "quantities": quantities.ofPlan.json, "add_ons": quantities.addOnsJSON, "overrides": overrides.json,
            "currency": .string(currency.code),
            "timezone": .string(timeZone.name), "usage": .string(usage.rawValue), "starts_at": startsAt.json,
            "current_period": ["start": currentPeriodStart.json, "end": currentPeriodEnd.json],
            "anchor": .optional(anchor?.text), "billed_until": .optional(billedUntil?.text),
            "paused_at": .optional(pausedAt?.text), "cancels_at": .optional(cancelsAt?.text),
            "scheduled_changes": .array(scheduledChanges.map { .string($0.text) }),
            "last_invoice_at": .optional(lastInvoiceAt?.text), "next_billing_at": .optional(nextBillingAt?.text),
            "ended_at": .optional(endedAt?.text), "metadata": metadata, "created_at": createdAt.json,
        ]
    }
}

extension Subscription {
    /// Which of the tenant's events are its usage.
    package var usageScope: UsageScope {
        switch usage {
        case .any: .unnamed(or: id)
        case .named: .named(id)
        }
    }
}
