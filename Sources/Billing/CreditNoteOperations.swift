import Jobs
import Ledger
package import Postgres
package import Values

/// Crediting invoices after they were finalized.
package enum CreditNoteOperations {
    /// Issues a credit note: it reduces what is due; what was paid goes where the draft says.
    ///
    /// The invoice is locked, so that several credit notes together never take more of a line than it has. An invoice
    /// of which nothing remains is paid.
    ///
    /// - Throws: `InvoiceError.notFound`; `CreditNoteError`, which says how much can be credited yet.
    @discardableResult
    package static func issue(
        _ draft: CreditNoteDraft,
        of invoiceID: InvoiceID,
        tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> CreditNote {
        try await issue(draft, of: invoiceID, tenant: tenant, correctsUsage: false, by: stamp, in: transaction)
    }

    /// The same; `correctsUsage`: what it takes is no more counted as billed, so that usage that comes back is billed
    /// again.
    @discardableResult
    static func issue(
        _ draft: CreditNoteDraft,
        of invoiceID: InvoiceID,
        tenant: TenantID,
        correctsUsage: Bool,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> CreditNote {
        try await InvoiceQueries.lockSubscription(of: invoiceID, tenant: tenant, in: transaction)
        let invoice = try await InvoiceQueries.lock(invoiceID, of: tenant, in: transaction)
        let before = try await CreditNoteQueries.all(of: invoiceID, tenant: tenant, in: transaction)
        let back = try await MoneyBackQueries.all(of: [invoiceID], tenant: tenant, in: transaction)[invoiceID]
        guard let back else { throw InvoiceError.notFound(invoiceID) }
        var givenBack: [InvoiceLineID: CreditedLine] = [:]
        for (line, _, _, given) in try await CreditNoteQueries.givenBack(of: invoice, isFinal: false, in: transaction) {
            givenBack[line, default: CreditedLine()].net += given.net
            givenBack[line, default: CreditedLine()].tax += given.tax
        }
        let rule = CreditNoteRule(invoice: invoice, before: before, givenBack: givenBack, back: back)
        let result = try rule.result(of: draft)
        let number = try await nextNumber(of: invoice, at: stamp.at, in: transaction)
        let note = note(of: invoice, result, draft, number, by: stamp)
        try await transaction.batch(
            CreditNoteQueries.insert(note, correctsUsage: correctsUsage, by: stamp) + [
                reduce(invoice, by: result.due, at: stamp)
            ]
        )
        let journal = try CreditNotePostings.journal(of: note, id: .make(at: stamp.recordedAt))
        try await LedgerOperations.post([journal], by: stamp, in: transaction)
        try await Activity.record(
            "credit_note.issued",
            object: note.id.text,
            tenant: tenant,
            details: note.summary,
            by: stamp,
            in: transaction
        )
        try await recordChange(of: invoice, by: stamp, in: transaction)
        return note
    }

    private static func note(
        of invoice: Invoice,
        _ result: CreditNoteRule.Result,
        _ draft: CreditNoteDraft,
        _ number: String,
        by stamp: Stamp
    ) -> CreditNote {
        func money(_ minor: Int64) -> Money { Money(minor: minor, currency: invoice.currency) }
        let isGivenUp = invoice.status == .uncollectible
        return CreditNote(
            id: .make(at: stamp.recordedAt),
            tenant: invoice.tenant,
            invoice: invoice.id,
            legalEntity: invoice.legalEntity,
            number: number,
            reason: draft.reason,
            lines: result.lines,
            net: money(result.net),
            tax: money(result.tax),
            total: money(result.total),
            receivable: money(isGivenUp ? 0 : result.due),
            badDebt: money(isGivenUp ? result.due : 0),
            balance: money(result.balance),
            refund: money(result.refund),
            issuedAt: stamp.at,
            recordedAt: stamp.recordedAt
        )
    }

    /// Takes an amount off what is due; when nothing remains the invoice is paid.
    private static func reduce(_ invoice: Invoice, by minor: Int64, at stamp: Stamp) -> SQL {
        let becomesPaid = invoice.status != .paid && minor == invoice.amountRemaining.minor
        return """
            UPDATE app.invoices SET amount_credited_minor = amount_credited_minor + \(minor),
                status = \((becomesPaid ? .paid : invoice.status).rawValue),
                paid_at = \(becomesPaid ? stamp.at : invoice.paidAt)
            WHERE tenant_id = \(invoice.tenant) AND id = \(invoice.id)
            """
    }

    private static func recordChange(
        of before: Invoice,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        guard let invoice = try await InvoiceQueries.find(before.id, of: before.tenant, in: transaction) else {
            throw InvoiceError.notFound(before.id)
        }
        try await InvoiceOperations.record("invoice.credited", invoice, by: stamp, in: transaction)
        guard invoice.status == .paid, before.status != .paid else { return }
        try await InvoiceOperations.record("invoice.paid", invoice, by: stamp, in: transaction)
        try await DunningOperations.relieve(invoice, by: stamp, in: transaction)
    }

    /// Takes the next number of the entity; its row stays locked until the transaction ends, so numbers have no gaps.
    private static func nextNumber(
        of invoice: Invoice,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> String {
        let next: Int? = try await transaction.first(
            "SELECT app.next_credit_note_number(\(invoice.legalEntity)::uuid)"
        ) { row in try row.next() }
        let digits = String(next ?? 0)
        let year = Zone.utc.local(instant).0.year
        return "CN-\(year)-" + String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits
    }
}
