import Billing
import Forecasting
import Foundation
import Jobs
import Postgres
import Revenue
import Subscriptions
import Tenants
import Values

/// What the demo does, from the first customer of a made-up past to the forecast.
struct DemoStory {
    let session: Session
    let seed: UInt64

    /// Tells it on a server that listens on a port, and prints its summary.
    func tell(port: Int) async throws {
        // A report's as-of lies a minute back, so that the rows behind it can no longer change.
        let past = session.time.now().adding(seconds: -120)
        let seeding = DemoSeed(database: session.database, now: past)
        try await seeding.publishPlans()
        let staffKey = try await staffKey()
        let customer = try await DemoSteps.step("a customer subscribes over HTTP") {
            try await DemoCustomer.subscribe(port: port, staffKey: staffKey)
        }
        // The past is written while the model works: neither waits for the other.
        async let seeds = DemoSteps.step("a book of \(DemoBook.customers) customers over \(DemoBook.months) months") {
            try await seeding.write(DemoBook(seed: seed, now: past))
        }
        let asked = ContinuousClock.now
        let answers = try await DemoSteps.step("\(DemoMessages.all.count) messages go to the model") {
            try await customer.ask(DemoMessages.all)
        }
        let elapsed = (ContinuousClock.now - asked).components
        let milliseconds = Int(elapsed.seconds) * 1000 + Int(elapsed.attoseconds / 1_000_000_000_000_000)
        let seeded = try await seeds
        let invoices = try await DemoSteps.step("the first month is billed") { try await bill(customer) }
        let now = session.time.now()
        let usage = try await customer.usage(from: past, to: now.adding(seconds: 60))
        let differences = try await DemoSteps.step("everything is reconciled") {
            try await session.read { try await Reconciliation.differences(tenant: nil, in: $0) }
        }
        let report = try await report(asOf: past)
        let forecast = try RevenueForecast.run(
            report,
            currency: .usd,
            options: try ForecastOptions(horizon: 6, levels: "80,95", method: "auto", seed: 1)
        )
        let summary = DemoSummary(
            seed: seeded,
            answers: answers,
            milliseconds: milliseconds,
            usage: usage,
            invoices: invoices,
            differences: differences.count,
            report: report,
            forecast: forecast
        )
        Output(format: .table).write("\n" + summary.text + "\n" + farewell(port: port, customer, staffKey))
        guard differences.isEmpty else { throw Problem(.internal, "the demo's books do not reconcile") }
    }

    /// Bills up to the end of the first period: business time is an argument.
    private func bill(_ customer: DemoCustomer) async throws -> [Invoice] {
        let recordedAt = session.time.now()
        return try await session.database.transaction(as: .tenant(customer.tenant)) { transaction in
            let found = try await SubscriptionQueries.find(
                customer.subscription,
                of: customer.tenant,
                in: transaction
            )
            guard let end = found?.currentPeriodEnd else { throw Problem(.internal, "the subscription is gone") }
            let stamp = Stamp(at: end, recordedAt: recordedAt, author: .system("demo"))
            _ = try await InvoiceOperations.bill(
                customer.subscription,
                of: customer.tenant,
                until: end,
                by: stamp,
                in: transaction
            )
            let drafts = try await InvoiceQueries.list(
                of: customer.tenant,
                subscription: customer.subscription,
                status: nil,
                limit: 10,
                after: nil,
                in: transaction
            )
            var invoices: [Invoice] = []
            for draft in drafts.sorted(by: { $0.issuedAt < $1.issuedAt }) {
                invoices.append(
                    try await InvoiceOperations.finalize(draft.id, of: customer.tenant, by: stamp, in: transaction)
                )
            }
            return invoices
        }
    }

    private func report(asOf: Instant) async throws -> MRRReport {
        let last = Month(of: Zone.utc.date(of: asOf))
        return try await session.read { transaction in
            try await RevenueReports.mrr(from: last.adding(-DemoBook.months), to: last, asOf: asOf, in: transaction)
        }
    }

    private func staffKey() async throws -> String {
        let stamp = session.stamp
        return try await session.administer { transaction in
            try await KeyOperations.createStaff(try KeyDraft(name: "demo"), role: .admin, by: stamp, in: transaction)
                .secret
        }
    }

    private func farewell(port: Int, _ customer: DemoCustomer, _ staffKey: String) -> String {
        guard isatty(STDIN_FILENO) != 0, isatty(STDOUT_FILENO) != 0 else { return "" }
        return """
            Try it, until Ctrl-C:
              http://127.0.0.1:\(port)/v1        for any OpenAI client
              \(customer.key)   the customer's key
              \(staffKey)   a staff key with the role admin

              curl -s http://127.0.0.1:\(port)/v1/chat/completions -H "Authorization: Bearer \(customer.key)" \\
                   -H 'Content-Type: application/json' \\
                   -d '{"model": "auto", "max_tokens": 40, "messages": [{"role": "user", "content": "Hello!"}]}'

            """
    }
}
