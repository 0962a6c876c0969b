import Jobs
package import Postgres
import Subscriptions
package import Values

/// Gives back what usage has become less by credit notes on the invoices that billed it, for tenants for whom that is
/// set; the next invoice then has the quantity alone.
package enum CorrectionNotes {
    /// Sets how less usage of what was invoiced is given back: by credit notes, or as lines of the next invoice.
    ///
    /// Runs in the scope `.admin`.
    package static func set(
        byCreditNote: Bool,
        for tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await transaction.execute(
            """
            INSERT INTO app.correction_settings (tenant_id, by_credit_note, recorded_at, author)
            VALUES (\(tenant), \(byCreditNote), \(stamp.recordedAt), \(stamp.author))
            ON CONFLICT (tenant_id) DO UPDATE SET by_credit_note = excluded.by_credit_note,
                recorded_at = excluded.recorded_at, author = excluded.author
            """
        )
        try await Activity.record(
            "tenant.updated",
            object: tenant.text,
            tenant: tenant,
            details: ["corrections": .string(byCreditNote ? "credit_note" : "next_invoice")],
            by: stamp,
            in: transaction
        )
    }

    /// Issues what is due of subscriptions whose locks the caller holds.
    ///
    /// What cannot be credited so, because nobody has paid it or no invoice has so much left, is left to the next
    /// invoice.
    ///
    /// - Returns: whether anything was issued: then the proposals are to be made anew.
    static func issue(
        _ proposals: [Result<BillingProposals.Proposal, any Error>],
        _ stories: [SubscriptionStory],
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        let tenants = try await tenants(among: Set(stories.map(\.subscription.tenant)), in: transaction)
        guard !tenants.isEmpty else { return false }
        var isIssued = false
        for (proposal, story) in zip(proposals, stories) where tenants.contains(story.subscription.tenant) {
            // What cannot be computed is said when it is billed.
            guard let proposal = try? proposal.get(), let entity = proposal.stored.last?.legalEntity,
                let reductions = try? proposal.assembly(story, entity, recordedAt: stamp.recordedAt)
                    .reductions(of: proposal.drafts, unchanged: proposal.usage.unchanged)
            else { continue }
            for (invoice, parts) in shares(of: reductions, on: proposal) {
                let isDone = try await issue(parts, of: invoice, by: stamp, in: transaction)
                isIssued = isIssued || isDone
            }
        }
        return isIssued
    }

    private static func issue(
        _ parts: [CreditNoteDraft.Part],
        of invoice: Invoice,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        do {
            try await CreditNoteOperations.issue(
                CreditNoteDraft(.lines(parts), reason: "less usage than was invoiced"),
                of: invoice.id,
                tenant: invoice.tenant,
                correctsUsage: true,
                by: stamp,
                in: transaction
            )
            return true
        } catch is CreditNoteError {
            return false
        }
    }

    /// What each invoice is to give back: of a stretch the latest that billed it first.
    private static func shares(
        of reductions: [InvoiceLine],
        on proposal: BillingProposals.Proposal
    ) -> [(invoice: Invoice, parts: [CreditNoteDraft.Part])] {
        var missing = Dictionary(reductions.map { (StretchKey($0), -$0.net) }) { $0 + $1 }
        return proposal.stored.reversed().compactMap { invoice in
            guard invoice.status != .draft, invoice.status != .void else { return nil }
            let parts = invoice.lines.compactMap { line -> CreditNoteDraft.Part? in
                let left = line.net - (proposal.credited[line.id]?.net ?? 0)
                let minor = min(left, missing[StretchKey(line)] ?? 0)
                guard line.kind == .usage || line.kind == .minimum, minor > 0 else { return nil }
                missing[StretchKey(line), default: 0] -= minor
                return CreditNoteDraft.Part(line: line.id, amount: Money(minor: minor, currency: invoice.currency))
            }
            return parts.isEmpty ? nil : (invoice, parts)
        }
    }

    private static func tenants(
        among tenants: Set<TenantID>,
        in transaction: borrowing Transaction
    ) async throws -> Set<TenantID> {
        Set(
            try await transaction.query(
                """
                SELECT tenant_id FROM app.correction_settings
                WHERE by_credit_note AND tenant_id = ANY (\(tenants.sorted())::uuid[])
                """
            ) { row in try row.next() }
        )
    }
}
