import Plans
import Postgres
import Revenue
import Subscriptions
import Tenants
import TestSupport
import Values

/// What tests of revenue begin with.
enum RevenueFixture {
    /// An instant, or the first of a date.
    static func instant(_ text: String) throws -> Instant {
        if let instant = Instant(text) { return instant }
        guard let date = CalendarDate(text) else { throw Problem.invalid("test", "\(text) is no instant") }
        return Zone.utc.instant(date)
    }

    static func month(_ text: String) throws -> Month { try Month(parsing: text, field: "test") }

    static func months(_ from: String, _ to: String, asOf: String = "2030-01-01") throws -> ReportMonths {
        try ReportMonths(from: month(from), to: month(to), asOf: instant(asOf))
    }

    /// The n-th customer, subscription or change.
    static func id<E: Entity>(_ number: Int, as kind: ID<E>.Type = ID<E>.self) -> ID<E> {
        ID(at: testNow, random: (0, UInt64(number)))
    }

    /// A customer whose one subscription brings so much a month from dates on.
    static func customer(
        _ number: Int,
        subscription: Int? = nil,
        currency: Currency = .usd,
        _ levels: [(String, Exact)]
    ) throws -> RecurringHistory {
        let key = subscription ?? number
        return RecurringHistory(
            tenant: id(number),
            subscription: id(key),
            levels: try levels.enumerated().map { place, level in
                RecurringLevel(
                    at: try instant(level.0),
                    currency: currency,
                    monthly: level.1,
                    change: id(key * 100 + place)
                )
            }
        )
    }

    static func plan(_ json: String) throws -> Plan { try Plan(json: try JSONValue(parsing: json)) }

    static func flat(_ code: String, _ amount: String, unit: String = "month", rest: String = "") -> String {
        """
        {"code": "\(code)", "currency": "USD", "interval": {"unit": "\(unit)"}\(rest),
         "prices": [{"code": "base", "model": "flat", "amount": "\(amount)"}]}
        """
    }

    /// A book in a real database, written at instants of its own.
    struct Book {
        let database: Database

        func stamp(_ at: String, recorded: String? = nil) throws -> Stamp {
            Stamp(at: try instant(at), recordedAt: try instant(recorded ?? at), author: .command)
        }

        func publish(_ json: String) async throws {
            let draft = try PlanDraft(json: try JSONValue(parsing: json))
            try await database.transaction(as: .admin) { transaction in
                _ = try await PlanOperations.publish(draft, by: try stamp("2025-01-01"), in: transaction)
            }
        }

        func tenant(_ name: String) async throws -> TenantID {
            try await database.transaction(as: .admin) { transaction in
                try await TenantOperations.create(
                    try TenantDraft(name: name),
                    by: try stamp("2025-01-01"),
                    in: transaction
                )
            }.id
        }

        func subscribe(
            _ tenant: TenantID,
            to plan: String,
            at: String,
            recorded: String? = nil,
            quantities: Quantities = [:]
        ) async throws -> SubscriptionID {
            try await database.transaction(as: .tenant(tenant)) { transaction in
                try await SubscriptionOperations.create(
                    SubscriptionDraft(
                        plan: plan,
                        startsAt: Moment(try instant(at), in: .utc),
                        quantities: quantities
                    ),
                    for: tenant,
                    by: try stamp(at, recorded: recorded),
                    in: transaction
                )
            }.id
        }

        func change(
            _ subscription: SubscriptionID,
            of tenant: TenantID,
            to plan: String? = nil,
            quantities: Quantities = [:],
            at: String,
            recorded: String? = nil
        ) async throws {
            try await database.transaction(as: .tenant(tenant)) { transaction in
                _ = try await SubscriptionOperations.change(
                    subscription,
                    of: tenant,
                    SubscriptionChangeDraft(plan: plan, quantities: quantities, timing: .immediately),
                    by: try stamp(at, recorded: recorded),
                    in: transaction
                )
            }
        }

        func cancel(
            _ subscription: SubscriptionID,
            of tenant: TenantID,
            when: SubscriptionChange.Timing,
            at: String,
            recorded: String? = nil
        ) async throws {
            try await database.transaction(as: .tenant(tenant)) { transaction in
                _ = try await SubscriptionOperations.cancel(
                    subscription,
                    of: tenant,
                    when: when,
                    refund: .none,
                    by: try stamp(at, recorded: recorded),
                    in: transaction
                )
            }
        }

        func mrr(_ from: String, _ to: String, asOf: String) async throws -> MRRReport {
            try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
                try await RevenueReports.mrr(
                    from: try month(from),
                    to: try month(to),
                    asOf: try instant(asOf),
                    in: transaction
                )
            }
        }
    }
}
