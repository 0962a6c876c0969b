import Billing
import Metering
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

/// What was billed is given back once: by a voided invoice, a credit note, a credit or a correction.
@Suite struct GivenBackTests {
    private let march = BillingFixture.day(2026, 3, 5)
    private let april = BillingFixture.day(2026, 4, 5)
    private let later = testNow.adding(seconds: 86_400)
    private let last = testNow.adding(seconds: 172_800)

    /// A book with three million tokens of February on the invoice of 5 March, in three events.
    private func billed(_ database: Database) async throws -> (book: BillingFixture, invoice: Invoice) {
        let book = try await BillingFixture(database)
        for name in ["a", "b", "c"] {
            try await book.use(1_000_000, BillingFixture.day(2026, 2, 20), id: name)
        }
        try await book.run(until: march)
        let invoice = try #require(try await book.invoices().last)
        #expect(invoice.short.last == "tokens 3000000 500")
        return (book, invoice)
    }

    private func takeBack(_ events: [String], of book: BillingFixture) async throws {
        try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            for event in events {
                _ = try await MeteringOperations.void(
                    event,
                    of: book.tenant,
                    by: BillingFixture.stamp(later),
                    in: transaction
                )
            }
        }
    }

    private func void(_ invoice: Invoice, of book: BillingFixture) async throws {
        try await book.database.transaction(as: .admin) { transaction in
            _ = try await InvoiceOperations.void(
                invoice.id,
                of: book.tenant,
                by: BillingFixture.stamp(later),
                in: transaction
            )
        }
    }

    private func credit(_ minor: Int64, _ line: InvoiceLine, of invoice: Invoice, _ book: BillingFixture) async throws {
        try await book.database.transaction(as: .admin) { transaction in
            _ = try await CreditNoteOperations.issue(
                CreditNoteDraft(
                    .lines([.init(line: line.id, amount: Money(minor: minor, currency: .usd))]),
                    reason: "wrong tokens",
                    to: .balance
                ),
                of: invoice.id,
                tenant: book.tenant,
                by: BillingFixture.stamp(later),
                in: transaction
            )
        }
    }

    private func pay(_ invoice: Invoice, _ book: BillingFixture) async throws {
        try await book.database.transaction(as: .admin) { transaction in
            _ = try await InvoiceOperations.pay(
                invoice.id,
                of: book.tenant,
                reference: "bank-\(invoice.id)",
                by: BillingFixture.stamp(later),
                in: transaction
            )
        }
    }

    @Test func `fewer events give nothing back of what a voided invoice billed`() async throws {
        try await withDatabase { database in
            let (book, invoice) = try await billed(database)
            try await void(invoice, of: book)
            try await takeBack(["a", "b"], of: book)
            let next = try #require(try await book.bill(until: april, recordedAt: last).first)
            #expect(next.short == ["base 1 2000", "seats 3 1500"])
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `more events than a voided invoice billed are billed, and no more is given back than they cost`()
        async throws
    {
        try await withDatabase { database in
            let (book, invoice) = try await billed(database)
            try await void(invoice, of: book)
            try await book.use(1_000_000, BillingFixture.day(2026, 2, 21), id: "d", recordedAt: later)
            let next = try #require(try await book.bill(until: april, recordedAt: later).first)
            #expect(next.short.last == "tokens 1000000 200")
            try await takeBack(["a", "b", "d"], of: book)
            let may = try #require(try await book.bill(until: BillingFixture.day(2026, 5, 5), recordedAt: last).first)
            #expect(may.short.last == "tokens -1000000 -200")
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `an invoice of which a later one gave back a part is not voided`() async throws {
        try await withDatabase { database in
            let (book, invoice) = try await billed(database)
            try await takeBack(["a"], of: book)
            try await book.run(until: april, recordedAt: last)
            let next = try #require(try await book.invoices().last)
            #expect(next.short.last == "tokens -1000000 -200")
            let error = InvoiceError.isGivenBack(invoice.id, by: next.number ?? "")
            await #expect(throws: error) { try await void(invoice, of: book) }
            try await void(next, of: book)
            try await void(invoice, of: book)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `nor one whose fee was credited when the subscription ended`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await book.run(until: BillingFixture.start)
            let invoice = try #require(try await book.invoices().first)
            let end = BillingFixture.day(2026, 1, 20)
            try await database.transaction(as: .tenant(book.tenant)) { transaction in
                _ = try await SubscriptionOperations.cancel(
                    book.subscription,
                    of: book.tenant,
                    when: .immediately,
                    refund: .credit,
                    by: Stamp(at: end, recordedAt: testNow, author: .command),
                    in: transaction
                )
            }
            try await book.run(until: end)
            let last = try #require(try await book.invoices().last)
            #expect(last.short.allSatisfy { $0.contains("-") })
            await #expect(throws: InvoiceError.isGivenBack(invoice.id, by: last.number ?? "")) {
                try await void(invoice, of: book)
            }
        }
    }

    @Test func `a correction gives only what credit notes have not given`() async throws {
        try await withDatabase { database in
            let (book, invoice) = try await billed(database)
            try await pay(invoice, book)
            let line = try #require(invoice.lines.last)
            try await credit(200, line, of: invoice, book)
            // Down to one million tokens, which cost nothing: 5.00 less, of which 2.00 are credited.
            try await takeBack(["a", "b"], of: book)
            let next = try #require(try await book.bill(until: april, recordedAt: last).first)
            #expect(next.short == ["base 1 2000", "seats 3 1500", "tokens -2000000 -300"])
            #expect(
                try await book.bill(until: BillingFixture.day(2026, 5, 5), recordedAt: last).first?.lines.count == 2
            )
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `where it is set so, less usage is given back by a credit note`() async throws {
        try await withDatabase { database in
            let (book, invoice) = try await billed(database)
            try await pay(invoice, book)
            try await database.transaction(as: .admin) { transaction in
                try await CorrectionNotes.set(
                    byCreditNote: true,
                    for: book.tenant,
                    by: BillingFixture.stamp(),
                    in: transaction
                )
            }
            try await takeBack(["a", "b"], of: book)
            try await book.run(until: april, recordedAt: last)
            let notes = try await database.transaction(as: .finance) { transaction in
                try await CreditNoteQueries.list(of: book.tenant, limit: 10, in: transaction)
            }
            #expect(notes.map(\.net.text) == ["5.00"] && notes.first?.invoice == invoice.id)
            #expect(notes.first?.balance.text == "5.00")
            let next = try #require(try await book.invoices().last)
            #expect(next.short == ["base 1 2000", "seats 3 1500", "tokens -2000000 0"])
            #expect(next.total.text == "35.00" && next.creditsApplied.text == "5.00")
            #expect(try await book.differences().isEmpty)
            // What is sent again is charged again.
            try await book.use(2_000_000, BillingFixture.day(2026, 2, 21), id: "again", recordedAt: last)
            let may = BillingFixture.day(2026, 5, 5)
            try await book.run(until: may, recordedAt: last.adding(seconds: 3_600))
            #expect(try await book.invoices().last?.short.last == "tokens 2000000 500")
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `and a credit note only what corrections have not given`() async throws {
        try await withDatabase { database in
            let (book, invoice) = try await billed(database)
            try await pay(invoice, book)
            try await takeBack(["a"], of: book)
            try await book.run(until: april, recordedAt: last)
            let line = try #require(invoice.lines.last)
            let left = Money(minor: 300, currency: .usd)
            await #expect(throws: CreditNoteError.exceedsLine(line.id, left: left)) {
                try await credit(301, line, of: invoice, book)
            }
            try await credit(300, line, of: invoice, book)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `the end of a subscription credits no more than credit notes left of its fee`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await book.run(until: BillingFixture.start)
            let invoice = try #require(try await book.invoices().first)
            try await pay(invoice, book)
            let base = try #require(invoice.lines.first)
            // 20.00 of which 15.00 are credited; at the end of the 15th of 31 days more than 5.00 were not used.
            try await credit(1_500, base, of: invoice, book)
            let end = BillingFixture.day(2026, 1, 20)
            try await database.transaction(as: .tenant(book.tenant)) { transaction in
                _ = try await SubscriptionOperations.cancel(
                    book.subscription,
                    of: book.tenant,
                    when: .immediately,
                    refund: .credit,
                    by: Stamp(at: end, recordedAt: testNow, author: .command),
                    in: transaction
                )
            }
            try await book.run(until: end)
            let last = try #require(try await book.invoices().last)
            // 16 of 31 days of 15.00 for seats are 7.74.
            #expect(last.lines.map(\.amount) == [-500, -774])
            #expect(try await book.differences().isEmpty)
        }
    }
}
