/// Writes tables as a workbook of spreadsheets (Office Open XML), a sheet each.
///
/// Pure, and no more than reports need: texts, numbers, a bold first row that stays, and stored parts: nothing is
/// compressed.
package enum XLSXWriter {
    /// The most rows of a sheet that programs can open, the head included.
    package static let maximumRows = 1_048_576

    /// The whole file.
    package static func bytes(_ tables: [(name: String, table: ReportPage.Table)]) -> [UInt8] {
        let sheets = tables.indices.map { $0 + 1 }
        var zip = ZIPWriter()
        zip.add("[Content_Types].xml", contentTypes(sheets))
        zip.add("_rels/.rels", relations([("officeDocument", "xl/workbook.xml")]))
        zip.add("xl/workbook.xml", workbook(names(tables.map(\.name))))
        zip.add(
            "xl/_rels/workbook.xml.rels",
            relations(sheets.map { ("worksheet", "worksheets/sheet\($0).xml") } + [("styles", "styles.xml")])
        )
        zip.add("xl/styles.xml", styles)
        for (number, one) in Swift.zip(sheets, tables) { zip.add("xl/worksheets/sheet\(number).xml", sheet(one.table)) }
        return zip.finished()
    }

    private static let head = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
    private static let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    private static let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    private static let package = "http://schemas.openxmlformats.org/package/2006"

    /// Names of sheets: at most 31 characters, none of them reserved, no two the same.
    private static func names(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.enumerated().map { place, name in
            let plain = String(name.map { "[]:*?/\\'".contains($0) ? " " : $0 }.prefix(28))
            var own = plain.isEmpty ? "sheet \(place + 1)" : plain
            if !seen.insert(own.lowercased()).inserted {
                own = "\(own) \(place + 1)"
                seen.insert(own.lowercased())
            }
            return own
        }
    }

    private static func contentTypes(_ sheets: [Int]) -> String {
        let form = "application/vnd.openxmlformats-officedocument.spreadsheetml"
        let parts =
            [("/xl/workbook.xml", "sheet.main"), ("/xl/styles.xml", "styles")]
            + sheets.map { ("/xl/worksheets/sheet\($0).xml", "worksheet") }
        return head + "<Types xmlns=\"\(package)/content-types\">"
            + "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
            + "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"
            + parts.map { "<Override PartName=\"\($0.0)\" ContentType=\"\(form).\($0.1)+xml\"/>" }.joined()
            + "</Types>"
    }

    private static func relations(_ targets: [(kind: String, target: String)]) -> String {
        head + "<Relationships xmlns=\"\(package)/relationships\">"
            + targets.enumerated().map { place, one in
                "<Relationship Id=\"rId\(place + 1)\" Type=\"\(office)/\(one.kind)\" Target=\"\(one.target)\"/>"
            }.joined() + "</Relationships>"
    }

    private static func workbook(_ names: [String]) -> String {
        head + "<workbook xmlns=\"\(main)\" xmlns:r=\"\(office)\"><sheets>"
            + names.enumerated().map { place, name in
                "<sheet name=\"\(SVGText.escaped(name))\" sheetId=\"\(place + 1)\" r:id=\"rId\(place + 1)\"/>"
            }.joined() + "</sheets></workbook>"
    }

    /// Style 0 is plain, style 1 bold.
    private static let styles =
        head + "<styleSheet xmlns=\"\(main)\"><fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/></font>"
        + "<font><b/><sz val=\"11\"/><name val=\"Calibri\"/></font></fonts>"
        + "<fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill>"
        + "<fill><patternFill patternType=\"gray125\"/></fill></fills>"
        + "<borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>"
        + "<cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>"
        + "<cellXfs count=\"2\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>"
        + "<xf numFmtId=\"0\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyFont=\"1\"/></cellXfs>"
        + "<cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles>"
        + "</styleSheet>"

    private static func sheet(_ table: ReportPage.Table) -> String {
        var text = head + "<worksheet xmlns=\"\(main)\"><sheetViews><sheetView workbookViewId=\"0\">"
        text += "<pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/>"
        text += "</sheetView></sheetViews><sheetData>"
        row(1, table.columns, style: 1, &text)
        for (place, cells) in table.rows.prefix(maximumRows - 1).enumerated() {
            row(place + 2, cells, style: 0, &text)
        }
        return text + "</sheetData></worksheet>"
    }

    private static func row(_ number: Int, _ cells: [String], style: Int, _ text: inout String) {
        text += "<row r=\"\(number)\">"
        for (place, cell) in cells.enumerated() where !cell.isEmpty {
            let name = column(place) + String(number)
            if style == 0, isNumber(cell) {
                text += "<c r=\"\(name)\"><v>\(cell)</v></c>"
            } else {
                // More is cut: no cell holds more.
                let words = SVGText.escaped(String(cell.prefix(32_767)))
                text += "<c r=\"\(name)\" s=\"\(style)\" t=\"inlineStr\"><is>"
                text += "<t xml:space=\"preserve\">\(words)</t></is></c>"
            }
        }
        text += "</row>"
    }

    /// The letters of a column: A, …, Z, AA, ….
    static func column(_ place: Int) -> String {
        var number = place + 1
        var letters = ""
        while number > 0 {
            let letter = Unicode.Scalar(UInt8(65 + (number - 1) % 26))
            letters = String(Character(letter)) + letters
            number = (number - 1) / 26
        }
        return letters
    }

    /// Whether a text is a number that a spreadsheet keeps to the digit: at most fifteen of them.
    static func isNumber(_ text: String) -> Bool {
        let digits = text.hasPrefix("-") ? text.dropFirst() : Substring(text)
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), digits.utf8.count <= 16, parts.allSatisfy({ !$0.isEmpty }) else {
            return false
        }
        guard parts.allSatisfy({ part in part.utf8.allSatisfy { (48...57).contains($0) } }) else { return false }
        let count = parts.reduce(0) { $0 + $1.utf8.count }
        return count <= 15 && (parts[0] == "0" || !parts[0].hasPrefix("0"))
    }
}

/// Writes a ZIP archive of stored files.
struct ZIPWriter {
    private struct Entry {
        let name: [UInt8]
        let check: UInt32
        let size: UInt32
        let offset: UInt32
    }

    private var bytes: [UInt8] = []
    private var entries: [Entry] = []

    /// 1 January 1980: the same tables give the same bytes.
    private static let date: UInt16 = 0x21

    mutating func add(_ name: String, _ text: String) {
        let content = Array(text.utf8)
        let entry = Entry(
            name: Array(name.utf8),
            check: Self.check(content),
            size: UInt32(content.count),
            offset: UInt32(bytes.count)
        )
        append32(0x0403_4B50)
        append16(20)
        appendFacts(entry)
        append16(0)
        bytes += entry.name
        bytes += content
        entries.append(entry)
    }

    mutating func finished() -> [UInt8] {
        let start = UInt32(bytes.count)
        for entry in entries {
            append32(0x0201_4B50)
            append16(20)
            append16(20)
            appendFacts(entry)
            for _ in 0..<4 { append16(0) }
            append32(0)
            append32(entry.offset)
            bytes += entry.name
        }
        let size = UInt32(bytes.count) - start
        append32(0x0605_4B50)
        append16(0)
        append16(0)
        append16(UInt16(entries.count))
        append16(UInt16(entries.count))
        append32(size)
        append32(start)
        append16(0)
        return bytes
    }

    /// What both heads of a file have: no flags, stored, time, sum, both sizes, the length of the name.
    private mutating func appendFacts(_ entry: Entry) {
        append16(0)
        append16(0)
        append16(0)
        append16(Self.date)
        append32(entry.check)
        append32(entry.size)
        append32(entry.size)
        append16(UInt16(entry.name.count))
    }

    private mutating func append16(_ value: UInt16) {
        bytes.append(UInt8(truncatingIfNeeded: value))
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
    }

    private mutating func append32(_ value: UInt32) {
        append16(UInt16(truncatingIfNeeded: value))
        append16(UInt16(truncatingIfNeeded: value >> 16))
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }

    /// The sum that archives check their files by (CRC-32).
    static func check(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { sum, byte in table[Int((sum ^ UInt32(byte)) & 255)] ^ (sum >> 8) }
    }
}
