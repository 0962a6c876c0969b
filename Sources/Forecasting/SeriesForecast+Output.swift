package import Values

extension SeriesForecast {
    /// The forecast as one document; the shape is the contract's.
    package var json: JSONValue {
        [
            "method": .string(method.rawValue), "members": .array(members.map(JSONValue.string)), "n": .int(count),
            "period": .int(seasonLength), "forecast": .array(rows.map(json)), "backtest": backtest.json(levels: levels),
            "notes": .array(notes.map(JSONValue.string)),
        ]
    }

    /// The forecast as CSV: a line a month.
    package var csv: String {
        let bounds = levels.flatMap { ["lower_\($0)", "upper_\($0)"] }
        var lines = [(["month", "mean"] + bounds).joined(separator: ",")]
        for row in rows {
            let numbers = [row.mean] + zip(row.lower, row.upper).flatMap { [$0, $1] }
            lines.append(([row.month.text] + numbers.map(Self.number)).joined(separator: ","))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The forecast for people: a line a month, then the back-test and the notes.
    package var table: String {
        let digits = decimals
        var cells = [["month", "mean"] + levels.flatMap { ["\($0) % from", "to"] }]
        for row in rows {
            let numbers = [row.mean] + zip(row.lower, row.upper).flatMap { [$0, $1] }
            cells.append([row.month.text] + numbers.map { Self.fixed($0, digits: digits) })
        }
        let widths = cells[0].indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        var lines = cells.map { line in
            line.enumerated().map { column, text in
                let space = String(repeating: " ", count: widths[column] - text.count)
                return column == 0 ? text + space : space + text
            }.joined(separator: "  ")
        }
        lines.append("")
        let names = members.joined(separator: ", ")
        lines.append("method    \(method.rawValue)\(names == method.rawValue ? "" : ": \(names)"), \(count) months")
        lines.append("back-test \(backtest.text(levels: levels))")
        lines += notes.map { "note      \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    private func json(_ row: Row) -> JSONValue {
        var intervals = JSONObject()
        for (place, level) in levels.enumerated() {
            intervals[String(level)] = [.double(row.lower[place]), .double(row.upper[place])]
        }
        return ["month": .string(row.month.text), "mean": .double(row.mean), "intervals": .object(intervals)]
    }

    /// Decimals for the table: five digits of the largest expected value.
    private var decimals: Int {
        var largest = rows.map { abs($0.mean) }.max() ?? 0
        var digits = 4
        while largest >= 10, digits > 0 {
            largest /= 10
            digits -= 1
        }
        while largest > 0, largest < 1, digits < 12 {
            largest *= 10
            digits += 1
        }
        return digits
    }

    private static func number(_ value: Double) -> String {
        JSONNumber(value).map(\.text) ?? ""
    }

    /// A number with so many decimals, rounded half away from zero.
    static func fixed(_ value: Double, digits: Int) -> String {
        var factor = 1.0
        for _ in 0..<digits { factor *= 10 }
        let scaled = (abs(value) * factor).rounded()
        guard scaled < 9e15 else { return number(value) }
        let whole = String(UInt64(scaled))
        let padded = String(repeating: "0", count: max(0, digits + 1 - whole.count)) + whole
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return sign + padded }
        return "\(sign)\(padded.dropLast(digits)).\(padded.suffix(digits))"
    }
}

extension Accuracy {
    /// As it stands in the forecast's document.
    package func json(levels: [Int]) -> JSONValue {
        var covered = JSONObject()
        for (place, level) in levels.enumerated() { covered[String(level)] = Self.number(coverage[place]) }
        return [
            "origins": .int(origins), "horizon": .int(horizon), "mase": Self.number(mase), "smape": Self.number(smape),
            "bias_percent": Self.number(biasPercent), "coverage": .object(covered),
            "skill_vs_snaive": Self.number(skill),
        ]
    }

    /// In one line for people.
    func text(levels: [Int]) -> String {
        var parts = ["\(origins) \(origins == 1 ? "origin" : "origins"), up to \(horizon) months ahead"]
        if let mase { parts.append("MASE \(SeriesForecast.fixed(mase, digits: 2))") }
        parts.append("sMAPE \(SeriesForecast.fixed(smape, digits: 1)) %")
        if let biasPercent { parts.append("bias \(SeriesForecast.fixed(biasPercent, digits: 1)) %") }
        for (place, level) in levels.enumerated() {
            parts.append("\(SeriesForecast.fixed(100 * coverage[place], digits: 0)) % inside the \(level) % band")
        }
        if let skill { parts.append("skill against seasonal naive \(SeriesForecast.fixed(skill, digits: 2))") }
        return parts.joined(separator: "; ")
    }

    private static func number(_ value: Double?) -> JSONValue {
        guard let value, value.isFinite else { return .null }
        return .double((value * 10_000).rounded() / 10_000 + 0)
    }
}
