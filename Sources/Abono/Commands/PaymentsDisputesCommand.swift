import ArgumentParser
import Billing
import Postgres
import Values

extension PaymentsCommand {
    struct Disputes: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists what customers' banks take back, of payments and of purchases of credit.",
            discussion: """
                  abono payments disputes --state open

                Disputes come from the gateway, which also decides them. An open one is answered there until its due \
                date; the money is with the provider meanwhile, and is lost or comes back with the decision.
                """
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "Only this tenant's.", transform: Parse.id) var tenant: TenantID?
        @Option(help: "Only those of this payment.", transform: Parse.id) var payment: PaymentID?
        @Option(help: "Only those that are open, won or lost.", transform: Parse.word) var state: PaymentDispute.State?
        @Option(help: "The last id of the page before.", transform: Parse.id) var after: PaymentDisputeID?

        func run() async throws {
            let disputes = try await Session.run(options) { session in
                if let tenant { _ = try await session.tenant(tenant) }
                return try await session.read { transaction in
                    try await PaymentDisputeQueries.list(
                        of: tenant,
                        payment: payment,
                        state: state,
                        limit: page.limit,
                        after: after,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).list(
                [
                    "id", "tenant", "payment", "invoices", "purchase", "currency", "amount", "fee", "state", "due",
                    "at", "closed_at", "reason",
                ],
                disputes.map(Self.row),
                json: .array(disputes.map(\.json))
            )
        }

        private static func row(_ listed: PaymentDisputeQueries.Listed) -> [String] {
            let dispute = listed.dispute
            return [
                dispute.id.text, dispute.tenant.text, dispute.payment?.text ?? "",
                listed.invoices.map(\.text).joined(separator: " "), dispute.purchase?.text ?? "",
                dispute.amount.currency.code, dispute.amount.text, dispute.fee.text, dispute.state.rawValue,
                dispute.evidenceDueAt?.text ?? "", dispute.at.text, dispute.closedAt?.text ?? "", dispute.reason,
            ]
        }
    }
}
