import Billing
import Foundation
import Glibc
import Metering
import Plans
import Postgres
import Subprocess
import Subscriptions
import SystemPackage
import Tenants
import TestSupport
import Testing
import Values

/// The real program's billing run, killed outright wherever it happens to be, again and again.
@Suite(.serialized) struct BillingRunCrashTests {
    private static let start = "2026-01-05T00:00:00Z"
    private static let until = "2026-01-09T00:00:00Z"
    private static let customers = 30

    @Test(.timeLimit(.minutes(10)))
    func `killed at any point and run to the end, the book is that of a run that nobody disturbed`() async throws {
        try await withDatabase { disturbed in
            try await withDatabase { quiet in
                for database in [disturbed, quiet] { try await Self.makeBook(in: database) }
                let undisturbed = try await Self.bill(quiet)
                #expect(undisturbed == .exited(0))
                var random = SplitMix(state: 20_260_105)
                var killed = 0
                var kills = 0
                // Each gets a little further than the one before would, so that every part of the run is met.
                while killed < 40, kills < 120 {
                    kills += 1
                    let wait = Duration.milliseconds(Int.random(in: 20...450, using: &random))
                    if try await Self.bill(disturbed, killAfter: wait) != .exited(0) { killed += 1 }
                }
                #expect(killed > 5)
                #expect(try await Self.bill(disturbed) == .exited(0))
                let book = try await BookDump.text(disturbed)
                #expect(book == (try await BookDump.text(quiet)))
                // Once more is no work.
                #expect(try await Self.bill(disturbed) == .exited(0))
                #expect(book == (try await BookDump.text(disturbed)))
                for database in [disturbed, quiet] { try await Self.expectSound(database) }
            }
        }
    }

    /// Runs the program; few in a transaction, so that there are many points to die at.
    private static func bill(_ database: Database, killAfter wait: Duration? = nil) async throws -> TerminationStatus {
        let null = try FileDescriptor.open(FilePath("/dev/null"), .readWrite)
        defer { try? null.close() }
        let arguments = [
            "billing", "run", "--until", until, "--batch", "2", "--database-url", database.url, "--format", "json",
        ]
        let result = try await Subprocess.run(
            .path(FilePath(try ServerProcess.program)),
            arguments: Arguments(arguments),
            input: .none,
            output: .fileDescriptor(null, closeAfterSpawningProcess: false),
            error: .currentStandardError
        ) { execution in
            guard let wait else { return }
            try await Task.sleep(for: wait)
            _ = Glibc.kill(execution.processIdentifier.value, SIGKILL)
        }
        return result.terminationStatus
    }

    private static func makeBook(in database: Database) async throws {
        let now = Stamp(now: try #require(Instant(start)), author: .command)
        let plan: JSONValue = [
            "code": "daily", "currency": "USD", "interval": ["unit": "day"],
            "prices": [
                ["code": "base", "model": "flat", "amount": "1.00"],
                ["code": "seats", "model": "per_unit", "unit_amount": "0.35", "quantity": "seats"],
                ["code": "tokens", "meter": "tokens", "model": "per_unit", "unit_amount": "0.000003"],
            ],
        ]
        try await database.transaction(as: .admin) { transaction in
            let meter = Meter(code: "tokens", rule: AggregationRule(.sum))
            try await MeterOperations.put(meter, by: now, in: transaction)
            try await PlanOperations.publish(PlanDraft(json: plan), by: now, in: transaction)
        }
        for number in 0..<customers { try await makeCustomer(number, by: now, in: database) }
    }

    private static func makeCustomer(_ number: Int, by stamp: Stamp, in database: Database) async throws {
        let tenant = try await database.transaction(as: .admin) { transaction in
            let tenant = try await TenantOperations.create(
                TenantDraft(name: "Customer \(number)"),
                by: stamp,
                in: transaction
            )
            if number % 3 == 0 {
                let grant = try CreditGrantDraft(amount: Money(minor: 250, currency: .usd), kind: .prepaid)
                try await CreditOperations.grant(grant, to: tenant.id, by: stamp, in: transaction)
            }
            return tenant.id
        }
        try await database.transaction(as: .tenant(tenant)) { transaction in
            let draft = SubscriptionDraft(
                plan: "daily",
                startsAt: Moment(stamp.at, in: .utc),
                quantities: ["seats": Decimal12(number % 4)]
            )
            try await SubscriptionOperations.create(draft, for: tenant, by: stamp, in: transaction)
        }
        let event = try UsageEvent(
            id: "e1",
            meter: "tokens",
            at: stamp.at.adding(seconds: 100_000),
            value: Decimal12(100_000 * (number + 1))
        )
        _ = try await database.transaction(as: .ingest) { transaction in
            try await MeteringOperations.ingest(
                [(tenant: tenant, event: event)],
                recordedAt: stamp.recordedAt,
                in: transaction
            )
        }
    }

    private static func expectSound(_ database: Database) async throws {
        let (numbers, last) = try await BookDump.numbers(database)
        #expect(numbers.count == customers * 5 && last == numbers.count && Set(numbers).count == last)
        let differences = try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
            try await Reconciliation.differences(in: transaction)
        }
        #expect(differences.isEmpty)
    }
}

/// A small generator whose numbers are the same in every run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
