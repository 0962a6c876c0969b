import Foundation
import HTTPTypes
import Hummingbird
import Metering
import Values

/// The forms in which events come.
enum EventBody {
    /// Reads a body by its type; what is no event is refused by itself, what is no body at all as a whole.
    static func inputs(of call: Call, in zone: Zone) throws(Problem) -> [UsageInput] {
        if let version = call.header("ce-specversion") { return [try binary(call, version, in: zone)] }
        let type = mediaType(call.header("Content-Type") ?? "application/json")
        switch type {
        case "application/x-ndjson", "application/ndjson", "application/jsonl":
            return try lines(call.body, in: zone)
        case "application/cloudevents+json", "application/cloudevents-batch+json":
            return try cloudEvents(try call.json(), in: zone)
        default:
            return try UsageInput.inputs(try call.json(), in: zone)
        }
    }

    /// In a body of CloudEvents what names no `specversion` is none, also if it has our short form.
    private static func cloudEvents(_ json: JSONValue, in zone: Zone) throws(Problem) -> [UsageInput] {
        let inputs = try UsageInput.inputs(json, in: zone)
        return zip(inputs, json.array ?? [json]).map { input, element in
            guard element.object != nil, element["specversion"] == nil else { return input }
            return .malformed(id: element["id"]?.string, .invalid("specversion", "is required: \"1.0\""))
        }
    }

    /// A CloudEvent in binary mode: its attributes are headers that begin with `ce-`, its data is the body.
    private static func binary(_ call: Call, _ version: String, in zone: Zone) throws(Problem) -> UsageInput {
        var event: JSONObject = [:]
        for field in call.request.headers {
            let name = field.name.canonicalName
            guard name.hasPrefix("ce-") else { continue }
            event[String(name.dropFirst(3))] = .string(field.value.removingPercentEncoding ?? field.value)
        }
        event["specversion"] = .string(version)
        if !call.body.isEmpty { event["data"] = try call.json() }
        return UsageInput(json: .object(event), in: zone)
    }

    private static func mediaType(_ header: String) -> String {
        String(header.prefix { $0 != ";" }).filter { $0 != " " }.lowercased()
    }

    private static func lines(_ body: [UInt8], in zone: Zone) throws(Problem) -> [UsageInput] {
        let lines = body.split(separator: UInt8(ascii: "\n")).filter { line in
            line.contains { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\t") }
        }
        guard (1...UsageLimits.batch).contains(lines.count) else {
            throw .invalid("body", "has \(lines.count) lines with events; 1 to \(UsageLimits.batch) are allowed")
        }
        return lines.map { UsageInput(line: $0, in: zone) }
    }
}
