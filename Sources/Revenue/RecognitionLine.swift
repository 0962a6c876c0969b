package import Ledger
package import Values

/// A line of an invoice that went to the books, as revenue sees it.
package struct RecognitionLine: Hashable, Sendable {
    /// Who was billed.
    package let tenant: TenantID
    /// The invoice it stands on.
    package let invoice: InvoiceID
    /// The line.
    package let line: InvoiceLineID
    /// The account that earns it.
    package let account: Account
    /// Whether it was owed first: billed in advance of its stretch.
    package let isDeferred: Bool
    /// How it becomes revenue.
    package let schedule: RecognitionSchedule
    /// When its invoice was taken back.
    package let voidedAt: Instant?

    /// Takes the parts.
    package init(
        tenant: TenantID,
        invoice: InvoiceID,
        line: InvoiceLineID,
        account: Account,
        isDeferred: Bool,
        schedule: RecognitionSchedule,
        voidedAt: Instant?
    ) {
        self.tenant = tenant
        self.invoice = invoice
        self.line = line
        self.account = account
        self.isDeferred = isDeferred
        self.schedule = schedule
        self.voidedAt = voidedAt
    }

    /// Its currency.
    package var currency: Currency { schedule.amount.currency }

    /// What it has earned before an instant, in minor units; nothing once its invoice is taken back.
    package func recognised(before limit: Instant) -> Int64 {
        isVoid(before: limit) ? 0 : schedule.recognised(before: limit)
    }

    /// What was billed with it before an instant, in minor units.
    package func billed(before limit: Instant) -> Int64 {
        schedule.at < limit && !isVoid(before: limit) ? schedule.amount.minor : 0
    }

    /// What of it is owed yet at an instant, in minor units.
    package func deferred(at limit: Instant) -> Int64 {
        isDeferred ? billed(before: limit) - recognised(before: limit) : 0
    }

    private func isVoid(before limit: Instant) -> Bool { voidedAt.map { $0 < limit } ?? false }
}
