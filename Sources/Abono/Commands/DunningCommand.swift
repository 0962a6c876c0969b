import ArgumentParser
import Billing
import Postgres
import Values

/// The command `abono payments dunning`.
struct DunningCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dunning",
        abstract: "What happens about invoices that nobody pays, and when.",
        discussion: "  abono payments dunning set --retry-days 1,3,5,7 --suspend-after 14 --cancel-after 30",
        subcommands: [Show.self, Set.self, Run.self, Steps.self]
    )

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what is set; the standard where nothing is.",
            discussion: "  abono payments dunning show"
        )

        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let policies = try await Session.run(options) { session in
                try await session.read { transaction in try await DunningQueries.policies(in: transaction) }
            }
            let hasGlobal = policies.contains { $0.entity == nil }
            let all = (hasGlobal ? [] : [(entity: nil, policy: DunningPolicy.standard)]) + policies
            Output(format: options.format).list(
                [
                    "legal_entity", "retry_days", "message_days", "past_due_after", "suspend_after", "cancel_after",
                    "final",
                ],
                all.map { entity, policy in
                    func days(_ days: [Int]) -> String { days.map(String.init).joined(separator: ",") }
                    func day(_ day: Int?) -> String { day.map(String.init) ?? "" }
                    return [
                        entity?.text ?? "all", days(policy.retryDays), days(policy.messageDays),
                        day(policy.pastDueAfter), day(policy.suspendAfter), day(policy.cancelAfter),
                        policy.final.rawValue,
                    ]
                },
                json: .array(
                    all.map { entity, policy in
                        var object = policy.json.object ?? JSONObject()
                        object["legal_entity"] = .optional(entity?.text)
                        return .object(object)
                    }
                )
            )
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sets what happens, for one legal entity or for all that have nothing of their own.",
            discussion: """
                  abono payments dunning set --retry-days 1,3,5,7 --message-days 0,7,14 --past-due-after 0 \
                --suspend-after 14 --cancel-after 30 --final uncollectible

                Days are counted from when an invoice is overdue: from the first declined charge, else from its due \
                date. What is not given stays as it is; `never` takes a step out. Steps that were done are not done \
                again.
                """
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "The legal entity; without it all that have nothing of their own.", transform: Parse.id)
        var entity: EntityID?
        @Option(help: "The days on which the payment method is charged again, like 1,3,5,7; never.", transform: days)
        var retryDays: [Int]?
        @Option(help: "The days on which a message is sent, like 0,7,14; never.", transform: days)
        var messageDays: [Int]?
        @Option(help: "The day from which the subscription is past due; never.", transform: day)
        var pastDueAfter: DunningDay?
        @Option(help: "The day from which it is suspended; never.", transform: day) var suspendAfter: DunningDay?
        @Option(help: "The day of the end; never.", transform: day) var cancelAfter: DunningDay?
        @Option(
            help: "The end: cancel the subscription, also give the invoice up (uncollectible), or none.",
            transform: Parse.word
        )
        var final: DunningPolicy.Final?

        func run() async throws {
            let policy = try await Session.run(options) { session in
                try await session.administer { transaction in
                    let old = try await DunningQueries.policy(of: entity, in: transaction)
                    let new = try DunningPolicy(
                        retryDays: retryDays ?? old.retryDays,
                        messageDays: messageDays ?? old.messageDays,
                        pastDueAfter: pastDueAfter.map(\.days) ?? old.pastDueAfter,
                        suspendAfter: suspendAfter.map(\.days) ?? old.suspendAfter,
                        cancelAfter: cancelAfter.map(\.days) ?? old.cancelAfter,
                        final: final ?? old.final
                    )
                    try await DunningOperations.set(new, of: entity, by: session.stamp, in: transaction)
                    return new
                }
            }
            Output(format: options.format).object(policy.json)
        }

        private static func days(_ text: String) throws -> [Int] {
            if text == "never" { return [] }
            return try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
                guard let day = Int(part) else { throw ValidationError("days like 1,3,5,7 are expected, or never") }
                return day
            }
        }

        private static func day(_ text: String) throws -> DunningDay {
            if text == "never" { return DunningDay(days: nil) }
            guard let day = Int(text) else { throw ValidationError("a number of days is expected, or never") }
            return DunningDay(days: day)
        }
    }

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Does what is due about unpaid invoices; each step once.",
            discussion: "  abono payments dunning run --until 2026-04-01"
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "Up to this instant; by default now.", transform: Parse.instant) var until: Instant?
        @Option(help: "Only this tenant's.", transform: Parse.id) var tenant: TenantID?

        func run() async throws {
            let summary = try await Session.run(options) { session in
                if let tenant { _ = try await session.tenant(tenant) }
                return try await DunningRun.run(
                    until: until ?? session.now,
                    tenant: tenant,
                    database: session.database,
                    time: session.time,
                    gateways: Gateways(database: session.database, secretBox: session.secretBox),
                    author: .command
                )
            }
            Output(format: options.format).object(summary.json)
            if !summary.failures.isEmpty { throw ExitCode(1) }
        }
    }

    struct Steps: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists what was done about an invoice, and the tries to collect it.",
            discussion: "  abono payments dunning steps inv_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The invoice's id.", transform: Parse.id) var invoice: InvoiceID

        func run() async throws {
            let (steps, attempts) = try await Session.run(options) { session in
                try await session.read { transaction in
                    let tenant = try await OwnerQueries.tenant(of: invoice, in: transaction)
                    let steps = try await DunningQueries.steps(of: invoice, tenant: tenant, in: transaction)
                    let attempts = try await PaymentAttemptQueries.list(
                        of: tenant,
                        invoice: invoice,
                        limit: 200,
                        in: transaction
                    )
                    return (steps, attempts)
                }
            }
            let rows =
                steps.map { ["\($0.step.kind.rawValue) \($0.step.number)", $0.at.text, $0.effect, ""] }
                + attempts.map { ["charge", $0.at.text, $0.state.rawValue, $0.errorMessage ?? $0.reference ?? ""] }
            Output(format: options.format).list(
                ["what", "at", "effect", "detail"],
                rows.sorted { $0[1] < $1[1] },
                json: ["steps": .array(steps.map(\.json)), "attempts": .array(attempts.map(\.json))]
            )
        }
    }
}

/// A day of a policy, or that it never comes.
struct DunningDay: Hashable, Sendable {
    let days: Int?
}
