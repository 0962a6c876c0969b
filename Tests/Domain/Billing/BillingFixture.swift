import Billing
import Metering
import Plans
import Postgres
import Subscriptions
import Tenants
import TestSupport
import Values

/// What tests of billing begin with: a tenant with a plan of a base fee, seats and tokens, all in US dollars.
struct BillingFixture {
    let database: Database
    let tenant: TenantID
    let subscription: SubscriptionID

    /// 20.00 and 5.00 a seat in advance; tokens above a million 2.00 a million and 1.00 once, in arrears.
    static let plan: JSONValue = [
        "code": "pro", "currency": "USD", "interval": ["unit": "month"],
        "prices": [
            ["code": "base", "model": "flat", "amount": "20.00"],
            ["code": "seats", "model": "per_unit", "unit_amount": "5.00", "quantity": "seats"],
            [
                "code": "tokens", "meter": "tokens", "model": "graduated",
                "tiers": [
                    ["up_to": "1000000", "unit_amount": "0"],
                    ["up_to": nil, "unit_amount": "0.000002", "flat_amount": "1.00"],
                ],
            ],
        ],
    ]

    static let start = day(2026, 1, 5)

    /// Midnight of a day in UTC.
    static func day(_ year: Int, _ month: Int, _ day: Int) -> Instant {
        guard let instant = Instant("\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T00:00:00Z") else {
            preconditionFailure("no such day")
        }
        return instant
    }

    private static func pad(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    static func stamp(_ instant: Instant = testNow) -> Stamp { Stamp(now: instant, author: .command) }

    /// Puts the meter and a plan into the catalogue; the same again is no work.
    static func publish(_ plan: JSONValue = BillingFixture.plan, in database: Database) async throws {
        try await database.transaction(as: .admin) { transaction in
            try await MeterOperations.put(
                Meter(code: "tokens", rule: AggregationRule(.sum)),
                by: stamp(),
                in: transaction
            )
            try await PlanOperations.publish(PlanDraft(json: plan), by: stamp(), in: transaction)
        }
    }

    /// A tenant that subscribes to the plan with three seats on 5 January.
    init(
        _ database: Database,
        name: String = "Acme",
        plan: JSONValue = BillingFixture.plan,
        quantities: Quantities = ["seats": 3],
        billedUntil: Instant? = nil
    ) async throws {
        try await BillingFixture.publish(plan, in: database)
        let made = try await database.transaction(as: .admin) { transaction in
            try await TenantOperations.create(
                TenantDraft(name: name),
                by: BillingFixture.stamp(BillingFixture.start),
                in: transaction
            )
        }
        let code = plan["code"]?.string ?? ""
        let subscription = try await database.transaction(as: .tenant(made.id)) { transaction in
            try await SubscriptionOperations.create(
                SubscriptionDraft(
                    plan: code,
                    startsAt: Moment(BillingFixture.start, in: .utc),
                    quantities: quantities,
                    billedUntil: billedUntil
                ),
                for: made.id,
                by: BillingFixture.stamp(BillingFixture.start),
                in: transaction
            )
        }
        self.database = database
        tenant = made.id
        self.subscription = subscription.id
    }

    /// What was used at noon of a day.
    func use(
        _ value: Decimal12,
        _ day: Instant,
        id: String? = nil,
        meter: String = "tokens",
        properties: JSONValue = [:],
        recordedAt: Instant = testNow
    ) async throws {
        let event = try UsageEvent(
            id: id ?? "\(day)-\(value)",
            meter: meter,
            at: day.adding(seconds: 43_200),
            value: value,
            properties: properties
        )
        let outcomes = try await database.transaction(as: .ingest) { transaction in
            try await MeteringOperations.ingest(
                [(tenant: tenant, event: event)],
                recordedAt: recordedAt,
                in: transaction
            )
        }
        precondition(outcomes.map(\.kind) == [.accepted])
    }

    @discardableResult
    func run(
        until: Instant,
        grace: Int64 = 0,
        recordedAt: Instant = testNow
    ) async throws -> BillingRunSummary {
        try await BillingRun.run(
            until: until,
            database: database,
            recordedAt: recordedAt,
            author: .command,
            graceSeconds: grace
        )
    }

    @discardableResult
    func bill(until: Instant, recordedAt: Instant = testNow) async throws -> [Invoice] {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await InvoiceOperations.bill(
                subscription,
                of: tenant,
                until: until,
                by: Stamp(at: until, recordedAt: recordedAt, author: .command),
                in: transaction
            )
        }
    }

    /// In the order of their instants: ids made at one instant have no order.
    func invoices() async throws -> [Invoice] {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await InvoiceQueries.list(of: tenant, limit: 100, in: transaction)
                .sorted { $0.issuedAt < $1.issuedAt }
        }
    }

    func differences() async throws -> [ReconciliationDifference] {
        try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
            try await Reconciliation.differences(in: transaction)
        }
    }

    /// Runs something as the superuser, what no role of ours may do.
    func damage(_ sql: String) async throws {
        try await Administration.run(sql, url: database.url.replacing("abono_app", with: "postgres"))
    }
}

extension Invoice {
    /// Its lines in short: price or kind, quantity, amount in minor units.
    var short: [String] { lines.map { "\($0.price ?? $0.kind.rawValue) \($0.quantity) \($0.amount)" } }
}
