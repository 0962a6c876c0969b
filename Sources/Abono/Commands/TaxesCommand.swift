import ArgumentParser
import Billing
import Tenants
import Values

/// The command `abono taxes`.
struct TaxesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "taxes",
        abstract: "Taxes, their rates from when on, and who pays them.",
        discussion: """
              abono taxes put DE-VAT --name "VAT" --rate 0.19 --country DE
              abono taxes put DE-VAT --rate 0.16 --country DE --from 2027-01-01
            """,
        subcommands: [Put.self, List.self, Show.self, Archive.self, Assign.self, Withdraw.self]
    )

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Puts a tax into the catalogue; of a code that is there it makes a new version.",
            discussion: """
                A version counts from its instant on; what was invoiced stays under the old one. With --country only \
                customers of that country pay it. Inclusive: prices contain it.

                  abono taxes put DE-VAT --name "VAT" --rate 0.19 --country DE --inclusive
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "Its code.") var code: String
        @Option(help: "What invoices call it.") var name: String?
        @Option(help: "0.19 is 19 %.") var rate: String
        @Flag(help: "Prices contain it.") var inclusive = false
        @Option(help: "Only customers of this country pay it: two capitals of ISO 3166.") var country: String?
        @Option(help: "Only invoices of this legal entity have it.", transform: Parse.id) var entity: EntityID?
        @Option(help: "From when on; by default as soon as it can.", transform: Parse.instant) var from: Instant?

        func run() async throws {
            var object: JSONObject = ["code": .string(code), "rate": .string(rate), "inclusive": .bool(inclusive)]
            if let name { object["name"] = .string(name) }
            if let country { object["country"] = .string(country) }
            if let entity { object["legal_entity"] = .string(entity.text) }
            if let from { object["from"] = .string(from.text) }
            var fields = try JSONFields(.object(object))
            let draft = try TaxDraft(json: &fields, in: .utc)
            let tax = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await TaxOperations.put(draft, by: session.stamp, in: transaction)
                }
            }
            Output(format: options.format).object(tax.json)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the newest version of each tax.",
            discussion: "  abono taxes list --archived"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Flag(help: "Also those that have ended.") var archived = false
        @Option(help: "The last code of the page before.") var after: String?

        func run() async throws {
            let taxes = try await Session.run(options) { session in
                try await session.read { transaction in
                    try await TaxQueries.list(
                        includingArchived: archived,
                        limit: page.limit,
                        after: after,
                        in: transaction
                    )
                }
            }
            TaxesCommand.print(taxes, options)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows all versions of a tax, the oldest first.",
            discussion: "  abono taxes show DE-VAT"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "Its code.") var code: String

        func run() async throws {
            let versions = try await Session.run(options) { session in
                try await session.read { transaction in try await TaxQueries.history(code, in: transaction) }
            }
            guard !versions.isEmpty else { throw TaxError.notFound(code) }
            TaxesCommand.print(versions, options)
        }
    }

    struct Archive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a tax: invoices from now on no longer have it.",
            discussion: "  abono taxes archive DE-VAT --yes"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "Its code.") var code: String

        func run() async throws {
            let tax = try await Session.run(options) { session in
                try confirmation.require("End the tax \(code)? Invoices from now on no longer have it.")
                return try await session.administer { transaction in
                    try await TaxOperations.archive(code, by: session.stamp, in: transaction)
                }
            }
            Output(format: options.format).object(tax.json)
        }
    }

    struct Assign: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Assigns a tax to a tenant: while it has any, they take the place of those of its country.",
            discussion: "  abono taxes assign US-CA --tenant ten_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The tax's code.") var code: String
        @Option(help: "The tenant.", transform: Parse.id) var tenant: TenantID

        func run() async throws {
            try await Session.run(options) { session in
                let stamp = try await session.tenant(tenant).stamped(session.stamp)
                try await session.administer { transaction in
                    try await TaxOperations.assign(code, to: tenant, by: stamp, in: transaction)
                }
            }
            Output(format: options.format).object(["tenant": .string(tenant.text), "tax": .string(code)])
        }
    }

    struct Withdraw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes an assignment back, from now on.",
            discussion: "  abono taxes withdraw US-CA --tenant ten_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The tax's code.") var code: String
        @Option(help: "The tenant.", transform: Parse.id) var tenant: TenantID

        func run() async throws {
            try await Session.run(options) { session in
                let stamp = try await session.tenant(tenant).stamped(session.stamp)
                try await session.administer { transaction in
                    try await TaxOperations.withdraw(code, from: tenant, by: stamp, in: transaction)
                }
            }
            Output(format: options.format).object(["tenant": .string(tenant.text), "tax": .string(code)])
        }
    }

    private static func print(_ taxes: [Tax], _ options: GlobalOptions) {
        Output(format: options.format).list(
            ["code", "name", "rate", "inclusive", "country", "legal_entity", "from", "id"],
            taxes.map {
                [
                    $0.code, $0.name, $0.rate?.decimalText() ?? "ended", $0.isInclusive ? "yes" : "no",
                    $0.country ?? "", $0.legalEntity?.text ?? "", $0.from?.text ?? "", $0.id.text,
                ]
            },
            json: .array(taxes.map(\.json))
        )
    }
}
