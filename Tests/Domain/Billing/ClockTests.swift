import Billing
import Jobs
import Metering
import Plans
import Postgres
import Subscriptions
import Tenants
import TestSupport
import Testing
import Values

@Suite struct ClockTests {
    private static let start = BillingFixture.day(2026, 1, 5)
    private static let recorded = ManualTime(testNow)

    /// A tenant in test mode, subscribed to a monthly plan of 20.00 from the clock's time on.
    private static func tenant(
        _ database: Database,
        on clock: TestClock
    ) async throws -> (tenant: Tenant, subscription: SubscriptionID) {
        let stamp = Stamp(now: testNow, author: .system("tests"))
        let tenant = try await database.transaction(as: .admin) { transaction in
            let draft = try PlanDraft(
                json: [
                    "code": "clocked", "currency": "USD", "interval": ["unit": "month"],
                    "prices": [["code": "base", "model": "flat", "amount": "20.00"]],
                ]
            )
            try await PlanOperations.publish(draft, by: stamp, in: transaction)
            return try await TenantOperations.create(
                TenantDraft(name: "Test Inc.", currency: .usd, testClock: clock.id),
                by: stamp,
                in: transaction
            )
        }
        let subscription = try await database.transaction(as: .tenant(tenant.id)) { transaction in
            try await SubscriptionOperations.create(
                SubscriptionDraft(plan: "clocked"),
                for: tenant.id,
                by: tenant.stamped(stamp),
                in: transaction
            )
        }
        return (tenant, subscription.id)
    }

    /// `dunning`: whether what nobody pays has consequences.
    private static func clock(_ database: Database, dunning: Bool = false) async throws -> TestClock {
        try await database.transaction(as: .admin) { transaction in
            let patience = try DunningPolicy(
                retryDays: [],
                messageDays: [],
                pastDueAfter: nil,
                suspendAfter: nil,
                cancelAfter: nil,
                final: .none
            )
            let stamp = Stamp(now: testNow, author: .system("tests"))
            try await DunningOperations.set(
                dunning ? .standard : patience,
                of: nil,
                by: stamp,
                in: transaction
            )
            return try await ClockOperations.create(
                name: "Renewals",
                at: start,
                by: Stamp(now: testNow, author: .system("tests")),
                in: transaction
            )
        }
    }

    private static func advance(
        _ clock: ClockID,
        to instant: Instant,
        _ database: Database
    ) async throws -> TestClock {
        _ = try await database.transaction(as: .admin) { transaction in
            try await ClockOperations.beginAdvance(
                clock,
                to: instant,
                by: Stamp(now: testNow, author: .system("tests")),
                in: transaction
            )
        }
        return try await ClockRun.advance(clock, database: database, time: recorded)
    }

    private static func invoices(_ database: Database, _ tenant: TenantID) async throws -> [Invoice] {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await InvoiceQueries.list(of: tenant, limit: 100, in: transaction)
        }
    }

    @Test func `moving a clock makes everything due happen, each at its own instant`() async throws {
        try await withDatabase { database in
            let clock = try await Self.clock(database)
            let (tenant, _) = try await Self.tenant(database, on: clock)
            let shown = try await Self.advance(clock.id, to: BillingFixture.day(2026, 3, 10), database)
            #expect(shown.error == nil)
            #expect(shown.status == .ready && shown.at == BillingFixture.day(2026, 3, 10) && shown.target == nil)
            let invoices = try await Self.invoices(database, tenant.id).sorted { $0.issuedAt < $1.issuedAt }
            #expect(invoices.map(\.issuedAt) == [1, 2, 3].map { BillingFixture.day(2026, $0, 5) })
            #expect(invoices.allSatisfy { $0.status == .open })
            let grace = BillingRun.defaultGraceSeconds
            #expect(invoices.map(\.finalizedAt) == invoices.map { $0.issuedAt.adding(seconds: grace) })
            #expect(invoices.allSatisfy { $0.recordedAt == testNow })
        }
    }

    @Test func `what nobody pays is dunned by the clock, each step at its own instant`() async throws {
        try await withDatabase { database in
            let clock = try await Self.clock(database, dunning: true)
            let (tenant, id) = try await Self.tenant(database, on: clock)
            let shown = try await Self.advance(clock.id, to: BillingFixture.day(2026, 3, 10), database)
            #expect(shown.error == nil && shown.status == .ready)
            // Due on 19 January: suspended 14 days later, cancelled after 30.
            let (subscription, steps) = try await database.transaction(as: .tenant(tenant.id)) { transaction in
                let invoices = try await InvoiceQueries.list(of: tenant.id, limit: 100, in: transaction)
                let first = try #require(invoices.min { $0.issuedAt < $1.issuedAt })
                return (
                    try await SubscriptionQueries.find(id, of: tenant.id, in: transaction),
                    try await DunningQueries.steps(of: first.id, tenant: tenant.id, in: transaction)
                )
            }
            #expect(subscription?.status == .cancelled && subscription?.endedAt == BillingFixture.day(2026, 2, 18))
            #expect(steps.allSatisfy { $0.at == $0.dueAt })
            #expect(steps.first { $0.step.kind == .suspend }?.at == BillingFixture.day(2026, 2, 2))
        }
    }

    @Test func `the machine's billing run leaves tenants in test mode alone`() async throws {
        try await withDatabase { database in
            let clock = try await Self.clock(database)
            let (tenant, _) = try await Self.tenant(database, on: clock)
            let book = try await BillingFixture(database)
            try await book.run(until: BillingFixture.day(2026, 4, 5))
            #expect(try await Self.invoices(database, tenant.id).isEmpty)
            // Nor do their invoices take numbers of the seller's book.
            _ = try await Self.advance(clock.id, to: BillingFixture.day(2026, 4, 10), database)
            let numbers = try await Self.invoices(database, tenant.id).compactMap(\.number).sorted()
            #expect(numbers == (1...4).map { "INV-2026-00000\($0)" })
            #expect(try await book.invoices().compactMap(\.number).sorted() == numbers)
            let seller = try await Self.invoices(database, tenant.id).first?.legalEntity
            #expect(seller != (try await book.invoices().first?.legalEntity))
        }
    }

    @Test func `a clock goes forward only, and one move at a time`() async throws {
        try await withDatabase { database in
            let clock = try await Self.clock(database)
            await #expect(throws: ClockError.backwards(clock.id, at: Self.start, asked: BillingFixture.day(2026, 1, 4)))
            {
                _ = try await Self.advance(clock.id, to: BillingFixture.day(2026, 1, 4), database)
            }
            let target = BillingFixture.day(2026, 2, 1)
            let stamp = Stamp(now: testNow, author: .system("tests"))
            let moving = try await database.transaction(as: .admin) { transaction in
                try await ClockOperations.beginAdvance(clock.id, to: target, by: stamp, in: transaction)
            }
            #expect(moving.status == .advancing && moving.target == target && moving.at == Self.start)
            await #expect(throws: ClockError.advancing(clock.id, target: target)) {
                _ = try await database.transaction(as: .admin) { transaction in
                    try await ClockOperations.beginAdvance(
                        clock.id,
                        to: BillingFixture.day(2026, 3, 1),
                        by: stamp,
                        in: transaction
                    )
                }
            }
            let standing = try await ClockRun.advance(clock.id, database: database, time: Self.recorded)
            #expect(standing.status == .ready && standing.at == target)
        }
    }

    @Test func `moving in steps comes to the same as moving at once`() async throws {
        try await withDatabase { database in
            let one = try await Self.clock(database)
            let other = try await Self.clock(database)
            let (atOnce, _) = try await Self.tenant(database, on: one)
            let (inSteps, _) = try await Self.tenant(database, on: other)
            _ = try await Self.advance(one.id, to: BillingFixture.day(2026, 5, 1), database)
            for day in [6, 7, 20] {
                _ = try await Self.advance(other.id, to: BillingFixture.day(2026, 2, day), database)
            }
            _ = try await Self.advance(other.id, to: BillingFixture.day(2026, 5, 1), database)
            let facts = { (invoice: Invoice) in
                "\(invoice.issuedAt) \(invoice.finalizedAt?.text ?? "") \(invoice.status) \(invoice.total)"
            }
            let first = try await Self.invoices(database, atOnce.id).map(facts).sorted()
            let second = try await Self.invoices(database, inSteps.id).map(facts).sorted()
            #expect(first.count == 4 && first == second)
        }
    }
}
