import Billing
import HTTPTypes
import Postgres
import Values

/// Credit notes, and invoices that nobody expects to be paid.
enum CreditNotesRoutes {
    static let endpoints: [Endpoint] = [uncollectible, issue, list, find, page, pdf]

    private static let issue = Endpoint(
        method: .post,
        path: "/v1/invoices/{id}/credit-notes",
        summary: "Credits a finalized invoice: all that is left, an amount before tax, or amounts of its lines.",
        access: .staff(Staff.money),
        body: Schema.object(
            [
                "reason": Schema.string, "amount": Schema.ref("Money"),
                "lines": Schema.array(
                    Schema.object(
                        ["line": Schema.string, "amount": Schema.ref("Money")],
                        required: ["line", "amount"]
                    )
                ),
                "to": Schema.choice(CreditNote.Destination.allCases.map(\.rawValue)),
            ],
            required: ["reason"]
        ),
        isIdempotent: true,
        success: (201, Schema.ref("CreditNote"))
    ) { call in
        try await call.write { authorized, transaction in
            var fields = try call.fields()
            let draft = try CreditNoteDraft(json: &fields)
            return try await CreditNoteOperations.issue(
                draft,
                of: try call.id(as: InvoiceID.self),
                tenant: try authorized.requiredTenant(),
                by: authorized.stamp,
                in: transaction
            ).json
        }
    }

    private static let uncollectible = Endpoint(
        method: .post,
        path: "/v1/invoices/{id}/uncollectible",
        summary: "Gives an open invoice up: what remains is bad debt, until it is paid after all.",
        access: .staff(Staff.money),
        isIdempotent: true,
        success: (200, Schema.ref("Invoice"))
    ) { call in
        try await call.write(status: 200) { authorized, transaction in
            try await InvoiceOperations.markUncollectible(
                try call.id(as: InvoiceID.self),
                of: try authorized.requiredTenant(),
                by: authorized.stamp,
                in: transaction
            ).json
        }
    }

    private static let list = Endpoint(
        method: .get,
        path: "/v1/credit-notes",
        summary: "The tenant's credit notes; staff who name no tenant see everybody's.",
        access: .tenant(.billingRead, staff: Staff.all),
        parameters: Paging.parameters + [
            Endpoint.Parameter(name: "invoice", about: "Only those of an invoice.", schema: Schema.string)
        ],
        success: (200, Schema.list(Schema.ref("CreditNote")))
    ) { call in
        let limit = try call.limit()
        let after = try call.after(as: CreditNoteID.self)
        let invoice = try call.queryID("invoice", as: InvoiceID.self)
        let notes = try await call.transaction(staffScope: .finance) { authorized, transaction in
            try await CreditNoteQueries.list(
                of: authorized.tenant,
                invoice: invoice,
                limit: limit + 1,
                after: after,
                in: transaction
            )
        }
        return .page(notes, limit: limit, id: \.id.text, json: \.json)
    }

    private static let find = Endpoint(
        method: .get,
        path: "/v1/credit-notes/{id}",
        summary: "One credit note with its lines.",
        access: .tenant(.billingRead, staff: Staff.all),
        success: (200, Schema.ref("CreditNote"))
    ) { call in .ok(try await document(of: call).note.json) }

    private static let page = Endpoint(
        method: .get,
        path: "/v1/credit-notes/{id}/html",
        summary: "One credit note as a page to read and print.",
        access: .tenant(.billingRead, staff: Staff.all),
        success: (200, Schema.string),
        contentType: "text/html"
    ) { call in .page(CreditNotePage.html(try await document(of: call))) }

    private static let pdf = Endpoint(
        method: .get,
        path: "/v1/credit-notes/{id}/pdf",
        summary: "One credit note as a PDF; 503 where WeasyPrint is not installed.",
        access: .tenant(.billingRead, staff: Staff.all),
        success: (200, Schema.binary),
        contentType: "application/pdf"
    ) { call in
        let document = try await document(of: call)
        return .pdf(
            try await call.services.pdf.pdf(of: CreditNotePage.html(document)),
            name: document.note.number
        )
    }

    private static func document(of call: Call) async throws -> CreditNoteDocument {
        try await call.transaction { authorized, transaction in
            try await InvoiceDocumentQueries.creditNote(
                try call.id(as: CreditNoteID.self),
                of: try authorized.requiredTenant(),
                in: transaction
            )
        }
    }
}
