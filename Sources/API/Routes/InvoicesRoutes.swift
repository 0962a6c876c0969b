import Billing
import HTTPTypes
import Postgres
import Subscriptions
import Values

/// Invoices: listed, shown, foreseen and paid.
enum InvoicesRoutes {
    static let endpoints: [Endpoint] = [list, upcoming, find, page, pdf]

    private static let list = Endpoint(
        method: .get,
        path: "/v1/invoices",
        summary: "The tenant's invoices; staff who name no tenant see everybody's.",
        access: .tenant(.billingRead, staff: Staff.all),
        parameters: Paging.parameters + [
            Endpoint.Parameter(name: "subscription", about: "Only those of a subscription.", schema: Schema.string),
            Endpoint.Parameter(
                name: "status",
                about: "Only those of a status.",
                schema: Schema.choice(InvoiceStatus.allCases.map(\.rawValue))
            ),
        ],
        success: (200, Schema.list(Schema.ref("Invoice")))
    ) { call in
        let limit = try call.limit()
        let after = try call.after(as: InvoiceID.self)
        let subscription = try call.queryID("subscription", as: SubscriptionID.self)
        let status = try call.queryChoice("status", as: InvoiceStatus.self)
        let invoices = try await call.transaction(staffScope: .finance) { authorized, transaction in
            try await InvoiceQueries.list(
                of: authorized.tenant,
                subscription: subscription,
                status: status,
                limit: limit + 1,
                after: after,
                in: transaction
            )
        }
        return .page(invoices, limit: limit, id: \.id.text, json: \.json)
    }

    private static let upcoming = Endpoint(
        method: .get,
        path: "/v1/invoices/upcoming",
        summary: "What the next invoice comes to, with the usage so far.",
        access: .tenant(.billingRead, staff: Staff.all),
        parameters: [
            Endpoint.Parameter(
                name: "subscription",
                about: "Whose next invoice is meant; needed only where the tenant has several.",
                schema: Schema.string
            )
        ],
        success: (200, Schema.ref("Invoice"))
    ) { call in
        .ok(
            try await call.transaction { authorized, transaction in
                let tenant = try authorized.requiredTenant()
                let id: SubscriptionID
                if let named = try call.queryID("subscription", as: SubscriptionID.self) {
                    id = named
                } else {
                    id = try await onlySubscription(of: tenant, in: transaction)
                }
                return try await InvoiceOperations.upcoming(
                    id,
                    of: tenant,
                    at: authorized.stamp.at,
                    in: transaction
                )
            }
        )
    }

    /// The subscription that is meant where none is named: the only one that is not over.
    private static func onlySubscription(
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> SubscriptionID {
        let open = try await SubscriptionQueries.list(of: tenant, limit: 200, in: transaction)
            .filter { !$0.status.isOver }
        guard let only = open.first else {
            throw Problem(.notFound, code: "no_subscription", "the tenant has no subscription that could be invoiced")
        }
        guard open.count == 1 else {
            let ids = open.prefix(5).map(\.id.text).joined(separator: ", ")
            throw Problem.invalid("subscription", "is needed: the tenant has \(open.count) subscriptions, \(ids)")
        }
        return only.id
    }

    private static let find = Endpoint(
        method: .get,
        path: "/v1/invoices/{id}",
        summary: "One invoice with its lines.",
        access: .tenant(.billingRead, staff: Staff.all),
        success: (200, Schema.ref("Invoice"))
    ) { call in .ok(try await document(of: call).invoice.json) }

    private static let page = Endpoint(
        method: .get,
        path: "/v1/invoices/{id}/html",
        summary: "One invoice as a page to read and print.",
        access: .tenant(.billingRead, staff: Staff.all),
        success: (200, Schema.string),
        contentType: "text/html"
    ) { call in .page(InvoicePage.html(try await document(of: call))) }

    private static let pdf = Endpoint(
        method: .get,
        path: "/v1/invoices/{id}/pdf",
        summary: "One invoice as a PDF; 503 where WeasyPrint is not installed.",
        access: .tenant(.billingRead, staff: Staff.all),
        success: (200, Schema.binary),
        contentType: "application/pdf"
    ) { call in
        let document = try await document(of: call)
        return .pdf(
            try await call.services.pdf.pdf(of: InvoicePage.html(document)),
            name: document.invoice.number ?? document.invoice.id.text
        )
    }

    private static func document(of call: Call) async throws -> InvoiceDocument {
        try await call.transaction { authorized, transaction in
            try await InvoiceDocumentQueries.invoice(
                try call.id(as: InvoiceID.self),
                of: try authorized.requiredTenant(),
                in: transaction
            )
        }
    }
}
