import ArgumentParser
import Revenue
import Values

/// The command `abono costs`.
struct CostsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "costs",
        abstract: "What it costs, and by what costs are shared out.",
        discussion: """
              abono costs add people 90000.00 --currency USD --from 2026-01-01 --to 2026-03-31
              abono costs rules people revenue --from 2026-01
            """,
        subcommands: [Add.self, List.self, Show.self, Void.self, Rules.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Enters a cost over a stretch of days: as much on each.",
            discussion: """
                Categories: research, operations, people, marketing, and compute for what the price book does not \
                price (abono prices). An entry is never changed; abono costs void takes it back.

                  abono costs add people 90000.00 --currency USD --from 2026-01-01 --to 2026-03-31 --memo payroll
                  abono costs add compute 1200.00 --currency USD --from 2026-01-01 --to 2026-01-31 --model smollm2
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "Its category.", transform: Parse.word) var category: CostCategory
        @Argument(help: "How much, like 1200.00.") var amount: String
        @Option(help: "The amount's currency.", transform: Parse.currency) var currency: Currency
        @Option(help: "The first day, like 2026-01-01.") var from: String
        @Option(help: "The last day, that included; by default the first.") var to: String?
        @Option(help: "A few words.") var memo: String?
        @Option(help: "For this tenant alone.", transform: Parse.id) var tenant: TenantID?
        @Option(help: "For this plan alone.") var plan: String?
        @Option(help: "For this model alone.") var model: String?

        func run() async throws {
            var object: JSONObject = [
                "category": .string(category.rawValue),
                "amount": ["amount": .string(amount), "currency": .string(currency.code)], "from": .string(from),
            ]
            if let to { object["to"] = .string(to) }
            if let memo { object["memo"] = .string(memo) }
            if let tenant { object["tenant"] = tenant.json }
            if let plan { object["plan"] = .string(plan) }
            if let model { object["model"] = .string(model) }
            var fields = try JSONFields(.object(object))
            let draft = try CostDraft(json: &fields)
            let entry = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await CostOperations.add(draft, by: session.stamp, in: transaction)
                }
            }
            Output(format: options.format).object(entry.json)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists cost entries, the newest first.",
            discussion: "  abono costs list --category compute"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "Only of this category.", transform: Parse.word) var category: CostCategory?
        @Option(help: "The last id of the page before.", transform: Parse.id) var after: CostID?

        func run() async throws {
            let entries = try await Session.run(options) { session in
                try await session.read { transaction in
                    try await CostQueries.list(
                        category: category,
                        limit: page.limit,
                        after: after,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).list(
                ["category", "amount", "currency", "from", "to", "for", "memo", "reverses", "id"],
                entries.map {
                    [
                        $0.category.rawValue, $0.amount.text, $0.amount.currency.code, $0.first.text, $0.last.text,
                        [$0.target.tenant?.text, $0.target.plan, $0.target.model].compactMap(\.self)
                            .joined(separator: " "),
                        $0.memo, $0.reverses?.text ?? "", $0.id.text,
                    ]
                },
                json: .array(entries.map(\.json))
            )
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a cost entry.",
            discussion: "  abono costs show cst_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "Its id.", transform: Parse.id) var id: CostID

        func run() async throws {
            let entry = try await Session.run(options) { session in
                try await session.read { transaction in
                    guard let entry = try await CostQueries.find(id, in: transaction) else {
                        throw CostError.notFound(id)
                    }
                    return entry
                }
            }
            Output(format: options.format).object(entry.json)
        }
    }

    struct Void: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a cost entry back by one of the opposite amount; the entry stays.",
            discussion: "  abono costs void cst_01h455vb4pex5vsknk084sn02q --reason \"entered twice\" --yes"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "Its id.", transform: Parse.id) var id: CostID
        @Option(help: "Why.") var reason = "voided"

        func run() async throws {
            let reversal = try await Session.run(options) { session in
                try confirmation.require("Take the cost \(id) back?")
                return try await session.administer { transaction in
                    try await CostOperations.void(id, reason: reason, by: session.stamp, in: transaction)
                }
            }
            Output(format: options.format).object(reversal.json)
        }
    }

    struct Rules: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows by what costs are shared out, or says it for a category from a month on.",
            discussion: """
                By tokens, cpu_milliseconds, revenue, subscriptions or none. Without a rule compute goes by \
                cpu_milliseconds and the others are not shared out. What names a tenant, plan or model is that one's.

                  abono costs rules
                  abono costs rules people revenue --from 2026-01
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "A category.", transform: Parse.word) var category: CostCategory?
        @Argument(help: "By what it is shared out.", transform: Parse.word) var basis: CostBasis?
        @Option(help: "From this month on, like 2026-01.") var from: String?

        func validate() throws {
            guard (category == nil) == (basis == nil), (basis == nil) == (from == nil) else {
                throw ValidationError("a rule has a category, a basis and --from; without any of them rules are listed")
            }
        }

        func run() async throws {
            let month = try from.map { try Month(parsing: $0, field: "from") }
            let rules = try await Session.run(options) { session in
                if let category, let basis, let month {
                    return try await session.administer { transaction in
                        [
                            try await CostOperations.put(
                                category,
                                by: basis,
                                from: month,
                                by: session.stamp,
                                in: transaction
                            )
                        ]
                    }
                }
                return try await session.read { transaction in
                    try await CostQueries.rules(asOf: nil, in: transaction)
                }
            }
            Output(format: options.format).list(
                ["category", "basis", "from", "recorded_at"],
                rules.map {
                    [$0.category.rawValue, $0.basis.rawValue, $0.from?.text ?? "", $0.recordedAt?.text ?? ""]
                },
                json: .array(rules.map(\.json))
            )
        }
    }
}
