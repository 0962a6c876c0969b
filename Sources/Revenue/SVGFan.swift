extension SVGDrawing {
    /// Lines over bands: a forecast with its intervals.
    static func fan(
        _ panel: ReportPicture.Panel,
        _ bands: [ReportPicture.Band],
        _ series: [ReportPicture.Series],
        _ svg: inout SVGText
    ) {
        let bounds = bands.flatMap { ($0.lower + $0.upper).compactMap(\.self) }
        let scale = Scale(bounds + series.flatMap { $0.values.compactMap(\.self) })
        axes(panel, scale, &svg)
        for (place, band) in bands.enumerated() {
            let points = zip(band.lower, band.upper).enumerated().compactMap { place, pair in
                pair.0.flatMap { lower in pair.1.map { (x: center(place, panel), lower: lower, upper: $0) } }
            }
            let there = points.map { "\(SVGText.number($0.x)),\(SVGText.number(scale.y($0.upper)))" }
            let back = points.reversed().map { "\(SVGText.number($0.x)),\(SVGText.number(scale.y($0.lower)))" }
            // The narrower a band the darker it is.
            let shade = ["#dbe9f6", "#b3d2ec", "#85b5dd"][min(2, place)]
            svg.raw(
                """
                <polygon points="\((there + back).joined(separator: " "))" fill="\(shade)">\
                <title>\(SVGText.escaped(band.name))</title></polygon>
                """
            )
        }
        legend(series, &svg)
        strokes(panel, series, scale, &svg)
    }
}
