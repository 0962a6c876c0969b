import Metering
import Plans
import Postgres
import Subscriptions
import Values

/// Answers what the invoice function asks of the usage of many subscriptions, by a bounded number of statements.
struct BillingUsageReader {
    /// A subscription whose invoices ask for usage.
    struct Question {
        let story: SubscriptionStory
        let requests: [UsageRequest]
        let stored: [Invoice]
        /// The keys of its plans with a commitment.
        let committed: Set<String>
        /// What is taken off and added to its invoices.
        let adjustments: Adjustments
    }

    /// One request, with the place of its question.
    private struct Item {
        let place: Int
        let request: UsageRequest
        let rule: AggregationRule
    }

    /// What was recorded so long before an invoice may have been committed after it.
    private static let overlapSeconds: Int64 = 60
    /// So many events are read by a statement, unless one stretch alone has more.
    private static let eventLimit = 20_000

    private let questions: [Question]
    private var answers: [BillingUsage]
    private var sums: [(item: Item, aggregation: Aggregation)] = []
    private var logs: [Item] = []

    /// `archived`: the months whose events are in files.
    private init(_ questions: [Question], _ rules: [String: AggregationRule], archived: [Period]) {
        self.questions = questions
        answers = Array(repeating: BillingUsage(), count: questions.count)
        for (place, question) in questions.enumerated() {
            for request in question.requests {
                guard let rule = rules[request.meter] else { continue }
                // What ended before was billed elsewhere, so nothing is compared with it.
                if let before = question.story.subscription.billedUntil, request.part.end < before {
                    answers[place].skip(request)
                    continue
                }
                // Only what is billed is archived, and it is closed then.
                if archived.contains(where: { $0.intersection(request.part) != nil }) {
                    answers[place].skip(request)
                    continue
                }
                let item = Item(place: place, request: request, rule: rule)
                switch BillingUsage.source(of: request.price, rule) {
                case .totals(let aggregation): sums.append((item, aggregation))
                case .events(let rule): logs.append(Item(place: place, request: request, rule: rule))
                }
            }
        }
    }

    /// Answers in the order of the questions.
    static func answers(
        to questions: [Question],
        _ rules: [String: AggregationRule],
        in transaction: borrowing Transaction
    ) async throws -> [BillingUsage] {
        let archived = try await UsageArchiveQueries.archived(in: transaction)
        var reader = BillingUsageReader(questions, rules, archived: archived)
        try await reader.addUp(in: transaction)
        try await reader.leaveOutUnchanged(in: transaction)
        try await reader.readEvents(in: transaction)
        return reader.answers
    }

    private func stretch(_ item: Item, _ part: Period) -> UsageStretch {
        UsageStretch(of: questions[item.place].story.subscription, item.request.meter, part)
    }

    private mutating func addUp(in transaction: borrowing Transaction) async throws {
        let stretches = sums.map { stretch($0.item, $0.item.request.part) }
        let totals = try await BillingUsageQueries.totals(stretches, in: transaction)
        for (sum, total) in zip(sums, totals) {
            answers[sum.item.place].answer(sum.item.request, sum.aggregation, total)
        }
    }

    /// Leaves out parts that are billed and in which nothing has changed since the last invoice was written: their
    /// events need not be read again.
    ///
    /// Not under a commitment, which is what all usage of a part leaves of it. Not with coupons: what they have left
    /// for the next invoice follows from all that they took. Taxes are taken of an invoice as a whole, so with them all
    /// is read where anything has changed, and the usage beside fees that may be credited yet in any case.
    private mutating func leaveOutUnchanged(in transaction: borrowing Transaction) async throws {
        let candidates = logs.indices.compactMap { index -> (index: Int, stretch: UsageStretch, since: Instant)? in
            let item = logs[index]
            let question = questions[item.place]
            guard question.isBilled(item.request), let writtenAt = question.written.map(\.recordedAt).max(),
                question.adjustments.coupons.isEmpty, !item.rule.carryOver,
                !question.committed.contains(item.request.planKey)
            else { return nil }
            return (index, stretch(item, item.request.part), writtenAt.adding(seconds: -Self.overlapSeconds))
        }
        let changed = try await BillingUsageQueries.changed(
            candidates.map { ($0.stretch, $0.since) },
            in: transaction
        )
        var unchanged = Set(candidates.enumerated().filter { !changed.contains($0.offset) }.map(\.element.index))
        let read = Set(logs.indices).subtracting(unchanged).map { logs[$0] }.filter(isBilled).map(\.place)
        let different = Set(read).union(sums.map(\.item).filter(isDifferent).map(\.place))
        for (place, question) in questions.enumerated() where !question.adjustments.taxes.isEmpty {
            let beside = question.besideFees
            unchanged = unchanged.filter { index in
                logs[index].place != place || !different.contains(place) && !beside(StretchKey(logs[index].request))
            }
        }
        for index in unchanged { answers[logs[index].place].skip(logs[index].request) }
        logs = logs.indices.filter { !unchanged.contains($0) }.map { logs[$0] }
    }

    private func isBilled(_ item: Item) -> Bool { questions[item.place].isBilled(item.request) }

    /// Whether a part that is billed has another sum now.
    private func isDifferent(_ item: Item) -> Bool {
        let question = questions[item.place]
        guard isBilled(item), !question.adjustments.taxes.isEmpty,
            case .quantity(let quantity) = answers[item.place].answer(item.request)
        else { return false }
        let now = try? Decimal12(rounding: max(.zero, quantity))
        return now?.exact != question.quantity(of: StretchKey(item.request))
    }

    /// Reads the events of each meter of a subscription once, for all parts that ask for them.
    private mutating func readEvents(in transaction: borrowing Transaction) async throws {
        struct Key: Hashable {
            let place: Int
            let meter: String
        }
        let groups = Dictionary(grouping: logs) { Key(place: $0.place, meter: $0.request.meter) }
            .sorted { ($0.key.place, $0.key.meter) < ($1.key.place, $1.key.meter) }.map(\.value)
        let read = groups.compactMap { items -> (items: [Item], stretch: UsageStretch)? in
            let starts = items.map { $0.rule.carryOver ? $0.request.since : $0.request.part.start }
            guard let first = items.first, let start = starts.min(), let end = items.map(\.request.part.end).max(),
                let part = Period(start: start, end: end)
            else { return nil }
            return (items, stretch(first, part))
        }
        guard !read.isEmpty else { return }
        let counts = try await BillingUsageQueries.totals(read.map(\.stretch), in: transaction).map(\.count)
        var next = 0
        while next < read.count {
            var end = next + 1
            var events = counts[next]
            while end < read.count, events + counts[end] <= Self.eventLimit {
                events += counts[end]
                end += 1
            }
            let chunk = read[next..<end]
            let found = try await BillingUsageQueries.events(chunk.map(\.stretch), in: transaction)
            for (asked, log) in zip(chunk, found) {
                for item in asked.items { answers[item.place].answer(item.request, item.rule, log) }
            }
            next = end
        }
    }
}

extension BillingUsageReader.Question {
    /// Whether a part ended by the last invoice.
    fileprivate func isBilled(_ request: UsageRequest) -> Bool {
        written.map(\.issuedAt).max().map { request.part.end <= $0 } ?? false
    }

    /// The invoices that bill something: a draft of which nothing was left has corrected nothing either.
    fileprivate var written: [Invoice] { stored.filter { !$0.lines.isEmpty } }

    /// What all invoices have billed for a stretch.
    fileprivate func quantity(of key: StretchKey) -> Exact {
        stored.flatMap(\.lines).filter { $0.kind == .usage && StretchKey($0) == key }
            .reduce(Exact.zero) { $0 + $1.quantity.exact }
    }

    /// Tells the stretches that may share an invoice with a fee of which a part is yet to come: a credit of it takes
    /// back the share of the invoice's taxes that it had.
    fileprivate var besideFees: (StretchKey) -> Bool {
        guard let last = stored.map(\.issuedAt).max() else { return { _ in false } }
        func isLive(_ line: InvoiceLine) -> Bool { line.timing == .advance && line.end > last }
        let fees = stored.flatMap(\.lines).filter(isLive)
        let beside = Set(stored.filter { $0.lines.contains(where: isLive) }.flatMap(\.lines).map(StretchKey.init))
        guard let since = fees.map(\.start).min() else { return { _ in false } }
        return { $0.end >= since || beside.contains($0) }
    }
}
