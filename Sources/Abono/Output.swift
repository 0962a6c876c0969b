import ArgumentParser
import Foundation
import Values

/// How data is printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case table, json, csv
}

/// Rows for a person, a program or a spreadsheet.
struct Output {
    let format: OutputFormat

    /// Prints a list: JSON as one array of the objects, the others as columns.
    ///
    /// - Parameters:
    ///   - columns: what stands over each column.
    ///   - rows: as many texts a row as there are columns.
    ///   - json: the whole of it as JSON.
    func list(_ columns: [String], _ rows: [[String]], json: @autoclosure () -> JSONValue) {
        switch format {
        case .json: write(json().prettyText + "\n")
        case .csv: write(([columns] + rows).map { $0.map(Self.csv).joined(separator: ",") + "\n" }.joined())
        case .table: write(Self.table(columns, rows))
        }
    }

    /// Prints one object: its members one a line, or the JSON.
    func object(_ json: JSONValue) {
        guard format != .json, let object = json.object else { return write(json.prettyText + "\n") }
        let rows = object.map { [$0.key, Self.cell($0.value)] }
        format == .csv
            ? list(["field", "value"], rows, json: json) : write(Self.table(["", ""], rows, hasHead: false))
    }

    /// Prints text as it is.
    func write(_ text: String) { Self.write(Data(text.utf8)) }

    /// Writes bytes; once their reader has left the program ends, as quietly as a broken pipe would end it.
    static func write(_ bytes: Data) {
        do { try FileHandle.standardOutput.write(contentsOf: bytes) } catch { exit(141) }
    }

    /// A value in a cell.
    static func cell(_ value: JSONValue?) -> String {
        guard let value, !value.isNull else { return "" }
        if let text = value.string { return text }
        if let amount = value["amount"]?.string, let currency = value["currency"]?.string {
            return "\(amount) \(currency)"
        }
        return value.text
    }

    private static func csv(_ text: String) -> String {
        guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
        return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }

    /// Columns as wide as they need; numbers to the right.
    static func table(_ columns: [String], _ rows: [[String]], hasHead: Bool = true) -> String {
        var widths = columns.map(\.count)
        for row in rows {
            for (index, cell) in row.enumerated() where index < widths.count {
                widths[index] = max(widths[index], cell.count)
            }
        }
        let isNumeric = columns.indices.map { index in
            !rows.isEmpty && rows.allSatisfy { $0[index].isEmpty || Self.isNumber($0[index]) }
        }
        func line(_ cells: [String]) -> String {
            var parts: [String] = []
            for (index, cell) in cells.enumerated() {
                let pad = String(repeating: " ", count: max(0, widths[index] - cell.count))
                parts.append(isNumeric[index] ? pad + cell : cell + pad)
            }
            return parts.joined(separator: "  ").trimmedRight + "\n"
        }
        let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
        return (hasHead ? line(columns) + rule + "\n" : "") + rows.map(line).joined()
    }

    private static func isNumber(_ text: String) -> Bool {
        guard let first = text.first, first.isNumber || first == "-" || first == "+" else { return false }
        return text.allSatisfy { $0.isNumber || "+-.,% ".contains($0) || ($0.isUppercase && text.contains(" ")) }
    }
}

extension String {
    /// Without blanks at the end.
    var trimmedRight: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
