import ArgumentParser
import Billing
import Tenants
import Values

/// The command `abono credits`.
struct CreditsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credits",
        abstract: "Credit of which invoices take.",
        discussion: "  abono credits grant --tenant ten_01h455vb4pex5vsknk084sn02q --amount 25.00 --currency USD",
        subcommands: [Grant.self, List.self, TakeBack.self, Packages.self, Buy.self, Purchases.self]
    )

    struct Grant: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Grants credit, given away or paid for.",
            discussion: """
                  abono credits grant --tenant ten_01h455vb4pex5vsknk084sn02q --amount 25.00 --currency USD \
                --expires-at 2027-01-01
                """
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "The tenant.", transform: Parse.id) var tenant: TenantID
        @Option(help: "How much, like 25.00.") var amount: String
        @Option(help: "The currency, like USD.", transform: Parse.currency) var currency: Currency
        @Option(help: "From when on it can no longer be used.", transform: Parse.instant) var expiresAt: Instant?
        @Option(help: "The lowest is used first, 0 to 1000.") var priority = 1
        @Option(help: "promotional (given away) or prepaid (paid for).", transform: Parse.word)
        var kind: CreditGrant.Kind = .promotional
        @Option(help: "A few words for people.") var memo = ""
        @Option(help: "An id of your own, which makes asking twice harmless.", transform: Parse.id) var id: GrantID?

        func validate() throws { _ = try Parse.money(amount, currency, option: "--amount") }

        func run() async throws {
            let draft = try CreditGrantDraft(
                amount: try Parse.money(amount, currency, option: "--amount"),
                kind: kind,
                priority: priority,
                expiresAt: expiresAt,
                memo: memo,
                id: id
            )
            let grant = try await Session.run(options) { session in
                try await session.act(for: tenant) { owner, transaction in
                    try await CreditOperations.grant(
                        draft,
                        to: tenant,
                        by: owner.stamped(session.stamp),
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(grant.json)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists grants, also those used up, expired or voided.",
            discussion: "  abono credits list --tenant ten_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "Only this tenant's.", transform: Parse.id) var tenant: TenantID?
        @Option(help: "The last id of the page before.", transform: Parse.id) var after: GrantID?

        func run() async throws {
            let grants = try await Session.run(options) { session in
                if let tenant { _ = try await session.tenant(tenant) }
                return try await session.read { transaction in
                    try await CreditQueries.list(of: tenant, limit: page.limit, after: after, in: transaction)
                }
            }
            Output(format: options.format).list(
                ["id", "tenant", "kind", "amount", "used", "left", "currency", "priority", "expires_at", "voided_at"],
                grants.map {
                    [
                        $0.id.text, $0.tenant.text, $0.kind.rawValue, $0.amount.text, $0.used.text, $0.left.text,
                        $0.amount.currency.code, String($0.priority), $0.expiresAt?.text ?? "", $0.voidedAt?.text ?? "",
                    ]
                },
                json: .array(grants.map(\.json))
            )
        }
    }

    struct TakeBack: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "void",
            abstract: "Takes back what is left of a grant.",
            discussion: "  abono credits void grt_01h455vb4pex5vsknk084sn02q --yes"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The grant's id.", transform: Parse.id) var id: GrantID

        func run() async throws {
            let grant = try await Session.run(options) { session in
                let tenant = try await session.read { transaction in
                    try await OwnerQueries.tenant(of: id, in: transaction)
                }
                try confirmation.require("Take back what is left of \(id)?")
                return try await session.act(for: tenant) { owner, transaction in
                    try await CreditOperations.void(
                        id,
                        of: tenant,
                        by: owner.stamped(session.stamp),
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(grant.json)
        }
    }
}
