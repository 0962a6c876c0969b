import ArgumentParser
import Billing
import Postgres
import Tenants
import Values

/// The command `abono payments`.
struct PaymentsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "payments",
        abstract: "Money that came in and goes back, and what happens when nobody pays.",
        discussion: "  abono payments record --reference \"INV-2026-000123\" --amount 50.00 --currency USD",
        subcommands: [
            List.self, Show.self, Record.self, Match.self, Import.self, GiveBack.self, PayOut.self, Retry.self,
            Disputes.self, DunningCommand.self, PaymentMethodsCommand.self, GatewaysCommand.self,
        ]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists payments.",
            discussion: "  abono payments list --unapplied"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "Only this tenant's.", transform: Parse.id) var tenant: TenantID?
        @Option(help: "Only those that paid this invoice.", transform: Parse.id) var invoice: InvoiceID?
        @Flag(help: "Only those of which something is left.") var unapplied = false
        @Option(help: "The last id of the page before.", transform: Parse.id) var after: PaymentID?

        func run() async throws {
            let payments = try await Session.run(options) { session in
                if let tenant { _ = try await session.tenant(tenant) }
                return try await session.read { transaction in
                    try await PaymentQueries.list(
                        of: tenant,
                        invoice: invoice,
                        hasUnapplied: unapplied,
                        limit: page.limit,
                        after: after,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).list(
                ["id", "tenant", "gateway", "at", "currency", "amount", "fee", "applied", "unapplied", "reference"],
                payments.map {
                    [
                        $0.id.text, $0.tenant.text, $0.gateway, $0.at.text, $0.amount.currency.code, $0.amount.text,
                        $0.fee.text, $0.applied.text, $0.unapplied.text, $0.reference,
                    ]
                },
                json: .array(payments.map(\.json))
            )
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a payment, what invoices took of it, and what was given back.",
            discussion: "  abono payments show pay_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The payment's id.", transform: Parse.id) var id: PaymentID

        func run() async throws {
            let json = try await Session.run(options) { session in
                try await session.read { transaction in
                    let tenant = try await OwnerQueries.tenant(of: id, in: transaction)
                    guard let payment = try await PaymentQueries.find(id, of: tenant, in: transaction) else {
                        throw PaymentError.notFound(id)
                    }
                    let refunds = try await PaymentRefundQueries.list(
                        of: tenant,
                        payment: id,
                        limit: 200,
                        in: transaction
                    )
                    let disputes = try await PaymentDisputeQueries.list(
                        of: tenant,
                        payment: id,
                        limit: 200,
                        in: transaction
                    )
                    var object = payment.json.object ?? JSONObject()
                    object["refunds"] = .array(refunds.map(\.json))
                    object["disputes"] = .array(disputes.map(\.json))
                    return JSONValue.object(object)
                }
            }
            Output(format: options.format).object(json)
        }
    }

    struct Match: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has an invoice take of a payment of which something is left.",
            discussion: """
                  abono payments match pay_01h455vb4pex5vsknk084sn02q inv_01h455vb4pex5vsknk084sn02q
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The payment's id.", transform: Parse.id) var payment: PaymentID
        @Argument(help: "The invoice's id.", transform: Parse.id) var invoice: InvoiceID
        @Option(help: "How much, like 25.00; without it as much as both have left.") var amount: String?

        func run() async throws {
            let matched = try await Session.run(options) { session in
                let found = try await session.payment(payment)
                let part = try amount.map { try Parse.money($0, found.amount.currency, option: "--amount") }
                return try await session.act(for: found.tenant) { owner, transaction in
                    try await PaymentOperations.match(
                        payment,
                        to: invoice,
                        amount: part,
                        of: found.tenant,
                        by: owner.stamped(session.stamp),
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(matched.json)
        }
    }

    struct GiveBack: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "refund",
            abstract: "Gives a payment back, or a part of it, by the way it came.",
            discussion: """
                  abono payments refund pay_01h455vb4pex5vsknk084sn02q --amount 10.00 --reason "charged twice" --yes
                """
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The payment's id.", transform: Parse.id) var id: PaymentID
        @Option(help: "How much, like 25.00; without it all that can be given back.") var amount: String?
        @Option(help: "Why, for people.") var reason: String
        @Option(help: "A word of your own, which makes asking twice harmless.") var key: String?

        func run() async throws {
            let refund = try await Session.run(options) { session in
                let payment = try await session.payment(id)
                let part = try amount.map { try Parse.money($0, payment.amount.currency, option: "--amount") }
                try confirmation.require("Give back \(part ?? payment.refundable) of the payment \(id)?")
                return try await session.act(for: payment.tenant) { owner, transaction in
                    try await PaymentOperations.refund(
                        id,
                        amount: part,
                        reason: reason,
                        key: key.map { "refund:\($0)" },
                        of: payment.tenant,
                        by: owner.stamped(session.stamp),
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(refund.json)
        }
    }

    struct PayOut: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "payout",
            abstract: "Pays out what cancelled invoices and credit notes owe to a tenant.",
            discussion: """
                  abono payments payout --tenant ten_01h455vb4pex5vsknk084sn02q --currency USD \
                --reason "cancelled" --yes
                """
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Option(help: "The tenant.", transform: Parse.id) var tenant: TenantID
        @Option(help: "The currency, like USD.", transform: Parse.currency) var currency: Currency
        @Option(help: "How much, like 25.00; without it all that is owed.") var amount: String?
        @Option(help: "The payment by whose way it is sent; without it people send it.", transform: Parse.id)
        var payment: PaymentID?
        @Option(help: "Why, for people.") var reason = "payout of what was owed"
        @Option(help: "A word of your own, which makes asking twice harmless.") var key: String?

        func run() async throws {
            let part = try amount.map { try Parse.money($0, currency, option: "--amount") }
            let refund = try await Session.run(options) { session in
                let name = try await session.tenant(tenant).name
                try confirmation.require("Pay \(part.map(\.description) ?? "all that is owed") out to \(name)?")
                return try await session.act(for: tenant) { owner, transaction in
                    try await PaymentOperations.payOut(
                        to: tenant,
                        currency: currency,
                        amount: part,
                        by: payment,
                        reason: reason,
                        key: key.map { "payout:\($0)" },
                        by: owner.stamped(session.stamp),
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(refund.json)
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Charges an open invoice now, with its tenant's default payment method.",
            discussion: "  abono payments retry inv_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The invoice's id.", transform: Parse.id) var invoice: InvoiceID

        func run() async throws {
            let attempt = try await Session.run(options) { session in
                let tenant = try await session.read { transaction in
                    try await OwnerQueries.tenant(of: invoice, in: transaction)
                }
                return try await PaymentCollection.collect(
                    invoice,
                    of: tenant,
                    replaces: true,
                    database: session.database,
                    gateways: Gateways(database: session.database, secretBox: session.secretBox),
                    time: session.time,
                    author: .command
                )
            }
            guard let attempt else {
                throw Problem(
                    .conflict,
                    code: "nothing_to_charge",
                    "nothing can be charged: the invoice is not open, its tenant has no payment method that a gateway "
                        + "charges, or a charge is under way"
                )
            }
            Output(format: options.format).object(attempt.json)
            if attempt.state == .declined || attempt.state == .sent { throw ExitCode(1) }
        }
    }
}

extension Session {
    /// The payment with an id.
    func payment(_ id: PaymentID) async throws -> Payment {
        try await read { transaction in
            let tenant = try await OwnerQueries.tenant(of: id, in: transaction)
            guard let found = try await PaymentQueries.find(id, of: tenant, in: transaction) else {
                throw PaymentError.notFound(id)
            }
            return found
        }
    }
}
