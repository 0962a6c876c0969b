import Jobs
import Plans
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
        let (_, outcomes) = try await BillingBatch.bill(
            [(tenant: tenant, subscription: subscription)],
            until: until,
            BillingBatch.Taking(),
            PlanVersionCache(),
            by: stamp,
            in: transaction
        )
        guard let outcome = outcomes.first else { throw InvoiceError.subscriptionNotFound(subscription) }
        return try outcome.result.get()
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
            "subtotal": zero, "discount": zero, "tax": zero, "tax_status": .string(TaxStatus.standard.rawValue),
            "total": zero, "credited": zero, "refund_due": zero,
            "credits_applied": zero, "amount_due": zero,
        ]
    }

    /// Writes new invoices as drafts, with what pays them and the activity.
    static func store(
        _ made: [(invoice: Invoice, credit: CreditPool.Application)],
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        guard !made.isEmpty else { return }
        let invoices = made.map(\.invoice)
        try await transaction.batch(
            [
                InvoiceWriteQueries.insert(invoices, by: stamp),
                InvoiceWriteQueries.insertLines(of: invoices, recordedAt: stamp.recordedAt),
            ] + InvoiceWriteQueries.insertCredits(of: made, recordedAt: stamp.recordedAt)
        )
        try await Activity.record(
            invoices.map { act("invoice.created", $0, at: $0.issuedAt) },
            by: stamp,
            in: transaction
        )
    }

    /// What the trail says of an invoice.
    static func act(_ verb: String, _ invoice: Invoice, at instant: Instant) -> Activity.Act {
        Activity.Act(
            verb,
            object: invoice.id.text,
            tenant: invoice.tenant,
            at: instant,
            details: invoice.summary
        )
    }
}
