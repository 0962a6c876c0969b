import Billing
import Metering
import Plans
import Postgres
import Subscriptions
import Tenants
import Values

/// Writes a made-up book of customers through the functions that customers' requests call, each step at its own
/// business time.
struct DemoSeed {
    /// What was written.
    struct Summary {
        var customers = 0
        var subscriptions = 0
        var changes = 0
        var events = 0
        var invoices = 0
        var payments = 0
    }

    let database: Database
    /// Where the made-up past ends.
    let now: Instant

    private static let author = Author.system("demo")
    /// So many customers are written at once.
    private static let writers = 4
    /// How long customers take to pay.
    private static let paymentSeconds: Int64 = 9 * 86_400

    /// Publishes the price list.
    func publishPlans() async throws {
        let stamp = stamp(at: now.adding(seconds: -Int64(DemoBook.months + 1) * 31 * 86_400))
        try await database.transaction(as: .admin) { transaction in
            for document in DemoPlans.documents {
                try await PlanOperations.publish(try PlanDraft(json: document), by: stamp, in: transaction)
            }
        }
    }

    /// Writes all customers with their subscriptions and usage, bills everything up to now, and has old invoices paid.
    func write(_ book: DemoBook) async throws -> Summary {
        var summary = Summary()
        let tenants = try await eachConcurrently(book.customers) { try await write($0) }
        for (customer, _) in zip(book.customers, tenants) {
            summary.customers += 1
            for (_, step) in customer.steps {
                if case .subscribe = step { summary.subscriptions += 1 } else { summary.changes += 1 }
            }
        }
        summary.events = try await writeUsage(Array(zip(tenants, book.customers)))
        let billed = try await BillingRun.run(
            until: now,
            database: database,
            recordedAt: now,
            author: Self.author,
            graceSeconds: 0
        )
        summary.invoices = billed.invoices
        summary.payments = try await eachConcurrently(tenants) { try await pay($0) }.reduce(0, +)
        return summary
    }

    private func write(_ customer: DemoBook.Customer) async throws -> TenantID {
        let zone = Zone(customer.zone) ?? .utc
        guard let first = customer.steps.first?.at else { throw Problem(.internal, "a customer without a story") }
        let tenant = try await database.transaction(as: .admin) { transaction in
            try await TenantOperations.create(
                try TenantDraft(name: customer.name, timeZone: zone, currency: .usd),
                by: stamp(at: first),
                in: transaction
            )
        }
        try await database.transaction(as: .tenant(tenant.id)) { transaction in
            var subscription: SubscriptionID?
            for (at, step) in customer.steps {
                subscription = try await perform(
                    step,
                    on: subscription,
                    of: tenant.id,
                    zone: zone,
                    by: stamp(at: at),
                    in: transaction
                )
            }
        }
        return tenant.id
    }

    /// Does one step and returns the subscription that holds from then on.
    private func perform(
        _ step: DemoBook.Step,
        on subscription: SubscriptionID?,
        of tenant: TenantID,
        zone: Zone,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> SubscriptionID? {
        switch (step, subscription) {
        case (.subscribe(let plan, let seats), _):
            let draft = SubscriptionDraft(
                plan: plan,
                startsAt: Moment(stamp.at, in: zone),
                quantities: plan == "starter" ? [:] : quantities(seats)
            )
            return try await SubscriptionOperations.create(draft, for: tenant, by: stamp, in: transaction).id
        case (.change(let plan, let seats), let id?):
            let draft = SubscriptionChangeDraft(plan: plan, quantities: seats.map(quantities) ?? [:])
            return try await SubscriptionOperations.change(id, of: tenant, draft, by: stamp, in: transaction).id
        case (.cancel, let id?):
            return try await SubscriptionOperations.cancel(
                id,
                of: tenant,
                when: .immediately,
                refund: .credit,
                by: stamp,
                in: transaction
            ).id
        case (_, nil): return nil
        }
    }

    private func quantities(_ seats: Int) -> Quantities { ["seats": Decimal12(seats)] }

    private func writeUsage(_ customers: [(TenantID, DemoBook.Customer)]) async throws -> Int {
        var events: [(tenant: TenantID, event: UsageEvent)] = []
        for (tenant, customer) in customers {
            for (index, use) in customer.usage.enumerated() {
                for (meter, value) in [("tokens.input", use.input), ("tokens.output", use.output)] {
                    let event = try UsageEvent(
                        id: "book-\(index)-\(meter)",
                        meter: meter,
                        at: use.at,
                        value: Decimal12(value),
                        properties: ["model": "smollm2-135m-instruct"]
                    )
                    events.append((tenant, event))
                }
            }
        }
        var rest = events[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(5_000))
            rest = rest.dropFirst(5_000)
            try await database.transaction(as: .ingest) { transaction in
                _ = try await MeteringOperations.ingest(batch, recordedAt: now, in: transaction)
            }
        }
        return events.count
    }

    /// Pays what has been open for some days; what is younger stays receivable.
    private func pay(_ tenant: TenantID) async throws -> Int {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            var paid = 0
            let open = try await InvoiceQueries.list(
                of: tenant,
                subscription: nil,
                status: .open,
                limit: 200,
                after: nil,
                in: transaction
            )
            for invoice in open {
                let at = invoice.issuedAt.adding(seconds: Self.paymentSeconds)
                guard at < now else { continue }
                _ = try await InvoiceOperations.pay(
                    invoice.id,
                    of: tenant,
                    reference: "transfer \(invoice.number ?? "")",
                    by: stamp(at: at),
                    in: transaction
                )
                paid += 1
            }
            return paid
        }
    }

    private func stamp(at instant: Instant) -> Stamp { Stamp(now: instant, author: Self.author) }

    /// Runs work for every item, some at once; results come in the order of the items.
    private func eachConcurrently<Item: Sendable, Value: Sendable>(
        _ items: [Item],
        _ work: @escaping @Sendable (Item) async throws -> Value
    ) async throws -> [Value] {
        try await withThrowingTaskGroup(of: (Int, Value).self) { group in
            var values: [Int: Value] = [:]
            for (index, item) in items.enumerated() {
                if index >= Self.writers, let (done, value) = try await group.next() { values[done] = value }
                group.addTask { (index, try await work(item)) }
            }
            for try await (done, value) in group { values[done] = value }
            return items.indices.compactMap { values[$0] }
        }
    }
}
