import ArgumentParser
import Billing
import Tenants
import Values

/// The command `abono entities`.
struct EntitiesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "entities",
        abstract: "The seller's legal entities, which stand on invoices.",
        discussion: """
              abono entities create "Acme GmbH" --country DE --tax-id DE136695976 --address "Hauptstr. 1" \
            --address "10115 Berlin"
            """,
        subcommands: [Create.self, List.self, Show.self, Change.self]
    )

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a legal entity; the first one is the default of new tenants.",
            discussion: "  abono entities create \"Acme GmbH\" --country DE --currency EUR"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "As it is registered.") var name: String
        @Option(help: "Where it has its seat: two capitals of ISO 3166.") var country: String?
        @Option(help: "The currency of its books.", transform: Parse.currency) var currency: Currency?
        @Option(help: "Its own tax number.") var taxID: String?
        @Option(parsing: .singleValue, help: "A line of its address; once for each.") var address: [String] = []

        func run() async throws {
            let draft = try LegalEntityDraft(
                name: name,
                country: country,
                currency: currency,
                taxID: taxID,
                address: address
            )
            let entity = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await LegalEntityOperations.create(draft, by: session.stamp, in: transaction)
                }
            }
            Output(format: options.format).object(entity.json)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the legal entities in the order they were made.",
            discussion: "  abono entities list --format json"
        )

        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let entities = try await Session.run(options) { session in
                try await session.read { transaction in try await LegalEntityQueries.list(in: transaction) }
            }
            Output(format: options.format).list(
                ["id", "name", "country", "currency", "tax_id", "address"],
                entities.map {
                    [
                        $0.id.text, $0.name, $0.country ?? "", $0.currency?.code ?? "", $0.taxID ?? "",
                        $0.address.joined(separator: ", "),
                    ]
                },
                json: .array(entities.map(\.json))
            )
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a legal entity.",
            discussion: "  abono entities show ent_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "Its id.", transform: Parse.id) var id: EntityID

        func run() async throws {
            let entity = try await Session.run(options) { session in
                try await session.read { transaction in try await LegalEntityQueries.find(id, in: transaction) }
            }
            guard let entity else { throw TenantError.entityNotFound(id) }
            Output(format: options.format).object(entity.json)
        }
    }

    struct Change: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set",
            abstract: "Changes what is named, and nothing else.",
            discussion: """
                Once it has issued invoices the country can be said, but not changed.

                  abono entities set ent_01h455vb4pex5vsknk084sn02q --country DE --tax-id DE136695976
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "Its id.", transform: Parse.id) var id: EntityID
        @Option(help: "Another name.") var name: String?
        @Option(help: "Where it has its seat: two capitals of ISO 3166.") var country: String?
        @Option(help: "Its own tax number; none takes it away.") var taxID: String?
        @Option(parsing: .singleValue, help: "A line of its address, once for each; they take the place of all.")
        var address: [String] = []

        func validate() throws {
            if name == nil, country == nil, taxID == nil, address.isEmpty {
                throw ValidationError("nothing to set: --name, --country, --tax-id or --address")
            }
        }

        func run() async throws {
            var object = JSONObject()
            if let name { object["name"] = .string(name) }
            if let country { object["country"] = .string(country) }
            if let taxID { object["tax_id"] = taxID == "none" ? .null : .string(taxID) }
            if !address.isEmpty { object["address"] = .array(address.map { .string($0) }) }
            var fields = try JSONFields(.object(object))
            let changes = try LegalEntityChanges(json: &fields)
            let entity = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await TaxOperations.changeEntity(id, changes, by: session.stamp, in: transaction)
                }
            }
            Output(format: options.format).object(entity.json)
        }
    }
}
