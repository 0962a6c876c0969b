import Billing
import Jobs
import Logging
import Postgres
import TestSupport
import Testing
import Values

@Suite struct BillingJobTests {
    @Test func `the schedule bills everything due, and finalizes what has waited`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            let time = ManualTime(BillingFixture.start)
            let keeper = NodeKeeper(url: database.url, name: "test", time: time, logger: Logger(label: "test"))
            try await keeper.register()
            let worker = JobWorker(database: database, keeper: keeper, time: time, logger: Logger(label: "test"))
            try BillingJobs.install(on: worker, database: database, time: time)
            #expect(await worker.work() == 1)
            #expect(try await book.invoices().map(\.status) == [.draft])
            // The same slot fires once.
            time.set(BillingFixture.start.adding(seconds: 60))
            #expect(await worker.work() == 0)
            time.set(BillingFixture.day(2026, 2, 5))
            #expect(await worker.work() == 1)
            #expect(try await book.invoices().map(\.status) == [.open, .draft])
        }
    }
}
