package import Values

extension UsageEvent {
    /// Reads an event strictly, in the short form or, if it names a `specversion`, as a CloudEvent 1.0.
    ///
    /// `zone`: where a bare date is midnight.
    package init(json: JSONValue, path: String = "", in zone: Zone = .utc) throws(Problem) {
        var fields = try JSONFields(json, path: path)
        if fields.has("specversion") {
            try self.init(cloudEvent: &fields, keys: json.object?.keys ?? [], in: zone)
        } else {
            try self.init(shortForm: &fields, in: zone)
        }
    }

    private init(shortForm fields: inout JSONFields, in zone: Zone) throws(Problem) {
        let id = try fields.string("id")
        let meter = try fields.string("meter")
        let instant = try fields.instant("at", in: zone)
        let value = try UsageEvent.value(&fields)
        let properties = fields.value("properties")
        let subject = try fields.optionalString("subject")
        let subscription = try fields.optionalID("subscription", of: Entities.Subscription.self)
        try fields.finish()
        try self.init(
            id: id,
            meter: meter,
            at: instant,
            value: value,
            properties: properties ?? [:],
            subject: subject,
            subscription: subscription,
            fields: .shortForm(path: fields.path)
        )
    }

    /// Reads the structured JSON form: `type` is the meter, `time` the instant, `data` has value and properties.
    ///
    /// The attribute `subscription` is an extension of ours; others', like `traceparent`, are left aside.
    private init(cloudEvent fields: inout JSONFields, keys: [String], in zone: Zone) throws(Problem) {
        let version = try fields.string("specversion")
        guard version == "1.0" else { throw fields.invalid("specversion", "must be \"1.0\", not \"\(version)\"") }
        let id = try fields.string("id")
        guard try !fields.string("source").isEmpty else { throw fields.invalid("source", "must not be empty") }
        let meter = try fields.string("type")
        let instant = try fields.instant("time", in: zone)
        let subject = try fields.optionalString("subject")
        let subscription = try fields.optionalID("subscription", of: Entities.Subscription.self)
        if let type = try fields.optionalString("datacontenttype"), !CloudEvents.isJSON(type) {
            throw fields.invalid("datacontenttype", "must be \"application/json\", not \"\(type)\"")
        }
        _ = try fields.optionalString("dataschema")
        guard !fields.has("data_base64") else {
            throw fields.invalid("data_base64", "is not read; send `data`, a JSON object")
        }
        var value: Decimal12 = 1
        var properties: JSONValue = [:]
        if var data = try fields.optionalObject("data") {
            value = try UsageEvent.value(&data)
            properties = data.value("properties") ?? [:]
            try data.finish()
        }
        try CloudEvents.skipExtensions(&fields, among: keys)
        try fields.finish()
        try self.init(
            id: id,
            meter: meter,
            at: instant,
            value: value,
            properties: properties,
            subject: subject,
            subscription: subscription,
            fields: .cloudEvent(path: fields.path)
        )
    }

    static func value(_ fields: inout JSONFields) throws(Problem) -> Decimal12 {
        guard let json = fields.value("value") else { return 1 }
        if let value = json.string.flatMap({ Decimal12($0) }) { return value }
        guard let text = json.string, Exact(decimal: text) != nil else {
            throw fields.invalid("value", "must be a decimal string like \"12.5\", not \(json.seen)")
        }
        throw fields.invalid("value", "must have at most 26 digits before the point and 12 after it")
    }
}

/// What the fields of an event are called where it was read.
struct UsageFieldNames {
    let id: String
    let meter: String
    let at: String
    let properties: String
    let subject: String

    static func shortForm(path: String) -> UsageFieldNames {
        UsageFieldNames(path, id: "id", meter: "meter", at: "at", properties: "properties", subject: "subject")
    }

    static func cloudEvent(path: String) -> UsageFieldNames {
        UsageFieldNames(path, id: "id", meter: "type", at: "time", properties: "data.properties", subject: "subject")
    }

    private init(_ path: String, id: String, meter: String, at: String, properties: String, subject: String) {
        let prefix = path.isEmpty ? "" : "\(path)."
        self.id = prefix + id
        self.meter = prefix + meter
        self.at = prefix + at
        self.properties = prefix + properties
        self.subject = prefix + subject
    }
}

/// What is particular to CloudEvents.
private enum CloudEvents {
    private static let known: Set<String> = [
        "specversion", "id", "source", "type", "time", "subject", "subscription", "datacontenttype", "dataschema",
        "data", "data_base64",
    ]

    static func isJSON(_ contentType: String) -> Bool {
        let type = contentType.split(separator: ";").first.map { $0.filter { $0 != " " }.lowercased() } ?? ""
        return type == "application/json" || type.hasSuffix("+json")
    }

    /// Passes over extension attributes: lower-case letters and digits, with a value that is not a structure.
    static func skipExtensions(_ fields: inout JSONFields, among keys: [String]) throws(Problem) {
        for key in keys where !known.contains(key) {
            let isName =
                (1...20).contains(key.utf8.count)
                && key.utf8.allSatisfy {
                    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                }
            guard isName else { continue }
            let value = fields.value(key)
            guard value?.object == nil, value?.array == nil else {
                throw fields.invalid(key, "is an extension attribute and must be a text, number or boolean")
            }
        }
    }
}
