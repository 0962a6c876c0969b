import Billing
import Jobs
import Metering
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

/// What comes while a draft waits is on it when it goes to the books.
@Suite struct DraftReissueTests {
    private let march = BillingFixture.day(2026, 3, 5)
    private let february = BillingFixture.day(2026, 2, 5)
    private let hour: Int64 = 3_600
    private let later = testNow.adding(seconds: 1_800)
    private let last = testNow.adding(seconds: 7_200)

    /// A book whose invoice of 5 March waits as a draft; all earlier ones are finalized.
    private func waiting(_ database: Database, used: Decimal12 = 3_000_000) async throws -> (BillingFixture, Invoice) {
        let book = try await BillingFixture(database)
        try await book.use(used, BillingFixture.day(2026, 2, 20), id: "first")
        try await book.run(until: march, grace: hour)
        let draft = try #require(try await book.invoices().last)
        #expect(draft.status == .draft && draft.issuedAt == march)
        return (book, draft)
    }

    private func takeBack(_ event: String, of book: BillingFixture) async throws {
        try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            _ = try await MeteringOperations.void(
                event,
                of: book.tenant,
                by: BillingFixture.stamp(later),
                in: transaction
            )
        }
    }

    private func finalized(_ book: BillingFixture) async throws -> Invoice {
        try await book.run(until: march.adding(seconds: hour), grace: hour, recordedAt: last)
        return try #require(try await book.invoices().last)
    }

    @Test func `a late event is on the line itself, and the next invoice corrects nothing`() async throws {
        try await withDatabase { database in
            let (book, draft) = try await waiting(database)
            #expect(draft.short.last == "tokens 3000000 500")
            try await book.use(500_000, BillingFixture.day(2026, 2, 10), recordedAt: later)
            let invoice = try await finalized(book)
            #expect(invoice.id == draft.id && invoice.issuedAt == march && invoice.status == .open)
            #expect(invoice.short == ["base 1 2000", "seats 3 1500", "tokens 3500000 600"])
            #expect(invoice.lines.allSatisfy { !$0.isCorrection } && invoice.total.text == "41.00")
            #expect(invoice.recordedAt == last)
            #expect(try await book.differences().isEmpty)
            let april = BillingFixture.day(2026, 4, 5)
            #expect(try await book.bill(until: april, recordedAt: last).map(\.lines.count) == [2])
            let acts = try await database.transaction(as: .finance) { transaction in
                try await transaction.query(
                    "SELECT verb FROM app.activity WHERE object = \(draft.id.text) ORDER BY recorded_at, verb DESC"
                ) { row -> String in try row.next() }
            }
            #expect(acts == ["invoice.created", "invoice.updated", "invoice.finalized"])
        }
    }

    @Test func `so it is when people finalize it before its time`() async throws {
        try await withDatabase { database in
            let (book, draft) = try await waiting(database)
            try await takeBack("first", of: book)
            let invoice = try await database.transaction(as: .admin) { transaction in
                try await InvoiceOperations.finalize(
                    draft.id,
                    of: book.tenant,
                    by: BillingFixture.stamp(last),
                    in: transaction
                )
            }
            #expect(invoice.short == ["base 1 2000", "seats 3 1500"] && invoice.total.text == "35.00")
            #expect(try await book.invoices().last == invoice)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `an unchanged draft stays as it is`() async throws {
        try await withDatabase { database in
            let (book, draft) = try await waiting(database)
            let invoice = try await finalized(book)
            #expect(invoice.lines == draft.lines && invoice.recordedAt == draft.recordedAt)
        }
    }

    @Test func `credit is given back before it is taken anew`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await book.use(3_000_000, BillingFixture.day(2026, 1, 20), id: "first")
            try await book.run(until: BillingFixture.start)
            let money = Money(minor: 4_500, currency: .usd)
            let grant = try await database.transaction(as: .admin) { transaction in
                try await CreditOperations.grant(
                    CreditGrantDraft(amount: money),
                    to: book.tenant,
                    by: BillingFixture.stamp(BillingFixture.start),
                    in: transaction
                )
            }
            try await book.run(until: february, grace: hour)
            #expect(try await book.invoices().last?.creditsApplied.text == "40.00")
            func left() async throws -> Int64? {
                try await database.transaction(as: .tenant(book.tenant)) { transaction in
                    try await CreditQueries.find(grant.id, of: book.tenant, in: transaction)?.left.minor
                }
            }
            #expect(try await left() == 500)
            try await book.use(4_000_000, BillingFixture.day(2026, 1, 21), recordedAt: later)
            try await book.run(until: february.adding(seconds: hour), grace: hour, recordedAt: last)
            let invoice = try #require(try await book.invoices().last)
            #expect(invoice.total.text == "48.00" && invoice.creditsApplied.text == "45.00")
            #expect(invoice.amountDue.text == "3.00" && invoice.status == .open)
            #expect(try await left() == 0)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `a draft of which nothing is left is voided, and what comes after all is on the next`() async throws {
        let plan: JSONValue = [
            "code": "metered", "currency": "USD", "interval": ["unit": "month"],
            "prices": [["code": "tokens", "meter": "tokens", "model": "per_unit", "unit_amount": "0.01"]],
        ]
        try await withDatabase { database in
            let book = try await BillingFixture(database, plan: plan, quantities: [:])
            try await book.use(300, BillingFixture.day(2026, 2, 9), id: "wrong")
            try await book.run(until: march, grace: hour)
            try await takeBack("wrong", of: book)
            let invoice = try await finalized(book)
            #expect(invoice.status == .void && invoice.lines.isEmpty && invoice.total.isZero)
            #expect(invoice.number == nil)
            try await book.use(200, BillingFixture.day(2026, 2, 10), recordedAt: last)
            try await book.use(50, BillingFixture.day(2026, 3, 10), recordedAt: last)
            let april = BillingFixture.day(2026, 4, 5)
            let next = try await book.bill(until: april, recordedAt: last.adding(seconds: 60))
            #expect(next.map(\.short) == [["tokens 50 50", "tokens 200 200"]])
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `drafts that wait together are made anew together`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await book.use(3_000_000, BillingFixture.day(2026, 1, 20))
            try await book.run(until: march, grace: 365 * 86_400)
            #expect(try await book.invoices().map(\.status) == [.draft, .draft, .draft])
            try await book.use(1_000_000, BillingFixture.day(2026, 1, 21), recordedAt: later)
            try await book.use(2_000_000, BillingFixture.day(2026, 2, 21), recordedAt: later)
            let summary = try await book.run(until: march, recordedAt: last)
            #expect(summary.finalized == 3 && summary.failures.isEmpty)
            let invoices = try await book.invoices()
            #expect(
                invoices.map { $0.short.last ?? "" } == ["seats 3 1500", "tokens 4000000 700", "tokens 2000000 300"]
            )
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `what a draft says changes no more once it is finalized`() async throws {
        try await withDatabase { database in
            let (book, _) = try await waiting(database)
            let invoice = try await finalized(book)
            for statement in [
                "DELETE FROM app.invoice_lines WHERE invoice_id = '\(invoice.id.uuidText)'",
                "UPDATE app.invoices SET total_minor = 1 WHERE id = '\(invoice.id.uuidText)'",
            ] {
                await #expect(throws: (any Error).self) { try await book.damage(statement) }
            }
            #expect(try await book.invoices().last == invoice)
        }
    }
}
