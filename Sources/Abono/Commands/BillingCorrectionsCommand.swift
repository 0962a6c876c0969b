import ArgumentParser
import Billing
import Postgres
import Tenants
import Values

extension BillingCommand {
    struct Corrections: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sets how a tenant gets back what usage has become less after it was invoiced.",
            discussion: """
                Without it the next invoice has the difference. What usage has become more is
                always on the next invoice.

                  abono billing corrections ten_01h455vb4pex5vsknk084sn02q credit-note
                  abono billing corrections ten_01h455vb4pex5vsknk084sn02q next-invoice
                """
        )

        /// How it is given back.
        enum Way: String, CaseIterable, ExpressibleByArgument {
            case creditNote = "credit-note"
            case nextInvoice = "next-invoice"
        }

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The tenant's id.", transform: Parse.id) var tenant: TenantID
        @Argument(help: "By a credit note at once when it is billed, or on the next invoice.") var way: Way

        func run() async throws {
            try await Session.run(options) { session in
                let owner = try await session.tenant(tenant)
                try await session.administer { transaction in
                    try await CorrectionNotes.set(
                        byCreditNote: way == .creditNote,
                        for: tenant,
                        by: owner.stamped(session.stamp),
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(
                ["tenant": .string(tenant.text), "corrections": .string(way.rawValue)]
            )
        }
    }
}
