import Plans
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

private typealias Fixture = SubscriptionFixture

/// When a change takes effect that does not say it.
@Suite struct SubscriptionTimingTests {
    /// From 20.00 and 5.00 a seat a month at three seats, which is 420.00 a year.
    @Test(arguments: [
        ("flat", "year", 1, "421.00", 3, true), ("flat", "year", 1, "419.00", 3, false),
        ("flat", "year", 2, "841.00", 3, true), ("flat", "week", 1, "8.10", 3, true),
        ("flat", "week", 1, "8.00", 3, false), ("seats", "year", 1, "141.00", 3, true),
        ("seats", "year", 1, "139.00", 3, false), ("seats", "year", 1, "139.00", 4, true),
        ("seats", "month", 3, "34.00", 3, false), ("seats", "month", 3, "34.00", 4, true),
    ])
    func `what comes to less in a year waits for the period's end, whatever its interval`(
        model: String,
        unit: String,
        count: Int,
        amount: String,
        seats: Int,
        isAtOnce: Bool
    ) async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(in: database)
            let price =
                model == "flat"
                ? #"{"code": "base", "model": "flat", "amount": "\#(amount)"}"#
                : #"{"code": "seats", "model": "per_unit", "unit_amount": "\#(amount)", "quantity": "seats"}"#
            // What usage costs does not count.
            try await Fixture.publish(
                """
                {"code": "other", "currency": "USD", "interval": {"unit": "\(unit)", "count": \(count)}, "prices": [
                    \(price),
                    {"code": "tokens", "model": "per_unit", "meter": "tokens.output", "unit_amount": "9.99"}]}
                """,
                in: database
            )
            let quantities: Quantities = model == "seats" ? ["seats": Decimal12(seats)] : [:]
            let changed = try await Fixture.change(
                made,
                SubscriptionChangeDraft(plan: "other", quantities: quantities),
                at: "2026-03-10T00:00:00Z",
                in: database
            )
            #expect(changed.planCode == (isAtOnce ? "other" : "pro"))
            #expect(changed.scheduledChanges.isEmpty == isAtOnce)
        }
    }
}
