import Billing
import HTTPTypes
import Postgres
import Tenants
import Values

/// Money that was received: recorded, matched, given back; and invoices that are paid.
enum PaymentsRoutes {
    static let endpoints: [Endpoint] = [list, find, record, match, refund, disputes, pay]

    private static let list = Endpoint(
        method: .get,
        path: "/v1/payments",
        summary: "The tenant's payments; staff who name no tenant see everybody's.",
        access: .tenant(.billingRead, staff: Staff.all),
        parameters: Paging.parameters + [
            Endpoint.Parameter(name: "invoice", about: "Only those that paid this invoice.", schema: Schema.string)
        ],
        success: (200, Schema.list(Schema.ref("Payment")))
    ) { call in
        let limit = try call.limit()
        let after = try call.after(as: PaymentID.self)
        let invoice = try call.queryID("invoice", as: InvoiceID.self)
        let payments = try await call.transaction(staffScope: .finance) { authorized, transaction in
            try await PaymentQueries.list(
                of: authorized.tenant,
                invoice: invoice,
                limit: limit + 1,
                after: after,
                in: transaction
            )
        }
        return .page(payments, limit: limit, id: \.id.text, json: \.json)
    }

    private static let find = Endpoint(
        method: .get,
        path: "/v1/payments/{id}",
        summary: "One payment, and what invoices took of it.",
        access: .tenant(.billingRead, staff: Staff.all),
        success: (200, Schema.ref("Payment"))
    ) { call in
        .ok(
            try await call.transaction { authorized, transaction in
                let id = try call.id(as: PaymentID.self)
                let found = try await PaymentQueries.find(id, of: authorized.requiredTenant(), in: transaction)
                guard let found else { throw PaymentError.notFound(id) }
                return found.json
            }
        )
    }

    private static let record = Endpoint(
        method: .post,
        path: "/v1/payments",
        summary: "Records money that came from the tenant that `Abono-Tenant` names; what no invoice takes is kept.",
        access: .staff(Staff.money),
        body: Schema.object(
            [
                "amount": Schema.ref("Money"), "reference": Schema.string, "received_at": Schema.instant,
                "invoice": Schema.string, "write_off_rest": Schema.boolean,
            ],
            required: ["amount", "reference"]
        ),
        isIdempotent: true,
        success: (201, Schema.ref("Payment"))
    ) { call in
        try await call.write { authorized, transaction in
            var fields = try call.fields()
            let draft = try PaymentDraft(json: &fields, in: authorized.zone)
            return try await PaymentOperations.record(
                draft,
                of: authorized.requiredTenant(),
                by: authorized.stamp,
                in: transaction
            ).json
        }
    }

    private static let match = Endpoint(
        method: .post,
        path: "/v1/payments/{id}/match",
        summary: "Has an invoice take of a payment; without an amount as much as both have left.",
        access: .staff(Staff.money),
        body: Schema.object(
            ["invoice": Schema.string, "amount": Schema.ref("Money")],
            required: ["invoice"]
        ),
        isIdempotent: true,
        success: (200, Schema.ref("Payment"))
    ) { call in
        try await call.write(status: 200) { authorized, transaction in
            var fields = try call.fields()
            let invoice = try fields.id("invoice", of: Entities.Invoice.self)
            let amount = try fields.optionalMoney("amount")
            try fields.finish()
            return try await PaymentOperations.match(
                try call.id(as: PaymentID.self),
                to: invoice,
                amount: amount,
                of: authorized.requiredTenant(),
                by: authorized.stamp,
                in: transaction
            ).json
        }
    }

    private static let refund = Endpoint(
        method: .post,
        path: "/v1/payments/{id}/refund",
        summary: "Gives a payment back, or a part of it, by the way it came.",
        access: .staff(Staff.money),
        body: Schema.object(
            ["amount": Schema.ref("Money"), "reason": Schema.string],
            required: ["reason"]
        ),
        isIdempotent: true,
        success: (201, Schema.ref("Refund"))
    ) { call in
        try await call.write { authorized, transaction in
            var fields = try call.fields()
            let amount = try fields.optionalMoney("amount")
            let reason = try fields.string("reason")
            try fields.finish()
            return try await PaymentOperations.refund(
                try call.id(as: PaymentID.self),
                amount: amount,
                reason: reason,
                of: authorized.requiredTenant(),
                by: authorized.stamp,
                in: transaction
            ).json
        }
    }

    private static let disputes = Endpoint(
        method: .get,
        path: "/v1/disputes",
        summary: "What the tenant's bank takes back of its payments and purchases of credit; staff who name no tenant "
            + "see everybody's.",
        access: .tenant(.billingRead, staff: Staff.all),
        parameters: Paging.parameters + [
            Endpoint.Parameter(
                name: "payment",
                about: "Only those of this payment.",
                schema: Schema.string
            )
        ],
        success: (200, Schema.list(Schema.ref("Dispute")))
    ) { call in
        let limit = try call.limit()
        let after = try call.after(as: PaymentDisputeID.self)
        let payment = try call.queryID("payment", as: PaymentID.self)
        let disputes = try await call.transaction(staffScope: .finance) { authorized, transaction in
            try await PaymentDisputeQueries.list(
                of: authorized.tenant,
                payment: payment,
                limit: limit + 1,
                after: after,
                in: transaction
            )
        }
        return .page(disputes, limit: limit, id: \.dispute.id.text, json: \.json)
    }

    private static let pay = Endpoint(
        method: .post,
        path: "/v1/invoices/{id}/pay",
        summary: "A tenant's key charges the saved payment method now; staff record a payment by its reference.",
        access: .tenant(.billingWrite, staff: Staff.money),
        body: Schema.object(["reference": Schema.string, "amount": Schema.ref("Money")]),
        isBodyRequired: false,
        isIdempotent: true,
        success: (200, Schema.ref("Invoice"))
    ) { call in
        let (authorized, known) = try await call.begin()
        if let known { return known }
        guard authorized.caller.staff == nil else { return try await recordPaid(call) }
        try call.optionalFields().finish()
        let id = try call.id(as: InvoiceID.self)
        try await charge(id, of: authorized.requiredTenant(), call)
        return try await call.write(status: 200) { authorized, transaction in
            try await invoice(id, of: authorized.requiredTenant(), in: transaction).json
        }
    }

    private static func recordPaid(_ call: Call) async throws -> Reply {
        try await call.write(status: 200) { authorized, transaction in
            var fields = try call.fields()
            let reference = try fields.string("reference")
            let amount = try fields.optionalMoney("amount")
            try fields.finish()
            return try await InvoiceOperations.pay(
                try call.id(as: InvoiceID.self),
                of: authorized.requiredTenant(),
                amount: amount,
                reference: reference,
                by: authorized.stamp,
                in: transaction
            ).json
        }
    }

    /// Charges an invoice now; one that is paid already is left as it is.
    private static func charge(_ id: InvoiceID, of tenant: TenantID, _ call: Call) async throws {
        let services = call.services
        let isDue = try await services.database.transaction(as: .tenant(tenant)) { transaction in
            let invoice = try await invoice(id, of: tenant, in: transaction)
            if invoice.status == .paid { return false }
            guard invoice.status == .open else { throw InvoiceError.notPayable(id, status: invoice.status) }
            let method = try await PaymentMethodQueries.default(of: tenant, in: transaction)
            guard let method, method.gateway != PaymentDraft.manual else { throw PaymentError.noMethod(tenant) }
            return true
        }
        guard isDue else { return }
        let attempt = try await PaymentCollection.collect(
            id,
            of: tenant,
            replaces: true,
            database: services.database,
            gateways: services.gateways,
            time: services.time
        )
        switch attempt?.state {
        case .succeeded, .pending: return
        case .needsAction:
            throw Problem(
                .paymentRequired,
                code: "action_required",
                "the payment has to be confirmed" + (attempt?.actionURL.map { " at \($0)" } ?? "")
            )
        case .declined:
            throw Problem(
                .paymentRequired,
                code: "payment_declined",
                "the payment was declined: \(attempt?.errorMessage ?? "no reason was given")"
            )
        case .sent, .failed:
            throw Problem(
                .unavailable,
                code: "gateway_unavailable",
                "the payment gateway does not answer; it is asked again by itself",
                retryAfterSeconds: 60
            )
        // Somebody else was faster, or a charge is under way whose end the gateway tells.
        case nil: return
        }
    }

    private static func invoice(
        _ id: InvoiceID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Invoice {
        guard let found = try await InvoiceQueries.find(id, of: tenant, in: transaction) else {
            throw InvoiceError.notFound(id)
        }
        return found
    }
}
