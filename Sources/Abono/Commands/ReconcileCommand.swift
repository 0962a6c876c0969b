import ArgumentParser
import Billing
import Revenue
import Values

/// The command `abono reconcile`.
struct ReconcileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Compares events, rollups, invoice lines, ledger, payments, partners' shares; exits 1 if any differ.",
        discussion: "  abono reconcile --tenant ten_01h455vb4pex5vsknk084sn02q --format json"
    )

    @OptionGroup var options: GlobalOptions
    @Option(help: "Only this tenant's.", transform: Parse.id) var tenant: TenantID?

    func run() async throws {
        let differences = try await Session.run(options) { session in
            if let tenant { _ = try await session.tenant(tenant) }
            return try await session.read { transaction in
                let chain = try await Reconciliation.differences(tenant: tenant, in: transaction)
                let partners = try await PartnerReconciliationQueries.differences(of: tenant, in: transaction)
                return chain
                    + partners.map {
                        ReconciliationDifference(kind: .partner, tenant: $0.tenant, details: $0.json)
                    }
            }
        }
        let output = Output(format: options.format)
        if options.format == .table, differences.isEmpty {
            output.write("Everything agrees.\n")
        } else {
            output.list(
                ["kind", "tenant", "details"],
                differences.map { [$0.kind.rawValue, $0.tenant?.text ?? "", $0.details.text] },
                json: .array(differences.map(\.json))
            )
        }
        if !differences.isEmpty { throw ExitCode(1) }
    }
}
