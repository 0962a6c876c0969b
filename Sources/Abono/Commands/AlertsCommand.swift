import ArgumentParser
import Billing
import Tenants
import Values

/// The command `abono alerts`.
struct AlertsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts",
        abstract: "Who is told when usage, spend or credit reaches a threshold.",
        discussion: "  abono alerts list --tenant ten_01h455vb4pex5vsknk084sn02q",
        subcommands: [Create.self, List.self, Remove.self]
    )

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes an alert; each threshold is told once a period, as the event alert.fired.",
            discussion: """
                The kinds: usage (of --meter, in the calendar month), entitlement (of --feature, in the window of its \
                allowance), spend (what usage cost in the calendar month), credit (falls to the threshold). A threshold \
                of entitlement or spend may be a percentage of what is allowed.

                  abono alerts create --tenant ten_01h455vb4pex5vsknk084sn02q --kind entitlement --feature chat \
                --threshold 80% --threshold 100%
                """
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "The tenant.", transform: Parse.id) var tenant: TenantID
        @Option(help: "usage, entitlement, spend or credit.", transform: Parse.word) var kind: Alert.Kind
        @Option(help: "The meter, of usage.") var meter: String?
        @Option(help: "The feature, of entitlement.") var feature: String?
        @Option(help: "A figure like 1000 or 80%; may be given several times.") var threshold: [String] = []
        @Option(help: "A few words for people.") var name = ""

        func run() async throws {
            let draft = try AlertDraft(
                kind: kind,
                meter: meter,
                feature: feature,
                thresholds: threshold,
                name: name
            )
            let alert = try await Session.run(options) { session in
                try await session.act(for: tenant) { owner, transaction in
                    try await AlertOperations.create(
                        draft,
                        for: tenant,
                        by: owner.stamped(session.stamp),
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(alert.json)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists alerts.",
            discussion: "  abono alerts list --tenant ten_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "Only this tenant's.", transform: Parse.id) var tenant: TenantID?
        @Option(help: "The last id of the page before.", transform: Parse.id) var after: AlertID?

        func run() async throws {
            let alerts = try await Session.run(options) { session in
                if let tenant { _ = try await session.tenant(tenant) }
                return try await session.read { transaction in
                    try await AlertQueries.list(of: tenant, limit: page.limit, after: after, in: transaction)
                }
            }
            Output(format: options.format).list(
                ["id", "tenant", "kind", "of", "thresholds", "name"],
                alerts.map {
                    [
                        $0.id.text, $0.tenant.text, $0.kind.rawValue, $0.meter ?? $0.feature ?? "",
                        $0.thresholds.map(\.text).joined(separator: " "), $0.name,
                    ]
                },
                json: .array(alerts.map(\.json))
            )
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes an alert.",
            discussion: """
                  abono alerts remove alt_01h455vb4pex5vsknk084sn02q --tenant ten_01h455vb4pex5vsknk084sn02q --yes
                """
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The alert's id.", transform: Parse.id) var id: AlertID
        @Option(help: "The tenant whose it is.", transform: Parse.id) var tenant: TenantID

        func run() async throws {
            let alert = try await Session.run(options) { session in
                _ = try await session.tenant(tenant)
                try confirmation.require("Remove the alert \(id)?")
                return try await session.act(for: tenant) { owner, transaction in
                    try await AlertOperations.remove(
                        id,
                        of: tenant,
                        by: owner.stamped(session.stamp),
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(alert.json)
        }
    }
}
