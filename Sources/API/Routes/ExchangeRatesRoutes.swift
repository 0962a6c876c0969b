import HTTPTypes
import Postgres
import Revenue
import Values

/// Rates of exchange, by which reports are brought to one currency.
enum ExchangeRatesRoutes {
    static let endpoints: [Endpoint] = [put, list]

    private static let put = Endpoint(
        method: .post,
        path: "/v1/exchange-rates",
        summary: "Enters what one of a currency is worth in another from a day on, which may be past.",
        access: .staff(Staff.money),
        body: Schema.object(
            [
                "from": Schema.string, "to": Schema.string, "rate": Schema.decimal, "day": Schema.string,
                "source": Schema.string,
            ],
            required: ["from", "to", "rate"]
        ),
        isIdempotent: true,
        success: (201, Schema.ref("ExchangeRate"))
    ) { call in
        try await call.write(staffScope: .admin) { authorized, transaction in
            var fields = try call.fields()
            let draft = try ExchangeRateDraft(json: &fields)
            return try await ExchangeRateOperations.put(draft, by: authorized.stamp, in: transaction).json
        }
    }

    private static let list = Endpoint(
        method: .get,
        path: "/v1/exchange-rates",
        summary: "The rates of exchange, what was written last first.",
        access: .staff(Staff.money),
        parameters: Paging.parameters + [
            Endpoint.Parameter(name: "currency", about: "Only those from or to it.", schema: Schema.string)
        ],
        success: (200, Schema.list(Schema.ref("ExchangeRate")))
    ) { call in
        let limit = try call.limit()
        let after = try call.after(as: ExchangeRateID.self)
        let currency = try call.queryCurrency("currency")
        let rates = try await call.transaction(staffScope: .finance) { _, transaction in
            try await ExchangeRateQueries.list(currency: currency, limit: limit + 1, after: after, in: transaction)
        }
        return .page(rates, limit: limit, id: \.id.text, json: \.json)
    }
}
