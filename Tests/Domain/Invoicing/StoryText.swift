import Billing
import Testing
import Values

/// Stories written as JSON in few words, and their invoices told in short lines.
///
/// An invoice is told as `04-16 change: LINE | LINE = total`, a line as
/// `kind plan.price start/end ratio ×quantity amount`, with `d` before a discount and `t` before a tax. Dates are of
/// 2026 unless they say otherwise; midnight in UTC is left out.
enum StoryText {
    /// A plan of monthly periods in US dollars unless `more` says otherwise.
    static func plan(_ code: String, _ prices: String..., more: String = "") -> String {
        let interval = more.contains("\"interval\"") ? "" : #""interval": {"unit": "month"}, "#
        return """
            {"code": "\(code)", "currency": "USD", \(interval)\(more.isEmpty ? "" : more + ", ")\
            "prices": [\(prices.joined(separator: ", "))]}
            """
    }

    /// A price of a fixed amount, in advance unless `more` says otherwise.
    static func fee(_ amount: String, code: String = "fee", _ more: String = "") -> String {
        #"{"code": "\#(code)", "model": "flat", "amount": "\#(amount)"\#(more.isEmpty ? "" : ", " + more)}"#
    }

    /// A price of so much a seat.
    static func seats(_ amount: String, _ more: String = "") -> String {
        """
        {"code": "seats", "model": "per_unit", "unit_amount": "\(amount)", "quantity": "seats"\
        \(more.isEmpty ? "" : ", " + more)}
        """
    }

    /// A price of so much a unit of the meter `m`, which adds up.
    static func usage(_ amount: String, _ more: String = "") -> String {
        """
        {"code": "use", "model": "per_unit", "unit_amount": "\(amount)", "meter": "m"\
        \(more.isEmpty ? "" : ", " + more)}
        """
    }

    /// A story that starts on 1 April 2026 with the first plan unless told otherwise.
    static func story(
        until: String,
        _ plans: String...,
        start: String = "2026-04-01",
        seats: Int? = nil,
        changes: [String] = [],
        events: [(at: String, value: String)] = [],
        more: String = ""
    ) -> String {
        let quantities = seats.map { #", "quantities": {"seats": "\#($0)"}"# } ?? ""
        let events = events.enumerated().map {
            #"{"id": "e\#($0.offset)", "meter": "m", "at": "\#($0.element.at)", "value": "\#($0.element.value)"}"#
        }
        let first = (try? JSONValue(parsing: plans.first ?? ""))?["code"]?.string ?? ""
        return """
            {"until": "\(until)", "plans": [\(plans.joined(separator: ", "))], \
            "meters": [{"code": "m", "aggregation": "sum"}], \
            "subscription": {"plan": "\(first)", "starts_at": "\(start)"\(quantities)}, \
            "changes": [\(changes.joined(separator: ", "))], "events": [\(events.joined(separator: ", "))]\
            \(more.isEmpty ? "" : ", " + more)}
            """
    }

    /// The whole result of a story.
    static func result(_ story: String) throws -> JSONValue {
        SimulationBatch.run(.invoices, try JSONValue(parsing: story)).json
    }

    /// The invoices of a story, told.
    static func told(_ story: String) throws -> [String] {
        let result = try result(story)
        let invoices = try #require(result["invoices"]?.array, "\(result.text)")
        return invoices.map(told)
    }

    private static func told(_ invoice: JSONValue) -> String {
        let lines = (invoice["lines"]?.array ?? []).map { line -> String in
            var text = "\(of(line, "kind")) \(of(line, "plan")).\(of(line, "price")) "
            text += "\(short(line["period"]?["start"]))/\(short(line["period"]?["end"])) \(of(line, "ratio")) "
            text += "×\(of(line, "quantity")) \(of(line, "amount"))"
            if of(line, "discount") != "0.00" { text += " d\(of(line, "discount"))" }
            if of(line, "tax") != "0.00" { text += " t\(of(line, "tax"))" }
            return text
        }
        return "\(short(invoice["issued_at"])) \(of(invoice, "reason")): \(lines.joined(separator: " | ")) = "
            + of(invoice, "total")
    }

    private static func of(_ json: JSONValue, _ key: String) -> String { json[key]?.string ?? "-" }

    private static func short(_ instant: JSONValue?) -> String {
        var text = instant?.string ?? "-"
        if text.hasPrefix("2026-") { text.removeFirst(5) }
        if text.hasSuffix("T00:00:00Z") { text.removeLast(10) }
        return text
    }
}
