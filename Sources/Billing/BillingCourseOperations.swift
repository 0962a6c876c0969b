import Jobs
import Plans
import Postgres
import Subscriptions
import Values

/// A billing run on its way.
///
/// It goes through what is due page by page. A batch of a page is a transaction, and a few run at once. What another
/// transaction holds is left for the end, where it is waited for; by then another run has mostly done it.
struct BillingCourse: Sendable {
    let until: Instant
    let database: Database
    let time: any TimeSource
    let author: Author
    let graceSeconds: Int64
    let tenant: TenantID?
    /// How many are dealt with in a transaction.
    let batch: Int
    /// When the run began, by the clock: drafts that were written since are as new as can be.
    let startedAt: Instant
    let cache = PlanVersionCache()

    /// How many subscriptions or drafts are read at a time.
    private static let pageSize = 1_000
    /// How many transactions run at once.
    private static let width = 3

    /// What a batch did.
    private struct Report<Key: Sendable>: Sendable {
        var subscriptions = 0
        var invoices: [Invoice] = []
        var finalized = 0
        var failures: [(tenant: TenantID, object: String, error: any Error)] = []
        /// What another transaction holds.
        var held: [Key] = []
    }

    /// For the transaction that begins.
    private var stamp: Stamp { Stamp(at: until, recordedAt: time.now(), author: author) }

    // MARK: Billing

    private typealias DueKey = SubscriptionQueries.DueKey

    /// Makes the invoices of all subscriptions that are due.
    func bill(_ summary: inout BillingRunSummary) async throws {
        var held: [DueKey] = []
        var last: DueKey?
        while true {
            let page = try await database.transaction(as: .system) { transaction in
                try await SubscriptionQueries.due(
                    upTo: until,
                    of: tenant,
                    after: last,
                    limit: Self.pageSize,
                    in: transaction
                )
            }
            held += try await bill(page, skippingHeld: true, &summary)
            guard page.count == Self.pageSize, let end = page.last else { break }
            last = end
        }
        _ = try await bill(held, skippingHeld: false, &summary)
    }

    /// Returns what another transaction holds.
    private func bill(
        _ keys: [DueKey],
        skippingHeld: Bool,
        _ summary: inout BillingRunSummary
    ) async throws -> [DueKey] {
        let batches = batches(of: keys) { ($0.tenant, $0.subscription) }
        return try await each(batches, &summary) { batch in
            do {
                return try await bill(batch, skippingHeld)
            } catch {
                return try await oneByOne(batch, after: error) { key in
                    do { return try await bill([key], false) } catch {
                        var report = Report<DueKey>()
                        report.subscriptions = 1
                        report.failures = [(key.tenant, key.subscription.text, error)]
                        return report
                    }
                }
            }
        }
    }

    /// Bills some in one transaction.
    private func bill(_ keys: [DueKey], _ skippingHeld: Bool) async throws -> Report<DueKey> {
        let outcomes = try await database.transaction(as: .system) { transaction in
            try await BillingBatch.bill(
                keys.map { ($0.tenant, $0.subscription) },
                until: until,
                BillingBatch.Taking(skippingHeld: skippingHeld, onlyDue: true),
                cache,
                by: stamp,
                in: transaction
            )
        }
        var report = Report<DueKey>()
        report.subscriptions = outcomes.billed.count
        for outcome in outcomes.billed {
            switch outcome.result {
            case .success(let invoices): report.invoices += invoices
            case .failure(let error): report.failures.append((outcome.tenant, outcome.subscription.text, error))
            }
        }
        let reached = Set(outcomes.reached)
        report.held = keys.filter { !reached.contains($0.subscription) }
        return report
    }

    // MARK: Finalizing

    /// Puts all drafts into the books whose grace has passed.
    func finalize(_ summary: inout BillingRunSummary) async throws {
        var held: [InvoiceQueries.DraftKey] = []
        var last: InvoiceQueries.DraftKey?
        while true {
            let page = try await database.transaction(as: .system) { transaction in
                try await InvoiceQueries.drafts(
                    issuedUpTo: until.adding(seconds: -graceSeconds),
                    tenant: tenant,
                    after: last,
                    limit: Self.pageSize,
                    in: transaction
                )
            }
            held += try await finalize(page, skippingHeld: true, &summary)
            guard page.count == Self.pageSize, let end = page.last else { break }
            last = end
        }
        _ = try await finalize(held, skippingHeld: false, &summary)
    }

    private func finalize(
        _ keys: [InvoiceQueries.DraftKey],
        skippingHeld: Bool,
        _ summary: inout BillingRunSummary
    ) async throws -> [InvoiceQueries.DraftKey] {
        try await each(batches(of: keys) { ($0.tenant, $0.subscription) }, &summary) { batch in
            do {
                return try await finalize(batch, skippingHeld)
            } catch {
                return try await oneByOne(batch, after: error) { key in
                    do { return try await finalize([key], false) } catch {
                        var report = Report<InvoiceQueries.DraftKey>()
                        report.failures = [(key.tenant, key.id.text, error)]
                        return report
                    }
                }
            }
        }
    }

    /// Makes some anew and finalizes them, in one transaction; what cannot be computed stays a draft.
    private func finalize(
        _ keys: [InvoiceQueries.DraftKey],
        _ skippingHeld: Bool
    ) async throws -> Report<InvoiceQueries.DraftKey> {
        let stale = keys.filter { $0.recordedAt < startedAt }
        let (anew, taken, drafts) = try await database.transaction(as: .system) { transaction in
            let stamp = stamp
            let anew = try await DraftReissue.run(
                stale,
                skippingHeld: skippingHeld,
                cache,
                by: stamp,
                in: transaction
            )
            let ready = keys.filter { key in
                key.recordedAt >= startedAt
                    || anew.reached.contains(key.subscription) && anew.failures[key.subscription] == nil
            }
            let asked = ready.map { key in
                InvoiceOperations.Finalization(
                    tenant: key.tenant,
                    id: key.id,
                    at: key.issuedAt.adding(seconds: graceSeconds)
                )
            }
            let (taken, drafts) = try await InvoiceOperations.finalize(
                asked,
                skippingHeld: skippingHeld,
                by: stamp,
                in: transaction
            )
            return (anew, taken, drafts)
        }
        var report = Report<InvoiceQueries.DraftKey>()
        report.finalized = drafts
        let failed = keys.filter { anew.failures[$0.subscription] != nil }
        report.failures = failed.compactMap { key in
            anew.failures[key.subscription].map { (key.tenant, key.id.text, $0) }
        }
        let reached = Set(taken.map(\.id)).union(failed.map(\.id))
        report.held = skippingHeld ? keys.filter { !reached.contains($0.id) } : []
        return report
    }

    // MARK: Batches

    /// Cuts into batches; in a batch a subscription's id is one tenant's, as two tenants may have brought the same.
    private func batches<Key>(
        of keys: [Key],
        by name: (Key) -> (tenant: TenantID, subscription: SubscriptionID)
    ) -> [[Key]] {
        var batches: [[Key]] = []
        var owners: [SubscriptionID: TenantID] = [:]
        for key in keys {
            let (tenant, subscription) = name(key)
            if batches.last.map({ $0.count == batch }) ?? true || owners[subscription].map({ $0 != tenant }) ?? false {
                batches.append([])
                owners = [:]
            }
            batches[batches.count - 1].append(key)
            owners[subscription] = tenant
        }
        return batches
    }

    /// Deals with all batches, a few at once, and adds up what they did.
    ///
    /// - Returns: what another transaction holds.
    private func each<Key: Sendable>(
        _ batches: [[Key]],
        _ summary: inout BillingRunSummary,
        _ body: @escaping @Sendable ([Key]) async throws -> Report<Key>
    ) async throws -> [Key] {
        var held: [Key] = []
        try await withThrowingTaskGroup(of: Report<Key>.self) { group in
            var rest = batches[...]
            for batch in rest.prefix(Self.width) { group.addTask { try await body(batch) } }
            rest = rest.dropFirst(Self.width)
            while let report = try await group.next() {
                if let batch = rest.popFirst() { group.addTask { try await body(batch) } }
                held += report.held
                summary.subscriptions += report.subscriptions
                summary.finalized += report.finalized
                for invoice in report.invoices { try summary.add(invoice) }
                for failure in report.failures {
                    // Without the database every other would fail likewise.
                    if Problem.of(failure.error).kind == .unavailable { throw failure.error }
                    summary.fail(failure.tenant, failure.object, failure.error)
                }
            }
        }
        return held
    }

    /// A batch that failed as a whole, each in a transaction of its own.
    private func oneByOne<Key: Sendable>(
        _ batch: [Key],
        after error: any Error,
        _ body: (Key) async throws -> Report<Key>
    ) async throws -> Report<Key> {
        if Problem.of(error).kind == .unavailable { throw error }
        var whole = Report<Key>()
        for key in batch {
            let own = try await body(key)
            whole.subscriptions += own.subscriptions
            whole.invoices += own.invoices
            whole.finalized += own.finalized
            whole.failures += own.failures
        }
        return whole
    }
}
