import Jobs
import Ledger
package import Postgres
package import Values

/// Making partners, saying whom they brought, and paying them.
package enum PartnerOperations {
    /// Makes a partner; the same again is no work.
    ///
    /// - Throws: `PartnerError.codeTaken` if the code has other terms.
    package static func create(
        _ draft: PartnerDraft,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Partner {
        let partner = Partner(
            id: .make(at: stamp.recordedAt),
            code: draft.code,
            name: draft.name,
            role: draft.role,
            share: draft.share,
            tiersPer: draft.tiersPer,
            termMonths: draft.termMonths,
            createdAt: stamp.at
        )
        guard try await transaction.execute(PartnerQueries.insert(partner, by: stamp)) == 1 else {
            let known = try await find(draft.code, in: transaction)
            let isSame =
                known.name == draft.name && known.role == draft.role && known.share == draft.share
                && known.tiersPer == draft.tiersPer && known.termMonths == draft.termMonths
            guard isSame else { throw PartnerError.codeTaken(draft.code) }
            return known
        }
        try await Activity.record(
            "partner.created",
            object: partner.id.text,
            tenant: nil,
            details: partner.json,
            by: stamp,
            in: transaction
        )
        return partner
    }

    /// The partner with a code.
    ///
    /// - Throws: `PartnerError.notFound`.
    package static func find(_ code: String, in transaction: borrowing Transaction) async throws -> Partner {
        guard let partner = try await PartnerQueries.find(code, in: transaction) else {
            throw PartnerError.notFound(code)
        }
        return partner
    }

    /// Says who brought a tenant, from an instant on; whoever did before no longer does from then.
    ///
    /// What was accrued stays. From an instant in the past on receipts that nobody had a share in are accrued yet.
    ///
    /// `code`: nil is nobody any more.
    ///
    /// - Throws: `PartnerError.notFound`, `PartnerError.tenantNotFound`.
    @discardableResult
    package static func attribute(
        _ tenant: TenantID,
        to code: String?,
        from instant: Instant?,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PartnerAttribution {
        var partner: Partner?
        if let code { partner = try await find(code, in: transaction) }
        let found: Int? = try await transaction.first(
            "SELECT 1 FROM app.tenants WHERE tenant_id = \(tenant) FOR UPDATE"
        ) { row in try row.next() }
        guard found != nil else { throw PartnerError.tenantNotFound(tenant) }
        let attribution = PartnerAttribution(
            partner: partner?.id,
            from: (instant ?? stamp.at).wholeSeconds,
            recordedAt: stamp.recordedAt
        )
        let known = try await PartnerQueries.attributions(of: tenant, in: transaction)
        let now = PartnerAttribution.inForce(at: attribution.from, known)
        if let now, now.partner == partner?.id { return now }
        if now == nil, partner == nil { return attribution }
        try await transaction.execute(PartnerQueries.insert(attribution, of: tenant, by: stamp))
        try await Activity.record(
            partner == nil ? "partner.detached" : "partner.attributed",
            object: partner?.id.text ?? now?.partner?.text ?? tenant.text,
            // Not on the tenant's own trail: what is agreed on with partners is not its to read.
            tenant: nil,
            details: [
                "tenant": tenant.json, "partner": .optional(partner?.code), "from": attribution.from.json,
            ],
            by: stamp,
            in: transaction
        )
        return attribution
    }

    /// Says that a tenant is a partner's no more, from an instant on; what was accrued stays.
    ///
    /// - Throws: `PartnerError.notFound`, `PartnerError.tenantNotFound`, `PartnerError.notAttributed`.
    package static func detach(
        _ tenant: TenantID,
        from code: String,
        at instant: Instant?,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PartnerAttribution {
        let partner = try await find(code, in: transaction)
        let found: Int? = try await transaction.first(
            "SELECT 1 FROM app.tenants WHERE tenant_id = \(tenant) FOR UPDATE"
        ) { row in try row.next() }
        guard found != nil else { throw PartnerError.tenantNotFound(tenant) }
        let known = try await PartnerQueries.attributions(of: tenant, in: transaction)
        let now = PartnerAttribution.inForce(at: (instant ?? stamp.at).wholeSeconds, known)
        guard now?.partner == partner.id else { throw PartnerError.notAttributed(code, tenant) }
        return try await attribute(tenant, to: nil, from: instant, by: stamp, in: transaction)
    }

    /// Pays all that is owed to a partner for months up to one, that included: a payout for each currency.
    ///
    /// Each is what was accrued until then less what was paid, posted for each tenant: partner_payable against cash.
    /// Run again there is nothing to pay.
    ///
    /// `month`: it must be over at the stamp's business time.
    ///
    /// `currency`: only this one.
    ///
    /// - Throws: `PartnerError.notFound`, `PartnerError.monthOpen`, `PartnerError.nothingPayable`.
    package static func pay(
        _ code: String,
        through month: Month,
        currency: Currency? = nil,
        reference: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> [PartnerPayout] {
        guard (1...200).contains(reference.unicodeScalars.count) else {
            throw Problem.invalid("reference", "has \(reference.unicodeScalars.count) characters; 1 to 200 are allowed")
        }
        let limit = month.adding(1).start(in: .utc)
        guard limit <= stamp.at else { throw PartnerError.monthOpen(month) }
        try await transaction.execute("SELECT app.lock_partners()")
        let partner = try await find(code, in: transaction)
        let open = try await PartnerPayoutQueries.open(partner.id, before: limit, in: transaction)
            .filter { currency == nil || $0.amount.currency == currency }
        let payouts = try PartnerPayout.all(
            of: open,
            to: partner.id,
            month: month,
            reference: reference,
            at: stamp.at
        ) { .make(at: stamp.recordedAt) }
        guard !payouts.isEmpty else { throw PartnerError.nothingPayable(code, month) }
        for payout in payouts {
            try await transaction.execute(PartnerPayoutQueries.insert(payout, by: stamp))
            try await transaction.execute(PartnerPayoutQueries.insertParts(of: payout, by: stamp))
            let journals = try payout.parts.map { part in try payout.journal(of: part, id: .make(at: stamp.recordedAt))
            }
            try await LedgerOperations.post(journals, by: stamp, in: transaction)
            try await Activity.record(
                "partner.paid",
                object: partner.id.text,
                tenant: nil,
                details: payout.json,
                by: stamp,
                in: transaction
            )
        }
        return payouts
    }
}
