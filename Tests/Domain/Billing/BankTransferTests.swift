import Billing
import Ledger
import Postgres
import Tenants
import TestSupport
import Testing
import Values

/// Bank statements: whose money it is, and each line once.
@Suite struct BankTransferTests {
    private func transfer(
        _ amount: String,
        _ reference: String,
        id: String? = nil,
        currency: String = "USD",
        date: String = "2026-02-03"
    ) throws -> BankTransfer {
        var cells = ["date": date, "amount": amount, "currency": currency, "reference": reference]
        cells["id"] = id
        return try BankTransfer(cells: cells)
    }

    private func take(
        _ transfers: [BankTransfer],
        from tenant: TenantID? = nil,
        _ database: Database
    ) async throws -> [BankTransferOutcome] {
        var outcomes: [BankTransferOutcome] = []
        for transfer in BankTransfer.numbered(transfers) {
            outcomes.append(
                try await database.transaction(as: .system) { transaction in
                    try await PaymentOperations.take(
                        transfer,
                        from: tenant,
                        by: PaymentFixture.stamp(),
                        in: transaction
                    )
                }
            )
        }
        return outcomes
    }

    @Test(arguments: [
        ("INV-2026-000123", true), ("Rechnung inv-2026-000123, danke", true), ("INV 2026 000123", true),
        ("RE:INV-2026-000123/ACME", true), ("INV-2026-0001234", false), ("2026-000123", false), ("thanks", false),
    ])
    func `an invoice's number is found in what people write`(_ text: String, _ isThere: Bool) {
        #expect(BankTransfer.numbers(in: text).contains("INV-2026-000123") == isThere)
    }

    @Test func `a statement is taken once, however often it is read`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            let number = try #require(world.invoice.number)
            let statement = try [
                transfer("10.00", "invoice \(number)"), transfer("10.00", "invoice \(number)"),
                transfer("7.00", "who am I"), transfer("30.00", "\(number) rest", id: "bank-9"),
                transfer("1.00", number, currency: "EUR"),
            ]
            let first = try await take(statement, database)
            #expect(first.map(\.word) == ["matched", "matched", "unmatched", "matched", "unmatched"])
            #expect(try await world.current().status == .paid)
            #expect(first[3].payment?.unapplied.text == "15.00")
            let again = try await take(statement, database)
            #expect(again.map(\.word) == ["known", "known", "unmatched", "known", "unmatched"])
            #expect(try await world.balance(.cash) == 5_000)
            // Who it is from can be said; then it is kept until it is matched.
            let named = try await take([statement[2]], from: world.tenant, database)
            #expect(named.map(\.word) == ["unapplied"])
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `several invoices in one transfer take in turn, of one customer only`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database, billedUntil: BillingFixture.day(2026, 2, 5))
            let other = try await PaymentFixture(database, name: "Globex")
            let numbers = try await world.book.invoices().compactMap(\.number)
            let both = try transfer("60.00", numbers.joined(separator: " and "), date: "2026-02-20")
            let outcome = try #require(try await take([both], database).first)
            #expect(outcome.payment?.allocations.map(\.amount.text) == ["35.00", "25.00"])
            let mixed = try transfer("60.00", "\(numbers[1]) \(other.invoice.number ?? "")", date: "2026-02-21")
            #expect(try await take([mixed], database).map(\.word) == ["unmatched"])
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test(arguments: [
        ("date", "03.02.2026"), ("amount", "ten"), ("amount", "0.00"), ("amount", "1.001"), ("currency", "dollars"),
        ("reference", ""),
    ])
    func `a line that cannot be read names its column`(_ column: String, _ value: String) {
        var cells = ["date": "2026-02-03", "amount": "1.00", "currency": "USD", "reference": "x"]
        cells[column] = value
        let problem = #expect(throws: Problem.self) { try BankTransfer(cells: cells) }
        #expect(problem?.errors.map(\.field) == [column])
    }

    /// Two customers of two legal entities whose first invoices, of 35.00, have the same number.
    private func alike(
        _ database: Database
    ) async throws -> (first: PaymentFixture, second: PaymentFixture, entity: EntityID) {
        let first = try await PaymentFixture(database)
        let second = try await PaymentFixture(database, name: "Globex")
        let entity = try await database.transaction(as: .admin) { transaction in
            try await LegalEntityOperations.create(
                LegalEntityDraft(name: "Second GmbH"),
                by: PaymentFixture.stamp(),
                in: transaction
            ).id
        }
        try await second.book.damage(
            """
            UPDATE app.tenants SET legal_entity_id = '\(entity.uuidText)' WHERE tenant_id = '\(second.tenant.uuidText)';
            UPDATE app.invoices SET legal_entity_id = '\(entity.uuidText)', number = '\(first.invoice.number ?? "")'
            WHERE tenant_id = '\(second.tenant.uuidText)';
            """
        )
        return (first, second, entity)
    }

    @Test func `a number of two legal entities is booked only where something says which is meant`() async throws {
        try await withDatabase { database in
            let (first, second, entity) = try await alike(database)
            let number = try #require(first.invoice.number)
            // Also if one of the two is paid: the other may not be meant.
            try await first.receive("35.00", "in cash")
            let unsaid = try [
                transfer("35.00", "invoice \(number)"), transfer("34.00", "\(number) Globex"),
                transfer("35.00", "\(number) Initech"),
            ]
            #expect(try await take(unsaid, database).map(\.word) == ["unmatched", "unmatched", "unmatched"])
            #expect(try await second.current().amountPaid.isZero)
            // The customer's name with the amount says so.
            let named = try transfer("35.00", "GLO-BEX \(number)")
            let outcome = try #require(try await take([named], database).first)
            #expect(outcome.payment?.tenant == second.tenant && outcome.word == "matched")
            // So does the entity whose account it is; there the other is not meant.
            let third = try transfer("1.00", number)
            for _ in 0..<2 {
                let taken = try await database.transaction(as: .system) { transaction in
                    try await PaymentOperations.take(third, to: entity, by: PaymentFixture.stamp(), in: transaction)
                }
                #expect(taken.payment?.tenant == second.tenant)
            }
            // And the customer, where that is said.
            let fourth = try transfer("2.00", number)
            #expect(try await take([fourth], from: first.tenant, database).first?.payment?.tenant == first.tenant)
            let asked = try await database.transaction(as: .system) { transaction in
                do {
                    _ = try await PaymentOperations.payers(
                        reference: number,
                        invoice: nil,
                        tenant: nil,
                        in: transaction
                    )
                    return ""
                } catch let problem as Problem { return problem.message }
            }
            #expect(asked.contains("--entity") && asked.contains(number))
        }
    }

    @Test func `the accounts of two legal entities may have transfers that are alike`() async throws {
        try await withDatabase { database in
            let (first, second, entity) = try await alike(database)
            let same = try transfer("35.00", try #require(first.invoice.number))
            for (entity, owner) in [(first.invoice.legalEntity, first.tenant), (entity, second.tenant)] {
                for word in ["matched", "known"] {
                    let taken = try await database.transaction(as: .system) { transaction in
                        try await PaymentOperations.take(same, to: entity, by: PaymentFixture.stamp(), in: transaction)
                    }
                    #expect(taken.word == word && taken.payment?.tenant == owner)
                }
            }
            #expect(try await first.current().status == .paid)
            #expect(try await second.current().status == .paid)
        }
    }
}
