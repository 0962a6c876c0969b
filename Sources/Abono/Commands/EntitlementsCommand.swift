import ArgumentParser
import Metering
import Subscriptions
import Tenants
import Values

/// The command `abono entitlements`.
struct EntitlementsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "entitlements",
        abstract: "What a tenant may use, and extra units of it.",
        discussion: "  abono entitlements show --tenant ten_01h455vb4pex5vsknk084sn02q",
        subcommands: [Show.self, Grant.self, Grants.self, TakeBack.self]
    )

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what a tenant may use now: switches, fixed values, and allowances with what is left.",
            discussion: "  abono entitlements show --tenant ten_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "The tenant.", transform: Parse.id) var tenant: TenantID

        func run() async throws {
            let entitlements = try await Session.run(options) { session in
                let owner = try await session.tenant(tenant)
                return try await session.read { transaction in
                    try await EntitlementQueries.all(
                        of: tenant,
                        at: owner.stamped(session.stamp).at,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).list(
                ["feature", "kind", "value", "limit", "used", "remaining", "until"],
                entitlements.map { entitlement in
                    let json = entitlement.json
                    return [
                        entitlement.feature, Output.cell(json["kind"]), Output.cell(json["value"]),
                        Output.cell(json["limit"]), Output.cell(json["used"]), Output.cell(json["remaining"]),
                        Output.cell(json["window"]?["end"]),
                    ]
                },
                json: .array(entitlements.map(\.json))
            )
        }
    }

    struct Grant: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Grants extra units of a feature.",
            discussion: """
                They are used by priority, then what expires first, then what is older; what plans allow has priority \
                100, so that units with a lower one are used before it.

                  abono entitlements grant --tenant ten_01h455vb4pex5vsknk084sn02q --feature chat --units 1000 \
                --expires-at 2027-01-01
                """
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "The tenant.", transform: Parse.id) var tenant: TenantID
        @Option(help: "The feature.") var feature: String
        @Option(help: "How much, like 1000.") var units: String
        @Option(help: "The meter that counts the use; needed only where no plan says so.") var meter: String?
        @Option(help: "The lowest is used first, 0 to 1000.") var priority = QuotaGrant.standardPriority
        @Option(help: "From when on it can no longer be used.", transform: Parse.instant) var expiresAt: Instant?
        @Option(help: "A few words for people.") var memo = ""
        @Option(help: "An id of your own, which makes asking twice harmless.", transform: Parse.id)
        var id: QuotaGrantID?

        func run() async throws {
            guard let amount = Decimal12(units) else {
                throw Problem.invalid("units", "must be a decimal like 1000, not \(units)")
            }
            let draft = try QuotaGrantDraft(
                units: amount,
                meter: meter,
                priority: priority,
                expiresAt: expiresAt,
                memo: memo,
                id: id
            )
            let grant = try await Session.run(options) { session in
                try await session.act(for: tenant) { owner, transaction in
                    try await QuotaGrantOperations.grant(
                        draft,
                        feature: feature,
                        to: tenant,
                        by: owner.stamped(session.stamp),
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(grant.json)
        }
    }

    struct Grants: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists extra units that were granted, also those that have expired.",
            discussion: "  abono entitlements grants --tenant ten_01h455vb4pex5vsknk084sn02q --feature chat"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "The tenant.", transform: Parse.id) var tenant: TenantID
        @Option(help: "Only this feature's.") var feature: String?
        @Option(help: "The last id of the page before.", transform: Parse.id) var after: QuotaGrantID?

        func run() async throws {
            let grants = try await Session.run(options) { session in
                _ = try await session.tenant(tenant)
                return try await session.read { transaction in
                    try await QuotaGrantQueries.list(
                        of: tenant,
                        feature: feature,
                        limit: page.limit,
                        after: after,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).list(
                ["id", "feature", "meter", "units", "priority", "starts_at", "expires_at", "voided_at"],
                grants.map {
                    [
                        $0.id.text, $0.feature, $0.meter, $0.units.text, String($0.priority), $0.startsAt.text,
                        $0.expiresAt?.text ?? "", $0.voidedAt?.text ?? "",
                    ]
                },
                json: .array(grants.map(\.json))
            )
        }
    }

    struct TakeBack: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "void",
            abstract: "Takes back what is left of granted units.",
            discussion: """
                  abono entitlements void qgr_01h455vb4pex5vsknk084sn02q --tenant ten_01h455vb4pex5vsknk084sn02q --yes
                """
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The grant's id.", transform: Parse.id) var id: QuotaGrantID
        @Option(help: "The tenant whose it is.", transform: Parse.id) var tenant: TenantID

        func run() async throws {
            let grant = try await Session.run(options) { session in
                _ = try await session.tenant(tenant)
                try confirmation.require("Take back what is left of \(id)?")
                return try await session.act(for: tenant) { owner, transaction in
                    try await QuotaGrantOperations.void(
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
