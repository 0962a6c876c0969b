import Ledger
import Postgres
import Values

/// What the books must hold for payments, refunds and disputes: the same rules as `PaymentPostings`, said once more;
/// they are compared, not reused.
enum PaymentReconciliationJournalQueries {
    static func expected(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [Reconciliation.Expectation] {
        try await received(of: tenant, in: transaction) + parts(of: tenant, in: transaction)
            + refunds(of: tenant, in: transaction) + disputes(of: tenant, in: transaction)
    }

    private static func received(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [Reconciliation.Expectation] {
        try await transaction.query(
            """
            SELECT p.tenant_id, p.id, p.currency, p.amount_minor, p.fee_minor,
                   coalesce(sum(a.amount_minor) FILTER (WHERE a.account = 'receivable'), 0)::bigint,
                   coalesce(sum(a.amount_minor) FILTER (WHERE a.account = 'bad_debt'), 0)::bigint
            FROM app.payments p
            LEFT JOIN app.payment_allocations a
                ON a.tenant_id = p.tenant_id AND a.payment_id = p.id AND a.at_receipt
            WHERE (\(tenant)::uuid IS NULL OR p.tenant_id = \(tenant))
            GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let payment: PaymentID = try row.next()
            let currency: Currency = try row.next()
            let amount: Int64 = try row.next()
            let fee: Int64 = try row.next()
            let receivable: Int64 = try row.next()
            let badDebt: Int64 = try row.next()
            return Reconciliation.Expectation(
                tenant: tenant,
                key: "payment:\(payment):received",
                object: payment.text,
                currency: currency,
                entries: [
                    .debit(.cash, amount - fee), .debit(.paymentFees, fee), .credit(.receivable, receivable),
                    .credit(.badDebt, badDebt), .credit(.unappliedCash, amount - receivable - badDebt),
                ]
            )
        }
    }

    private static func parts(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [Reconciliation.Expectation] {
        try await transaction.query(
            """
            SELECT tenant_id, id, payment_id, currency, amount_minor, account = 'bad_debt'
            FROM app.payment_allocations
            WHERE NOT at_receipt AND (kind = 'payment' OR account = 'receivable')
              AND (\(tenant)::uuid IS NULL OR tenant_id = \(tenant))
            ORDER BY tenant_id, id
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let part: PaymentAllocationID = try row.next()
            let payment: PaymentID? = try row.next()
            let currency: Currency = try row.next()
            let amount: Int64 = try row.next()
            let isBadDebt: Bool = try row.next()
            return Reconciliation.Expectation(
                tenant: tenant,
                key: payment.map { "payment:\($0):applied:\(part)" } ?? "write_off:\(part)",
                object: part.text,
                currency: currency,
                entries: [
                    .debit(payment == nil ? .writeOff : .unappliedCash, amount),
                    .credit(isBadDebt ? .badDebt : .receivable, amount),
                ]
            )
        }
    }

    private static func refunds(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [Reconciliation.Expectation] {
        let refunds = try await transaction.query(
            """
            SELECT tenant_id, id, currency, state, unapplied_minor, applied_minor, payable_minor, credit_minor
            FROM app.refunds
            WHERE (\(tenant)::uuid IS NULL OR tenant_id = \(tenant)) ORDER BY tenant_id, id
            """
        ) { row -> [Reconciliation.Expectation] in
            let tenant: TenantID = try row.next()
            let id: PaymentRefundID = try row.next()
            let currency: Currency = try row.next()
            let state: String = try row.next()
            let unapplied: Int64 = try row.next()
            let applied: Int64 = try row.next()
            let payable: Int64 = try row.next()
            let credit: Int64 = try row.next()
            func expectation(_ act: String, _ entries: [Journal.Entry]) -> Reconciliation.Expectation {
                Reconciliation.Expectation(
                    tenant: tenant,
                    key: "refund:\(id):\(act)",
                    object: id.text,
                    currency: currency,
                    entries: entries
                )
            }
            let owed: [Journal.Entry] = [
                .debit(.unappliedCash, unapplied), .debit(.refunds, applied), .debit(.prepaidCredit, credit),
                .credit(.refundPayable, unapplied + applied + credit),
            ]
            var expected: [Reconciliation.Expectation] = []
            if unapplied + applied + credit > 0 {
                expected.append(expectation("owed", owed))
                if state == "failed" {
                    expected.append(expectation("failed", owed.map { Journal.Entry($0.account, -$0.amount) }))
                }
            }
            if state == "succeeded" {
                let amount = unapplied + applied + payable + credit
                expected.append(expectation("sent", [.debit(.refundPayable, amount), .credit(.cash, amount)]))
            }
            return expected
        }
        return refunds.flatMap(\.self)
    }

    private static func disputes(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [Reconciliation.Expectation] {
        let disputes = try await transaction.query(
            """
            SELECT tenant_id, id, currency, state, unapplied_minor, applied_minor, credit_minor, fee_minor
            FROM app.payment_disputes
            WHERE (\(tenant)::uuid IS NULL OR tenant_id = \(tenant)) ORDER BY tenant_id, id
            """
        ) { row -> [Reconciliation.Expectation] in
            let tenant: TenantID = try row.next()
            let id: PaymentDisputeID = try row.next()
            let currency: Currency = try row.next()
            let state: String = try row.next()
            let unapplied: Int64 = try row.next()
            let applied: Int64 = try row.next()
            let credit: Int64 = try row.next()
            let fee: Int64 = try row.next()
            func expectation(_ act: String, _ entries: [Journal.Entry]) -> Reconciliation.Expectation {
                Reconciliation.Expectation(
                    tenant: tenant,
                    key: "dispute:\(id):\(act)",
                    object: id.text,
                    currency: currency,
                    entries: entries
                )
            }
            var expected = [
                expectation(
                    "opened",
                    [
                        .debit(.unappliedCash, unapplied), .debit(.receivable, applied),
                        .debit(.prepaidCredit, credit), .debit(.paymentFees, fee),
                        .credit(.cash, unapplied + applied + credit + fee),
                    ]
                )
            ]
            if state == "won" {
                let back: [Journal.Entry] = [
                    .debit(.cash, unapplied + applied + credit), .credit(.unappliedCash, unapplied),
                    .credit(.receivable, applied), .credit(.prepaidCredit, credit),
                ]
                expected.append(expectation("won", back))
            } else if state == "lost", applied > 0 {
                expected.append(expectation("lost", [.debit(.badDebt, applied), .credit(.receivable, applied)]))
            }
            return expected
        }
        return disputes.flatMap(\.self)
    }
}
