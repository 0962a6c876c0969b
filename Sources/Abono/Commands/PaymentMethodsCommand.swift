import ArgumentParser
import Billing
import Tenants
import Values

/// The command `abono payments methods`.
struct PaymentMethodsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "methods",
        abstract: "What tenants pay with.",
        discussion: "  abono payments methods list --tenant ten_01h455vb4pex5vsknk084sn02q",
        subcommands: [List.self, Add.self, Remove.self, Choose.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists payment methods, without those removed.",
            discussion: "  abono payments methods list --tenant ten_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "Only this tenant's.", transform: Parse.id) var tenant: TenantID?
        @Option(help: "The last id of the page before.", transform: Parse.id) var after: PaymentMethodID?

        func run() async throws {
            let methods = try await Session.run(options) { session in
                if let tenant { _ = try await session.tenant(tenant) }
                return try await session.read { transaction in
                    try await PaymentMethodQueries.list(of: tenant, limit: page.limit, after: after, in: transaction)
                }
            }
            Output(format: options.format).list(
                ["id", "tenant", "gateway", "kind", "brand", "last4", "expires", "default", "reference"],
                methods.map {
                    [
                        $0.id.text, $0.tenant.text, $0.gateway, $0.details.kind, $0.details.brand ?? "",
                        $0.details.last4 ?? "", $0.details.expiry?.text ?? "", $0.isDefault ? "yes" : "",
                        $0.reference,
                    ]
                },
                json: .array(methods.map(\.json))
            )
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Saves a payment method: of Stripe one that its own pages made, or what bank transfers name.",
            discussion: """
                  abono payments methods add --tenant ten_01h455vb4pex5vsknk084sn02q --gateway manual \
                --reference "Acme GmbH, DE02 1203 0000 0000 2020 51"
                """
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "The tenant.", transform: Parse.id) var tenant: TenantID
        @Option(help: "manual or stripe.", transform: Parse.word) var gateway: GatewayName
        @Option(help: "Stripe's id of it, pm_…; for bank transfers what names them.") var reference: String
        @Flag(help: "Has invoices collected with it from now on; a tenant's first one is in any case.")
        var makeDefault = false

        func run() async throws {
            let draft = try PaymentMethodDraft(gateway: gateway, reference: reference, isDefault: makeDefault)
            let method = try await Session.run(options) { session in
                let stamp = session.stamp
                let gateways = Gateways(database: session.database, secretBox: session.secretBox)
                let details = try await gateways.save(draft, of: tenant, by: stamp)
                return try await session.act(for: tenant) { owner, transaction in
                    try await PaymentMethodOperations.add(
                        draft,
                        details,
                        for: tenant,
                        by: owner.stamped(stamp),
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(method.json)
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes a payment method; without a default nothing is collected.",
            discussion: "  abono payments methods remove pmd_01h455vb4pex5vsknk084sn02q --yes"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The payment method's id.", transform: Parse.id) var id: PaymentMethodID

        func run() async throws {
            let method = try await Session.run(options) { session in
                let tenant = try await session.read { transaction in
                    try await PaymentMethodQueries.tenant(of: id, in: transaction)
                }
                try confirmation.require("Remove the payment method \(id)?")
                return try await session.act(for: tenant) { owner, transaction in
                    try await PaymentMethodOperations.remove(
                        id,
                        of: tenant,
                        by: owner.stamped(session.stamp),
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(method.json)
        }
    }

    struct Choose: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "default",
            abstract: "Has a tenant's invoices collected with a payment method from now on.",
            discussion: "  abono payments methods default pmd_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The payment method's id.", transform: Parse.id) var id: PaymentMethodID

        func run() async throws {
            let method = try await Session.run(options) { session in
                let tenant = try await session.read { transaction in
                    try await PaymentMethodQueries.tenant(of: id, in: transaction)
                }
                return try await session.act(for: tenant) { owner, transaction in
                    try await PaymentMethodOperations.makeDefault(
                        id,
                        of: tenant,
                        by: owner.stamped(session.stamp),
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(method.json)
        }
    }
}
