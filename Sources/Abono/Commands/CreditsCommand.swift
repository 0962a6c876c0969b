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
        @Option(
            help: "From when on it can no longer be used: a date at the tenant's midnight, or an instant.",
            transform: Parse.time
        )
        var expiresAt: GivenTime?
        @Option(help: "The lowest is used first, 0 to 1000.") var priority = 1
        @Option(help: "promotional (given away) or prepaid (paid for).", transform: Parse.word)
        var kind: CreditGrant.Kind = .promotional
        @Option(help: "A few words for people.") var memo = ""
        @Option(help: "An id of your own, which makes asking twice harmless.", transform: Parse.id) var id: GrantID?

        func validate() throws { _ = try Parse.money(amount, currency, option: "--amount") }

        func run() async throws {
            let amount = try Parse.money(amount, currency, option: "--amount")
            let grant = try await Session.run(options) { session in
                try await session.act(for: tenant) { owner, transaction in
                    let stamp = owner.stamped(session.stamp)
                    let draft = try CreditGrantDraft(
                        amount: amount,
                        kind: kind,
                        priority: priority,
                        expiresAt: expiresAt?.moment(in: owner.timeZone).instant,
                        memo: memo,
                        id: id
                    )
                    return try await CreditOperations.grant(draft, to: tenant, by: stamp, in: transaction)
                        .json(at: stamp.at)
                }
            }
            Output(format: options.format).object(grant)
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
                    try await CreditQueries.list(
                        of: tenant,
                        limit: page.limit,
                        after: after,
                        now: session.now,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).list(
                [
                    "id", "tenant", "kind", "amount", "used", "expired", "left", "currency", "priority", "expires_at",
                    "voided_at",
                ],
                grants.map { grant, instant in
                    [
                        grant.id.text, grant.tenant.text, grant.kind.rawValue, grant.amount.text, grant.used.text,
                        grant.expired(at: instant).text, grant.left(at: instant).text, grant.amount.currency.code,
                        String(grant.priority), grant.expiresAt?.text ?? "", grant.voidedAt?.text ?? "",
                    ]
                },
                json: .array(grants.map { $0.grant.json(at: $0.at) })
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
                    let stamp = owner.stamped(session.stamp)
                    return try await CreditOperations.void(id, of: tenant, by: stamp, in: transaction)
                        .json(at: stamp.at)
                }
            }
            Output(format: options.format).object(grant)
        }
    }
}
