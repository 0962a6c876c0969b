import Billing
import Plans
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

/// What add-ons, own prices and migrations are invoiced as.
@Suite struct CatalogueBillingTests {
    private typealias Fixture = BillingFixture

    private static func put(_ amount: String, in database: Database) async throws {
        let draft = try AddOnDraft(
            json: [
                "code": "storage", "currency": "USD", "interval": ["unit": "month"],
                "prices": [["model": "flat", "amount": .string(amount)]],
            ]
        )
        try await database.transaction(as: .admin) { transaction in
            _ = try await AddOnOperations.publish(draft, by: Fixture.stamp(), in: transaction)
        }
    }

    private static func change(
        _ book: BillingFixture,
        _ draft: SubscriptionChangeDraft,
        on day: Instant
    ) async throws {
        try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            _ = try await SubscriptionOperations.change(
                book.subscription,
                of: book.tenant,
                draft,
                by: Fixture.stamp(day),
                in: transaction
            )
        }
    }

    private static func bill(_ book: BillingFixture, until day: Instant) async throws -> [Invoice] {
        try await book.database.transaction(as: .system) { transaction in
            try await InvoiceOperations.bill(
                book.subscription,
                of: book.tenant,
                until: day,
                by: Fixture.stamp(day),
                in: transaction
            )
        }
    }

    private static func texts(_ invoice: Invoice?) -> [String] {
        (invoice?.lines ?? []).map { "\($0.kind.rawValue) \($0.price ?? "-") \($0.quantity) \($0.amount)" }
    }

    @Test func `an add-on is prorated by itself, and none of it is no line`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            _ = try await Self.bill(book, until: Fixture.start)
            try await Self.put("31.00", in: database)
            // 21 of 31 days are left.
            try await Self.change(
                book,
                SubscriptionChangeDraft(addOns: ["storage": 2]),
                on: Fixture.day(2026, 1, 15)
            )
            let added = try await Self.bill(book, until: Fixture.day(2026, 1, 15))
            #expect(Self.texts(added.first) == ["charge addon:storage 2 4200"])
            // What it costs later is another's price.
            try await Self.put("99.00", in: database)
            try await Self.change(
                book,
                SubscriptionChangeDraft(addOns: ["storage": 1], timing: .immediately),
                on: Fixture.day(2026, 1, 25)
            )
            let less = try await Self.bill(book, until: Fixture.day(2026, 1, 25))
            #expect(Self.texts(less.first) == ["credit addon:storage 2 -2200", "charge addon:storage 1 1100"])
            let renewed = try await Self.bill(book, until: Fixture.day(2026, 2, 5))
            #expect(
                Self.texts(renewed.first) == [
                    "recurring base 1 2000", "recurring seats 3 1500", "recurring addon:storage 1 3100",
                ]
            )
            try await Self.change(
                book,
                SubscriptionChangeDraft(addOns: ["storage": 0]),
                on: Fixture.day(2026, 2, 6)
            )
            let without = try await Self.bill(book, until: Fixture.day(2026, 3, 5))
            #expect(Self.texts(without.first) == ["recurring base 1 2000", "recurring seats 3 1500"])
            #expect(try await Self.bill(book, until: Fixture.day(2026, 3, 5)).isEmpty)
        }
    }

    @Test func `own prices are billed from their change on, and what was billed stays`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            _ = try await Self.bill(book, until: Fixture.start)
            let own = try PriceOverrides(
                json: [
                    ["code": "base", "model": "flat", "amount": "10.00"],
                    ["code": "tokens", "meter": "tokens", "model": "per_unit", "unit_amount": "0.01"],
                ]
            )
            try await book.use(100, Fixture.day(2026, 1, 10))
            try await Self.change(
                book,
                SubscriptionChangeDraft(overrides: own, timing: .periodEnd),
                on: Fixture.day(2026, 1, 20)
            )
            let renewed = try await Self.bill(book, until: Fixture.day(2026, 2, 5))
            #expect(
                Self.texts(renewed.first) == [
                    "recurring base 1 1000", "recurring seats 3 1500", "usage tokens 100 0",
                ]
            )
            try await book.use(200, Fixture.day(2026, 2, 10))
            let used = try await Self.bill(book, until: Fixture.day(2026, 3, 5))
            #expect(
                Self.texts(used.first) == [
                    "recurring base 1 1000", "recurring seats 3 1500", "usage tokens 200 200",
                ]
            )
            // What comes late is rated by the prices of its time.
            try await book.use(100, Fixture.day(2026, 2, 11))
            let late = try await Self.bill(book, until: Fixture.day(2026, 4, 5))
            #expect(late.first?.lines.last.map { [$0.amount, $0.isCorrection ? 1 : 0] } == [100, 1])
        }
    }

    @Test func `a migration's preview tells old and new amounts, and writes nothing`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            _ = try await Self.bill(book, until: Fixture.start)
            var dearer = Fixture.plan.object ?? [:]
            dearer["prices"] = [
                ["code": "base", "model": "flat", "amount": "51.00"],
                ["code": "seats", "model": "per_unit", "unit_amount": "5.00", "quantity": "seats"],
            ]
            try await Fixture.publish(.object(dearer), in: database)
            let stamp = Fixture.stamp(Fixture.day(2026, 1, 15))
            for (timing, after) in [(SubscriptionChange.Timing.periodEnd, 6600), (.immediately, 8700)] {
                let migration = PlanMigration(plan: "pro", from: 1, timing: timing)
                let effect = try await database.transaction(as: .tenant(book.tenant)) { transaction in
                    let found = try await PlanMigrationOperations.candidates(
                        of: migration,
                        limit: 9,
                        in: transaction
                    )
                    let one = try #require(found.first)
                    return try await MigrationEffectOperations.preview(one, migration, by: stamp, in: transaction)
                }
                let known = try #require(effect)
                #expect(known.before == Money(minor: 3500, currency: .usd))
                // At once: 21 of 31 days of 31.00 more, and the next period.
                #expect(known.after == Money(minor: Int64(after), currency: .usd))
                #expect(known.until == Fixture.day(2026, 2, 5))
            }
            try await database.transaction(as: .finance) { transaction in
                let changes = try await SubscriptionQueries.changes(
                    of: book.subscription,
                    tenant: book.tenant,
                    in: transaction
                )
                #expect(changes.count == 1)
            }
        }
    }
}
