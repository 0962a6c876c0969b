import ArgumentParser
import Billing
import Jobs
import Tenants
import Values

/// The command `abono tenants`.
struct TenantsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenants",
        abstract: "Customer accounts.",
        discussion: """
              abono tenants create "Acme Inc." --currency USD --timezone Europe/Berlin --email ann@acme.example
            """,
        subcommands: [Create.self, List.self, Show.self, Change.self, Suspend.self, Resume.self]
    )

    /// Prints one tenant.
    static func print(_ tenant: Tenant, _ options: GlobalOptions, tax: TaxDetails? = nil) {
        var object = tenant.json.object ?? JSONObject()
        if let tax { object["tax"] = tax.json }
        Output(format: options.format).object(.object(object))
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a tenant.",
            discussion: """
                The address, if given, becomes the first owner. The currency is fixed at the latest by the first \
                invoice.

                  abono tenants create "Acme Inc." --currency USD --timezone Europe/Berlin
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "What people call it.") var name: String
        @Option(help: "The currency of everything it is billed, like USD.", transform: Parse.currency)
        var currency: Currency?
        @Option(help: "Where its days and months begin, like Europe/Berlin.", transform: Parse.zone)
        var timezone: Zone = .utc
        @Option(help: "Where mail about the account goes.") var email: String?
        @Option(help: "An id of your own, which makes asking twice harmless.", transform: Parse.id)
        var id: TenantID?
        @Option(help: "The test clock it lives by, for good: it is then in test mode.", transform: Parse.id)
        var testClock: ClockID?

        func run() async throws {
            let draft = try TenantDraft(
                id: id,
                name: name,
                email: email,
                timeZone: timezone,
                currency: currency,
                testClock: testClock
            )
            let tenant = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await TenantOperations.create(draft, by: session.stamp, in: transaction)
                }
            }
            TenantsCommand.print(tenant, options)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists tenants in the order they were made.",
            discussion: "  abono tenants list --status suspended --format json"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "Only those that are active, suspended or closed.", transform: Parse.word)
        var status: TenantStatus?
        @Option(help: "The last id of the page before.", transform: Parse.id) var after: TenantID?

        func run() async throws {
            let tenants = try await Session.run(options) { session in
                try await session.read { transaction in
                    try await TenantQueries.list(status: status, limit: page.limit, after: after, in: transaction)
                }
            }
            Output(format: options.format).list(
                ["id", "name", "status", "currency", "timezone", "spend_limit", "created_at"],
                tenants.map {
                    [
                        $0.id.text, $0.name, $0.status.rawValue, $0.currency?.code ?? "", $0.timeZone.name,
                        $0.spendLimit?.description ?? "", $0.createdAt.text,
                    ]
                },
                json: .array(tenants.map(\.json))
            )
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a tenant.",
            discussion: "  abono tenants show ten_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The tenant's id.", transform: Parse.id) var id: TenantID

        func run() async throws {
            let (tenant, tax) = try await Session.run(options) { session in
                let tenant = try await session.tenant(id)
                let tax = try await session.read { transaction in
                    try await TaxQueries.details(of: id, in: transaction)
                }
                return (tenant, tax)
            }
            TenantsCommand.print(tenant, options, tax: tax)
        }
    }

    struct Change: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set",
            abstract: "Changes what is named, and nothing else.",
            discussion: "  abono tenants set ten_01h455vb4pex5vsknk084sn02q --spend-limit 100.00"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The tenant's id.", transform: Parse.id) var id: TenantID
        @Option(help: "What a month's usage may cost at most, in its currency; none takes the limit away.")
        var spendLimit: String?
        @Option(help: "Another name.") var name: String?
        @Option(help: "Another address; none takes it away.") var email: String?
        @Option(help: "Another time zone.", transform: Parse.zone) var timezone: Zone?
        @Option(help: "The currency, where none is fixed yet.", transform: Parse.currency) var currency: Currency?
        @Option(help: "Where it is, which decides on its taxes: two capitals of ISO 3166; none takes it away.")
        var country: String?
        @Option(
            parsing: .singleValue,
            help: "A tax number, once for each; they take the place of all; none takes all away."
        )
        var taxID: [String] = []
        @Flag(inversion: .prefixedNo, help: "Whether it pays no tax.") var taxExempt: Bool?

        func validate() throws {
            let isNothing = spendLimit == nil && name == nil && email == nil && timezone == nil && currency == nil
            if isNothing && country == nil && taxID.isEmpty && taxExempt == nil {
                throw ValidationError(
                    "nothing to set: --spend-limit, --name, --email, --timezone, --currency, --country, --tax-id or "
                        + "--tax-exempt"
                )
            }
        }

        func run() async throws {
            let tax = try taxChanges()
            let (tenant, details) = try await Session.run(options) { session in
                let known = try await session.tenant(id)
                let changes = try changes(of: known)
                return try await session.administer { transaction in
                    let tenant = try await TenantOperations.update(id, changes, by: session.stamp, in: transaction)
                    let details = try await TaxOperations.setDetails(
                        of: id,
                        tax,
                        isStaff: true,
                        by: known.stamped(session.stamp),
                        in: transaction
                    )
                    return (tenant, details)
                }
            }
            TenantsCommand.print(tenant, options, tax: details)
        }

        private func taxChanges() throws -> TaxDetailsChanges {
            var object = JSONObject()
            if let country { object["country"] = country == "none" ? .null : .string(country) }
            if !taxID.isEmpty { object["tax_ids"] = .array(taxID == ["none"] ? [] : taxID.map { .string($0) }) }
            if let taxExempt { object["tax_exempt"] = .bool(taxExempt) }
            var fields = try JSONFields(.object(object))
            return try TaxDetailsChanges(json: &fields)
        }

        /// The same reader as over HTTP, so that the same is refused.
        private func changes(of tenant: Tenant) throws -> TenantChanges {
            var object = JSONObject()
            if let name { object["name"] = .string(name) }
            if let email { object["email"] = email == "none" ? .null : .string(email) }
            if let timezone { object["timezone"] = .string(timezone.name) }
            if let currency { object["currency"] = .string(currency.code) }
            if let spendLimit {
                guard let unit = currency ?? tenant.currency else { throw TenantError.currencyMissing(id) }
                object["spend_limit"] =
                    spendLimit == "none" ? .null : ["amount": .string(spendLimit), "currency": .string(unit.code)]
            }
            var fields = try JSONFields(.object(object))
            return try TenantChanges(json: &fields)
        }
    }

    struct Suspend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stops what uses or costs; the tenant still reads and pays.",
            discussion: "  abono tenants suspend ten_01h455vb4pex5vsknk084sn02q --yes"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The tenant's id.", transform: Parse.id) var id: TenantID

        func run() async throws {
            let tenant = try await Session.run(options) { session in
                let known = try await session.tenant(id)
                try confirmation.require("Suspend \(known.name)? Its inference and usage are refused at once.")
                return try await session.administer { transaction in
                    try await TenantOperations.suspend(id, by: session.stamp, in: transaction)
                }
            }
            TenantsCommand.print(tenant, options)
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a suspension back.",
            discussion: "  abono tenants resume ten_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The tenant's id.", transform: Parse.id) var id: TenantID

        func run() async throws {
            let tenant = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await TenantOperations.resume(id, by: session.stamp, in: transaction)
                }
            }
            TenantsCommand.print(tenant, options)
        }
    }
}
