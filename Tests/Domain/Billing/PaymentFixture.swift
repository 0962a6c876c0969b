import Billing
import Jobs
import Ledger
import Logging
import Postgres
import Subscriptions
import Synchronization
import TestSupport
import Values

/// A gateway that answers what it is told to, and remembers under which keys it was asked.
///
/// Like real ones it does what it did under a key only once.
final class ScriptedGateway: PaymentProvider, GatewaySource {
    private struct State {
        var script: [GatewayOutcome] = []
        var asked: [String] = []
        var done: [String: GatewayOutcome] = [:]
        var charges: [GatewayCharge] = []
        var refunds: [GatewayRefund] = []
        var takenMinor: Int64 = 0
        var endings: [GatewayOutcome] = []
        var ended: [String] = []
    }

    private let state = Mutex(State())
    let name = "stripe"

    /// The keys it was asked under, in order.
    var keys: [String] { state.withLock { $0.asked } }
    /// What it really took, in minor units.
    var taken: Int64 { state.withLock { $0.takenMinor } }
    /// What it was asked to charge.
    var charges: [GatewayCharge] { state.withLock { $0.charges } }
    /// What it was asked to give back.
    var refunds: [GatewayRefund] { state.withLock { $0.refunds } }

    /// Which charges it was asked to end, in order.
    var ended: [String] { state.withLock { $0.ended } }
    /// What it says next when it is to end a charge; after that it ends each.
    func end(_ outcomes: GatewayOutcome...) { state.withLock { $0.endings += outcomes } }

    /// What it answers next, one after the other; after that everything succeeds.
    func answer(_ outcomes: GatewayOutcome...) { state.withLock { $0.script += outcomes } }

    func gateway(named name: String) async throws -> any PaymentGateway {
        guard name == self.name else { throw PaymentError.gatewayMissing(name) }
        return self
    }

    func charge(_ charge: GatewayCharge) async -> GatewayOutcome {
        state.withLock { state in
            state.charges.append(charge)
            return answer(charge.idempotencyKey, charge.amount.minor, "pi_", &state)
        }
    }

    func refund(_ refund: GatewayRefund) async -> GatewayOutcome {
        state.withLock { state in
            state.refunds.append(refund)
            return answer(refund.idempotencyKey, -refund.amount.minor, "re_", &state)
        }
    }

    func cancel(_ reference: String, idempotencyKey: String) async -> GatewayOutcome {
        state.withLock { state in
            state.ended.append(reference)
            guard state.endings.isEmpty else { return state.endings.removeFirst() }
            return .declined(reference: reference, code: "canceled", message: "it was cancelled", isFinal: true)
        }
    }

    private func answer(
        _ key: String,
        _ minor: Int64,
        _ prefix: String,
        _ state: inout sending State
    ) -> GatewayOutcome {
        state.asked.append(key)
        if let known = state.done[key] { return known }
        let outcome =
            state.script.isEmpty
            ? GatewayOutcome.succeeded(reference: prefix + key, fee: nil) : state.script.removeFirst()
        if case .unavailable = outcome { return outcome }
        state.done[key] = outcome
        if case .succeeded = outcome { state.takenMinor += minor }
        return outcome
    }
}

/// What tests of payments begin with: a tenant whose first invoice, of 35.00 USD, is open.
struct PaymentFixture {
    let book: BillingFixture
    let invoice: Invoice

    var tenant: TenantID { book.tenant }
    var database: Database { book.database }

    /// When the invoice is due.
    static let due = BillingFixture.day(2026, 1, 19)

    init(_ database: Database, name: String = "Acme", billedUntil: Instant = BillingFixture.start) async throws {
        book = try await BillingFixture(database, name: name)
        try await book.run(until: billedUntil)
        guard let first = try await book.invoices().first else { throw Problem.notFound("invoice", "first") }
        invoice = first
    }

    /// Does jobs of payments and of purchases of credit.
    static func worker(
        _ database: Database,
        _ gateway: ScriptedGateway,
        _ time: ManualTime
    ) async throws -> JobWorker {
        let keeper = NodeKeeper(url: database.url, name: "test", time: time, logger: Logger(label: "test"))
        try await keeper.register()
        let worker = JobWorker(database: database, keeper: keeper, time: time, logger: Logger(label: "test"))
        try PaymentJobs.install(on: worker, database: database, gateways: gateway, time: time)
        try CreditJobs.install(on: worker, database: database, time: time, gateways: gateway)
        return worker
    }

    static func dollars(_ text: String) throws -> Money {
        try Money(json: ["amount": .string(text), "currency": "USD"])
    }

    static func stamp(_ at: Instant = testNow) -> Stamp {
        Stamp(at: at, recordedAt: max(at, testNow), author: .command)
    }

    /// Does something as the tenant.
    @discardableResult
    func act<Value>(_ body: (borrowing Transaction) async throws -> Value) async throws -> Value {
        try await database.transaction(as: .tenant(tenant), body)
    }

    @discardableResult
    func receive(
        _ amount: String,
        _ reference: String,
        for invoices: [InvoiceID]? = nil,
        writesOffRest: Bool = false,
        fee: String? = nil,
        at: Instant = testNow
    ) async throws -> Payment {
        let draft = try PaymentDraft(
            amount: Self.dollars(amount),
            reference: reference,
            invoices: invoices ?? [invoice.id],
            fee: fee.map { try Self.dollars($0) },
            writesOffRest: writesOffRest
        )
        return try await act { transaction in
            try await PaymentOperations.record(draft, of: tenant, by: Self.stamp(at), in: transaction)
        }
    }

    /// The invoice as it is now.
    func current(_ id: InvoiceID? = nil) async throws -> Invoice {
        try await act { transaction in
            guard let found = try await InvoiceQueries.find(id ?? invoice.id, of: tenant, in: transaction) else {
                throw InvoiceError.notFound(id ?? invoice.id)
            }
            return found
        }
    }

    func payment(_ id: PaymentID) async throws -> Payment {
        try await act { transaction in
            guard let found = try await PaymentQueries.find(id, of: tenant, in: transaction) else {
                throw PaymentError.notFound(id)
            }
            return found
        }
    }

    func subscription() async throws -> Subscription {
        try await act { transaction in
            guard
                let found = try await SubscriptionQueries.find(book.subscription, of: tenant, in: transaction)
            else { throw SubscriptionError.notFound(book.subscription) }
            return found
        }
    }

    /// What stands on an account, debits less credits, in minor units.
    func balance(_ account: Account) async throws -> Int64 {
        try await act { transaction in
            let balances = try await LedgerQueries.balances(of: tenant, in: transaction)
            return balances.first { $0.account == account }?.balance.minor ?? 0
        }
    }

    /// Saves a card that Stripe keeps, as the default.
    func addCard(_ reference: String = "pm_1") async throws {
        try await book.damage(
            """
            UPDATE app.payment_methods SET is_default = false;
            INSERT INTO app.payment_methods (tenant_id, id, gateway, customer, reference, kind, is_default, created_at,
                                             recorded_at, author)
            VALUES ('\(tenant.uuidText)', gen_random_uuid(), 'stripe', 'cus_1', '\(reference)', 'card', true,
                    '2026-01-01', '2026-01-01', 'command')
            """
        )
    }

    @discardableResult
    func collect(_ gateway: ScriptedGateway, at: Instant = BillingFixture.start) async throws -> PaymentAttempt? {
        try await PaymentCollection.collect(
            invoice.id,
            of: tenant,
            at: at,
            database: database,
            gateways: gateway,
            time: ManualTime(max(at, testNow))
        )
    }

    func attempts() async throws -> [PaymentAttempt] {
        try await act { transaction in
            try await PaymentAttemptQueries.list(of: tenant, invoice: invoice.id, limit: 100, in: transaction)
        }
    }

    @discardableResult
    func dun(until: Instant, _ gateway: ScriptedGateway? = nil) async throws -> DunningRunSummary {
        try await DunningRun.run(
            until: until,
            tenant: tenant,
            database: database,
            time: ManualTime(max(until, testNow)),
            gateways: gateway
        )
    }

    /// What was done about the invoice, like `message 1 invoice_overdue`.
    func steps() async throws -> [String] {
        try await act { transaction in
            try await DunningQueries.steps(of: invoice.id, tenant: tenant, in: transaction)
                .map { "\($0.step.kind.rawValue) \($0.step.number)" }
        }
    }
}
