import Jobs
package import Postgres
package import Subscriptions
import Tenants
package import Values

extension InvoiceOperations {
    /// Makes every invoice of a subscription that fell due up to an instant, that included, and is not there yet.
    ///
    /// The subscription is locked, moved on to the instant, and billed by the invoice function over its whole story.
    /// What was invoiced stays as it was; what came late for a stretch that was billed is a line of the next invoice,
    /// of exactly the difference. Running it again adds nothing, also at once.
    ///
    /// - Returns: the new invoices, as drafts, in the order of their instants.
    /// - Throws: `InvoiceError.subscriptionNotFound`; what the invoice function and rating refuse.
    @discardableResult
    package static func bill(
        _ subscription: SubscriptionID,
        of tenant: TenantID,
        until: Instant,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> [Invoice] {
        guard
            let locked = try await SubscriptionQueries.lockedStory(of: subscription, tenant: tenant, in: transaction)
        else { throw InvoiceError.subscriptionNotFound(subscription) }
        let story = try await advanced(locked, until: until, by: stamp, in: transaction)
        let proposal = try await BillingProposals.make(of: story, until: until, in: transaction)
        let entity = try await InvoiceQueries.lockTenant(tenant, in: transaction)
        var pool = try await CreditQueries.pool(of: tenant, currency: story.subscription.currency, in: transaction)
        let made = try proposal.assembly(story, entity, recordedAt: stamp.recordedAt)
            .invoices(of: proposal.drafts, unchanged: proposal.usage.unchanged, pool: &pool)
        for (invoice, credit) in made { try await store(invoice, paidBy: credit, by: stamp, in: transaction) }
        let billedUpTo = max(until, proposal.stored.map(\.issuedAt).max() ?? until)
        let nextBilling = try nextBilling(of: story, after: billedUpTo)
        if let last = made.last?.invoice.issuedAt {
            try await SubscriptionOperations.markInvoiced(
                subscription,
                of: tenant,
                until: last,
                nextBillingAt: nextBilling,
                in: transaction
            )
        } else {
            try await SubscriptionOperations.setNextBilling(
                subscription,
                of: tenant,
                at: nextBilling,
                in: transaction
            )
        }
        return made.map(\.invoice)
    }

    /// The invoices that a story would have up to an instant and that are not stored.
    ///
    /// Of a story of `SubscriptionProposals` they are what the change would make. Nothing is written; the ids mean
    /// nothing.
    package static func preview(
        _ story: SubscriptionStory,
        until: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [Invoice] {
        let subscription = story.subscription
        let proposal = try await BillingProposals.make(of: story, until: until, in: transaction)
        guard let tenant = try await TenantQueries.find(subscription.tenant, in: transaction) else {
            throw InvoiceError.tenantNotFound(subscription.tenant)
        }
        var pool = try await CreditQueries.pool(
            of: subscription.tenant,
            currency: subscription.currency,
            in: transaction
        )
        return try proposal.assembly(story, tenant.legalEntity, recordedAt: until)
            .invoices(of: proposal.drafts, unchanged: proposal.usage.unchanged, pool: &pool).map(\.invoice)
    }

    /// The next invoice of a subscription as it would be with the usage so far.
    ///
    /// Nothing is written.
    ///
    /// `instant`: now.
    ///
    /// Returns what it would say; with no lines if nothing would be billed then; null if nothing will fall due.
    ///
    /// Throws `InvoiceError.subscriptionNotFound`.
    package static func upcoming(
        _ subscription: SubscriptionID,
        of tenant: TenantID,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> JSONValue {
        guard let story = try await SubscriptionQueries.story(of: subscription, tenant: tenant, in: transaction) else {
            throw InvoiceError.subscriptionNotFound(subscription)
        }
        guard let next = try story.nextBilling(after: instant) else {
            // It is over; what is not billed yet still comes.
            return try await preview(story, until: instant, in: transaction).last?.previewJSON ?? .null
        }
        if let invoice = try await preview(story, until: next, in: transaction).last, invoice.issuedAt > instant {
            return invoice.previewJSON
        }
        let zero = Money.zero(story.subscription.currency).json
        return [
            "tenant": .string(tenant.text), "subscription": .string(subscription.text), "reason": "renewal",
            "issued_at": .string(next.text), "currency": .string(story.subscription.currency.code), "lines": [],
            "subtotal": zero, "discount": zero, "tax": zero, "total": zero, "credited": zero, "refund_due": zero,
            "credits_applied": zero, "amount_due": zero,
        ]
    }

    /// The next end of a period or change after an instant.
    private static func nextBilling(of story: SubscriptionStory, after instant: Instant) throws(Problem) -> Instant? {
        let asked = story.changes.dropFirst().map(\.at).filter { $0 > instant }.min()
        return [try story.nextBilling(after: instant), asked].compactMap { $0 }.min()
    }

    /// Applies the ends of periods up to an instant to the row.
    private static func advanced(
        _ story: SubscriptionStory,
        until: Instant,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> SubscriptionStory {
        let row = story.subscription
        guard row.endedAt == nil, until >= row.currentPeriodEnd else { return story }
        let moved = try await SubscriptionOperations.advance(
            row.id,
            of: row.tenant,
            until: until,
            by: stamp,
            in: transaction
        )
        return SubscriptionStory(subscription: moved, changes: story.changes, versions: story.versions)
    }

    private static func store(
        _ invoice: Invoice,
        paidBy credit: CreditPool.Application,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        var statements = [
            InvoiceQueries.insert(invoice, by: stamp),
            InvoiceQueries.insertLines(of: invoice, recordedAt: stamp.recordedAt),
        ]
        statements += CreditQueries.insert(credit, of: invoice, recordedAt: stamp.recordedAt)
        try await transaction.batch(statements)
        var issued = stamp
        issued.at = invoice.issuedAt
        try await record("invoice.created", invoice, by: issued, in: transaction)
    }
}
