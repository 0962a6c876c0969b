import ArgumentParser
import Billing
import Subscriptions
import Tenants
import Values

extension SubscriptionsCommand {
    /// The command `abono subscriptions migrate`.
    struct MigrateVersions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "migrate",
            abstract: "Moves subscriptions from a version of their plan to another, each in a transaction of its own.",
            discussion: """
                Without --to it is the latest version in each subscription's currency. Who has it already is left out, \
                so running it again goes on where it ended. Prices of a subscription's own stay; what a customer has \
                asked for and still waits is not replaced. Exits 1 if any could not be moved.

                  abono subscriptions migrate --plan pro --from 1 --preview
                """
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "The plan's code.") var plan: String
        @Option(help: "Only subscriptions that have this version.") var from: Int?
        @Option(help: "The version they get; the latest unless given.") var to: Int?
        @Option(help: "When they get it: immediately or period_end.", transform: Parse.word)
        var when: SubscriptionChange.Timing = .periodEnd
        @Option(help: "Only this tenant's.", transform: Parse.id) var tenant: TenantID?
        @Option(
            help:
                "The business time of the changes: a date at each tenant's midnight, or an instant; now unless given.",
            transform: Parse.time
        )
        var at: GivenTime?
        @Flag(help: "Prints what it would change on each subscription's next invoice, and changes nothing.")
        var preview = false

        func validate() throws {
            for (name, number) in [("--from", from), ("--to", to)] {
                guard let number, number < 1 else { continue }
                throw ValidationError("\(name) is \(number); the number of a version, from 1, is expected")
            }
        }

        func run() async throws {
            let migration = PlanMigration(plan: plan, from: from, to: to, timing: when, tenant: tenant)
            let failures = try await Session.run(options) { session in
                if let tenant { _ = try await session.tenant(tenant) }
                return preview ? try await show(migration, session) : try await move(migration, session)
            }
            if failures > 0 { throw ExitCode(1) }
        }

        private static let page = 500

        /// Does something with each subscription; what fails is kept, and the others go on.
        private func each<Value>(
            _ migration: PlanMigration,
            _ session: Session,
            _ body: (PlanMigration.Candidate) async throws -> Value
        ) async throws -> [(candidate: PlanMigration.Candidate, result: Result<Value, Problem>)] {
            var results: [(candidate: PlanMigration.Candidate, result: Result<Value, Problem>)] = []
            var bar = ProgressBar()
            var after: PlanMigration.Candidate?
            repeat {
                let cursor = after
                let candidates = try await session.read { transaction in
                    try await PlanMigrationOperations.candidates(
                        of: migration,
                        limit: Self.page,
                        after: cursor,
                        in: transaction
                    )
                }
                for candidate in candidates {
                    do {
                        results.append((candidate, .success(try await body(candidate))))
                    } catch let error as CancellationError {
                        throw error
                    } catch {
                        results.append((candidate, .failure(Problem.of(error))))
                    }
                    bar.show(results.count, of: nil, "\(results.count) subscriptions")
                }
                after = candidates.count == Self.page ? candidates.last : nil
            } while after != nil
            bar.clear()
            return results
        }

        /// The business time of the change: what was asked for, else the time that the tenant lives by.
        private func stamp(for owner: Tenant, _ session: Session) -> Stamp {
            var stamp = owner.stamped(session.stamp)
            stamp.at = at?.moment(in: owner.timeZone).instant ?? stamp.at
            return stamp
        }

        private func move(_ migration: PlanMigration, _ session: Session) async throws -> Int {
            let results = try await each(migration, session) { candidate in
                try await session.act(for: candidate.tenant) { owner, transaction in
                    let stamp = stamp(for: owner, session)
                    return try await PlanMigrationOperations.migrate(candidate, migration, by: stamp, in: transaction)
                }
            }
            let rows = results.map { MovedRow($0.candidate, $0.result) }
            Output(format: options.format).list(
                ["subscription", "tenant", "from", "to", "result", "detail"],
                rows.map(\.cells),
                json: .array(rows.map(\.json))
            )
            return rows.count { $0.isFailure }
        }

        private func show(_ migration: PlanMigration, _ session: Session) async throws -> Int {
            let results = try await each(migration, session) { candidate in
                try await session.act(for: candidate.tenant) { owner, transaction in
                    let stamp = stamp(for: owner, session)
                    return try await MigrationEffectOperations.preview(candidate, migration, by: stamp, in: transaction)
                }
            }
            let effects = results.compactMap { $0.result.success.flatMap(\.self) }
            let failures = results.compactMap { one in one.result.failure.map { MovedRow(one.candidate, $0) } }
            let totals = try MigrationTotal.all(of: effects)
            let output = Output(format: options.format)
            if options.format == .json {
                output.object([
                    "preview": true, "effects": .array(try effects.map { try $0.json }),
                    "totals": .array(try totals.map { try $0.json }), "failures": .array(failures.map(\.json)),
                ])
            } else {
                let rows = try effects.map { try Self.cells($0) } + failures.map(\.effectCells)
                let sums = try totals.map { total in
                    [
                        "total of \(total.count)", "", "", "", total.before.text, total.after.text,
                        try total.difference.text, total.currency.code, "",
                    ]
                }
                output.list(
                    ["subscription", "tenant", "from", "to", "before", "after", "difference", "currency", "detail"],
                    rows + sums,
                    json: .null
                )
            }
            return failures.count
        }

        private static func cells(_ effect: MigrationEffect) throws -> [String] {
            [
                effect.candidate.subscription.text, effect.candidate.tenant.text, String(effect.candidate.version),
                String(effect.target), effect.before.text, effect.after.text, try effect.difference.text,
                effect.candidate.currency.code, "until \(effect.until)",
            ]
        }
    }
}

/// What became of one subscription.
private struct MovedRow {
    private let candidate: PlanMigration.Candidate
    private let target: Int?
    private let result: String
    private let detail: String
    private let errors: [Problem.FieldError]

    var isFailure: Bool { result == "failed" }

    init(_ candidate: PlanMigration.Candidate, _ outcome: Result<PlanMigration.Outcome, Problem>) {
        switch outcome {
        case .success(.moved(let number)):
            self.init(candidate, target: number, "moved", "")
        case .success(.left(let reason)):
            self.init(candidate, target: nil, "left", reason)
        case .failure(let problem): self.init(candidate, problem)
        }
    }

    init(_ candidate: PlanMigration.Candidate, _ problem: Problem) {
        self.init(candidate, target: nil, "failed", problem.message, problem.errors)
    }

    private init(
        _ candidate: PlanMigration.Candidate,
        target: Int?,
        _ result: String,
        _ detail: String,
        _ errors: [Problem.FieldError] = []
    ) {
        self.candidate = candidate
        self.target = target
        self.result = result
        self.detail = detail
        self.errors = errors
    }

    var cells: [String] {
        [
            candidate.subscription.text, candidate.tenant.text, String(candidate.version),
            target.map { String($0) } ?? "", result, detail,
        ]
    }

    /// As a row of a preview, in which it has no amounts.
    var effectCells: [String] {
        [
            candidate.subscription.text, candidate.tenant.text, String(candidate.version), "", "", "", "",
            candidate.currency.code, "\(result): \(detail)",
        ]
    }

    var json: JSONValue {
        [
            "subscription": .string(candidate.subscription.text), "tenant": .string(candidate.tenant.text),
            "from": .int(candidate.version), "to": target.map { .int($0) } ?? .null, "result": .string(result),
            "detail": .optional(detail.isEmpty ? nil : detail),
            "errors": .array(errors.map { ["field": .string($0.field), "message": .string($0.message)] }),
        ]
    }
}

/// What a migration comes to in one currency.
private struct MigrationTotal {
    let currency: Currency
    let count: Int
    let before: Money
    let after: Money

    var difference: Money { get throws(Problem) { try after.subtracting(before) } }

    var json: JSONValue {
        get throws(Problem) {
            [
                "currency": .string(currency.code), "subscriptions": .int(count), "before": before.json,
                "after": after.json, "difference": try difference.json,
            ]
        }
    }

    static func all(of effects: [MigrationEffect]) throws -> [MigrationTotal] {
        let groups = Dictionary(grouping: effects) { $0.candidate.currency }
        return try groups.sorted { $0.key.code < $1.key.code }.map { currency, effects in
            let zero = Money.zero(currency)
            return MigrationTotal(
                currency: currency,
                count: effects.count,
                before: try effects.reduce(zero) { try $0.adding($1.before) },
                after: try effects.reduce(zero) { try $0.adding($1.after) }
            )
        }
    }
}

extension Result {
    fileprivate var success: Success? {
        guard case .success(let value) = self else { return nil }
        return value
    }

    fileprivate var failure: Failure? {
        guard case .failure(let error) = self else { return nil }
        return error
    }
}
