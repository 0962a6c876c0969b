import ArgumentParser
import Billing
import Foundation
import Postgres
import Tenants
import Values

extension PaymentsCommand {
    struct Record: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Records money that came by bank, for the invoice that it names.",
            discussion: """
                  abono payments record --reference "INV-2026-000123" --amount 50.00 --currency USD

                Without --invoice the invoices are those whose numbers stand in the reference. What is over stays the \
                tenant's (see `payments match`). The same reference, amount and day again is the same payment.
                """
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "What the customer wrote, or what names the payment at the bank.") var reference: String
        @Option(help: "How much, like 50.00.") var amount: String
        @Option(help: "The currency; without it that of the invoice or the tenant.", transform: Parse.currency)
        var currency: Currency?
        @Option(help: "Who paid; needed where no invoice is named.", transform: Parse.id) var tenant: TenantID?
        @Option(help: "The invoice it is for.", transform: Parse.id) var invoice: InvoiceID?
        @Option(help: "When it was received; by default now.", transform: Parse.instant) var receivedAt: Instant?
        @Flag(help: "Writes off a small rest: up to one unit of the currency, or a hundredth of the invoice.")
        var writeOffRest = false

        func run() async throws {
            let payment = try await Session.run(options) { session in
                let stamp = session.stamp
                return try await session.database.transaction(as: .system) { transaction in
                    let named = try await PaymentOperations.payers(
                        reference: reference,
                        invoice: invoice,
                        tenant: tenant,
                        in: transaction
                    )
                    guard let currency = currency ?? named.currency else {
                        throw ValidationError("--currency is needed: the tenant has none yet")
                    }
                    let draft = try PaymentDraft(
                        amount: try Parse.money(amount, currency, option: "--amount"),
                        reference: reference,
                        receivedAt: receivedAt,
                        invoices: named.invoices,
                        writesOffRest: writeOffRest
                    )
                    let owner = try await TenantQueries.find(named.tenant, in: transaction)
                    return try await PaymentOperations.record(
                        draft,
                        of: named.tenant,
                        by: owner?.stamped(stamp) ?? stamp,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(payment.json)
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a bank's statement: CSV with date, amount, currency, reference and perhaps id.",
            discussion: """
                  abono payments import statement.csv

                Each line is taken once, by its id or by date, amount and reference: reading a statement again is \
                harmless. Lines that name no invoice are listed as unmatched and not recorded, unless --tenant says \
                whose they are. Exits 1 if a line cannot be read.
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The file; - is standard input.") var file: String
        @Option(help: "Who paid all of it.", transform: Parse.id) var tenant: TenantID?
        @Flag(help: "Writes off small rests of invoices.") var writeOffRest = false

        func run() async throws {
            let lines = try BankStatementFile.lines(try InputFile.read(file))
            let transfers = BankTransfer.numbered(lines.map(\.transfer))
            let outcomes = try await Session.run(options) { session in
                if let tenant { _ = try await session.tenant(tenant) }
                var outcomes: [BankTransferOutcome] = []
                for transfer in transfers {
                    outcomes.append(try await take(transfer, session))
                }
                return outcomes
            }
            Output(format: options.format).list(
                ["line", "outcome", "date", "amount", "currency", "reference", "payment", "invoices", "why"],
                zip(zip(lines, transfers), outcomes).map { pair, outcome in
                    BankStatementFile.row(pair.0.line, pair.1, outcome)
                },
                json: .array(
                    zip(zip(lines, transfers), outcomes).map { pair, outcome in
                        BankStatementFile.json(pair.0.line, pair.1, outcome)
                    }
                )
            )
        }

        /// One line in a transaction of its own: what is wrong with one holds up no other.
        private func take(_ transfer: BankTransfer, _ session: Session) async throws -> BankTransferOutcome {
            let stamp = session.stamp
            do {
                return try await session.database.transaction(as: .system) { transaction in
                    try await PaymentOperations.take(
                        transfer,
                        from: tenant,
                        writesOffRest: writeOffRest,
                        by: stamp,
                        in: transaction
                    )
                }
            } catch let error as PaymentError {
                return .unmatched(error.problem.message)
            }
        }
    }
}

/// A bank's statement as a file.
enum BankStatementFile {
    /// Its lines with their numbers; the first one that cannot be read is an error that names it.
    static func lines(_ bytes: [UInt8]) throws -> [(line: Int, transfer: BankTransfer)] {
        var columns: [String]?
        var lines: [(line: Int, transfer: BankTransfer)] = []
        var number = 0
        for text in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let record = Array(text.last == UInt8(ascii: "\r") ? text.dropLast() : text)
            let cells = try CSVRecord.cells(record, line: number)
            guard cells.contains(where: { !$0.isEmpty }) else { continue }
            guard let columns else {
                columns = try header(cells)
                continue
            }
            guard cells.count == columns.count else {
                throw Problem.invalid(
                    "FILE",
                    "line \(number) has \(cells.count) cells; \(columns.count) are expected"
                )
            }
            let named = Dictionary(zip(columns, cells)) { first, _ in first }
            do { lines.append((number, try BankTransfer(cells: named))) } catch {
                throw Problem.invalid("FILE", "line \(number): \(error.message)")
            }
        }
        return lines
    }

    static func row(_ line: Int, _ transfer: BankTransfer, _ outcome: BankTransferOutcome) -> [String] {
        [
            String(line), outcome.word, transfer.date.text, transfer.amount.text, transfer.amount.currency.code,
            transfer.reference, outcome.payment?.id.text ?? "",
            outcome.payment?.allocations.map(\.invoice.text).joined(separator: " ") ?? "", why(outcome) ?? "",
        ]
    }

    static func json(_ line: Int, _ transfer: BankTransfer, _ outcome: BankTransferOutcome) -> JSONValue {
        [
            "line": .int(line), "outcome": .string(outcome.word), "date": .string(transfer.date.text),
            "amount": transfer.amount.json, "reference": .string(transfer.reference),
            "payment": outcome.payment?.json ?? .null, "why": .optional(why(outcome)),
        ]
    }

    private static func why(_ outcome: BankTransferOutcome) -> String? {
        guard case .unmatched(let reason) = outcome else { return nil }
        return reason
    }

    private static func header(_ cells: [String]) throws(Problem) -> [String] {
        let columns = cells.map { $0.lowercased().filter { $0 != " " && $0 != "\u{FEFF}" } }
        let needed = BankTransfer.columns.filter { $0 != "id" }
        if let missing = needed.first(where: { !columns.contains($0) }) {
            throw .invalid(
                "FILE",
                "the column \"\(missing)\" is missing; \(needed.joined(separator: ", ")) are expected"
            )
        }
        return columns
    }
}
