/// Writes the parts of an SVG document.
struct SVGText {
    private(set) var text = ""

    /// A number as SVG has it: at most two fraction digits, the same on every machine.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let hundredths = Int64(max(-1e15, min(1e15, (value * 100).rounded())))
        let whole = hundredths.magnitude / 100
        let rest = hundredths.magnitude % 100
        let sign = hundredths < 0 ? "-" : ""
        if rest == 0 { return "\(sign)\(whole)" }
        let digits = rest % 10 == 0 ? "\(rest / 10)" : rest < 10 ? "0\(rest)" : "\(rest)"
        return "\(sign)\(whole).\(digits)"
    }

    /// Text between tags and in attributes.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            // XML has no other control characters than these.
            case "\t", "\n", "\r": escaped.unicodeScalars.append(scalar)
            case _ where scalar.value < 32 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: escaped += " "
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    mutating func raw(_ line: String) { text += line + "\n" }

    /// A rectangle that says what it is when one points at it.
    mutating func rectangle(
        x: Double,
        y: Double,
        width: Double,
        height: Double,
        fill: String,
        title: String
    ) {
        raw(
            """
            <rect x="\(Self.number(x))" y="\(Self.number(y))" width="\(Self.number(width))" \
            height="\(Self.number(height))" fill="\(fill)"><title>\(Self.escaped(title))</title></rect>
            """
        )
    }

    mutating func line(x1: Double, y1: Double, x2: Double, y2: Double, color: String) {
        raw(
            """
            <line x1="\(Self.number(x1))" y1="\(Self.number(y1))" x2="\(Self.number(x2))" y2="\(Self.number(y2))" \
            stroke="\(color)"/>
            """
        )
    }

    /// `anchor`: start, middle or end.
    mutating func label(
        _ words: String,
        x: Double,
        y: Double,
        anchor: String = "start",
        size: Int = 11,
        turned: Bool = false
    ) {
        let turn = turned ? " transform=\"rotate(-40 \(Self.number(x)) \(Self.number(y)))\"" : ""
        raw(
            """
            <text x="\(Self.number(x))" y="\(Self.number(y))" font-size="\(size)" text-anchor="\(anchor)"\(turn)>\
            \(Self.escaped(words))</text>
            """
        )
    }
}
