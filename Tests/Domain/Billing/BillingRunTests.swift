import Billing
import Jobs
import Ledger
import Metering
import Plans
import Postgres
import Subscriptions
import Synchronization
import TestSupport
import Testing
import Values

@Suite struct BillingRunTests {
    private let april = BillingFixture.day(2026, 4, 5)

    @Test func `three months with usage come to what was computed by hand, and to the books`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await book.use(1_500_000, BillingFixture.day(2026, 1, 9))
            try await book.use(3_000_000, BillingFixture.day(2026, 2, 20))
            let summary = try await book.run(until: april)
            #expect(summary.invoices == 4 && summary.finalized == 4 && summary.failures.isEmpty)
            #expect(summary.totals[.usd]?.text == "147.00")
            let invoices = try await book.invoices()
            #expect(
                invoices.map(\.issuedAt) == [1, 2, 3, 4].map { BillingFixture.day(2026, $0, 5) }
            )
            #expect(invoices.map(\.reason) == [.start, .renewal, .renewal, .renewal])
            #expect(invoices.map(\.total.text) == ["35.00", "37.00", "40.00", "35.00"])
            #expect(invoices.map(\.number) == (1...4).map { "INV-2026-00000\($0)" })
            #expect(invoices.allSatisfy { $0.status == .open })
            #expect(invoices[1].short == ["base 1 2000", "seats 3 1500", "tokens 1500000 200"])
            #expect(invoices[2].short == ["base 1 2000", "seats 3 1500", "tokens 3000000 500"])
            let books = try await balances(of: book)
            #expect(books[.receivable] == 14_700 && books[.deferredRevenue] == -14_000 && books[.usageRevenue] == -700)
            #expect(try await book.differences().isEmpty)
            let row = try await subscription(book)
            #expect(row?.lastInvoiceAt == april && row?.nextBillingAt == BillingFixture.day(2026, 5, 5))
        }
    }

    @Test func `running again, also at once, adds nothing`() async throws {
        try await withDatabase(connections: 8) { database in
            let book = try await BillingFixture(database)
            for number in 0..<5 { _ = try await BillingFixture(database, name: "Other \(number)") }
            try await book.use(1_500_000, BillingFixture.day(2026, 1, 9))
            let until = april
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 { group.addTask { try await book.run(until: until) } }
                try await group.waitForAll()
            }
            let first = try await book.invoices()
            #expect(first.count == 4 && first.allSatisfy { $0.status == .open })
            let again = try await book.run(until: april)
            #expect(again.invoices == 0 && again.finalized == 0)
            #expect(try await book.invoices() == first)
            let numbers = try await allNumbers(database)
            #expect(numbers.count == 24 && Set(numbers).count == 24)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `a draft waits for its grace`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            let instant = BillingFixture.start
            try await book.run(until: instant, grace: 3_600)
            #expect(try await book.invoices().map(\.status) == [.draft])
            try await book.run(until: instant.adding(seconds: 3_599), grace: 3_600)
            #expect(try await book.invoices().map(\.status) == [.draft])
            try await book.run(until: instant.adding(seconds: 3_600), grace: 3_600)
            let invoice = try #require(try await book.invoices().first)
            #expect(invoice.status == .open && invoice.finalizedAt == instant.adding(seconds: 3_600))
            #expect(invoice.dueAt == instant.adding(seconds: 14 * 86_400))
        }
    }

    @Test func `numbers have no gap, also when finalizers race and one is rolled back`() async throws {
        try await withDatabase(connections: 8) { database in
            let books = [
                try await BillingFixture(database), try await BillingFixture(database, name: "Globex"),
            ]
            for book in books { try await book.bill(until: april) }
            struct Stop: Error {}
            let first = try #require(try await books[0].invoices().first)
            await #expect(throws: Stop.self) {
                try await database.transaction(as: .tenant(first.tenant)) { transaction in
                    try await InvoiceOperations.finalize(
                        first.id,
                        of: first.tenant,
                        by: BillingFixture.stamp(),
                        in: transaction
                    )
                    throw Stop()
                }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for book in books {
                    for invoice in try await book.invoices() {
                        group.addTask {
                            try await database.transaction(as: .tenant(invoice.tenant)) { transaction in
                                _ = try await InvoiceOperations.finalize(
                                    invoice.id,
                                    of: invoice.tenant,
                                    by: BillingFixture.stamp(),
                                    in: transaction
                                )
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await allNumbers(database).sorted() == (1...8).map { "INV-2026-00000\($0)" })
        }
    }

    @Test func `what fell due before a book came here is not billed`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database, billedUntil: BillingFixture.day(2026, 3, 1))
            try await book.use(1_500_000, BillingFixture.day(2026, 1, 9))
            try await book.use(3_000_000, BillingFixture.day(2026, 2, 20))
            let made = try await book.bill(until: april)
            #expect(made.map(\.issuedAt) == [BillingFixture.day(2026, 3, 5), april])
            #expect(made.map(\.total.text) == ["40.00", "35.00"])
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `a change is billed at its instant, and what is left is credited`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await book.bill(until: BillingFixture.start)
            try await database.transaction(as: .tenant(book.tenant)) { transaction in
                try await SubscriptionOperations.change(
                    book.subscription,
                    of: book.tenant,
                    SubscriptionChangeDraft(quantities: ["seats": 5], timing: .immediately),
                    by: BillingFixture.stamp(BillingFixture.day(2026, 1, 20)),
                    in: transaction
                )
            }
            let made = try await book.bill(until: BillingFixture.day(2026, 1, 31))
            #expect(made.map(\.reason) == [.change])
            #expect(made.first?.short == ["seats 3 -774", "seats 5 1290"])
            #expect(made.first?.lines.map(\.timing) == [.advance, .advance])
        }
    }

    private func balances(of book: BillingFixture) async throws -> [Account: Int64] {
        try await book.database.transaction(as: .finance) { transaction in
            let trial = try await LedgerQueries.trialBalance(in: transaction)
            let sum = trial.reduce(Int64(0)) { $0 + $1.balance.minor }
            #expect(sum == 0)
            return Dictionary(uniqueKeysWithValues: trial.map { ($0.account, $0.balance.minor) })
        }
    }

    private func subscription(_ book: BillingFixture) async throws -> Subscription? {
        try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            try await SubscriptionQueries.find(book.subscription, of: book.tenant, in: transaction)
        }
    }

    private func allNumbers(_ database: Database) async throws -> [String] {
        try await database.transaction(as: .finance) { transaction in
            try await InvoiceQueries.list(of: nil, limit: 100, in: transaction).compactMap(\.number)
        }
    }

    @Test func `each transaction of a run asks the clock`() async throws {
        try await withDatabase { database in
            let books = [try await BillingFixture(database), try await BillingFixture(database, name: "Other")]
            _ = try await BillingRun.run(
                until: BillingFixture.start,
                database: database,
                time: TickingTime(),
                author: .command,
                graceSeconds: 0
            )
            var written: Set<Instant> = []
            var posted: Set<Instant> = []
            for book in books {
                written.formUnion(try await book.invoices().map(\.recordedAt))
                let journals = try await database.transaction(as: .tenant(book.tenant)) { transaction in
                    try await LedgerQueries.journals(of: book.tenant, limit: 10, in: transaction)
                }
                posted.formUnion(journals.map(\.recordedAt))
            }
            #expect(written.count == 1 && posted.count == 1)
            #expect(try #require(posted.min()) > (try #require(written.max())))
        }
    }
}

/// A clock that goes on by a second whenever it is asked.
private final class TickingTime: TimeSource {
    private let seconds = Mutex<Int64>(0)

    func now() -> Instant {
        testNow.adding(
            seconds: seconds.withLock { seconds in
                seconds += 1
                return seconds
            }
        )
    }
}
