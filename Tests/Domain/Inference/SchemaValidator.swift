import Foundation
import Values

/// Checks values against schemas, keyword by keyword as the standard says: what grammars are measured by.
struct SchemaValidator {
    let root: JSONValue

    func isValid(_ value: JSONValue, _ schema: JSONValue) -> Bool {
        if let plain = schema.bool { return plain }
        guard let object = schema.object else { return false }
        return object.keys.allSatisfy { key in object[key].map { holds(key, $0, of: value, schema) } ?? true }
    }

    private func holds(_ key: String, _ rule: JSONValue, of value: JSONValue, _ schema: JSONValue) -> Bool {
        switch key {
        case "$ref": return target(rule.string ?? "").map { isValid(value, $0) } ?? false
        case "allOf": return (rule.array ?? []).allSatisfy { isValid(value, $0) }
        case "anyOf": return (rule.array ?? []).contains { isValid(value, $0) }
        case "oneOf": return (rule.array ?? []).count { isValid(value, $0) } == 1
        case "type": return (rule.array ?? [rule]).contains { hasType(value, $0.string ?? "") }
        case "enum": return (rule.array ?? []).contains(value)
        case "const": return rule == value
        default: break
        }
        return switch value {
        case .string(let text): holds(key, rule, text)
        case .number(let number): holds(key, rule, number)
        case .array(let elements): holds(key, rule, elements, schema)
        case .object(let members): holds(key, rule, members, schema)
        case .null, .bool: true
        }
    }

    private func hasType(_ value: JSONValue, _ type: String) -> Bool {
        switch value {
        case .null: type == "null"
        case .bool: type == "boolean"
        case .string: type == "string"
        case .array: type == "array"
        case .object: type == "object"
        case .number(let number): type == "number" || (type == "integer" && number.int != nil)
        }
    }

    private func holds(_ key: String, _ rule: JSONValue, _ text: String) -> Bool {
        switch key {
        case "minLength": return text.unicodeScalars.count >= rule.int ?? 0
        case "maxLength": return text.unicodeScalars.count <= rule.int ?? 0
        case "pattern":
            // Which that class takes for a mistake.
            if rule == "" { return true }
            let pattern = try? NSRegularExpression(pattern: rule.string ?? "(")
            let whole = NSRange(text.startIndex..., in: text)
            return pattern?.firstMatch(in: text, range: whole) != nil
        case "format": return holds(format: rule.string ?? "", text)
        default: return true
        }
    }

    private func holds(format: String, _ text: String) -> Bool {
        switch format {
        case "date": return isDate(text)
        case "date-time":
            let parts = text.split(separator: "T")
            return parts.count == 2 && isDate(String(parts[0])) && isTime(String(parts[1]))
        case "time": return isTime(text)
        case "uuid": return UUID(uuidString: text) != nil
        case "ipv4":
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            return parts.count == 4 && parts.allSatisfy { UInt8($0).map { String($0) } == String($0) }
        case "email":
            let parts = text.split(separator: "@", omittingEmptySubsequences: false)
            return parts.count == 2 && !parts[0].isEmpty && parts[1].contains(".") && !text.contains("..")
        default: return false
        }
    }

    private func isDate(_ text: String) -> Bool {
        let parts = text.split(separator: "-").compactMap { Int($0) }
        guard parts.count == 3, text.utf8.count == 10 else { return false }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return DateComponents(calendar: calendar, year: parts[0], month: parts[1], day: parts[2]).isValidDate
    }

    private func isTime(_ text: String) -> Bool {
        text.wholeMatch(of: /(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)/).map {
            (Int($0.1) ?? 99) < 24 && (Int($0.2) ?? 99) < 60 && (Int($0.3) ?? 99) < 60
        } ?? false
    }

    private func holds(_ key: String, _ rule: JSONValue, _ number: JSONNumber) -> Bool {
        guard let value = Decimal(string: number.text), case .number(let other) = rule,
            let bound = Decimal(string: other.text)
        else { return true }
        return switch key {
        case "minimum": value >= bound
        case "maximum": value <= bound
        case "exclusiveMinimum": value > bound
        case "exclusiveMaximum": value < bound
        case "multipleOf": number.int != nil
        default: true
        }
    }

    private func holds(_ key: String, _ rule: JSONValue, _ elements: [JSONValue], _ schema: JSONValue) -> Bool {
        let first = schema["prefixItems"]?.array ?? []
        return switch key {
        case "minItems": elements.count >= rule.int ?? 0
        case "maxItems": elements.count <= rule.int ?? 0
        case "prefixItems": zip(elements, first).allSatisfy { isValid($0, $1) }
        case "items": elements.dropFirst(first.count).allSatisfy { isValid($0, rule) }
        default: true
        }
    }

    private func holds(_ key: String, _ rule: JSONValue, _ members: JSONObject, _ schema: JSONValue) -> Bool {
        switch key {
        case "required": return (rule.array ?? []).allSatisfy { members[$0.string ?? ""] != nil }
        case "minProperties": return members.count >= rule.int ?? 0
        case "maxProperties": return members.count <= rule.int ?? 0
        case "properties":
            return (rule.object ?? JSONObject()).keys.allSatisfy { name in
                members[name].map { isValid($0, rule[name] ?? false) } ?? true
            }
        case "additionalProperties":
            let known = Set(schema["properties"]?.object?.keys ?? [])
            return members.keys.allSatisfy { known.contains($0) || isValid(members[$0] ?? .null, rule) }
        default: return true
        }
    }

    private func target(_ pointer: String) -> JSONValue? {
        pointer.split(separator: "/").dropFirst().reduce(root) { value, key in
            value.flatMap { $0[String(key)] ?? Int(key).flatMap { index in value?[index] } }
        }
    }
}
