import ArgumentParser
import Billing
import Postgres
import Tenants
import Values

/// The command `abono invoices`.
struct InvoicesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invoices",
        abstract: "Invoices and their payment.",
        discussion: "  abono invoices list --status open",
        subcommands: [
            List.self, Show.self, Finalize.self, Pay.self, TakeBack.self, Credit.self, CreditNotes.self, GiveUp.self,
            PDF.self,
        ]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists invoices.",
            discussion: "  abono invoices list --status open --format csv"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "Only this tenant's.", transform: Parse.id) var tenant: TenantID?
        @Option(help: "Only this subscription's.", transform: Parse.id) var subscription: SubscriptionID?
        @Option(help: "Only those that are draft, open, paid, void or uncollectible.", transform: Parse.word)
        var status: InvoiceStatus?
        @Option(help: "The last id of the page before.", transform: Parse.id) var after: InvoiceID?

        func run() async throws {
            let invoices = try await Session.run(options) { session in
                if let tenant { _ = try await session.tenant(tenant) }
                return try await session.read { transaction in
                    try await InvoiceQueries.list(
                        of: tenant,
                        subscription: subscription,
                        status: status,
                        limit: page.limit,
                        after: after,
                        in: transaction
                    )
                }
            }
            InvoicesCommand.print(invoices, options)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows an invoice with its lines.",
            discussion: "  abono invoices show inv_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The invoice's id.", transform: Parse.id) var id: InvoiceID

        func run() async throws {
            let invoice = try await Session.run(options) { session in try await session.invoice(id) }
            InvoicesCommand.print(invoice, options)
        }
    }

    struct Finalize: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Numbers a draft and posts it; from then on it is owed.",
            discussion: "  abono invoices finalize inv_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The invoice's id.", transform: Parse.id) var id: InvoiceID

        func run() async throws {
            let invoice = try await Session.run(options) { session in
                try await session.change(id) { tenant, stamp, transaction in
                    try await InvoiceOperations.finalize(id, of: tenant, by: stamp, in: transaction)
                }
            }
            InvoicesCommand.print(invoice, options)
        }
    }

    struct Pay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Records that an invoice was paid.",
            discussion: "  abono invoices pay inv_01h455vb4pex5vsknk084sn02q --reference \"bank 2026-03-04/117\""
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The invoice's id.", transform: Parse.id) var id: InvoiceID
        @Option(help: "What names the payment outside; the same again is no second payment.")
        var reference = "command line"
        @Option(help: "How much, like 25.00; without it all that remains.") var amount: String?

        func run() async throws {
            let invoice = try await Session.run(options) { session in
                let currency = try await session.invoice(id).currency
                let paid = try amount.map { try Parse.money($0, currency, option: "--amount") }
                return try await session.change(id) { tenant, stamp, transaction in
                    try await InvoiceOperations.pay(
                        id,
                        of: tenant,
                        amount: paid,
                        reference: reference,
                        by: stamp,
                        in: transaction
                    )
                }
            }
            InvoicesCommand.print(invoice, options)
        }
    }

    struct TakeBack: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "void",
            abstract: "Takes an invoice back that nobody has paid.",
            discussion: "  abono invoices void inv_01h455vb4pex5vsknk084sn02q --yes"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The invoice's id.", transform: Parse.id) var id: InvoiceID

        func run() async throws {
            let invoice = try await Session.run(options) { session in
                let known = try await session.invoice(id)
                try confirmation.require("Void the invoice \(known.number ?? id.text) over \(known.total)?")
                return try await session.change(id) { tenant, stamp, transaction in
                    try await InvoiceOperations.void(id, of: tenant, by: stamp, in: transaction)
                }
            }
            InvoicesCommand.print(invoice, options)
        }
    }

    static func print(_ invoices: [Invoice], _ options: GlobalOptions) {
        Output(format: options.format).list(
            ["id", "number", "tenant", "status", "reason", "issued_at", "due_at", "currency", "total", "amount_due"],
            invoices.map {
                [
                    $0.id.text, $0.number ?? "", $0.tenant.text, $0.status.rawValue, $0.reason.rawValue,
                    $0.issuedAt.text, $0.dueAt?.text ?? "", $0.currency.code, $0.total.text, $0.amountDue.text,
                ]
            },
            json: .array(invoices.map(\.json))
        )
    }

    /// One invoice; for a person its lines come as a table of their own.
    static func print(_ invoice: Invoice, _ options: GlobalOptions) {
        let output = Output(format: options.format)
        guard options.format == .table, var object = invoice.json.object else { return output.object(invoice.json) }
        object["lines"] = nil
        output.object(.object(object))
        guard !invoice.lines.isEmpty else { return }
        output.write("\n")
        output.list(
            ["plan", "price", "kind", "from", "to", "quantity", "amount", "discount", "tax"],
            invoice.lines.map { line in
                let amounts = [line.amount, line.discount, line.tax].map {
                    Money(minor: $0, currency: invoice.currency).text
                }
                return [
                    line.plan, line.price ?? "", line.kind.rawValue, line.start.text, line.end.text,
                    line.quantity.text,
                ] + amounts
            },
            json: .null
        )
    }
}

extension Session {
    /// The invoice with an id.
    func invoice(_ id: InvoiceID) async throws -> Invoice {
        try await read { transaction in
            let tenant = try await OwnerQueries.tenant(of: id, in: transaction)
            guard let found = try await InvoiceQueries.find(id, of: tenant, in: transaction) else {
                throw InvoiceError.notFound(id)
            }
            return found
        }
    }

    /// Acts on an invoice as its tenant.
    func change(
        _ id: InvoiceID,
        _ body: (TenantID, Stamp, borrowing Transaction) async throws -> Invoice
    ) async throws -> Invoice {
        let owner = try await read { transaction in try await OwnerQueries.tenant(of: id, in: transaction) }
        return try await act(for: owner) { tenant, transaction in
            try await body(tenant.id, tenant.stamped(stamp), transaction)
        }
    }
}
