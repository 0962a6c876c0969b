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
        @Option(
            help: "The legal entity whose account it came to; needed where two have an invoice of the number.",
            transform: Parse.id
        )
        var entity: EntityID?
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
                        entity: entity,
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
                whose they are; so are those whose number two legal entities use, unless --entity says whose account \
                it is. A line that cannot be read is listed as refused, with its field, and holds up no other; then \
                the command exits 1, and the corrected file can be read again.
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The file; - is standard input.") var file: String
        @Option(help: "Who paid all of it.", transform: Parse.id) var tenant: TenantID?
        @Option(help: "The legal entity whose account it is of.", transform: Parse.id) var entity: EntityID?
        @Flag(help: "Writes off small rests of invoices.") var writeOffRest = false

        func run() async throws {
            let lines = try BankStatementFile.lines(try InputFile.read(file))
            let results = try await Session.run(options) { session in
                if let tenant { _ = try await session.tenant(tenant) }
                var results: [BankStatementFile.Result] = []
                for line in lines {
                    switch line.content {
                    case .success(let transfer): results.append(try await take(transfer, line.number, session))
                    case .failure(let problem): results.append(.refused(line: line.number, nil, problem))
                    }
                }
                return results
            }
            Output(format: options.format).list(
                BankStatementFile.columns,
                results.map(\.row),
                json: .array(results.map(\.json))
            )
            let refused = results.compactMap(\.refusal)
            for (line, problem) in refused { CommandFailure.say("\(file):\(line): \(problem.message)") }
            if !refused.isEmpty { throw ExitCode(1) }
        }

        /// One line in a transaction of its own: what is wrong with one holds up no other.
        private func take(
            _ transfer: BankTransfer,
            _ line: Int,
            _ session: Session
        ) async throws -> BankStatementFile.Result {
            let stamp = session.stamp
            do {
                let outcome = try await session.database.transaction(as: .system) { transaction in
                    try await PaymentOperations.take(
                        transfer,
                        from: tenant,
                        to: entity,
                        writesOffRest: writeOffRest,
                        by: stamp,
                        in: transaction
                    )
                }
                return .taken(line: line, transfer, outcome)
            } catch let error as PaymentError {
                return .taken(line: line, transfer, .unmatched(error.problem.message))
            } catch let problem as Problem where problem.kind == .invalid {
                return .refused(line: line, transfer, problem)
            }
        }
    }
}

/// A bank's statement as a file.
enum BankStatementFile {
    /// One of its lines: what came in, or why that cannot be read.
    struct Line {
        let number: Int
        let content: Swift.Result<BankTransfer, Problem>
    }

    /// What became of a line.
    enum Result {
        case taken(line: Int, BankTransfer, BankTransferOutcome)
        /// It says nothing that can be recorded.
        case refused(line: Int, BankTransfer?, Problem)
    }

    /// Its lines with their numbers, and those alike told apart by their order; blank ones are left out.
    ///
    /// - Throws: it has no header, or one that lacks a column.
    static func lines(_ bytes: [UInt8]) throws(Problem) -> [Line] {
        var columns: [String]?
        var lines: [Line] = []
        var number = 0
        for text in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let record = Array(text.last == UInt8(ascii: "\r") ? text.dropLast() : text)
            guard let known = columns else {
                let cells = try CSVRecord.cells(record, line: number)
                if cells.contains(where: { !$0.isEmpty }) { columns = try header(cells) }
                continue
            }
            if let line = line(record, number, known) { lines.append(line) }
        }
        guard columns != nil else { throw .invalid("FILE", "is empty; a header with the columns is expected first") }
        return numbered(lines)
    }

    /// nil for a blank one.
    private static func line(_ record: [UInt8], _ number: Int, _ columns: [String]) -> Line? {
        do throws(Problem) {
            let cells = try CSVRecord.cells(record, line: number)
            guard cells.contains(where: { !$0.isEmpty }) else { return nil }
            guard cells.count == columns.count else {
                throw .invalid("line", "has \(cells.count) cells; \(columns.count) are expected")
            }
            let named = Dictionary(zip(columns, cells)) { first, _ in first }
            return Line(number: number, content: .success(try BankTransfer(cells: named)))
        } catch {
            return Line(number: number, content: .failure(error))
        }
    }

    private static func numbered(_ lines: [Line]) -> [Line] {
        let transfers = lines.compactMap { try? $0.content.get() }
        var numbered = BankTransfer.numbered(transfers).makeIterator()
        return lines.map { line in
            guard case .success = line.content, let transfer = numbered.next() else { return line }
            return Line(number: line.number, content: .success(transfer))
        }
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

extension BankStatementFile {
    /// What is said of each line.
    static let columns = [
        "line", "outcome", "date", "amount", "currency", "reference", "payment", "invoices", "field", "why",
    ]
}

extension BankStatementFile.Result {
    /// The number of a line that was refused, and why.
    var refusal: (line: Int, problem: Problem)? {
        guard case .refused(let line, _, let problem) = self else { return nil }
        return (line: line, problem: problem)
    }

    /// As it is listed.
    var row: [String] {
        let payment = outcome?.payment
        return [
            String(line), word, transfer?.date.text ?? "", transfer?.amount.text ?? "",
            transfer?.amount.currency.code ?? "", transfer?.reference ?? "", payment?.id.text ?? "",
            payment?.allocations.map(\.invoice.text).joined(separator: " ") ?? "", field ?? "", why ?? "",
        ]
    }

    /// As it is printed.
    var json: JSONValue {
        [
            "line": .int(line), "outcome": .string(word), "date": .optional(transfer?.date.text),
            "amount": transfer?.amount.json ?? .null, "reference": .optional(transfer?.reference),
            "payment": outcome?.payment?.json ?? .null, "field": .optional(field), "why": .optional(why),
        ]
    }

    private var line: Int {
        switch self {
        case .taken(let line, _, _), .refused(let line, _, _): line
        }
    }

    private var transfer: BankTransfer? {
        switch self {
        case .taken(_, let transfer, _): transfer
        case .refused(_, let transfer, _): transfer
        }
    }

    private var outcome: BankTransferOutcome? {
        guard case .taken(_, _, let outcome) = self else { return nil }
        return outcome
    }

    private var word: String { outcome?.word ?? "refused" }

    private var field: String? { refusal?.problem.errors.first?.field }

    private var why: String? {
        if case .unmatched(let reason) = outcome { return reason }
        return refusal?.problem.message
    }
}
