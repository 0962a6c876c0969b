import Billing
import Ledger
import Plans
import Postgres
import Subscriptions
import Tenants
import TestSupport
import Testing
import Values

/// Taxes in the database: what was invoiced stays, whatever changes.
@Suite struct TaxChangeTests {
    private static func day(_ month: Int, _ day: Int) -> Instant { BillingFixture.day(2026, month, day) }

    private func put(
        _ code: String,
        _ rate: Exact,
        country: String? = nil,
        inclusive: Bool = false,
        from: Instant? = nil,
        at instant: Instant = BillingFixture.start,
        in database: Database
    ) async throws -> Tax {
        let draft = try TaxDraft(code: code, rate: rate, isInclusive: inclusive, country: country, from: from)
        return try await database.transaction(as: .admin) { transaction in
            try await TaxOperations.put(draft, by: BillingFixture.stamp(instant), in: transaction)
        }
    }

    private func set(
        _ json: JSONValue,
        _ book: BillingFixture,
        of other: TenantID? = nil,
        isStaff: Bool = true,
        at instant: Instant
    ) async throws -> TaxDetails {
        var fields = try JSONFields(json)
        let changes = try TaxDetailsChanges(json: &fields)
        return try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            try await TaxOperations.setDetails(
                of: other ?? book.tenant,
                changes,
                isStaff: isStaff,
                by: BillingFixture.stamp(instant),
                in: transaction
            )
        }
    }

    private func locate(
        _ country: String,
        _ book: BillingFixture,
        at instant: Instant = BillingFixture.start
    ) async throws {
        try await book.database.transaction(as: .admin) { transaction in
            let entity = try #require(try await LegalEntityQueries.findDefault(in: transaction))
            var fields = try JSONFields(["country": .string(country), "tax_id": "DE683361910"])
            _ = try await TaxOperations.changeEntity(
                entity.id,
                LegalEntityChanges(json: &fields),
                by: BillingFixture.stamp(instant),
                in: transaction
            )
        }
    }

    @Test func `a late event is corrected at the rate under which its stretch was invoiced`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            let first = try await put("vat", Exact(19, 100), in: database)
            #expect(first.from == nil)
            try await book.use(2_000_000, Self.day(1, 10))
            try await book.run(until: Self.day(2, 5))
            // 20.00 + 15.00 and 3.00 of usage at 19 %.
            #expect(try await book.invoices().map(\.tax.text) == ["6.65", "7.22"])
            let second = try await put("vat", Exact(7, 100), at: Self.day(2, 5), in: database)
            #expect(second.from == Self.day(2, 5).adding(seconds: 1))
            #expect(try await put("vat", Exact(7, 100), at: Self.day(2, 9), in: database) == second)
            try await book.use(1_000_000, Self.day(1, 12))
            try await book.run(until: Self.day(3, 5))
            let last = try #require(try await book.invoices().last)
            let corrections = last.lines.filter(\.isCorrection)
            let correction = try #require(corrections.first)
            #expect(correction.amount == 200 && correction.tax == 38)
            #expect(last.lines.filter { !$0.isCorrection }.map(\.tax).reduce(0, +) == 245)
            #expect(last.tax.text == "2.83")
            await #expect(throws: TaxError.self) {
                try await put("vat", Exact(1, 100), from: Self.day(3, 1), at: Self.day(3, 5), in: database)
            }
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `a move to another country changes what comes, with reverse charge, and nothing that was`() async throws
    {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await locate("DE", book)
            _ = try await put("de", Exact(19, 100), country: "DE", in: database)
            _ = try await put("fr", Exact(20, 100), country: "FR", in: database)
            let first = try await set(["country": "DE"], book, at: BillingFixture.start)
            #expect(first.from == nil)
            try await book.run(until: Self.day(2, 5))
            _ = try await set(["country": "FR"], book, at: Self.day(2, 6))
            try await book.run(until: Self.day(3, 5))
            _ = try await set(["tax_ids": ["FR 11 278681226"]], book, at: Self.day(3, 6))
            try await book.run(until: Self.day(4, 5))
            _ = try await set(["tax_exempt": true], book, at: Self.day(4, 6))
            // It was used in January, in Germany.
            try await book.use(2_000_000, Self.day(1, 12))
            try await book.run(until: Self.day(5, 5))
            let invoices = try await book.invoices()
            #expect(invoices.map(\.tax.text) == ["6.65", "6.65", "7.00", "0.00", "0.57"])
            #expect(invoices.map(\.taxStatus) == [.standard, .standard, .standard, .reverseCharge, .exempt])
            #expect(invoices[3].taxStatus.note?.contains("2006/112/EC") == true)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `prices that contain their tax are booked net`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            _ = try await put("vat", Exact(19, 100), inclusive: true, in: database)
            try await book.use(2_000_000, Self.day(1, 10))
            try await book.run(until: Self.day(2, 5))
            let invoices = try await book.invoices()
            #expect(invoices.map(\.total.text) == ["35.00", "38.00"])
            // 35.00 × 19/119 and 38.00 × 19/119.
            #expect(invoices.map(\.tax.text) == ["5.59", "6.07"])
            let balances = try await database.transaction(as: .tenant(book.tenant)) { transaction in
                try await LedgerQueries.balances(of: book.tenant, in: transaction)
            }
            func balance(_ account: Account) -> Int64 {
                balances.first { $0.account == account }?.balance.minor ?? 0
            }
            #expect(balance(.taxPayable) == -1_166 && balance(.receivable) == 7_300)
            #expect(balance(.usageRevenue) == -252)
            #expect(balance(.deferredRevenue) == -(7_300 - 1_166 - 252))
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `assigned taxes take the place of the country's, until they are withdrawn`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            _ = try await put("all", Exact(10, 100), in: database)
            _ = try await put("ca", Exact(5, 100), country: "US", in: database)
            func act(_ instant: Instant, _ body: (borrowing Transaction, Stamp) async throws -> Void) async throws {
                try await database.transaction(as: .admin) { transaction in
                    try await body(transaction, BillingFixture.stamp(instant))
                }
            }
            try await book.run(until: BillingFixture.start)
            try await act(Self.day(1, 20)) { transaction, stamp in
                try await TaxOperations.assign("ca", to: book.tenant, by: stamp, in: transaction)
            }
            await #expect(throws: TaxError.assigned("ca")) {
                try await act(Self.day(1, 20)) { transaction, stamp in
                    try await TaxOperations.assign("ca", to: book.tenant, by: stamp, in: transaction)
                }
            }
            try await book.run(until: Self.day(2, 5))
            try await act(Self.day(2, 20)) { transaction, stamp in
                try await TaxOperations.withdraw("ca", from: book.tenant, by: stamp, in: transaction)
            }
            try await book.run(until: Self.day(3, 5))
            try await act(Self.day(3, 20)) { transaction, stamp in
                _ = try await TaxOperations.archive("all", by: stamp, in: transaction)
            }
            try await book.run(until: Self.day(4, 5))
            #expect(try await book.invoices().map(\.tax.text) == ["3.50", "1.75", "3.50", "0.00"])
            await #expect(throws: TaxError.notFound("none")) {
                try await act(testNow) { transaction, stamp in
                    try await TaxOperations.assign("none", to: book.tenant, by: stamp, in: transaction)
                }
            }
        }
    }

    @Test func `an entity that has issued invoices keeps its country, and says one only from then on`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            _ = try await put("de", Exact(19, 100), country: "DE", in: database)
            try await book.run(until: BillingFixture.start)
            try await locate("DE", book, at: Self.day(1, 20))
            try await book.run(until: Self.day(2, 5))
            #expect(try await book.invoices().map(\.tax.text) == ["0.00", "6.65"])
            await #expect(throws: TaxError.self) { try await locate("FR", book, at: Self.day(2, 6)) }
        }
    }

    @Test func `only staff says who is exempt, and a tenant changes its own only`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            let other = try await BillingFixture(database, name: "Globex")
            await #expect(throws: TaxError.exemptionIsForStaff) {
                try await set(["tax_exempt": true], book, isStaff: false, at: testNow)
            }
            // In a transaction of the one tenant the other is not there.
            await #expect(throws: InvoiceError.tenantNotFound(other.tenant)) {
                try await set(["tax_exempt": true], book, of: other.tenant, at: testNow)
            }
        }
    }
}
