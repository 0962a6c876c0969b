import Billing
import Postgres
import Tenants
import TestSupport
import Testing
import Values

/// A document says who sold to whom as it was when it was made, whatever they are called since.
@Suite struct DocumentPartiesTests {
    private static let day: Int64 = 86_400

    private func stamp(_ days: Int64) -> Stamp {
        BillingFixture.stamp(testNow.adding(seconds: days * Self.day))
    }

    private func parties(of invoice: Invoice, _ book: BillingFixture) async throws -> [String] {
        let document = try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            try await InvoiceDocumentQueries.invoice(invoice.id, of: book.tenant, in: transaction)
        }
        return said(document)
    }

    private func said(_ document: InvoiceDocument) -> [String] {
        [
            document.seller.name, document.seller.address.joined(separator: ", "),
            document.seller.taxIDs.joined(separator: ", "), document.buyer.name, document.buyer.email ?? "",
            document.zone.name,
        ]
    }

    private func change(
        seller: JSONValue,
        buyer: JSONValue,
        on days: Int64,
        _ book: BillingFixture
    ) async throws {
        try await book.database.transaction(as: .admin) { transaction in
            guard let tenant = try await TenantQueries.find(book.tenant, in: transaction) else { return }
            var fields = try JSONFields(seller)
            let changes = try LegalEntityChanges(json: &fields)
            _ = try await TaxOperations.changeEntity(tenant.legalEntity, changes, by: stamp(days), in: transaction)
            fields = try JSONFields(buyer)
            try await TenantOperations.update(
                book.tenant,
                try TenantChanges(json: &fields),
                by: stamp(days),
                in: transaction
            )
        }
    }

    @Test func `invoices and credit notes keep the names and addresses of their day`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await change(
                seller: ["name": "Seller Ltd", "address": ["1 Old Street"], "tax_id": "GB487694237"],
                buyer: ["name": "Acme", "email": "old@acme.test", "timezone": "Europe/Berlin"],
                on: 0,
                book
            )
            try await book.run(until: BillingFixture.start, recordedAt: testNow.adding(seconds: Self.day))
            let first = try #require(try await book.invoices().first)
            let old = ["Seller Ltd", "1 Old Street", "GB487694237", "Acme", "old@acme.test", "Europe/Berlin"]
            #expect(try await parties(of: first, book) == old)
            let note = try await database.transaction(as: .tenant(book.tenant)) { transaction in
                try await CreditNoteOperations.issue(
                    CreditNoteDraft(.whole, reason: "a mistake"),
                    of: first.id,
                    tenant: book.tenant,
                    by: stamp(2),
                    in: transaction
                )
            }
            // Twice: what an invoice was made under is the first of what has been replaced since.
            try await change(
                seller: ["name": "Between"],
                buyer: ["name": "Between", "timezone": "Asia/Tokyo"],
                on: 3,
                book
            )
            try await change(
                seller: ["name": "Seller plc", "address": ["2 New Street"], "tax_id": nil],
                buyer: ["name": "Acme Group", "email": "new@acme.test"],
                on: 4,
                book
            )
            try await book.run(
                until: BillingFixture.day(2026, 2, 5),
                recordedAt: testNow.adding(seconds: 5 * Self.day)
            )
            let second = try #require(try await book.invoices().last)
            #expect(second.id != first.id)
            #expect(try await parties(of: first, book) == old)
            let new = ["Seller plc", "2 New Street", "", "Acme Group", "new@acme.test", "Asia/Tokyo"]
            #expect(try await parties(of: second, book) == new)
            let document = try await database.transaction(as: .finance) { transaction in
                try await InvoiceDocumentQueries.creditNote(note.id, of: book.tenant, in: transaction)
            }
            #expect(said(document.invoice) == old)
        }
    }

    @Test func `what is no invoice yet names the parties as they are`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            let draft = try #require(try await book.bill(until: BillingFixture.start).first)
            try await change(seller: ["name": "Seller plc"], buyer: ["name": "Acme Group"], on: 1, book)
            let said = try await parties(of: draft, book)
            #expect(said[0] == "Seller plc" && said[3] == "Acme Group")
        }
    }
}
