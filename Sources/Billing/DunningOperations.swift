import Jobs
package import Postgres
import Subscriptions
package import Values

/// Setting what happens about unpaid invoices, and doing it step by step.
package enum DunningOperations {
    /// Sets the policy of a legal entity, or the one for all that have none of their own: for `.admin`.
    package static func set(
        _ policy: DunningPolicy,
        of entity: EntityID?,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let id = EntityID.make(at: stamp.recordedAt)
        try await transaction.execute(DunningQueries.put(policy, of: entity, id: id, by: stamp))
        try await Activity.record(
            "dunning_policy.changed",
            object: entity?.text ?? "dunning_policy",
            tenant: nil,
            details: policy.json,
            by: stamp,
            in: transaction
        )
    }

    /// Does the next step about an invoice that is due up to an instant, if there is one: looked at anew under the
    /// invoice's lock, so that each is done once.
    ///
    /// `enqueues`: whether a charge that is to be sent is left to a job; else it is the caller's.
    ///
    /// - Returns: the step, and whether a charge is to be sent; nil if nothing is due.
    static func doNext(
        about open: DunningQueries.Open,
        _ policy: DunningPolicy,
        until: Instant,
        recordedAt: Instant,
        author: Author,
        enqueues: Bool,
        in transaction: borrowing Transaction
    ) async throws -> (next: Dunning.Next, charges: Bool)? {
        let invoice = try await InvoiceQueries.lock(open.invoice, of: open.tenant, in: transaction)
        guard invoice.status == .open, invoice.amountRemaining.minor > 0,
            let facts = try await DunningQueries.facts(of: [open], in: transaction)[open.invoice],
            let next = Dunning.due(policy, facts, at: until)
        else { return nil }
        let stamp = Stamp(at: next.at, recordedAt: recordedAt, author: author)
        let effect = try await effect(of: next, policy, invoice, until: until, by: stamp, in: transaction)
        let written = try await transaction.execute(
            DunningQueries.insert(next, effect: effect.text, of: invoice.id, tenant: invoice.tenant, by: stamp)
        )
        guard written == 1 else { return nil }
        if effect.charges, enqueues {
            let request = PaymentJobs.collectRequest(invoice.id, of: invoice.tenant, at: recordedAt)
            try await JobOperations.enqueue([request], at: recordedAt, in: transaction)
        }
        return (next, effect.charges)
    }

    /// Gives a subscription back what unpaid invoices took from it, as far as no other that is open took it: after one
    /// was paid.
    static func relieve(_ invoice: Invoice, by stamp: Stamp, in transaction: borrowing Transaction) async throws {
        try await relieve(invoice.subscription, of: invoice.tenant, by: stamp, in: transaction)
    }

    static func relieve(
        _ id: SubscriptionID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        guard let subscription = try await SubscriptionQueries.find(id, of: tenant, in: transaction),
            subscription.standing != .current, !subscription.status.isOver
        else { return }
        let steps = try await DunningQueries.standing(of: id, tenant: tenant, in: transaction)
        let own: SubscriptionStanding =
            steps.contains(.suspend) ? .suspended : steps.contains(.pastDue) ? .pastDue : .current
        // What people restricted stays until people take it back.
        let held = try await SubscriptionQueries.held(of: id, tenant: tenant, in: transaction)
        let standing = rank(own) < rank(held) ? held : own
        guard rank(standing) < rank(subscription.standing) else { return }
        try await SubscriptionOperations.setStanding(
            standing,
            of: id,
            tenant: tenant,
            because: "what was overdue is paid",
            from: .dunning,
            by: stamp,
            in: transaction
        )
    }

    private static func effect(
        of next: Dunning.Next,
        _ policy: DunningPolicy,
        _ invoice: Invoice,
        until: Instant,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> (text: String, charges: Bool) {
        switch next.step.kind {
        case .message:
            let template = Dunning.template(policy, message: next.step.number)
            try await message(template, next, invoice, by: stamp, in: transaction)
            return (template, false)
        case .retry:
            let attempt = try await PaymentAttemptOperations.begin(
                invoice.id,
                of: invoice.tenant,
                replaces: true,
                by: stamp,
                in: transaction
            )
            return (attempt?.id.text ?? "nothing to charge", attempt != nil)
        case .pastDue: return (try await restrict(invoice, to: .pastDue, by: stamp, in: transaction), false)
        case .suspend: return (try await restrict(invoice, to: .suspended, by: stamp, in: transaction), false)
        case .final:
            return (try await end(invoice, policy.final, until: until, by: stamp, in: transaction), false)
        }
    }

    /// Says that the customer is to be told; who delivers it reads it from the trail, for example by a webhook.
    private static func message(
        _ template: String,
        _ next: Dunning.Next,
        _ invoice: Invoice,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await Activity.record(
            "dunning.message",
            object: invoice.id.text,
            tenant: invoice.tenant,
            details: [
                "template": .string(template), "message": .int(next.step.number),
                "subscription": .string(invoice.subscription.text), "number": .optional(invoice.number),
                "amount_remaining": invoice.amountRemaining.json, "due_at": .optional(invoice.dueAt?.text),
            ],
            by: stamp,
            in: transaction
        )
    }

    /// Never makes it milder: another invoice may have brought a harder standing.
    private static func restrict(
        _ invoice: Invoice,
        to standing: SubscriptionStanding,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> String {
        let found = try await SubscriptionQueries.find(invoice.subscription, of: invoice.tenant, in: transaction)
        guard let subscription = found, !subscription.status.isOver else { return "subscription over" }
        guard rank(subscription.standing) < rank(standing) else { return subscription.standing.rawValue }
        try await SubscriptionOperations.setStanding(
            standing,
            of: subscription.id,
            tenant: invoice.tenant,
            because: "the invoice \(invoice.number ?? invoice.id.text) is overdue",
            from: .dunning,
            by: stamp,
            in: transaction
        )
        return standing.rawValue
    }

    private static func end(
        _ invoice: Invoice,
        _ final: DunningPolicy.Final,
        until: Instant,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> String {
        let found = try await SubscriptionQueries.find(invoice.subscription, of: invoice.tenant, in: transaction)
        if let subscription = found, !subscription.status.isOver {
            // A run that comes late: nothing changes at or before the last invoice.
            var own = stamp
            if let last = subscription.lastInvoiceAt, last >= own.at { own.at = min(until, last.adding(seconds: 1)) }
            try await SubscriptionOperations.cancel(
                subscription.id,
                of: invoice.tenant,
                when: .immediately,
                refund: .none,
                by: own,
                in: transaction
            )
        }
        if final == .uncollectible {
            try await InvoiceOperations.markUncollectible(invoice.id, of: invoice.tenant, by: stamp, in: transaction)
        }
        return final.rawValue
    }

    private static func rank(_ standing: SubscriptionStanding) -> Int {
        switch standing {
        case .current: 0
        case .pastDue: 1
        case .suspended: 2
        }
    }
}
