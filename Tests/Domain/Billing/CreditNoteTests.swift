import Billing
import Jobs
import Ledger
import Postgres
import TestSupport
import Testing
import Values

@Suite struct CreditNoteTests {
    private let later = BillingFixture.stamp(testNow.adding(seconds: 60))

    private func usd(_ minor: Int64) -> Money { Money(minor: minor, currency: .usd) }

    /// A tenant with a finalized invoice of 20.00 and 15.00 before tax.
    private func open(
        _ database: Database,
        tax rate: Exact? = nil
    ) async throws -> (book: BillingFixture, invoice: Invoice) {
        if let rate {
            try await database.transaction(as: .admin) { transaction in
                _ = try await TaxOperations.put(
                    try TaxDraft(code: "vat", rate: rate),
                    by: BillingFixture.stamp(BillingFixture.start),
                    in: transaction
                )
            }
        }
        let book = try await BillingFixture(database)
        try await book.run(until: BillingFixture.start)
        return (book, try #require(try await book.invoices().first))
    }

    private func issue(
        _ extent: CreditNoteDraft.Extent = .whole,
        of invoice: Invoice,
        to destination: CreditNote.Destination = .balance,
        _ book: BillingFixture
    ) async throws -> CreditNote {
        try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            try await CreditNoteOperations.issue(
                CreditNoteDraft(extent, reason: "a mistake", to: destination),
                of: invoice.id,
                tenant: book.tenant,
                by: later,
                in: transaction
            )
        }
    }

    private func pay(_ invoice: Invoice, _ book: BillingFixture, _ reference: String = "bank-1") async throws {
        _ = try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            try await InvoiceOperations.pay(
                invoice.id,
                of: book.tenant,
                reference: reference,
                by: later,
                in: transaction
            )
        }
    }

    private func balance(_ account: Account, of book: BillingFixture) async throws -> Int64 {
        try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            let balances = try await LedgerQueries.balances(of: book.tenant, in: transaction)
            return balances.first { $0.account == account }?.balance.minor ?? 0
        }
    }

    @Test func `an unpaid invoice that is credited whole is paid, and nothing is owed`() async throws {
        try await withDatabase { database in
            let (book, invoice) = try await open(database, tax: Exact(19, 100))
            #expect(invoice.total == usd(4_165))
            let note = try await issue(of: invoice, book)
            #expect(note.number == "CN-2026-000001" && note.net == usd(3_500) && note.tax == usd(665))
            #expect(note.receivable == usd(4_165) && note.balance.isZero && note.refund.isZero)
            #expect(note.lines.map(\.taxes).flatMap(\.self).map(\.code) == ["vat", "vat"])
            let after = try #require(try await book.invoices().first)
            #expect(after.status == .paid && after.amountCredited == usd(4_165) && after.amountRemaining.isZero)
            #expect(after.amountPaid.isZero && after.paidAt == later.at)
            #expect(try await balance(.receivable, of: book) == 0)
            #expect(try await balance(.taxPayable, of: book) == 0)
            #expect(try await balance(.creditNotes, of: book) == 3_500)
            await #expect(throws: CreditNoteError.nothingLeft(invoice.id)) { try await issue(of: invoice, book) }
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `parts are spread over the lines, and together take exactly the invoice`() async throws {
        try await withDatabase { database in
            let (book, invoice) = try await open(database, tax: Exact(19, 100))
            var notes: [CreditNote] = []
            for minor: Int64 in [1, 333, 1_000] {
                notes.append(try await issue(.amount(usd(minor)), of: invoice, book))
            }
            #expect(notes.map(\.net.minor) == [1, 333, 1_000])
            // 0.19 cents round to nothing; 190.29 and 142.71 cents at 19 % are 36.16 and 27.11; 571 and 429 are 108 and 82.
            #expect(notes.map(\.tax.minor) == [0, 63, 190])
            #expect(notes.allSatisfy { $0.net.minor + $0.tax.minor == $0.total.minor })
            await #expect(throws: CreditNoteError.exceedsInvoice(invoice.id, left: usd(2_166))) {
                try await issue(.amount(usd(2_167)), of: invoice, book)
            }
            notes.append(try await issue(of: invoice, book))
            #expect(notes.reduce(0) { $0 + $1.total.minor } == 4_165)
            for line in invoice.lines {
                let taken = notes.flatMap(\.lines).filter { $0.invoiceLine == line.id }
                #expect(taken.reduce(0) { $0 + $1.net } == line.net)
                #expect(taken.reduce(0) { $0 + $1.tax } == line.tax)
            }
            #expect(notes.map(\.number) == (1...4).map { "CN-2026-00000\($0)" })
            #expect(try await book.invoices().first?.status == .paid)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `a line gives no more than it has`() async throws {
        try await withDatabase { database in
            let (book, invoice) = try await open(database)
            let seats = try #require(invoice.lines.last).id
            func part(_ minor: Int64) -> CreditNoteDraft.Extent {
                .lines([CreditNoteDraft.Part(line: seats, amount: usd(minor))])
            }
            _ = try await issue(part(600), of: invoice, book)
            await #expect(throws: CreditNoteError.exceedsLine(seats, left: usd(900))) {
                try await issue(part(901), of: invoice, book)
            }
            let rest = try await issue(part(900), of: invoice, book)
            #expect(rest.receivable == usd(900))
            let other = InvoiceLineID.make(at: testNow)
            await #expect(throws: CreditNoteError.lineNotFound(index: 0, other)) {
                try await issue(
                    .lines([CreditNoteDraft.Part(line: other, amount: usd(1))]),
                    of: invoice,
                    book
                )
            }
            await #expect(throws: CreditNoteError.otherCurrency(.usd, asked: .eur)) {
                try await issue(.amount(Money(minor: 1, currency: .eur)), of: invoice, book)
            }
            #expect(try await book.invoices().first?.amountRemaining == usd(2_000))
        }
    }

    @Test func `what was paid goes to the balance, which pays the next invoice`() async throws {
        try await withDatabase { database in
            let (book, invoice) = try await open(database)
            try await pay(invoice, book)
            await #expect(throws: CreditNoteError.notDue(invoice.id, due: usd(0))) {
                try await issue(.amount(usd(100)), of: invoice, to: .receivable, book)
            }
            let note = try await issue(.amount(usd(1_200)), of: invoice, book)
            let second = try await issue(.amount(usd(300)), of: invoice, book)
            #expect(note.balance == usd(1_200) && note.receivable.isZero && second.balance == usd(300))
            #expect(try await balance(.customerCredit, of: book) == -1_500)
            try await book.run(until: BillingFixture.day(2026, 2, 5))
            let next = try #require(try await book.invoices().last)
            #expect(next.creditsApplied == usd(1_500) && next.amountDue == usd(2_000))
            #expect(try await balance(.customerCredit, of: book) == 0)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `no more is paid back than was paid, and what is due comes first`() async throws {
        try await withDatabase { database in
            let (book, invoice) = try await open(database)
            let first = try await issue(.amount(usd(500)), of: invoice, to: .refund, book)
            #expect(first.receivable == usd(500) && first.refund.isZero)
            let reduced = try #require(try await book.invoices().first)
            #expect(reduced.status == .open && reduced.amountRemaining == usd(3_000))
            try await pay(reduced, book)
            #expect(try await book.invoices().first?.status == .paid)
            let second = try await issue(.amount(usd(2_000)), of: invoice, to: .refund, book)
            #expect(second.refund == usd(2_000))
            #expect(try await balance(.refundPayable, of: book) == -2_000)
            #expect(try await book.differences().isEmpty)
            await #expect(throws: CreditNoteError.exceedsInvoice(invoice.id, left: usd(1_000))) {
                try await issue(.amount(usd(1_001)), of: invoice, to: .refund, book)
            }
        }
    }

    @Test func `credit that paid an invoice is not paid out`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            _ = try await database.transaction(as: .tenant(book.tenant)) { transaction in
                try await CreditOperations.grant(
                    CreditGrantDraft(amount: usd(3_000)),
                    to: book.tenant,
                    by: BillingFixture.stamp(BillingFixture.start),
                    in: transaction
                )
            }
            try await book.run(until: BillingFixture.start)
            let invoice = try #require(try await book.invoices().first)
            try await pay(invoice, book)
            await #expect(throws: CreditNoteError.notRefundable(invoice.id, paid: usd(500))) {
                try await issue(of: invoice, to: .refund, book)
            }
            let note = try await issue(.amount(usd(500)), of: invoice, to: .refund, book)
            #expect(note.refund == usd(500))
            #expect(try await issue(of: invoice, book).balance == usd(3_000))
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `drafts are not credited, credited ones not voided, and others' are not there`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            let draft = try #require(try await book.bill(until: BillingFixture.start).first)
            await #expect(throws: CreditNoteError.notCreditable(draft.id, status: .draft)) {
                try await issue(of: draft, book)
            }
            try await book.run(until: BillingFixture.start)
            _ = try await issue(.amount(usd(1)), of: draft, book)
            await #expect(throws: InvoiceError.isCredited(draft.id)) {
                try await database.transaction(as: .tenant(book.tenant)) { transaction in
                    try await InvoiceOperations.void(draft.id, of: book.tenant, by: later, in: transaction)
                }
            }
            let other = try await BillingFixture(database, name: "Globex")
            await #expect(throws: InvoiceError.notFound(draft.id)) { try await issue(of: draft, other) }
        }
    }

    @Test func `two at once take no more than there is`() async throws {
        try await withDatabase(connections: 4) { database in
            let (book, invoice) = try await open(database)
            let outcomes = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<4 {
                    group.addTask { (try? await issue(.amount(usd(2_000)), of: invoice, book)) != nil }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(outcomes == 1)
            #expect(try await book.invoices().first?.amountCredited == usd(2_000))
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `an invoice that is given up is bad debt until it is paid or credited`() async throws {
        try await withDatabase { database in
            let (book, invoice) = try await open(database)
            for _ in 0..<2 {
                let lost = try await database.transaction(as: .tenant(book.tenant)) { transaction in
                    try await InvoiceOperations.markUncollectible(
                        invoice.id,
                        of: book.tenant,
                        by: later,
                        in: transaction
                    )
                }
                #expect(lost.status == .uncollectible && lost.uncollectibleAt == later.at)
            }
            #expect(try await balance(.badDebt, of: book) == 3_500)
            #expect(try await balance(.receivable, of: book) == 0)
            #expect(try await book.differences().isEmpty)
            let note = try await issue(.amount(usd(500)), of: invoice, book)
            #expect(note.badDebt == usd(500) && note.receivable.isZero)
            #expect(try await balance(.badDebt, of: book) == 3_000)
            try await pay(invoice, book)
            let paid = try #require(try await book.invoices().first)
            #expect(paid.status == .paid && paid.amountPaid == usd(3_000))
            #expect(try await balance(.badDebt, of: book) == 0)
            #expect(try await balance(.cash, of: book) == 3_000)
            #expect(try await book.differences().isEmpty)
            await #expect(throws: InvoiceError.notGivenUp(invoice.id, status: .paid)) {
                try await database.transaction(as: .tenant(book.tenant)) { transaction in
                    try await InvoiceOperations.markUncollectible(
                        invoice.id,
                        of: book.tenant,
                        by: later,
                        in: transaction
                    )
                }
            }
        }
    }

    @Test func `reconciliation finds a credit note that was tampered with`() async throws {
        try await withDatabase { database in
            let (book, invoice) = try await open(database)
            _ = try await issue(.amount(usd(500)), of: invoice, book)
            try await book.damage("UPDATE app.credit_note_lines SET net_minor = net_minor + 1 WHERE position = 1")
            #expect(try await book.differences().map(\.kind) == [.creditNote])
        }
    }
}
