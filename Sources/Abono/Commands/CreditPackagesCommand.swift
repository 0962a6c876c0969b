import ArgumentParser
import Billing
import Tenants
import Values

/// Credit that is bought.
extension CreditsCommand {
    struct Packages: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The catalogue of credit that can be bought.",
            discussion: "  abono credits packages put package.json",
            subcommands: [Put.self, List.self, Archive.self]
        )

        struct Put: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Puts a package into the catalogue, or changes the one with its code.",
                discussion: """
                      abono credits packages put package.json

                    with {"code": "big", "price": {"amount": "80.00", "currency": "USD"},
                    "credit": {"amount": "100.00", "currency": "USD"}, "expires_after_days": 365}
                    """
            )

            @OptionGroup var options: GlobalOptions
            @Argument(help: "The package as JSON; - is standard input.") var file: String

            func run() async throws {
                var fields = try JSONFields(try InputFile.json(file))
                let draft = try CreditPackageDraft(json: &fields)
                let package = try await Session.run(options) { session in
                    try await session.administer { transaction in
                        try await CreditPackageOperations.put(draft, by: session.stamp, in: transaction)
                    }
                }
                Output(format: options.format).object(package.json)
            }
        }

        struct List: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Lists packages.",
                discussion: "  abono credits packages list --archived"
            )

            @OptionGroup var options: GlobalOptions
            @OptionGroup var page: PageOptions
            @Flag(help: "Also those that are not sold any more.") var archived = false
            @Option(help: "The last code of the page before.") var after: String?

            func run() async throws {
                let packages = try await Session.run(options) { session in
                    try await session.read { transaction in
                        try await CreditPackageQueries.list(
                            archived: archived,
                            limit: page.limit,
                            after: after,
                            in: transaction
                        )
                    }
                }
                Output(format: options.format).list(
                    ["code", "name", "price", "credit", "currency", "expires_after_days", "priority", "archived_at"],
                    packages.map {
                        [
                            $0.code, $0.name, $0.price.text, $0.credit.text, $0.price.currency.code,
                            $0.expiresAfterDays.map(String.init) ?? "", String($0.priority), $0.archivedAt?.text ?? "",
                        ]
                    },
                    json: .array(packages.map(\.json))
                )
            }
        }

        struct Archive: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Ends the sale of a package.",
                discussion: "  abono credits packages archive big"
            )

            @OptionGroup var options: GlobalOptions
            @Argument(help: "The package's code.") var code: String

            func run() async throws {
                let package = try await Session.run(options) { session in
                    try await session.administer { transaction in
                        try await CreditPackageOperations.archive(code, by: session.stamp, in: transaction)
                    }
                }
                Output(format: options.format).object(package.json)
            }
        }
    }

    struct Buy: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Buys a package for a tenant, with its payment method or for money that has come in.",
            discussion: """
                  abono credits buy --tenant ten_01h455vb4pex5vsknk084sn02q --package big --paid-reference "bank 117"

                Without a reference the default payment method is charged, by the server.
                """
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "The tenant.", transform: Parse.id) var tenant: TenantID
        @Option(help: "The package's code.") var package: String
        @Option(help: "What names the money outside; the same again is no second purchase.") var paidReference: String?

        func run() async throws {
            let purchase = try await Session.run(options) { session in
                try await session.act(for: tenant) { owner, transaction in
                    let stamp = owner.stamped(session.stamp)
                    guard let paidReference else {
                        return try await CreditPurchaseOperations.buy(
                            package,
                            source: .staff,
                            for: tenant,
                            by: stamp,
                            in: transaction
                        )
                    }
                    return try await CreditPurchaseOperations.buyPaid(
                        package,
                        reference: paidReference,
                        for: tenant,
                        by: stamp,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(purchase.json)
        }
    }

    struct Purchases: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists purchases, the newest first.",
            discussion: "  abono credits purchases --tenant ten_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "Only this tenant's.", transform: Parse.id) var tenant: TenantID?
        @Option(help: "The last id of the page before.", transform: Parse.id) var before: CreditPurchaseID?

        func run() async throws {
            let purchases = try await Session.run(options) { session in
                if let tenant { _ = try await session.tenant(tenant) }
                return try await session.read { transaction in
                    try await CreditPurchaseQueries.list(
                        of: tenant,
                        limit: page.limit,
                        before: before,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).list(
                [
                    "id", "tenant", "package", "source", "status", "price", "credit", "currency", "requested_at",
                    "failure",
                ],
                purchases.map {
                    [
                        $0.id.text, $0.tenant.text, $0.package, $0.source.rawValue, $0.status.rawValue, $0.price.text,
                        $0.credit.text, $0.price.currency.code, $0.requestedAt.text, $0.failure ?? "",
                    ]
                },
                json: .array(purchases.map(\.json))
            )
        }
    }
}
