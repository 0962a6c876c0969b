import Billing
import Metering
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

/// Whatever comes late, is taken back, voided or credited, and in whatever order: nobody gets back what was not billed,
/// and events, lines and ledger agree.
@Suite struct CorrectionHistoryTests {
    private struct Course {
        let book: BillingFixture
        var random: SeededGenerator
        /// Business time; the clock follows it.
        var now = BillingFixture.start
        var clock = testNow
        var events: [String] = []
        var hasEnded = false

        private var stamp: Stamp { Stamp(at: now, recordedAt: clock, author: .command) }

        /// Does one thing; what is refused changes nothing.
        mutating func step() async throws {
            clock = clock.adding(seconds: 90)
            now = now.adding(seconds: Int64.random(in: 0...1, using: &random) * 86_400)
            switch Int.random(in: 0..<12, using: &random) {
            case 0...3: try await use()
            case 4: try await takeBack()
            case 5...8:
                let grace: Int64 = Bool.random(using: &random) ? 0 : 3 * 86_400
                try await book.run(until: now, grace: grace, recordedAt: clock)
            case 9: try await credit()
            case 10: try await void()
            default: try await payOrEnd()
            }
        }

        private mutating func use() async throws {
            let days = Int64.random(in: 0...40, using: &random)
            let day = max(BillingFixture.start, now.adding(seconds: -days * 86_400))
            let id = "event-\(events.count)"
            let value = Decimal12(integerLiteral: Int.random(in: 1...9, using: &random) * 300_000)
            try await book.use(value, day, id: id, recordedAt: clock)
            events.append(id)
        }

        private mutating func takeBack() async throws {
            guard let event = events.randomElement(using: &random) else { return }
            try await attempt { [book, stamp] transaction in
                _ = try await MeteringOperations.void(event, of: book.tenant, by: stamp, in: transaction)
            }
        }

        private mutating func credit() async throws {
            let invoices = try await book.invoices()
            guard let invoice = invoices.randomElement(using: &random),
                let line = invoice.lines.randomElement(using: &random), line.net > 0
            else { return }
            let amount = Money(minor: Int64.random(in: 1...line.net, using: &random), currency: .usd)
            let isWhole = Int.random(in: 0..<4, using: &random) == 0
            try await attempt { [book, stamp] transaction in
                _ = try await CreditNoteOperations.issue(
                    CreditNoteDraft(
                        isWhole ? .whole : .lines([.init(line: line.id, amount: amount)]),
                        reason: "random",
                        to: .balance
                    ),
                    of: invoice.id,
                    tenant: book.tenant,
                    by: stamp,
                    in: transaction
                )
            }
        }

        private mutating func void() async throws {
            guard let invoice = try await book.invoices().randomElement(using: &random) else { return }
            try await attempt { [book, stamp] transaction in
                _ = try await InvoiceOperations.void(invoice.id, of: book.tenant, by: stamp, in: transaction)
            }
        }

        private mutating func payOrEnd() async throws {
            let isEnd = !hasEnded && Int.random(in: 0..<4, using: &random) == 0
            guard isEnd else {
                guard let invoice = try await book.invoices().randomElement(using: &random) else { return }
                return try await attempt { [book, stamp] transaction in
                    _ = try await InvoiceOperations.pay(
                        invoice.id,
                        of: book.tenant,
                        reference: "bank-\(invoice.id)",
                        by: stamp,
                        in: transaction
                    )
                }
            }
            hasEnded = true
            let refund: SubscriptionChange.Refund = Bool.random(using: &random) ? .credit : .none
            try await attempt { [book, stamp] transaction in
                _ = try await SubscriptionOperations.cancel(
                    book.subscription,
                    of: book.tenant,
                    when: .immediately,
                    refund: refund,
                    by: stamp,
                    in: transaction
                )
            }
        }

        private func attempt(_ body: (borrowing Transaction) async throws -> Void) async throws {
            do {
                try await book.database.transaction(as: .tenant(book.tenant), body)
            } catch is InvoiceError {} catch is CreditNoteError {} catch is MeteringError {} catch is SubscriptionError
            {}
        }

        /// Bills what is left, and then has nothing more to bill.
        mutating func finish() async throws -> [Invoice] {
            for _ in 0..<3 {
                clock = clock.adding(seconds: 3_600)
                now = now.adding(seconds: 35 * 86_400)
                // Usage of its own, so that there is an invoice that corrects what came late.
                if !hasEnded { try await book.use(300_000, now.adding(seconds: -86_400), recordedAt: clock) }
                try await book.run(until: now, recordedAt: clock)
            }
            clock = clock.adding(seconds: 3_600)
            let before = try await book.invoices()
            try await book.run(until: now, recordedAt: clock)
            let after = try await book.invoices()
            #expect(after == before)
            return after
        }
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `random corrections give back at most what was billed, and all agrees`(_ seed: UInt64) async throws {
        try await withDatabase { database in
            try await database.transaction(as: .admin) { transaction in
                _ = try await TaxOperations.put(
                    try TaxDraft(code: "vat", rate: Exact(19, 100)),
                    by: BillingFixture.stamp(BillingFixture.start),
                    in: transaction
                )
            }
            let book = try await BillingFixture(database)
            if seed.isMultiple(of: 2) {
                try await database.transaction(as: .admin) { transaction in
                    try await CorrectionNotes.set(
                        byCreditNote: true,
                        for: book.tenant,
                        by: BillingFixture.stamp(),
                        in: transaction
                    )
                }
            }
            var course = Course(book: book, random: SeededGenerator(seed: seed))
            for _ in 0..<90 { try await course.step() }
            let invoices = try await course.finish()
            let differences = try await book.differences()
            #expect(differences.isEmpty, "seed \(seed): \(differences.prefix(3).map(\.json.text))")
            let notes = try await database.transaction(as: .finance) { transaction in
                try await CreditNoteQueries.list(of: book.tenant, limit: 500, in: transaction)
            }
            let credited = Dictionary(grouping: notes.flatMap(\.lines), by: \.invoiceLine)
            // What of each price is left after all that was given back: of usage by stretch, of fees in all.
            var net: [String: Int64] = [:]
            var tax: [String: Int64] = [:]
            for line in invoices.filter({ $0.status != .void }).flatMap(\.lines) {
                let name = "\(line.price ?? "minimum")\(line.kind == .usage ? " \(line.start)" : "")"
                let back = credited[line.id] ?? []
                net[name, default: 0] += line.net - back.reduce(0) { $0 + $1.net }
                tax[name, default: 0] += line.tax - back.reduce(0) { $0 + $1.tax }
            }
            #expect(net.values.allSatisfy { $0 >= 0 }, "seed \(seed): \(net)")
            #expect(tax.values.allSatisfy { $0 >= 0 }, "seed \(seed): \(tax)")
        }
    }
}
