import Ledger
import Values

/// How credit notes, and what is given up, go to the books.
///
/// Pure.
enum CreditNotePostings {
    /// The journal of a credit note: what it takes off what was earned and taxed, against what the customer owes or gets.
    static func journal(of note: CreditNote, id: JournalID) throws(LedgerError) -> Journal {
        try Journal(
            id: id,
            tenant: note.tenant,
            at: note.issuedAt,
            key: note.postingKey,
            currency: note.currency,
            entries: [
                .debit(.creditNotes, note.net.minor), .debit(.taxPayable, note.tax.minor),
                .credit(.receivable, note.receivable.minor), .credit(.badDebt, note.badDebt.minor),
                .credit(.customerCredit, note.balance.minor), .credit(.refundPayable, note.refund.minor),
            ],
            reference: note.id.text,
            memo: "credit note \(note.number)"
        )
    }

    /// The journal of an invoice that nobody expects to be paid: what remains of it is lost.
    static func journal(
        ofGivingUp invoice: Invoice,
        at instant: Instant,
        id: JournalID
    ) throws(LedgerError) -> Journal {
        try Journal(
            id: id,
            tenant: invoice.tenant,
            at: instant,
            key: "invoice:\(invoice.id):uncollectible",
            currency: invoice.currency,
            entries: [
                .debit(.badDebt, invoice.amountRemaining.minor), .credit(.receivable, invoice.amountRemaining.minor),
            ],
            reference: invoice.id.text,
            memo: "invoice \(invoice.number ?? "") uncollectible"
        )
    }
}
