import Metering
import Plans
import Postgres
import Subscriptions
import Values

/// What would be billed: reads all that the invoice function needs, and runs it.
///
/// Nothing is written.
enum BillingProposals {
    /// All drafts of a subscription up to an instant, and what it takes to make invoices of them.
    struct Proposal {
        let history: InvoiceStory
        let drafts: [InvoiceDraft]
        let usage: BillingUsage
        let rules: [String: AggregationRule]
        let stored: [Invoice]
        let adjustments: Adjustments

        func assembly(_ story: SubscriptionStory, _ entity: EntityID, recordedAt: Instant) -> InvoiceAssembly {
            InvoiceAssembly(
                story: story,
                plans: history.plans,
                stored: stored,
                rules: rules,
                legalEntity: entity,
                adjustments: adjustments,
                recordedAt: recordedAt,
                lineID: { InvoiceLineID.make(at: recordedAt) }
            )
        }
    }

    /// Proposes for one subscription.
    static func make(
        of story: SubscriptionStory,
        until: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Proposal {
        let proposals = try await make(of: [story], until: until, in: transaction)
        guard let proposal = proposals.first else { throw InvoiceError.subscriptionNotFound(story.subscription.id) }
        return try proposal.get()
    }

    /// Proposes for subscriptions with different ids, in the order given: what cannot be billed fails by itself.
    static func make(
        of stories: [SubscriptionStory],
        until: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [Result<Proposal, any Error>] {
        let keys = stories.map { (tenant: $0.subscription.tenant, subscription: $0.subscription.id) }
        let adjustments = try await AdjustmentQueries.load(of: keys, in: transaction)
        let stored = try await InvoiceQueries.all(of: keys, in: transaction)
        let asked = stories.map { story -> Result<Asked, any Error> in
            let id = story.subscription.id
            return Result { try Asked(story, adjustments[id] ?? Adjustments(), stored[id] ?? [], until: until) }
        }
        let questions = asked.compactMap { try? $0.get() }
        let meters = Set(questions.flatMap { $0.question.requests.map(\.meter) })
        let rules = try await MeterQueries.require(meters, in: transaction).mapValues(\.rule)
        var usage = try await BillingUsageReader.answers(to: questions.map(\.question), rules, in: transaction)[...]
        return asked.map { asked in
            asked.flatMap { asked in
                let own = usage.popFirst() ?? BillingUsage()
                return Result { try asked.proposal(own, rules) }
            }
        }
    }

    /// A subscription's story, and what usage it asks for.
    private struct Asked {
        let history: InvoiceStory
        let adjustments: Adjustments
        let question: BillingUsageReader.Question

        init(_ story: SubscriptionStory, _ adjustments: Adjustments, _ stored: [Invoice], until: Instant) throws {
            var history = try InvoiceStory(story, until: until)
            history.add(adjustments)
            self.history = history
            self.adjustments = adjustments
            question = BillingUsageReader.Question(
                story: story,
                requests: try InvoiceFunction.usageNeeded(history),
                stored: stored,
                committed: Set(history.plans.filter { $0.value.minimumCommitment != nil }.keys),
                adjustments: adjustments
            )
        }

        func proposal(_ usage: BillingUsage, _ rules: [String: AggregationRule]) throws -> Proposal {
            let result = try InvoiceFunction.run(history) { request in usage.answer(request) }
            return Proposal(
                history: history,
                drafts: result.invoices,
                usage: usage,
                rules: rules,
                stored: question.stored,
                adjustments: adjustments
            )
        }
    }
}
