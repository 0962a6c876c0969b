import Billing
import Jobs
import Ledger
import Postgres
import Revenue
import TestSupport
import Testing
import Values

/// Partners in a real book.
@Suite struct PartnerAccrualTests {
    /// A tenant whose first invoices are open, and a partner who brought it.
    struct World {
        let world: PaymentFixture
        let database: Database

        init(_ database: Database, role: Partner.Role = .principal) async throws {
            world = try await PaymentFixture(database, billedUntil: BillingFixture.day(2026, 4, 5))
            self.database = database
            try await database.transaction(as: .admin) { transaction in
                _ = try await PartnerOperations.create(
                    PartnerDraft(
                        code: "north",
                        role: role,
                        share: PartnerShare(
                            tiers: [.init(upTo: 40, rate: Exact(1, 5)), .init(upTo: nil, rate: Exact(1, 4))]
                        )
                    ),
                    by: PaymentFixture.stamp(BillingFixture.start),
                    in: transaction
                )
            }
            try await attribute("north", from: BillingFixture.start)
        }

        func attribute(_ code: String?, from: Instant) async throws {
            let tenant = world.tenant
            try await database.transaction(as: .admin) { transaction in
                try await PartnerOperations.attribute(
                    tenant,
                    to: code,
                    from: from,
                    by: PaymentFixture.stamp(from),
                    in: transaction
                )
            }
        }

        @discardableResult
        func accrue(_ day: Instant) async throws -> Int {
            try await PartnerAccrualRun.run(database: database, by: PaymentFixture.stamp(day))
        }

        func statement(_ month: String) async throws -> PartnerStatement {
            try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
                try await RevenueReports.statement(
                    of: "north",
                    month: RevenueFixture.month(month),
                    asOf: BillingFixture.day(2027, 1, 1),
                    in: transaction
                )
            }
        }

        func pay(_ month: String, at: Instant) async throws -> [PartnerPayout] {
            try await database.transaction(as: .admin) { transaction in
                try await PartnerOperations.pay(
                    "north",
                    through: RevenueFixture.month(month),
                    reference: "bank 7",
                    by: PaymentFixture.stamp(at),
                    in: transaction
                )
            }
        }
    }

    @Test func `receipts are accrued once, climb the tiers, and are posted as a cost`() async throws {
        try await withDatabase { database in
            let world = try await World(database)
            let invoices = try await world.world.book.invoices()
            let march = BillingFixture.day(2026, 3, 10)
            try await world.world.receive("35.00", "bank 1", for: [invoices[0].id], at: march)
            try await world.world.receive("35.00", "bank 2", for: [invoices[1].id], at: march.adding(seconds: 60))
            #expect(try await world.accrue(march.adding(seconds: 3_600)) == 2)
            #expect(try await world.accrue(march.adding(seconds: 7_200)) == 0)
            // 35.00 at 20 %; 5.00 at 20 % and 30.00 at 25 %.
            let statement = try await world.statement("2026-03")
            #expect(statement.accruals.map(\.share.text) == ["7.00", "8.50"])
            #expect(statement.sums.map(\.closing.text) == ["15.50"])
            #expect(try await world.world.balance(.partnerShare) == 1_550)
            #expect(try await world.world.balance(.partnerPayable) == -1_550)
            #expect(try await world.world.balance(.agentShare) == 0)
            #expect(try await world.world.book.differences().isEmpty)
        }
    }

    @Test func `of an agent the share is no revenue, and is not deducted twice`() async throws {
        try await withDatabase { database in
            let world = try await World(database, role: .agent)
            let day = BillingFixture.day(2026, 3, 10)
            try await world.world.receive("35.00", "bank 1", at: day)
            try await world.accrue(day)
            #expect(try await world.world.balance(.agentShare) == 700)
            #expect(try await world.world.balance(.partnerShare) == 0)
            let recognition = try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
                try await RevenueReports.recognition(
                    from: RevenueFixture.month("2026-03"),
                    to: RevenueFixture.month("2026-03"),
                    asOf: BillingFixture.day(2027, 1, 1),
                    in: transaction
                )
            }
            let row = try #require(recognition.rows.first)
            #expect(row.contra[.agentShare]?.text == "7.00" && row.net.minor == row.total.minor - 700)
        }
    }

    @Test func `a refund and a credit note take shares back, what is paid is no longer owed`() async throws {
        try await withDatabase { database in
            let world = try await World(database)
            let invoices = try await world.world.book.invoices()
            let march = BillingFixture.day(2026, 3, 10)
            let payment = try await world.world.receive("35.00", "bank 1", for: [invoices[0].id], at: march)
            try await world.world.receive("35.00", "bank 2", for: [invoices[1].id], at: march.adding(seconds: 60))
            try await world.accrue(march.adding(seconds: 3_600))
            let april = BillingFixture.day(2026, 4, 10)
            let paid = try await world.pay("2026-03", at: april)
            #expect(paid.map(\.amount.text) == ["15.50"])
            await #expect(throws: PartnerError.self) { _ = try await world.pay("2026-03", at: april) }
            await #expect(throws: PartnerError.self) { _ = try await world.pay("2026-04", at: april) }
            #expect(try await world.world.balance(.partnerPayable) == 0)
            #expect(try await world.world.balance(.cash) == 7_000 - 1_550)
            try await world.world.act { transaction in
                _ = try await PaymentOperations.refund(
                    payment.id,
                    amount: PaymentFixture.dollars("10.00"),
                    reason: "too much",
                    key: nil,
                    of: world.world.tenant,
                    by: PaymentFixture.stamp(april),
                    in: transaction
                )
                _ = try await CreditNoteOperations.issue(
                    CreditNoteDraft(.amount(Money(minor: 2_000, currency: .usd)), reason: "a mistake", to: .balance),
                    of: invoices[1].id,
                    tenant: world.world.tenant,
                    by: PaymentFixture.stamp(april.adding(seconds: 60)),
                    in: transaction
                )
            }
            #expect(try await world.accrue(april.adding(seconds: 3_600)) == 2)
            // March is 60.00, then 40.00: 13.00, then 8.00.
            let statement = try await world.statement("2026-04")
            #expect(statement.accruals.map(\.share.text) == ["-2.50", "-5.00"])
            let sum = try #require(statement.sums.first)
            #expect(sum.opening.text == "15.50" && sum.paid.text == "15.50" && sum.takenBack.text == "7.50")
            #expect(sum.closing.text == "-7.50")
            #expect(try await world.world.balance(.partnerPayable) == 750)
            await #expect(throws: PartnerError.self) {
                _ = try await world.pay("2026-04", at: BillingFixture.day(2026, 5, 10))
            }
            #expect(try await world.world.book.differences().isEmpty)
        }
    }

    @Test func `who attributes late gets what nobody had, and nobody gets it twice`() async throws {
        try await withDatabase(connections: 8) { database in
            let world = try await World(database)
            let day = BillingFixture.day(2026, 3, 10)
            try await world.attribute(nil, from: BillingFixture.day(2026, 3, 1))
            try await world.world.receive("35.00", "bank 1", at: day)
            #expect(try await world.accrue(day.adding(seconds: 3_600)) == 0)
            try await world.attribute("north", from: BillingFixture.day(2026, 3, 5))
            let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 { group.addTask { try await world.accrue(day.adding(seconds: 7_200)) } }
                return try await group.reduce(0, +)
            }
            #expect(counts == 1)
            #expect(try await world.world.balance(.partnerPayable) == -700)
        }
    }

    @Test func `a tenant sees nothing of partners and costs`() async throws {
        try await withDatabase { database in
            let world = try await World(database)
            for table in ["partners", "partner_attributions", "partner_accruals", "cost_entries", "compute_prices"] {
                await #expect(throws: PostgresError.self, "\(table)") {
                    try await world.world.act { transaction in
                        try await transaction.execute("SELECT 1 FROM app.\(unescaped: table)")
                    }
                }
            }
        }
    }
}
