import Plans
import Values

extension InvoiceAssembly {
    /// The invoice of what was used so far and is not invoiced yet; nil if that is less than a threshold.
    ///
    /// It has the usage lines of the drafts to come, with the usage so far, under the stretches that they will have
    /// then: so the next invoices have exactly the rest, whatever comes. Commitments are known only at the end, and a
    /// level that goes on until then would be billed for time to come: both wait.
    ///
    /// `drafts`: all that the invoice function makes up to the end of the running period.
    ///
    /// `instant`: now.
    ///
    /// `threshold`: in minor units, before coupons and taxes.
    func invoice(
        ofUsageIn drafts: [InvoiceDraft],
        unchanged: Set<StretchKey>,
        at instant: Instant,
        from threshold: Int64,
        pool: inout CreditPool
    ) throws -> (invoice: Invoice, credit: CreditPool.Application)? {
        let billed = try billed()
        let running = drafts.filter { isNew($0) && $0.issuedAt > instant }
        let lines = running.flatMap(\.lines).filter { line in
            line.kind == .usage && billed[StretchKey(line)] == nil && line.period.start < instant && isSoFar(line)
        }
        let all = try lines.map(line) + corrections(of: drafts, billed, unchanged)
        guard !all.isEmpty, all.reduce(0, { $0 + $1.amount }) >= threshold else { return nil }
        let draft = InvoiceDraft.bare(.threshold, at: instant)
        return try invoice(draft, InvoiceID.make(at: recordedAt), all, &pool)
    }

    /// Whether what a line bills is what was used until now.
    private func isSoFar(_ line: InvoiceDraft.Line) -> Bool {
        line.meter.flatMap { rules[$0] }.map { $0.aggregation != .weightedSum } ?? false
    }
}
