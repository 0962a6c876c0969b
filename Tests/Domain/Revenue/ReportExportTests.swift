import Foundation
import FoundationXML
import Revenue
import Testing
import Values

/// Pictures and workbooks of reports.
@Suite struct ReportExportTests {
    /// What an XML parser sees: the elements with their attributes, and whether it is sound.
    private final class Reader: NSObject, XMLParserDelegate {
        var elements: [(name: String, attributes: [String: String], text: String)] = []
        private var open: [Int] = []

        func parser(
            _ parser: XMLParser,
            didStartElement name: String,
            namespaceURI: String?,
            qualifiedName: String?,
            attributes: [String: String]
        ) {
            open.append(elements.count)
            elements.append((name: name, attributes: attributes, text: ""))
        }

        func parser(_ parser: XMLParser, foundCharacters string: String) {
            if let last = open.last { elements[last].text += string }
        }

        func parser(
            _ parser: XMLParser,
            didEndElement name: String,
            namespaceURI: String?,
            qualifiedName: String?
        ) { open.removeLast() }
    }

    private func elements(_ xml: String) throws -> [(name: String, attributes: [String: String], text: String)] {
        let parser = XMLParser(data: Data(xml.utf8))
        let reader = Reader()
        parser.delegate = reader
        try #require(parser.parse())
        return reader.elements
    }

    private func picture(_ shape: ReportPicture.Shape, _ categories: [String]) -> ReportPicture {
        ReportPicture(
            title: "MRR <of> \"all\" & more",
            panels: [ReportPicture.Panel(title: "Panel", unit: "USD", categories: categories, shape: shape)]
        )
    }

    /// The rectangles with a title that ends with a text, and their heights.
    private func heights(_ svg: String, _ ending: String) throws -> [Double] {
        let all = try elements(svg)
        var heights: [Double] = []
        for (place, element) in all.enumerated() where element.name == "rect" && place + 1 < all.count {
            if all[place + 1].name == "title", all[place + 1].text.contains(ending) {
                heights.append(try #require(element.attributes["height"].flatMap(Double.init)))
            }
        }
        return heights
    }

    @Test func `bars are as high as their numbers, and say what they are`() throws {
        let svg = SVGDrawing.text(
            picture(
                .stackedBars([
                    ReportPicture.Series(name: "new", values: [100, 50, nil]),
                    ReportPicture.Series(name: "churn", values: [-25, 0, -75]),
                ]),
                ["2026-01", "2026-02", "2026-03"]
            )
        )
        let new = try heights(svg, " new: ")
        let churn = try heights(svg, " churn: ")
        #expect(new.count == 2 && churn.count == 2)
        #expect(abs(new[0] - 2 * new[1]) < 0.03 && abs(churn[1] - 3 * churn[0]) < 0.03)
        #expect(abs(new[0] - 4 * churn[0]) < 0.05)
        let all = try elements(svg)
        #expect(all.first?.name == "svg" && all.first?.attributes["role"] == "img")
        #expect(all.contains { $0.name == "title" && $0.text == "MRR <of> \"all\" & more" })
        #expect(all.contains { $0.name == "title" && $0.text == "2026-03 churn: -75 USD" })
        for label in ["2026-01", "2026-02", "2026-03", "USD", "new", "churn"] {
            #expect(all.contains { $0.name == "text" && $0.text == label }, "\(label)")
        }
    }

    @Test func `a waterfall begins where the step before ended`() throws {
        let svg = SVGDrawing.text(
            picture(
                .waterfall([40, 100, -60, 80], totals: [0, 3]),
                ["opening", "billed", "recognised", "closing"]
            )
        )
        let rects = try elements(svg).filter { $0.name == "rect" && $0.attributes["x"] != nil }
        let tops = rects.compactMap { $0.attributes["y"].flatMap(Double.init) }
        let heights = rects.compactMap { $0.attributes["height"].flatMap(Double.init) }
        try #require(tops.count == 4 && heights.count == 4)
        // Billed stands on the opening, and what is recognised hangs from its top down to the closing.
        #expect(abs(tops[1] + heights[1] - tops[0]) < 0.03)
        #expect(abs(tops[2] - tops[1]) < 0.03 && abs(tops[2] + heights[2] - tops[3]) < 0.03)
        #expect(abs(heights[1] - 100.0 / 80 * heights[3]) < 0.05)
    }

    @Test func `all forms are sound XML, also without numbers`() throws {
        let series = [ReportPicture.Series(name: "2026-01", values: [100, nil, 37.5])]
        for shape in [
            ReportPicture.Shape.lines(series), .heatMap(series), .stackedBars(series), .stackedBars([]), .lines([]),
            .heatMap([]), .fan(bands: [], []),
            .fan(bands: [ReportPicture.Band(name: "80 %", lower: [1, nil, 2], upper: [3, nil, 4])], series),
        ] {
            let svg = SVGDrawing.text(picture(shape, ["0", "1", "2"]))
            #expect(try !elements(svg).isEmpty)
            #expect(!svg.contains("nan") && !svg.contains("inf"))
        }
        #expect(try !elements(SVGDrawing.text(ReportPicture(title: "nothing", panels: []))).isEmpty)
        let heat = try elements(SVGDrawing.text(picture(.heatMap(series), ["0", "1", "2"])))
        #expect(heat.contains { $0.name == "title" && $0.text == "2 2026-01: 37.5 USD" })
    }

    @Test func `sparklines go from the lowest bar to the highest`() {
        #expect(Sparkline.text([0, 50, 100]) == "▁▅█")
        #expect(Sparkline.text([0, 0]) == "▁▁")
        #expect(Sparkline.text([-10, 7, 7]) == "▁██")
        #expect(Sparkline.text([]).isEmpty)
    }

    /// The files of an archive by their local heads, as far as they are sound.
    private func files(_ bytes: [UInt8]) throws -> [String: String] {
        func number(_ place: Int, _ count: Int) -> Int {
            (0..<count).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
        }
        var files: [String: String] = [:]
        var place = 0
        while number(place, 4) == 0x0403_4B50 {
            #expect(number(place + 8, 2) == 0)
            let size = number(place + 18, 4)
            let length = number(place + 26, 2)
            let start = place + 30
            let name = String(decoding: bytes[start..<start + length], as: UTF8.self)
            files[name] = String(decoding: bytes[(start + length)..<(start + length + size)], as: UTF8.self)
            place = start + length + size
        }
        #expect(number(place, 4) == 0x0201_4B50)
        let end = bytes.count - 22
        #expect(number(end, 4) == 0x0605_4B50 && number(end + 10, 2) == files.count && number(end + 16, 4) == place)
        return files
    }

    @Test func `a workbook has a sheet for each table, numbers as numbers and texts as texts`() throws {
        let table = ReportPage.Table(
            columns: ["month", "amount", "note"],
            rows: [
                ["2026-01", "-12.50", "a <b> & \"c\""], ["2026-02", "0123", ""], ["2026-03", "1234567890123456", "x"],
            ]
        )
        let bytes = XLSXWriter.bytes([(name: "mrr", table: table), (name: "mrr", table: table)])
        let files = try files(bytes)
        #expect(files.count == 7)
        for (name, text) in files { #expect(try !elements(text).isEmpty, "\(name)") }
        let sheet = try #require(files["xl/worksheets/sheet1.xml"])
        #expect(sheet.contains("<c r=\"B2\"><v>-12.50</v></c>"))
        #expect(sheet.contains("a &lt;b&gt; &amp;") && !sheet.contains("<v>0123") && !sheet.contains("<v>12345678"))
        let book = try elements(try #require(files["xl/workbook.xml"]))
        #expect(book.filter { $0.name == "sheet" }.compactMap { $0.attributes["name"] } == ["mrr", "mrr 2"])
        #expect(XLSXWriter.bytes([(name: "mrr", table: table), (name: "mrr", table: table)]) == bytes)
    }
}
