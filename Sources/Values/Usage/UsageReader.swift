/// Reads events as the simulator is given them, each id once.
///
/// An event is `{"id", "meter", "at", "value", "properties"}`; `value` is 1 unless given. Ids are unique over all
/// meters: the same id with the same content counts once, with other content it is an error.
package struct UsageReader {
    private struct Known {
        let meter: String
        let event: RatingEvent
    }

    private let zone: Zone
    private let years: ClosedRange<Int>
    /// By the bytes of the id: Swift's strings are equal for other bytes too.
    private var known: [[UInt8]: Known] = [:]
    private var count = 0

    /// Begins to read; bare dates are midnights of the zone.
    package init(in zone: Zone, years: ClosedRange<Int>) {
        self.zone = zone
        self.years = years
    }

    /// Reads the next event; nil if it repeats one that was read.
    package mutating func next(
        _ json: JSONValue,
        path: String
    ) throws(Problem) -> (meter: String, event: RatingEvent)? {
        var fields = try JSONFields(json, path: path)
        let id = try fields.string("id")
        let meter = try fields.string("meter")
        let event = RatingEvent(
            id: id,
            at: try fields.instant("at", in: zone, years: years).wholeSeconds,
            value: try fields.optionalDecimal("value") ?? .one,
            properties: try UsageReader.properties(&fields),
            position: count
        )
        try fields.finish()
        count += 1
        guard let first = known.updateValue(Known(meter: meter, event: event), forKey: Array(id.utf8)) else {
            return (meter, event)
        }
        guard first.meter == meter, first.event.hasContent(of: event) else {
            throw fields.invalid("id", "\(JSONValue.string(id).seen) is also the id of an event with other content")
        }
        return nil
    }

    private static func properties(_ fields: inout JSONFields) throws(Problem) -> JSONObject {
        guard let value = fields.value("properties") else { return JSONObject() }
        guard let object = value.object else {
            throw fields.invalid("properties", "must be an object, not \(value.seen)")
        }
        return object
    }
}

extension RatingEvent {
    fileprivate func hasContent(of other: RatingEvent) -> Bool {
        at == other.at && value == other.value && properties == other.properties
    }
}
