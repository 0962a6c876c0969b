import Values

/// What a credit note takes of an invoice, and where it goes.
///
/// Pure.
struct CreditNoteRule {
    /// The invoice as it stands.
    let invoice: Invoice
    /// The credit notes that it has.
    let before: [CreditNote]
    /// What later invoices gave back of its lines.
    let givenBack: [InvoiceLineID: CreditedLine]
    /// What was paid for it and went back.
    let back: MoneyBack

    /// A credit note before it has a number.
    struct Result: Hashable {
        let lines: [CreditNote.Line]
        let net: Int64
        let tax: Int64
        /// What is taken off what is due, or was given up.
        let due: Int64
        let balance: Int64
        let refund: Int64

        var total: Int64 { net + tax }
    }

    /// What is left of a line.
    private struct Rest {
        let line: InvoiceLine
        let net: Int64
        let tax: Int64
        let taxes: [InvoiceDraft.Share]
    }

    /// Decides what a draft comes to.
    ///
    /// The net of each line is what was asked for, its tax the line's own share of it rounded half away from zero; what
    /// takes all that is left of a line takes all that is left of its tax.
    func result(of draft: CreditNoteDraft) throws(CreditNoteError) -> Result {
        switch invoice.status {
        case .draft, .void: throw .notCreditable(invoice.id, status: invoice.status)
        case .open, .paid, .uncollectible: break
        }
        let left =
            invoice.total.minor - before.reduce(0) { $0 + $1.total.minor }
            - givenBack.values.reduce(0) { $0 + $1.net + $1.tax }
        guard left > 0 else { throw .nothingLeft(invoice.id) }
        let lines = try lines(of: draft.extent)
        let net = lines.reduce(0) { $0 + $1.net }
        let tax = lines.reduce(0) { $0 + $1.tax }
        guard net + tax <= left else { throw .exceedsTotal(invoice.id, left: money(left)) }
        guard net + tax > 0 else { throw .nothingLeft(invoice.id) }
        let due = min(net + tax, invoice.amountRemaining.minor)
        let paid = net + tax - due
        var toRefund: Int64 = 0
        if paid > 0 {
            switch draft.destination {
            case .receivable: throw .notDue(invoice.id, due: invoice.amountRemaining)
            case .balance:
                guard paid <= back.left else { throw .notPaid(invoice.id, left: money(back.left)) }
            case .refund:
                guard paid <= back.moneyLeft else {
                    throw .notRefundable(invoice.id, paid: money(back.moneyLeft))
                }
                toRefund = paid
            }
        }
        return Result(lines: lines, net: net, tax: tax, due: due, balance: paid - toRefund, refund: toRefund)
    }

    private func money(_ minor: Int64) -> Money { Money(minor: minor, currency: invoice.currency) }

    private func lines(of extent: CreditNoteDraft.Extent) throws(CreditNoteError) -> [CreditNote.Line] {
        let rests = rests
        switch extent {
        case .whole: return rests.compactMap(whole)
        case .amount(let amount):
            try check(amount)
            let left = rests.reduce(0) { $0 + $1.net }
            guard amount.minor <= left else { throw .exceedsInvoice(invoice.id, left: money(max(0, left))) }
            guard amount.minor < left else { return rests.compactMap(whole) }
            let positive = rests.filter { $0.net > 0 }
            let shares = split(amount.minor, by: positive.map { Exact($0.net) })
            return zip(positive, shares).compactMap { rest, share in share == 0 ? nil : part(share, of: rest) }
        case .lines(let parts):
            for (index, part) in parts.enumerated() {
                try check(part.amount)
                guard let rest = rests.first(where: { $0.line.id == part.line }) else {
                    throw .lineNotFound(index: index, part.line)
                }
                guard part.amount.minor <= rest.net else {
                    throw .exceedsLine(part.line, left: money(max(0, rest.net)))
                }
            }
            return rests.compactMap { rest in
                parts.first { $0.line == rest.line.id }.map { part($0.amount.minor, of: rest) }
            }
        }
    }

    private func check(_ amount: Money) throws(CreditNoteError) {
        guard amount.currency == invoice.currency else {
            throw .otherCurrency(invoice.currency, asked: amount.currency)
        }
    }

    private var rests: [Rest] {
        let taken = Dictionary(grouping: before.flatMap(\.lines), by: \.invoiceLine)
        return invoice.lines.map { line in
            let earlier = taken[line.id] ?? []
            let net = line.net - earlier.reduce(0) { $0 + $1.net }
            let tax = line.tax - earlier.reduce(0) { $0 + $1.tax }
            let taxes = InvoiceDraft.Share.difference(line.taxes, earlier.flatMap(\.taxes))
            guard let given = givenBack[line.id] else { return Rest(line: line, net: net, tax: tax, taxes: taxes) }
            let rest = max(0, tax - given.tax)
            let shares = zip(taxes, split(rest, by: taxes.map { Exact($0.amount) })).filter { $0.1 != 0 }
            return Rest(
                line: line,
                net: max(0, net - given.net),
                tax: rest,
                taxes: shares.map { InvoiceDraft.Share(code: $0.0.code, amount: $0.1) }
            )
        }
    }

    private func whole(_ rest: Rest) -> CreditNote.Line? {
        guard rest.net != 0 || rest.tax != 0 else { return nil }
        return CreditNote.Line(invoiceLine: rest.line.id, net: rest.net, tax: rest.tax, taxes: rest.taxes)
    }

    private func part(_ net: Int64, of rest: Rest) -> CreditNote.Line {
        let line = rest.line
        guard net < rest.net else {
            return CreditNote.Line(invoiceLine: line.id, net: rest.net, tax: rest.tax, taxes: rest.taxes)
        }
        // What is left of a line is positive here, so is the line.
        let share = Exact(net) * Exact(line.tax) / Exact(line.net)
        let tax = min(max(share.scaled(digits: 0) ?? 0, min(0, rest.tax)), max(0, rest.tax))
        let taxes = zip(line.taxes, split(tax, by: line.taxes.map { Exact($0.amount) }))
            .filter { $0.1 != 0 }
            .map { InvoiceDraft.Share(code: $0.0.code, amount: $0.1) }
        return CreditNote.Line(invoiceLine: line.id, net: net, tax: tax, taxes: taxes)
    }
}
