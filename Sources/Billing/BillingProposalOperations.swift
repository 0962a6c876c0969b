import Metering
import Plans
import Postgres
import Subscriptions
import Values

/// What would be billed: reads all that the invoice function needs, and runs it.
///
/// Nothing is written.
enum BillingProposals {
    /// A subscription to be billed.
    struct Request {
        let story: SubscriptionStory
        /// Up to here, that included.
        let until: Instant
        /// Drafts that are made anew: taken as if they were not there.
        var reissued: [Invoice] = []
    }

    /// All drafts of a subscription up to an instant, and what it takes to make invoices of them.
    struct Proposal {
        let history: InvoiceStory
        let drafts: [InvoiceDraft]
        let usage: BillingUsage
        let rules: [String: AggregationRule]
        let stored: [Invoice]
        let credited: [InvoiceLineID: CreditedLine]
        let adjustments: Adjustments
        let until: Instant
        let reissued: [Invoice]

        func assembly(_ story: SubscriptionStory, _ entity: EntityID, recordedAt: Instant) -> InvoiceAssembly {
            InvoiceAssembly(
                story: story,
                plans: history.plans,
                stored: stored,
                credited: credited,
                reissued: Dictionary(reissued.map { ($0.issuedAt, $0.id) }) { first, _ in first },
                closing: closing(of: story.subscription),
                rules: rules,
                legalEntity: entity,
                adjustments: adjustments,
                recordedAt: recordedAt,
                lineID: { InvoiceLineID.make(at: recordedAt) }
            )
        }

        /// Once a subscription is over no invoice is to come that could carry what is corrected: then it has one of its
        /// own, which comes after all others.
        private func closing(of subscription: Subscription) -> Instant? {
            guard let end = subscription.endedAt, end <= until else { return nil }
            guard reissued.isEmpty else { return reissued.first { $0.reason == .correction }?.issuedAt }
            return stored.map(\.issuedAt).max().map { max(until, $0.adding(microseconds: 1)) } ?? until
        }
    }

    /// Proposes for one subscription.
    static func make(
        of story: SubscriptionStory,
        until: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Proposal {
        let proposals = try await make(of: [Request(story: story, until: until)], in: transaction)
        guard let proposal = proposals.first else { throw InvoiceError.subscriptionNotFound(story.subscription.id) }
        return try proposal.get()
    }

    /// Proposes for subscriptions with different ids, in the order given: what cannot be billed fails by itself.
    static func make(
        of requests: [Request],
        in transaction: borrowing Transaction
    ) async throws -> [Result<Proposal, any Error>] {
        let keys = requests.map { (tenant: $0.story.subscription.tenant, subscription: $0.story.subscription.id) }
        let adjustments = try await AdjustmentQueries.load(of: keys, in: transaction)
        let stored = try await InvoiceQueries.all(of: keys, in: transaction)
        let credited = try await CreditNoteQueries.credited(of: keys, in: transaction)
        let asked = requests.map { request -> Result<Asked, any Error> in
            let id = request.story.subscription.id
            return Result { try Asked(request, adjustments[id] ?? Adjustments(), stored[id] ?? []) }
        }
        let questions = asked.compactMap { try? $0.get() }
        let meters = Set(questions.flatMap { $0.question.requests.map(\.meter) })
        let rules = try await MeterQueries.require(meters, in: transaction).mapValues(\.rule)
        var usage = try await BillingUsageReader.answers(to: questions.map(\.question), rules, in: transaction)[...]
        return asked.map { asked in
            asked.flatMap { asked in
                let own = usage.popFirst() ?? BillingUsage()
                return Result { try asked.proposal(own, rules, credited) }
            }
        }
    }

    /// A subscription's story, and what usage it asks for.
    private struct Asked {
        let request: Request
        let history: InvoiceStory
        let adjustments: Adjustments
        let question: BillingUsageReader.Question

        init(_ request: Request, _ adjustments: Adjustments, _ stored: [Invoice]) throws {
            let reissued = Set(request.reissued.map(\.id))
            var history = try InvoiceStory(request.story, until: request.until)
            history.add(adjustments)
            self.request = request
            self.history = history
            self.adjustments = adjustments
            question = BillingUsageReader.Question(
                story: request.story,
                requests: try InvoiceFunction.usageNeeded(history),
                stored: stored.filter { !reissued.contains($0.id) },
                committed: Set(history.plans.filter { $0.value.minimumCommitment != nil }.keys),
                adjustments: adjustments
            )
        }

        func proposal(
            _ usage: BillingUsage,
            _ rules: [String: AggregationRule],
            _ credited: [InvoiceLineID: CreditedLine]
        ) throws -> Proposal {
            let result = try InvoiceFunction.run(history) { request in usage.answer(request) }
            return Proposal(
                history: history,
                drafts: result.invoices,
                usage: usage,
                rules: rules,
                stored: question.stored,
                credited: credited,
                adjustments: adjustments,
                until: request.until,
                reissued: request.reissued
            )
        }
    }
}
