/// Draws the picture of a report as SVG: simple shapes, no script, nothing from outside.
///
/// Pure: the same numbers give the same bytes.
package enum SVGDrawing {
    /// Where a panel's parts are, in points.
    enum Layout {
        static let width = 960.0
        static let left = 90.0
        static let right = 170.0
        static let top = 44.0
        static let plot = 260.0
        static let bottom = 96.0
        static let panel = top + plot + bottom
        static let plotWidth = width - left - right
    }

    /// Apart also for those who do not see all colours.
    private static let colors = [
        "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#666666",
    ]

    /// The whole document.
    package static func text(_ picture: ReportPicture) -> String {
        let height = Layout.panel * Double(max(1, picture.panels.count))
        var svg = SVGText()
        let size = "\(SVGText.number(Layout.width)) \(SVGText.number(height))"
        svg.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")
        svg.raw(
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size)" width="\(SVGText.number(Layout.width))" \
            height="\(SVGText.number(height))" role="img" aria-labelledby="title" font-family="sans-serif">
            """
        )
        svg.raw("<title id=\"title\">\(SVGText.escaped(picture.title))</title>")
        svg.raw("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>")
        if picture.panels.isEmpty { svg.label("nothing to show", x: Layout.left, y: Layout.top + 40, size: 13) }
        for (place, panel) in picture.panels.enumerated() {
            svg.raw("<g transform=\"translate(0 \(SVGText.number(Layout.panel * Double(place))))\">")
            draw(panel, &svg)
            svg.raw("</g>")
        }
        svg.raw("</svg>")
        return svg.text
    }

    private static func draw(_ panel: ReportPicture.Panel, _ svg: inout SVGText) {
        svg.label(panel.title, x: Layout.left, y: 24, size: 15)
        switch panel.shape {
        case .stackedBars(let series): bars(panel, series, &svg)
        case .lines(let series): lines(panel, series, &svg)
        case .fan(let bands, let series): fan(panel, bands, series, &svg)
        case .heatMap(let series): heatMap(panel, series, &svg)
        case .waterfall(let steps, let totals): waterfall(panel, steps, totals, &svg)
        }
    }

    // MARK: - Axes

    /// From values to heights.
    struct Scale {
        let low: Double
        let high: Double

        /// Nothing is always in it.
        init(_ values: [Double]) {
            let low = min(0, values.min() ?? 0)
            let high = max(0, values.max() ?? 0)
            self.low = low
            self.high = high == low ? low + 1 : high
        }

        func y(_ value: Double) -> Double {
            Layout.top + Layout.plot * (high - value) / (high - low)
        }

        /// Round numbers between the two.
        var ticks: [Double] {
            let rough = (high - low) / 5
            var step = 1.0
            while step > rough { step /= 10 }
            while step * 10 <= rough { step *= 10 }
            let wide = [1.0, 2, 5, 10].first { step * $0 >= rough } ?? 10
            step *= wide
            let first = Int((low / step).rounded(.up))
            let last = Int((high / step).rounded(.down))
            return first <= last ? (first...last).map { Double($0) * step } : [0]
        }
    }

    static func axes(_ panel: ReportPicture.Panel, _ scale: Scale, _ svg: inout SVGText) {
        for tick in scale.ticks {
            let y = scale.y(tick)
            svg.line(
                x1: Layout.left,
                y1: y,
                x2: Layout.left + Layout.plotWidth,
                y2: y,
                color: tick == 0 ? "#333333" : "#dddddd"
            )
            svg.label(SVGText.number(tick), x: Layout.left - 6, y: y + 4, anchor: "end")
        }
        svg.label(panel.unit, x: Layout.left - 6, y: Layout.top - 8, anchor: "end")
        categories(panel, &svg)
    }

    /// Names below the plot; some are left out where they would not fit.
    private static func categories(
        _ panel: ReportPicture.Panel,
        below y: Double = Layout.top + Layout.plot,
        _ svg: inout SVGText
    ) {
        let step = max(1, (panel.categories.count + 23) / 24)
        for (place, name) in panel.categories.enumerated() where place % step == 0 {
            svg.label(
                name,
                x: center(place, panel),
                y: y + 16,
                anchor: "end",
                turned: true
            )
        }
    }

    private static func slot(_ panel: ReportPicture.Panel) -> Double {
        Layout.plotWidth / Double(max(1, panel.categories.count))
    }

    static func center(_ place: Int, _ panel: ReportPicture.Panel) -> Double {
        Layout.left + slot(panel) * (Double(place) + 0.5)
    }

    static func legend(_ series: [ReportPicture.Series], _ svg: inout SVGText) {
        for (place, one) in series.enumerated() {
            let y = Layout.top + Double(place) * 18
            let x = Layout.left + Layout.plotWidth + 14
            svg.rectangle(x: x, y: y, width: 10, height: 10, fill: color(place), title: one.name)
            svg.label(one.name, x: x + 16, y: y + 9)
        }
    }

    static func color(_ place: Int) -> String { colors[place % colors.count] }

    static func title(_ panel: ReportPicture.Panel, _ place: Int, _ name: String, _ value: Double) -> String {
        "\(panel.categories[place]) \(name): \(SVGText.number(value)) \(panel.unit)"
    }

    // MARK: - Shapes

    private static func bars(_ panel: ReportPicture.Panel, _ series: [ReportPicture.Series], _ svg: inout SVGText) {
        func sums(_ keeps: (Double) -> Bool) -> [Double] {
            panel.categories.indices.map { place in
                series.reduce(0) { sum, one in
                    let value = one.values[place] ?? 0
                    return keeps(value) ? sum + value : sum
                }
            }
        }
        let scale = Scale(sums { $0 > 0 } + sums { $0 < 0 })
        axes(panel, scale, &svg)
        legend(series, &svg)
        let width = slot(panel) * 0.7
        for place in panel.categories.indices {
            var above = 0.0
            var below = 0.0
            for (index, one) in series.enumerated() {
                guard let value = one.values[place], value != 0 else { continue }
                let from = value > 0 ? above : below
                let top = scale.y(max(from, from + value))
                svg.rectangle(
                    x: center(place, panel) - width / 2,
                    y: top,
                    width: width,
                    height: scale.y(min(from, from + value)) - top,
                    fill: color(index),
                    title: title(panel, place, one.name, value)
                )
                if value > 0 { above += value } else { below += value }
            }
        }
    }

    private static func lines(_ panel: ReportPicture.Panel, _ series: [ReportPicture.Series], _ svg: inout SVGText) {
        let scale = Scale(series.flatMap { $0.values.compactMap(\.self) })
        axes(panel, scale, &svg)
        legend(series, &svg)
        strokes(panel, series, scale, &svg)
    }

    /// The lines themselves.
    static func strokes(
        _ panel: ReportPicture.Panel,
        _ series: [ReportPicture.Series],
        _ scale: Scale,
        _ svg: inout SVGText
    ) {
        for (index, one) in series.enumerated() {
            let points = one.values.enumerated().compactMap { place, value in
                value.map { (place: place, value: $0) }
            }
            let path = points.map { point in
                "\(SVGText.number(center(point.place, panel))),\(SVGText.number(scale.y(point.value)))"
            }
            svg.raw(
                """
                <polyline points="\(path.joined(separator: " "))" fill="none" stroke="\(color(index))" \
                stroke-width="2"><title>\(SVGText.escaped(one.name))</title></polyline>
                """
            )
            for point in points {
                svg.rectangle(
                    x: center(point.place, panel) - 2.5,
                    y: scale.y(point.value) - 2.5,
                    width: 5,
                    height: 5,
                    fill: color(index),
                    title: title(panel, point.place, one.name, point.value)
                )
            }
        }
    }

    private static func heatMap(
        _ panel: ReportPicture.Panel,
        _ series: [ReportPicture.Series],
        _ svg: inout SVGText
    ) {
        let greatest = series.flatMap { $0.values.compactMap(\.self) }.max() ?? 0
        let height = min(28, Layout.plot / Double(max(1, series.count)))
        categories(panel, below: Layout.top + height * Double(series.count), &svg)
        let width = slot(panel)
        for (row, one) in series.enumerated() {
            let y = Layout.top + height * Double(row)
            svg.label(one.name, x: Layout.left - 6, y: y + height / 2 + 4, anchor: "end")
            for (place, value) in one.values.enumerated() {
                guard let value else { continue }
                let share = greatest > 0 ? max(0, value) / greatest : 0
                svg.rectangle(
                    x: Layout.left + width * Double(place),
                    y: y,
                    width: width - 1,
                    height: height - 1,
                    fill: shade(share),
                    title: title(panel, place, one.name, value)
                )
                guard width >= 30, height >= 12 else { continue }
                svg.raw(
                    """
                    <text x="\(SVGText.number(Layout.left + width * (Double(place) + 0.5)))" \
                    y="\(SVGText.number(y + height / 2 + 4))" font-size="10" text-anchor="middle" \
                    fill="\(share > 0.6 ? "#ffffff" : "#333333")">\(SVGText.number(value.rounded()))</text>
                    """
                )
            }
        }
    }

    /// From nearly white to blue.
    private static func shade(_ share: Double) -> String {
        func mix(_ from: Double, _ to: Double) -> String {
            let value = Int((from + (to - from) * min(1, max(0, share))).rounded())
            let digits = String(value, radix: 16)
            return value < 16 ? "0" + digits : digits
        }
        return "#" + mix(0xF2, 0x00) + mix(0xF7, 0x4B) + mix(0xFC, 0x8D)
    }

    private static func waterfall(
        _ panel: ReportPicture.Panel,
        _ steps: [Double],
        _ totals: Set<Int>,
        _ svg: inout SVGText
    ) {
        var spans: [(from: Double, to: Double)] = []
        var level = 0.0
        for (place, step) in steps.enumerated() {
            let from = totals.contains(place) ? 0 : level
            level = from + step
            spans.append((from: from, to: level))
        }
        let scale = Scale(spans.flatMap { [$0.from, $0.to] })
        axes(panel, scale, &svg)
        let width = slot(panel) * 0.8
        for (place, span) in spans.enumerated() where panel.categories.indices.contains(place) {
            let top = scale.y(max(span.from, span.to))
            let isTotal = totals.contains(place)
            svg.rectangle(
                x: center(place, panel) - width / 2,
                y: top,
                width: width,
                height: scale.y(min(span.from, span.to)) - top,
                fill: isTotal ? colors[7] : span.to >= span.from ? colors[0] : colors[1],
                title: title(panel, place, isTotal ? "total" : "change", span.to - span.from)
            )
        }
    }
}
