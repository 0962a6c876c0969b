import Metering
import Plans
package import Values

/// `abono simulate invoices`: a subscription's whole story makes its invoices.
enum SimulatedInvoices {
    /// Reads a story, runs it and writes its invoices.
    static func run(_ json: JSONValue) throws(Problem) -> JSONValue {
        let input = try StoryReader(json).input
        let result = try InvoiceFunction.run(input.story) { request throws(Problem) in
            guard let meter = input.meters[request.meter] else { return .quantity(.zero) }
            let log = input.usage[request.meter] ?? UsageLog()
            return .events(
                log.usage(
                    meter.rule,
                    during: request.part,
                    wholeSeconds: request.whole.seconds,
                    ratio: request.ratio,
                    since: request.since
                )
            )
        }
        return result.json(in: input.story.currency)
    }
}

extension InvoiceResult {
    /// As the simulator shows it.
    package func json(in currency: Currency) -> JSONValue {
        var left = JSONObject()
        for grant in creditsLeft { left[grant.code] = grant.amount.json(in: currency) }
        return [
            "invoices": .array(invoices.map { $0.json(in: currency) }),
            "credit_balance": creditBalance.json(in: currency), "credits_left": .object(left),
        ]
    }
}

extension InvoiceDraft {
    /// As the simulator shows it.
    package func json(in currency: Currency) -> JSONValue {
        var object: JSONObject = [
            "issued_at": issuedAt.json, "reason": .string(reason.rawValue),
            "lines": .array(lines.map { $0.json(in: currency) }), "subtotal": subtotal.json(in: currency),
            "discount": discount.json(in: currency), "tax": tax.json(in: currency), "total": total.json(in: currency),
            "credits_applied": creditsApplied.json(in: currency), "amount_due": amountDue.json(in: currency),
        ]
        if let refundDue { object["refund_due"] = refundDue.json(in: currency) }
        return .object(object)
    }
}

extension InvoiceDraft.Line {
    /// As the simulator shows it.
    package func json(in currency: Currency) -> JSONValue {
        [
            "plan": .string(plan), "price": .optional(price), "kind": .string(kind.rawValue), "period": period.json,
            "ratio": .string(ratio.fractionText), "quantity": .string(quantity.decimalText()),
            "exact": .string(exact.decimalText()), "amount": amount.json(in: currency),
            "discount": discount.json(in: currency), "tax": tax.json(in: currency),
        ]
    }
}

extension Int64 {
    /// So many minor units as text.
    fileprivate func json(in currency: Currency) -> JSONValue {
        .string(Money(minor: self, currency: currency).text)
    }
}
