import ArgumentParser
import Revenue
import Values

/// The command `abono partners`.
struct PartnersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partners",
        abstract: "Who brings tenants, their shares of what comes in, and what they are paid.",
        discussion: """
              abono partners create north --tier 10000=0.20 --tier rest=0.25
              abono partners attribute north --tenant ten_01h455vb4pex5vsknk084sn02q
              abono partners statement north --month 2026-01
            """,
        subcommands: [
            Create.self, List.self, Show.self, Attribute.self, Detach.self, Accrue.self, Statement.self, Pay.self,
        ]
    )

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a partner; its terms never change, other terms are another partner.",
            discussion: """
                Shares are of receipts without tax, and less what goes back. Principal: we sell, the share is a cost. \
                Agent: the partner sells, the share is taken off revenue.

                  abono partners create north --rate 0.20 --term-months 24
                  abono partners create south --tier 10000=0.20 --tier rest=0.25 --tiers-per year --role agent
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "Its code.") var code: String
        @Option(help: "What people call it.") var name: String?
        @Option(help: "Its share of all: 0.2 is 20 %.") var rate: String?
        @Option(help: "Its share up to an amount, like 10000=0.20; the last is rest=0.25. Once for each.")
        var tier: [String] = []
        @Option(help: "Over what tiers count up: month, year or ever.", transform: Parse.word)
        var tiersPer: Partner.TierStretch = .month
        @Option(help: "principal or agent.", transform: Parse.word) var role: Partner.Role = .principal
        @Option(help: "For how many months after a tenant came; by default for good.") var termMonths: Int?

        func validate() throws {
            guard (rate == nil) != tier.isEmpty else { throw ValidationError("a partner has either --rate or --tier") }
        }

        func run() async throws {
            var object: JSONObject = [
                "code": .string(code), "role": .string(role.rawValue), "tiers_per": .string(tiersPer.rawValue),
            ]
            if let name { object["name"] = .string(name) }
            if let rate { object["rate"] = .string(rate) }
            if !tier.isEmpty { object["tiers"] = .array(try tier.map(Self.tier)) }
            if let termMonths { object["term_months"] = .int(termMonths) }
            var fields = try JSONFields(.object(object))
            let draft = try PartnerDraft(json: &fields)
            let partner = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await PartnerOperations.create(draft, by: session.stamp, in: transaction)
                }
            }
            Output(format: options.format).object(partner.json)
        }

        private static func tier(_ text: String) throws -> JSONValue {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw ValidationError("a tier like 10000=0.20 or rest=0.25 is expected") }
            return parts[0] == "rest"
                ? ["rate": .string(parts[1])] : ["up_to": .string(parts[0]), "rate": .string(parts[1])]
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists partners by their codes.",
            discussion: "  abono partners list"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "The last code of the page before.") var after: String?

        func run() async throws {
            let partners = try await Session.run(options) { session in
                try await session.read { transaction in
                    try await PartnerQueries.list(limit: page.limit, after: after, in: transaction)
                }
            }
            Output(format: options.format).list(
                ["code", "name", "role", "share", "tiers_per", "term_months", "id"],
                partners.map {
                    [
                        $0.code, $0.name, $0.role.rawValue,
                        $0.share.tiers.map { "\($0.upTo?.decimalText() ?? "rest")=\($0.rate.decimalText())" }
                            .joined(separator: " "),
                        $0.tiersPer.rawValue, $0.termMonths.map(String.init) ?? "", $0.id.text,
                    ]
                },
                json: .array(partners.map(\.json))
            )
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a partner and the tenants that are its now.",
            discussion: "  abono partners show north"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "Its code.") var code: String

        func run() async throws {
            let shown = try await Session.run(options) { session in
                try await session.read { transaction in
                    let partner = try await PartnerOperations.find(code, in: transaction)
                    let tenants = try await PartnerQueries.tenants(of: partner.id, at: session.now, in: transaction)
                    return partner.json(tenants: tenants)
                }
            }
            Output(format: options.format).object(shown)
        }
    }

    struct Attribute: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says that a partner brought a tenant; at one instant a tenant has one partner.",
            discussion: "  abono partners attribute north --tenant ten_01h455vb4pex5vsknk084sn02q --from 2026-01-01"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The partner's code.") var code: String
        @Option(help: "The tenant.", transform: Parse.id) var tenant: TenantID
        @Option(help: "From when on; by default from now on.", transform: Parse.instant) var from: Instant?

        func run() async throws {
            try await PartnersCommand.attribute(tenant, to: code, from: from, options)
        }
    }

    struct Detach: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says that a tenant is no partner's any more; what was accrued stays.",
            discussion: "  abono partners detach --tenant ten_01h455vb4pex5vsknk084sn02q --from 2026-07-01"
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "The tenant.", transform: Parse.id) var tenant: TenantID
        @Option(help: "From when on; by default from now on.", transform: Parse.instant) var from: Instant?

        func run() async throws {
            try await PartnersCommand.attribute(tenant, to: nil, from: from, options)
        }
    }

    struct Accrue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Accrues the shares in all that came in and went back; safe to run twice.",
            discussion: """
                A running server does it by itself every day.

                  abono partners accrue
                """
        )

        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let count = try await Session.run(options) { session in
                try await PartnerAccrualRun.run(database: session.database, by: session.stamp)
            }
            Output(format: options.format).object(["accruals": .int(count)])
        }
    }

    struct Statement: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What a partner is told of a month: owed before, receipts, shares, taken back, paid, owed after.",
            discussion: "  abono partners statement north --month 2026-01"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The partner's code.") var code: String
        @Option(help: "The month, like 2026-01.") var month: String
        @OptionGroup var known: ReportsCommand.Known

        func run() async throws {
            let month = try Month(parsing: month, field: "month")
            let statement = try await Session.run(options) { session in
                let asOf = try known.instant(now: session.now)
                return try await session.read { transaction in
                    try await RevenueReports.statement(of: code, month: month, asOf: asOf, in: transaction)
                }
            }
            let output = Output(format: options.format)
            output.list(
                ["at", "tenant", "what", "currency", "receipt", "base", "share", "id"],
                statement.accruals.map {
                    [
                        $0.at.text, $0.tenant.text, $0.kind, $0.share.currency.code, $0.receipt.text, $0.base.text,
                        $0.share.text, $0.id.text,
                    ]
                },
                json: statement.json
            )
            guard options.format == .table else { return }
            output.write("\n")
            output.list(
                ["currency", "opening", "receipts", "base", "shares", "taken_back", "paid", "closing"],
                statement.sums.map {
                    [
                        $0.currency.code, $0.opening.text, $0.receipts.text, $0.base.text, $0.shares.text,
                        $0.takenBack.text, $0.paid.text, $0.closing.text,
                    ]
                },
                json: .null
            )
            output.write("\nas of \(statement.asOf)\n")
        }
    }

    struct Pay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Books that a partner was paid all that is owed for months up to one.",
            discussion: """
                Run again there is nothing to pay. Shares that are not accrued yet are not in it: abono partners accrue.

                  abono partners pay north --month 2026-01 --reference "bank 4711" --yes
                """
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The partner's code.") var code: String
        @Option(help: "The last month, which must be over.") var month: String
        @Option(help: "What names the payment, like a bank's reference.") var reference: String
        @Option(help: "Only this currency.", transform: Parse.currency) var currency: Currency?

        func run() async throws {
            let month = try Month(parsing: month, field: "month")
            let payouts = try await Session.run(options) { session in
                try confirmation.require("Book that \(code) was paid all that is owed up to \(month)?")
                return try await session.administer { transaction in
                    try await PartnerOperations.pay(
                        code,
                        through: month,
                        currency: currency,
                        reference: reference,
                        by: session.stamp,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).list(
                ["month", "amount", "currency", "reference", "id"],
                payouts.map { [$0.month.text, $0.amount.text, $0.amount.currency.code, $0.reference, $0.id.text] },
                json: .array(payouts.map(\.json))
            )
        }
    }

    private static func attribute(
        _ tenant: TenantID,
        to code: String?,
        from: Instant?,
        _ options: GlobalOptions
    ) async throws {
        let attribution = try await Session.run(options) { session in
            try await session.administer { transaction in
                try await PartnerOperations.attribute(
                    tenant,
                    to: code,
                    from: from,
                    by: session.stamp,
                    in: transaction
                )
            }
        }
        Output(format: options.format).object([
            "tenant": tenant.json, "partner": .optional(code), "from": attribution.from.json,
        ])
    }
}
