import Ledger
import Plans
import Values

/// How an invoice goes to the books.
///
/// Pure.
///
/// What is billed for a stretch to come is owed until it is delivered (`deferred_revenue`); what is billed after its
/// stretch is earned. Credits of grants and of the balance pay like money.
enum InvoicePostings {
    /// The journal of an invoice that is finalized, dated at the instant at which it fell due.
    ///
    /// - Returns: nil if there is nothing to book: all amounts are 0, or cancel out on their accounts.
    static func journal(
        of invoice: Invoice,
        paidBy credits: CreditPool.Application,
        id: JournalID
    ) throws(LedgerError) -> Journal? {
        let entries = entries(of: invoice, paidBy: credits)
        guard !balances(of: entries).isEmpty else { return nil }
        return try Journal(
            id: id,
            tenant: invoice.tenant,
            at: invoice.issuedAt,
            key: invoice.postingKey,
            currency: invoice.currency,
            entries: entries,
            reference: invoice.id.text,
            memo: "invoice \(invoice.number ?? "")"
        )
    }

    /// The account that the net amount of a line goes to.
    static func account(of line: InvoiceLine) -> Account {
        switch (line.timing, line.kind) {
        case (.advance, _): .deferredRevenue
        case (.arrears, .usage): .usageRevenue
        case (.arrears, _) where line.price.map(AddOnTerms.isPrice) ?? false: .addOnRevenue
        // The commitment is a fee that no usage stands against.
        case (.arrears, _): .subscriptionRevenue
        }
    }

    static func entries(of invoice: Invoice, paidBy credits: CreditPool.Application) -> [Journal.Entry] {
        var entries = invoice.lines.map { Journal.Entry.credit(account(of: $0), $0.net) }
        entries.append(.credit(.taxPayable, invoice.tax.minor))
        entries.append(.credit(.customerCredit, invoice.credited.minor))
        entries.append(.credit(.refundPayable, invoice.refundDue.minor))
        entries.append(.debit(.receivable, invoice.amountDue.minor))
        entries.append(.debit(.customerCredit, credits.fromBalance))
        entries += credits.uses.map { use in
            .debit(use.kind == .prepaid ? .prepaidCredit : .promotionalCredit, use.minor)
        }
        return entries
    }

    private static func balances(of entries: [Journal.Entry]) -> [Account: Int64] {
        entries.reduce(into: [:]) { sums, entry in sums[entry.account, default: 0] &+= entry.amount }
            .filter { $0.value != 0 }
    }
}
