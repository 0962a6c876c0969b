package import Postgres
package import Values

/// Reading and writing dunning policies and what was done.
package enum DunningQueries {
    /// The policy of an entity that has its own, or the one for all; the standard one where none is set.
    package static func policy(
        of entity: EntityID?,
        in transaction: borrowing Transaction
    ) async throws -> DunningPolicy {
        try await transaction.first(
            """
            SELECT \(fragment: columns) FROM app.dunning_policies
            WHERE legal_entity_id = \(entity) OR legal_entity_id IS NULL
            ORDER BY legal_entity_id NULLS LAST LIMIT 1
            """,
            policy
        ) ?? .standard
    }

    /// All policies that are set; nil is the one for all entities that have none of their own.
    package static func policies(
        in transaction: borrowing Transaction
    ) async throws -> [(entity: EntityID?, policy: DunningPolicy)] {
        try await transaction.query(
            """
            SELECT legal_entity_id, \(fragment: columns) FROM app.dunning_policies
            ORDER BY legal_entity_id NULLS FIRST
            """
        ) { row in
            let entity: EntityID? = try row.next()
            return (entity: entity, policy: try policy(&row))
        }
    }

    static func put(_ policy: DunningPolicy, of entity: EntityID?, id: EntityID, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.dunning_policies (id, legal_entity_id, retry_days, message_days, past_due_after, suspend_after,
                                          cancel_after, final, recorded_at, author)
        VALUES (\(id), \(entity), \(policy.retryDays), \(policy.messageDays), \(policy.pastDueAfter),
                \(policy.suspendAfter), \(policy.cancelAfter), \(policy.final.rawValue), \(stamp.recordedAt),
                \(stamp.author))
        ON CONFLICT (legal_entity_id) DO UPDATE SET retry_days = excluded.retry_days,
            message_days = excluded.message_days, past_due_after = excluded.past_due_after,
            suspend_after = excluded.suspend_after, cancel_after = excluded.cancel_after, final = excluded.final,
            recorded_at = excluded.recorded_at, author = excluded.author
        """
    }

    /// A step as it was done.
    package struct Done: Hashable, Sendable {
        /// What was done.
        package let step: DunningStep
        /// What came of it: the template of a message, the standing, what was done at the end.
        package let effect: String
        /// When it was due.
        package let dueAt: Instant
        /// When it was done, in business time.
        package let at: Instant

        /// As it leaves over HTTP.
        package var json: JSONValue {
            [
                "kind": .string(step.kind.rawValue), "number": .int(step.number), "effect": .string(effect),
                "due_at": .string(dueAt.text), "at": .string(at.text),
            ]
        }
    }

    /// What was done about an invoice, the earliest first.
    package static func steps(
        of invoice: InvoiceID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> [Done] {
        try await transaction.query(
            """
            SELECT kind, number, effect, due_at, at FROM app.dunning_steps
            WHERE tenant_id = \(tenant) AND invoice_id = \(invoice) ORDER BY due_at, recorded_at, kind, number
            """
        ) { row in
            let step = try step(&row)
            return Done(step: step, effect: try row.next(), dueAt: try row.next(), at: try row.next())
        }
    }

    /// Writes that a step was done, once: nothing is written if it was.
    static func insert(
        _ next: Dunning.Next,
        effect: String,
        of invoice: InvoiceID,
        tenant: TenantID,
        by stamp: Stamp
    ) -> SQL {
        """
        INSERT INTO app.dunning_steps (tenant_id, invoice_id, kind, number, effect, due_at, at, recorded_at)
        VALUES (\(tenant), \(invoice), \(next.step.kind.rawValue), \(next.step.number), \(effect), \(next.at),
                \(stamp.at), \(stamp.recordedAt))
        ON CONFLICT DO NOTHING
        """
    }

    /// An open invoice of a page.
    struct Open: Hashable, Sendable {
        let tenant: TenantID
        let invoice: InvoiceID
        let entity: EntityID
        let dueAt: Instant
    }

    /// Open invoices of all tenants in the order of (tenant, id): for `.system`.
    ///
    /// `tenant`: only this tenant's; nil is all that live by the machine's clock.
    static func open(
        of tenant: TenantID?,
        after: Open?,
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [Open] {
        try await transaction.query(
            """
            SELECT tenant_id, id, legal_entity_id, due_at FROM app.invoices
            WHERE status = 'open' AND due_at IS NOT NULL
              AND CASE WHEN \(tenant)::uuid IS NULL
                       THEN tenant_id NOT IN (SELECT t.tenant_id FROM app.tenants t WHERE t.clock_id IS NOT NULL)
                       ELSE tenant_id = \(tenant) END
              AND (\(after?.tenant)::uuid IS NULL
                   OR (tenant_id, id) > (\(after?.tenant)::uuid, \(after?.invoice)::uuid))
            ORDER BY tenant_id, id LIMIT \(limit)
            """
        ) { row in
            Open(tenant: try row.next(), invoice: try row.next(), entity: try row.next(), dueAt: try row.next())
        }
    }

    /// What is known of some open invoices.
    static func facts(
        of page: [Open],
        in transaction: borrowing Transaction
    ) async throws -> [InvoiceID: DunningFacts] {
        guard !page.isEmpty else { return [:] }
        let keys = page.map { (tenant: $0.tenant, invoice: $0.invoice) }
        let attempts = try await PaymentAttemptQueries.all(of: keys, in: transaction)
        let methods = try await PaymentAttemptQueries.collectable(Set(page.map(\.tenant)), in: transaction)
        let rows: [(InvoiceID, DunningStep)] = try await transaction.query(
            """
            SELECT invoice_id, kind, number FROM app.dunning_steps
            WHERE tenant_id = ANY (\(Array(Set(page.map(\.tenant))))::uuid[])
              AND invoice_id = ANY (\(page.map(\.invoice))::uuid[])
            """
        ) { row in (try row.next(), try step(&row)) }
        let steps = Dictionary(grouping: rows, by: \.0).mapValues { Set($0.map(\.1)) }
        return Dictionary(
            uniqueKeysWithValues: page.map { open in
                let facts = DunningFacts(
                    dueAt: open.dueAt,
                    attempts: (attempts[open.invoice] ?? []).map { attempt in
                        DunningFacts.Attempt(
                            at: attempt.at,
                            state: attempt.state,
                            settledAt: attempt.settledAt,
                            isFinal: attempt.isFinal,
                            method: attempt.method
                        )
                    },
                    method: methods[open.tenant],
                    done: steps[open.invoice] ?? []
                )
                return (open.invoice, facts)
            }
        )
    }

    /// The hardest standing that dunning has brought a subscription by invoices that are still open.
    static func standing(
        of subscription: SubscriptionID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Set<DunningStep.Kind> {
        let kinds: [String] = try await transaction.query(
            """
            SELECT DISTINCT s.kind FROM app.invoices i
            JOIN app.dunning_steps s ON s.tenant_id = i.tenant_id AND s.invoice_id = i.id
            WHERE i.tenant_id = \(tenant) AND i.subscription_id = \(subscription) AND i.status = 'open'
              AND s.kind IN ('past_due', 'suspend')
            """
        ) { row in try row.next() }
        return Set(kinds.compactMap(DunningStep.Kind.init(rawValue:)))
    }

    /// Subscriptions that are past due or suspended: for `.system`.
    static func restricted(
        of tenant: TenantID?,
        after: (tenant: TenantID, subscription: SubscriptionID)?,
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [(tenant: TenantID, subscription: SubscriptionID)] {
        try await transaction.query(
            """
            SELECT s.tenant_id, s.id FROM app.subscriptions s
            WHERE s.standing <> 'current' AND s.ended_at IS NULL
              AND (\(tenant)::uuid IS NULL OR s.tenant_id = \(tenant))
              AND (\(after?.tenant)::uuid IS NULL
                   OR (s.tenant_id, s.id) > (\(after?.tenant)::uuid, \(after?.subscription)::uuid))
              AND EXISTS (SELECT FROM app.dunning_steps d JOIN app.invoices i
                              ON i.tenant_id = d.tenant_id AND i.id = d.invoice_id
                          WHERE d.tenant_id = s.tenant_id AND i.subscription_id = s.id)
              AND NOT EXISTS (SELECT FROM app.dunning_steps d JOIN app.invoices i
                                  ON i.tenant_id = d.tenant_id AND i.id = d.invoice_id
                              WHERE d.tenant_id = s.tenant_id AND i.subscription_id = s.id AND i.status = 'open'
                                AND d.kind IN ('past_due', 'suspend'))
            ORDER BY s.tenant_id, s.id LIMIT \(limit)
            """
        ) { row in (tenant: try row.next(), subscription: try row.next()) }
    }

    private static let columns: SQL = "retry_days, message_days, past_due_after, suspend_after, cancel_after, final"

    private static func step(_ row: inout RowReader) throws -> DunningStep {
        let kind: String = try row.next()
        // The table's CHECK has no other words.
        return DunningStep(DunningStep.Kind(rawValue: kind) ?? .message, try row.next())
    }

    private static func policy(_ row: inout RowReader) throws -> DunningPolicy {
        let retryDays: [Int] = try row.next()
        let messageDays: [Int] = try row.next()
        let pastDueAfter: Int? = try row.next()
        let suspendAfter: Int? = try row.next()
        let cancelAfter: Int? = try row.next()
        let final: String = try row.next()
        return try DunningPolicy(
            retryDays: retryDays,
            messageDays: messageDays,
            pastDueAfter: pastDueAfter,
            suspendAfter: suspendAfter,
            cancelAfter: cancelAfter,
            final: DunningPolicy.Final(rawValue: final) ?? .none
        )
    }
}
