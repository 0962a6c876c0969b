package import Values

/// What a report looks like, before anything is drawn: numbers, names and a form.
package struct ReportPicture: Hashable, Sendable {
    /// Numbers of one name.
    package struct Series: Hashable, Sendable {
        /// What it is of.
        package let name: String
        /// One for each category; nil where there is none.
        package let values: [Double?]

        /// Takes both.
        package init(name: String, values: [Double?]) {
            self.name = name
            self.values = values
        }
    }

    /// What lies between two bounds.
    package struct Band: Hashable, Sendable {
        /// What it is of.
        package let name: String
        /// The bounds for each category; nil where there are none.
        package let lower: [Double?]
        package let upper: [Double?]

        /// Takes the three.
        package init(name: String, lower: [Double?], upper: [Double?]) {
            self.name = name
            self.lower = lower
            self.upper = upper
        }
    }

    /// How numbers are drawn.
    package enum Shape: Hashable, Sendable {
        /// A bar for each category: what is positive is stacked upwards, what is negative downwards.
        case stackedBars([Series])
        /// A line for each series.
        case lines([Series])
        /// A field for each category and series, the darker the nearer to the greatest.
        case heatMap([Series])
        /// Lines over bands, the widest band first.
        case fan(bands: [Band], [Series])
        /// Bars that begin where the one before ended; those named as totals stand on the ground.
        case waterfall([Double], totals: Set<Int>)
    }

    /// One picture of several under each other.
    package struct Panel: Hashable, Sendable {
        /// What stands above it.
        package let title: String
        /// What the numbers are, at the axis.
        package let unit: String
        /// What stands below the bars or points.
        package let categories: [String]
        /// What is drawn.
        package let shape: Shape

        /// Takes the four.
        package init(title: String, unit: String, categories: [String], shape: Shape) {
            self.title = title
            self.unit = unit
            self.categories = categories
            self.shape = shape
        }
    }

    /// What it is of.
    package let title: String
    /// One for each currency.
    package let panels: [Panel]

    /// Takes both.
    package init(title: String, panels: [Panel]) {
        self.title = title
        self.panels = panels
    }
}

/// A row of numbers as small bars in characters.
package enum Sparkline {
    private static let steps = Array("▁▂▃▄▅▆▇█")

    /// The lowest bar is zero, the highest the greatest; what is below zero has the lowest.
    package static func text(_ values: [Double]) -> String {
        guard let greatest = values.max(), greatest > 0 else {
            return String(repeating: steps[0], count: values.count)
        }
        return String(
            values.map { value in
                let share = max(0, value) / greatest
                return steps[min(steps.count - 1, Int((share * Double(steps.count - 1)).rounded()))]
            }
        )
    }

    /// For each row the values of its group in at most twelve months up to its own.
    package static func trend(_ rows: [(group: String, month: Month, value: Double)]) -> [String] {
        let groups = Dictionary(grouping: rows, by: \.group)
        return rows.map { row in
            let values = (groups[row.group] ?? []).filter { other in
                other.month <= row.month && other.month > row.month.adding(-12)
            }
            return text(values.sorted { $0.month < $1.month }.map(\.value))
        }
    }
}
