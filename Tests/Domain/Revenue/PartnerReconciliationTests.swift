import Postgres
import Revenue
import TestSupport
import Testing
import Values

/// Receipts, partners' shares, payouts and the books, compared.
@Suite struct PartnerReconciliationTests {
    private static func differences(_ books: BooksFixture) async throws -> [PartnerDifference] {
        try await books.read { transaction in try await PartnerReconciliationQueries.differences(in: transaction) }
    }

    @Test func `what was accrued, paid and booked agrees, also once it was paid`() async throws {
        try await withDatabase { database in
            let books = try await BooksFixture(database)
            #expect(try await Self.differences(books).map(\.json.text) == [])
            let payouts = try await database.transaction(as: .admin) { transaction in
                try await PartnerOperations.pay(
                    "north",
                    through: try RevenueFixture.month("2026-03"),
                    reference: "bank 1",
                    by: PaymentFixture.stamp(BillingFixture.day(2026, 6, 15)),
                    in: transaction
                )
            }
            #expect(payouts.count == 1)
            #expect(try await Self.differences(books).map(\.json.text) == [])
            // What came in since the run is the next one's.
            _ = try await books.world.receive("1.00", "later", for: [], at: BillingFixture.day(2026, 6, 20))
            #expect(try await Self.differences(books).isEmpty)
        }
    }

    @Test(arguments: [
        (
            "UPDATE app.partner_accruals SET receipt_minor = receipt_minor + 1 WHERE source LIKE 'allocation:%'",
            "receipt"
        ),
        (
            """
            DELETE FROM app.partner_accruals
            WHERE source = (SELECT min(source) FROM app.partner_accruals WHERE source LIKE 'allocation:%')
            """, "accrual"
        ),
        ("UPDATE app.partner_accruals SET share_minor = share_minor + 1", "share"),
        ("UPDATE app.partner_periods SET base_minor = base_minor + 1", "period"),
        (
            """
            INSERT INTO app.partner_payouts (id, partner_id, currency, month, amount_minor, reference, at, recorded_at,
                                             author)
            SELECT gen_random_uuid(), id, 'USD', '2026-03-01', 5, 'x', '2026-06-15', '2026-06-15', 'command'
            FROM app.partners
            """, "payout"
        ),
        (
            """
            UPDATE app.journals SET accounts = array_replace(accounts, 'partner_share', 'agent_share')
            WHERE posting_key LIKE 'partner_share:%'
            """, "journal"
        ),
        (
            "UPDATE app.journals SET posting_key = posting_key || 'x' WHERE posting_key LIKE 'partner_share:%'",
            "journal"
        ),
        (
            """
            UPDATE app.journals SET amounts = ARRAY[amounts[1] * 2, amounts[2] * 2]
            WHERE posting_key LIKE 'partner_share:%'
            """, "payable"
        ),
    ])
    func `each kind of damage is found, with its ids`(_ damage: String, _ kind: String) async throws {
        try await withDatabase { database in
            let books = try await BooksFixture(database)
            try await books.world.book.damage(damage)
            let found = try await Self.differences(books)
            let difference = try #require(found.first { $0.kind.rawValue == kind }, "\(found.map(\.json.text))")
            #expect(difference.json["kind"] == .string(kind))
            switch difference.kind {
            case .share, .period, .payout: #expect(difference.json["partner"]?.string?.hasPrefix("par_") == true)
            default: #expect(difference.tenant == books.world.tenant)
            }
        }
    }
}
