package import Jobs
package import Postgres
import Subscriptions
package import Values

/// Invoices before the end of a period, when usage comes to a threshold.
package enum ProgressiveBilling {
    /// How many subscriptions are read at a time.
    private static let pageSize = 200

    /// Sets from how much usage on, before coupons and taxes, a subscription is invoiced at once; nil: not any more.
    ///
    /// - Throws: `InvoiceError.subscriptionNotFound`; a problem with `amount` in another currency or not above 0.
    package static func setThreshold(
        _ amount: Money?,
        of id: SubscriptionID,
        tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        guard let subscription = try await SubscriptionQueries.find(id, of: tenant, in: transaction) else {
            throw InvoiceError.subscriptionNotFound(id)
        }
        if let amount {
            guard amount.currency == subscription.currency else {
                throw Problem.invalid(
                    "amount.currency",
                    "is \(amount.currency); it must be that of the subscription, which is \(subscription.currency)"
                )
            }
            guard amount.minor > 0 else {
                throw Problem.invalid("amount.amount", "must be above 0, not \"\(amount.text)\"")
            }
        }
        try await transaction.execute(
            """
            INSERT INTO app.billing_thresholds (tenant_id, subscription_id, currency, amount_minor, recorded_at, author)
            VALUES (\(tenant), \(id), \(subscription.currency), \(amount?.minor), \(stamp.recordedAt), \(stamp.author))
            ON CONFLICT (tenant_id, subscription_id) DO UPDATE SET amount_minor = excluded.amount_minor, seen = NULL,
                recorded_at = excluded.recorded_at, author = excluded.author
            """
        )
        try await Activity.record(
            "subscription.threshold_set",
            object: id.text,
            tenant: tenant,
            details: ["amount": amount?.json ?? .null],
            by: stamp,
            in: transaction
        )
    }

    /// Invoices what a subscription has used so far and is not invoiced yet, if that comes to its threshold.
    ///
    /// What fell due by now is billed first. The invoice is finalized at once.
    ///
    /// - Returns: it; nil if it has no threshold, or less was used.
    /// - Throws: what billing throws.
    @discardableResult
    package static func bill(
        _ subscription: SubscriptionID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Invoice? {
        let threshold = try await ProgressiveQueries.threshold(of: subscription, tenant: tenant, in: transaction)
        guard let threshold else { return nil }
        try await InvoiceOperations.bill(subscription, of: tenant, until: stamp.at, by: stamp, in: transaction)
        // Held by now.
        guard let story = try await SubscriptionQueries.story(of: subscription, tenant: tenant, in: transaction),
            story.subscription.endedAt == nil, let end = try story.timeline(until: stamp.at).nextBoundary
        else { return nil }
        let proposal = try await BillingProposals.make(of: story, until: end, in: transaction)
        let entity = try await InvoiceQueries.lockTenant(tenant, in: transaction)
        var pool = try await CreditQueries.pool(of: tenant, currency: threshold.currency, in: transaction)
        let made = try proposal.assembly(story, entity, recordedAt: stamp.recordedAt).invoice(
            ofUsageIn: proposal.drafts,
            unchanged: proposal.usage.unchanged,
            at: stamp.at,
            from: threshold.minor,
            pool: &pool
        )
        guard let made else { return nil }
        try await InvoiceOperations.store([made], by: stamp, in: transaction)
        return try await InvoiceOperations.finalize(made.invoice.id, of: tenant, by: stamp, in: transaction)
    }

    /// Does so for all subscriptions whose usage is another than when it was looked at last.
    ///
    /// What fails is in the summary, and holds up nobody else; it is looked at again.
    ///
    /// `tenant`: only this tenant's; nil is everyone's who lives by the machine's clock.
    package static func sweep(
        at instant: Instant,
        tenant: TenantID? = nil,
        database: Database,
        time: any TimeSource,
        author: Author = .system("billing"),
        _ summary: inout BillingRunSummary
    ) async throws {
        var last: ProgressiveQueries.Key?
        while true {
            let page = try await database.transaction(as: .system) { transaction in
                try await ProgressiveQueries.changed(of: tenant, after: last, limit: pageSize, in: transaction)
            }
            for key in page {
                let stamp = Stamp(at: instant, recordedAt: time.now(), author: author)
                do {
                    let invoice = try await database.transaction(as: .system) { transaction in
                        try await look(at: key, by: stamp, in: transaction)
                    }
                    guard let invoice else { continue }
                    try summary.add(invoice)
                } catch  where Problem.of(error).kind != .unavailable {
                    summary.fail(key.tenant, key.subscription.text, error)
                }
            }
            guard page.count == pageSize, let end = page.last else { return }
            last = end
        }
    }

    private static func look(
        at key: ProgressiveQueries.Key,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Invoice? {
        let invoice = try await bill(key.subscription, of: key.tenant, by: stamp, in: transaction)
        try await transaction.execute(
            """
            UPDATE app.billing_thresholds SET seen = \(key.seen)
            WHERE tenant_id = \(key.tenant) AND subscription_id = \(key.subscription)
            """
        )
        return invoice
    }
}
