import ArgumentParser
import Billing
import Postgres
import Subscriptions
import Tenants
import Values

extension BillingCommand {
    struct Threshold: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sets from how much usage on a subscription is invoiced before its period ends.",
            discussion: """
                  abono billing threshold sub_01h455vb4pex5vsknk084sn02q 100.00
                  abono billing threshold sub_01h455vb4pex5vsknk084sn02q --none
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The subscription's id.", transform: Parse.id) var id: SubscriptionID
        @Argument(help: "The amount before coupons and taxes, in the subscription's currency.") var amount: String?
        @Flag(help: "Takes the threshold away.") var none = false

        func validate() throws {
            guard (amount == nil) == none else { throw ValidationError("an amount or --none is expected") }
        }

        func run() async throws {
            let threshold = try await Session.run(options) { session in
                let subscription = try await session.read { transaction in
                    let tenant = try await OwnerQueries.tenant(of: id, in: transaction)
                    guard let found = try await SubscriptionQueries.find(id, of: tenant, in: transaction) else {
                        throw SubscriptionError.notFound(id)
                    }
                    return found
                }
                let money = try amount.map { try Parse.money($0, subscription.currency, option: "AMOUNT") }
                try await session.act(for: subscription.tenant) { owner, transaction in
                    try await ProgressiveBilling.setThreshold(
                        money,
                        of: id,
                        tenant: subscription.tenant,
                        by: owner.stamped(session.stamp),
                        in: transaction
                    )
                }
                return money
            }
            Output(format: options.format).object(
                ["subscription": .string(id.text), "threshold": threshold?.json ?? .null]
            )
        }
    }
}
