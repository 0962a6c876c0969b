import Billing
import Metering
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

/// Pauses, named usage and books from elsewhere, billed to the database.
@Suite struct LifecycleBillingTests {
    private static func day(_ month: Int, _ day: Int) -> Instant { BillingFixture.day(2026, month, day) }

    @Test func `a pause credits the rest, bills the usage so far, and nothing until it is over`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await book.use(2_000_000, Self.day(1, 8))
            try await book.bill(until: Self.day(1, 5))
            try await ask(book, at: Self.day(1, 20)) { id, tenant, stamp, transaction in
                _ = try await SubscriptionOperations.pause(id, of: tenant, by: stamp, in: transaction)
            }
            // In the pause: nobody bills it.
            try await book.use(5_000_000, Self.day(1, 25))
            let paused = try await book.bill(until: Self.day(3, 1))
            #expect(paused.map(\.reason) == [.change])
            #expect(paused.map(\.issuedAt) == [Self.day(1, 20)])
            #expect(paused.first?.short == ["base 1 -1032", "seats 3 -774", "tokens 2000000 300"])
            #expect(paused.first?.credited.text == "15.06")
            #expect(try await book.differences().map(\.json.text) == [])
            // What came late for the time before waits for the next invoice.
            try await book.use(1_000_000, Self.day(1, 9), recordedAt: testNow.adding(seconds: 60))
            #expect(try await book.bill(until: Self.day(3, 2)).isEmpty)
            #expect(try await book.differences().map(\.json.text) == [])
            try await ask(book, at: Self.day(3, 10)) { id, tenant, stamp, transaction in
                _ = try await SubscriptionOperations.resume(id, of: tenant, by: stamp, in: transaction)
            }
            let resumed = try await book.bill(until: Self.day(3, 10))
            #expect(resumed.map(\.reason) == [.change])
            #expect(resumed.first?.short == ["base 1 2000", "seats 3 1500", "tokens 1000000 200"])
            #expect(resumed.first?.creditsApplied.text == "15.06")
            let next = try await book.bill(until: Self.day(4, 10))
            #expect(next.map(\.issuedAt) == [Self.day(4, 10)])
            #expect(next.first?.short == ["base 1 2000", "seats 3 1500"])
            #expect(try await book.differences().map(\.json.text) == [])
        }
    }

    @Test func `nothing is due in a pause, and a run passes it by`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await book.run(until: Self.day(1, 5))
            try await ask(book, at: Self.day(1, 20)) { id, tenant, stamp, transaction in
                _ = try await SubscriptionOperations.pause(id, of: tenant, when: .periodEnd, by: stamp, in: transaction)
            }
            try await book.run(until: Self.day(6, 1))
            let subscription = try await find(book)
            #expect(subscription?.status == .paused)
            #expect(subscription?.pausedAt == Self.day(2, 5))
            #expect(subscription?.nextBillingAt == nil)
            #expect(try await book.invoices().map(\.issuedAt) == [Self.day(1, 5)])
            try await ask(book, at: Self.day(6, 10)) { id, tenant, stamp, transaction in
                _ = try await SubscriptionOperations.resume(id, of: tenant, by: stamp, in: transaction)
            }
            try await book.run(until: Self.day(7, 1))
            #expect(try await book.invoices().map(\.issuedAt) == [Self.day(1, 5), Self.day(6, 10)])
            #expect(try await find(book)?.nextBillingAt == Self.day(7, 10))
            #expect(try await book.differences().map(\.json.text) == [])
        }
    }

    @Test func `a withdrawn change bills nothing, and a cancellation taken back goes on`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await book.bill(until: Self.day(1, 5))
            try await ask(book, at: Self.day(1, 10)) { id, tenant, stamp, transaction in
                _ = try await SubscriptionOperations.change(
                    id,
                    of: tenant,
                    SubscriptionChangeDraft(quantities: ["seats": 1]),
                    by: stamp,
                    in: transaction
                )
                _ = try await SubscriptionOperations.cancel(
                    id,
                    of: tenant,
                    when: .periodEnd,
                    refund: .credit,
                    by: stamp,
                    in: transaction
                )
            }
            try await ask(book, at: Self.day(1, 11)) { id, tenant, stamp, transaction in
                _ = try await SubscriptionOperations.reactivate(id, of: tenant, by: stamp, in: transaction)
            }
            try await ask(book, at: Self.day(1, 12)) { id, tenant, stamp, transaction in
                _ = try await SubscriptionOperations.withdrawScheduled(id, of: tenant, by: stamp, in: transaction)
            }
            let renewal = try await book.bill(until: Self.day(2, 5))
            #expect(renewal.map(\.reason) == [.renewal])
            #expect(renewal.first?.short == ["base 1 2000", "seats 3 1500"])
        }
    }

    @Test func `an event counts for the subscription it names and for no other`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            let stamp = BillingFixture.stamp(BillingFixture.start)
            let named = try await database.transaction(as: .tenant(book.tenant)) { transaction in
                try await SubscriptionOperations.create(
                    SubscriptionDraft(
                        plan: "pro",
                        startsAt: Moment(BillingFixture.start, in: .utc),
                        quantities: ["seats": 1],
                        usage: .named
                    ),
                    for: book.tenant,
                    by: stamp,
                    in: transaction
                )
            }
            try await book.use(2_000_000, Self.day(1, 8))
            try await use(book, 3_000_000, Self.day(1, 9), naming: named.id)
            try await use(book, 4_000_000, Self.day(1, 10), naming: book.subscription)
            let first = try await book.bill(until: Self.day(2, 5))
            #expect(first.last?.short == ["base 1 2000", "seats 3 1500", "tokens 6000000 1100"])
            let second = try await database.transaction(as: .tenant(book.tenant)) { transaction in
                try await InvoiceOperations.bill(
                    named.id,
                    of: book.tenant,
                    until: Self.day(2, 5),
                    by: BillingFixture.stamp(Self.day(2, 5)),
                    in: transaction
                )
            }
            #expect(second.last?.short == ["base 1 2000", "seats 1 500", "tokens 3000000 500"])
            #expect(try await book.differences().map(\.json.text) == [])
        }
    }

    /// Seats in arrears, a commitment and tokens, imported in the middle of a period.
    @Test(arguments: [(2, 5), (2, 20), (3, 1)])
    func `a book from elsewhere bills nothing twice, whatever day it came`(month: Int, day: Int) async throws {
        let plan: JSONValue = [
            "code": "book", "currency": "USD", "interval": ["unit": "month"], "minimum_commitment": "100.00",
            "prices": [
                ["code": "base", "model": "flat", "amount": "20.00"],
                [
                    "code": "seats", "model": "per_unit", "unit_amount": "5.00", "quantity": "seats",
                    "timing": "arrears",
                ],
                ["code": "tokens", "model": "per_unit", "meter": "tokens", "unit_amount": "0.000001"],
            ],
        ]
        try await withDatabase { database in
            let until = Self.day(month, day)
            let book = try await BillingFixture(database, plan: plan, billedUntil: until)
            try await book.use(7_000_000, Self.day(1, 9))
            try await book.use(3_000_000, Self.day(2, 10))
            let made = try await book.bill(until: Self.day(3, 5))
            // What fell due on 5 February was billed elsewhere, unless the book came that very day.
            let february = until <= Self.day(2, 5)
            #expect(made.map(\.issuedAt) == (february ? [Self.day(2, 5)] : []) + [Self.day(3, 5)])
            #expect(made.last?.short == ["base 1 2000", "seats 3 1500", "tokens 3000000 300", "minimum 1 6200"])
            #expect(try await book.bill(until: Self.day(3, 5)).isEmpty)
            // Usage that is late for what was billed elsewhere is not ours to bill.
            try await book.use(1_000_000, Self.day(1, 10))
            let next = try await book.bill(until: Self.day(4, 5))
            let own = next.flatMap(\.lines).filter { $0.price == "tokens" }
            #expect(own.isEmpty || february)
            #expect(try await book.differences().map(\.json.text) == [])
            // A line that was billed elsewhere is credited where a change leaves a rest of it.
            try await ask(book, at: Self.day(4, 6)) { id, tenant, stamp, transaction in
                _ = try await SubscriptionOperations.cancel(
                    id,
                    of: tenant,
                    when: .immediately,
                    refund: .credit,
                    by: stamp,
                    in: transaction
                )
            }
            #expect(try await book.bill(until: Self.day(4, 6)).first?.lines.first?.kind == .credit)
            #expect(try await book.differences().map(\.json.text) == [])
        }
    }

    // MARK: -

    private func ask(
        _ book: BillingFixture,
        at instant: Instant,
        _ body: (SubscriptionID, TenantID, Stamp, borrowing Transaction) async throws -> Void
    ) async throws {
        let stamp = BillingFixture.stamp(instant)
        try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            try await body(book.subscription, book.tenant, stamp, transaction)
        }
    }

    private func find(_ book: BillingFixture) async throws -> Subscription? {
        try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            try await SubscriptionQueries.find(book.subscription, of: book.tenant, in: transaction)
        }
    }

    private func use(
        _ book: BillingFixture,
        _ value: Decimal12,
        _ day: Instant,
        naming subscription: SubscriptionID
    ) async throws {
        let event = try UsageEvent(
            id: "\(day)-\(value)",
            meter: "tokens",
            at: day.adding(seconds: 43_200),
            value: value,
            subscription: subscription
        )
        try await book.database.transaction(as: .ingest) { transaction in
            _ = try await MeteringOperations.ingest(
                [(tenant: book.tenant, event: event)],
                recordedAt: testNow,
                in: transaction
            )
        }
    }
}
