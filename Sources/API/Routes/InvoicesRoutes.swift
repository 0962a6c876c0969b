import Billing
import HTTPTypes
import Postgres
import Subscriptions
import Tenants
import Values

/// Invoices: listed, shown, foreseen and paid.
enum InvoicesRoutes {
    static let endpoints: [Endpoint] = [list, upcoming, find, page, pay]

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
        success: (200, Schema.free)
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
    ) { call in .ok(try await invoice(of: call).invoice.json) }

    private static let page = Endpoint(
        method: .get,
        path: "/v1/invoices/{id}/html",
        summary: "One invoice as a page to read and print.",
        access: .tenant(.billingRead, staff: Staff.all),
        success: (200, Schema.string),
        contentType: "text/html"
    ) { call in
        let found = try await invoice(of: call)
        let html = InvoicePage.html(found.invoice, seller: found.seller, buyer: found.buyer, in: found.zone)
        return .bytes(
            200,
            type: "text/html; charset=utf-8",
            Array(html.utf8),
            headers: [
                "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
                "X-Content-Type-Options": "nosniff",
            ]
        )
    }

    private static let pay = Endpoint(
        method: .post,
        path: "/v1/invoices/{id}/pay",
        summary: "Records that an invoice was paid, with the payment's reference.",
        access: .staff(Staff.money),
        body: Schema.object(["reference": Schema.string], required: ["reference"]),
        isIdempotent: true,
        success: (200, Schema.ref("Invoice"))
    ) { call in
        try await call.write(status: 200) { authorized, transaction in
            var fields = try call.fields()
            let reference = try fields.string("reference")
            try fields.finish()
            return try await InvoiceOperations.pay(
                try call.id(as: InvoiceID.self),
                of: try authorized.requiredTenant(),
                reference: reference,
                by: authorized.stamp,
                in: transaction
            ).json
        }
    }

    /// An invoice with what its page needs beside.
    private struct Found {
        let invoice: Invoice
        let seller: String
        let buyer: String
        let zone: Zone
    }

    private static func invoice(of call: Call) async throws -> Found {
        try await call.transaction { authorized, transaction in
            let id = try call.id(as: InvoiceID.self)
            let tenant = try authorized.requiredTenant()
            guard let invoice = try await InvoiceQueries.find(id, of: tenant, in: transaction) else {
                throw InvoiceError.notFound(id)
            }
            let buyer = try await TenantQueries.find(tenant, in: transaction)
            let seller = try await LegalEntityQueries.find(invoice.legalEntity, in: transaction)
            return Found(
                invoice: invoice,
                seller: seller?.name ?? "",
                buyer: buyer?.name ?? "",
                zone: authorized.zone
            )
        }
    }
}
