import Billing
import Jobs
import Postgres
import Subscriptions
import Values

/// Finds whose a thing is: at the command line it is named by its id alone.
///
/// For `.finance`.
enum OwnerQueries {
    /// The tenant of a subscription.
    static func tenant(of id: SubscriptionID, in transaction: borrowing Transaction) async throws -> TenantID {
        let found: TenantID? = try await transaction.first(
            "SELECT tenant_id FROM app.subscriptions WHERE id = \(id)"
        ) { row in try row.next() }
        guard let found else { throw SubscriptionError.notFound(id) }
        return found
    }

    /// The tenant of an invoice.
    static func tenant(of id: InvoiceID, in transaction: borrowing Transaction) async throws -> TenantID {
        let found: TenantID? = try await transaction.first(
            "SELECT tenant_id FROM app.invoices WHERE id = \(id)"
        ) { row in try row.next() }
        guard let found else { throw InvoiceError.notFound(id) }
        return found
    }

    /// The tenant of a credit note.
    static func tenant(of id: CreditNoteID, in transaction: borrowing Transaction) async throws -> TenantID {
        let found: TenantID? = try await transaction.first(
            "SELECT tenant_id FROM app.credit_notes WHERE id = \(id)"
        ) { row in try row.next() }
        guard let found else { throw CreditNoteError.notFound(id) }
        return found
    }

    /// The tenant of a grant of credit.
    static func tenant(of id: GrantID, in transaction: borrowing Transaction) async throws -> TenantID {
        let found: TenantID? = try await transaction.first(
            "SELECT tenant_id FROM app.credit_grants WHERE id = \(id)"
        ) { row in try row.next() }
        guard let found else { throw CreditError.notFound(id) }
        return found
    }

    /// The tenant of a payment.
    static func tenant(of id: PaymentID, in transaction: borrowing Transaction) async throws -> TenantID {
        let found: TenantID? = try await transaction.first(
            "SELECT tenant_id FROM app.payments WHERE id = \(id)"
        ) { row in try row.next() }
        guard let found else { throw PaymentError.notFound(id) }
        return found
    }
}
