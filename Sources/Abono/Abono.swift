import ArgumentParser

/// The command line.
///
/// Names are nouns, then verbs.
@main
struct Abono: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "abono",
        abstract: "The backend of a company that sells AI models by subscription.",
        discussion: """
            Start with `abono demo`, or `abono up` for a server on this machine. Commands work on the database itself \
            and need no server; without --database-url they use the private PostgreSQL under the home folder.
            """,
        version: Version.text,
        subcommands: [Engine.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Run",
                subcommands: [
                    Up.self, DemoCommand.self, Serve.self, Work.self, Migrate.self, Doctor.self, Backup.self,
                    Restore.self,
                ]
            ),
            CommandGroup(
                name: "Customers",
                subcommands: [
                    TenantsCommand.self, KeysCommand.self, SubscriptionsCommand.self, EntitlementsCommand.self,
                    CreditsCommand.self,
                    AuditCommand.self,
                ]
            ),
            CommandGroup(
                name: "Catalogue",
                subcommands: [
                    PlansCommand.self, AddOnsCommand.self, CouponsCommand.self, TaxesCommand.self, EntitiesCommand.self,
                    MetersCommand.self, ModelsCommand.self,
                ]
            ),
            CommandGroup(
                name: "Money",
                subcommands: [
                    UsageCommand.self, AlertsCommand.self, BillingCommand.self, InvoicesCommand.self,
                    PaymentsCommand.self, LedgerCommand.self,
                    ReportsCommand.self, CostsCommand.self, PricesCommand.self, RatesCommand.self, PartnersCommand.self,
                    ForecastCommand.self, SimulateCommand.self, ReconcileCommand.self,
                ]
            ),
            CommandGroup(
                name: "Work",
                subcommands: [JobsCommand.self, WebhooksCommand.self, ClocksCommand.self, BenchCommand.self]
            ),
        ]
    )

    /// Runs the command; what is refused goes to standard error with exit 1, wrong usage exits 2.
    static func main() async {
        ignoreBrokenPipes()
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            CommandFailure.end(with: error)
        }
    }
}
