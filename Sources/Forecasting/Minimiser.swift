/// A function of a few bounded variables, to be made small.
protocol Objective {
    /// The value at a point inside the bounds.
    mutating func value(at point: [Double]) -> Double
}

/// The box that is searched and the first steps in it.
struct SearchBox: Sendable {
    var lower: [Double] = []
    var upper: [Double] = []
    var step: [Double] = []

    mutating func add(_ bounds: ClosedRange<Double>, step: Double) {
        lower.append(bounds.lowerBound)
        upper.append(bounds.upperBound)
        self.step.append(step)
    }
}

/// Nelder and Mead's simplex search, held inside a box by clamping.
///
/// It asks for no derivative, draws nothing at random and allocates only at the start, so that equal input gives equal
/// bytes and thousands of short series can be fitted.
struct Minimiser {
    /// The most steps; a step evaluates once or twice.
    var maximumSteps = 150
    /// Stops when the values of the simplex differ by less than this share.
    var tolerance = 1e-6

    /// Walks from `point` to a local minimum and gives its value.
    func minimise<Function: Objective>(
        _ function: inout Function,
        from point: inout [Double],
        in box: SearchBox
    ) -> Double {
        guard !point.isEmpty else { return function.value(at: point) }
        var simplex = Simplex(around: point, in: box, &function)
        for _ in 0..<maximumSteps {
            simplex.sort()
            let best = simplex.values[0]
            guard simplex.values[point.count] - best > tolerance * (abs(best) + 1e-300) else { break }
            simplex.step(in: box, &function)
        }
        simplex.sort()
        point = simplex.points[0]
        return simplex.values[0]
    }
}

/// The corners of the search, worst last after sorting.
private struct Simplex {
    var points: [[Double]]
    var values: [Double]
    private var centre: [Double]
    private var trial: [Double]
    private var further: [Double]

    init<Function: Objective>(around start: [Double], in box: SearchBox, _ function: inout Function) {
        let origin = start.indices.map { min(box.upper[$0], max(box.lower[$0], start[$0])) }
        points = [origin]
        for axis in start.indices {
            var corner = origin
            let step = corner[axis] + box.step[axis] > box.upper[axis] ? -box.step[axis] : box.step[axis]
            corner[axis] = min(box.upper[axis], max(box.lower[axis], corner[axis] + step))
            points.append(corner)
        }
        values = []
        centre = origin
        trial = origin
        further = origin
        for corner in points { values.append(Self.finite(function.value(at: corner))) }
    }

    /// Insertion sort: stable, and the simplex is nearly sorted already.
    mutating func sort() {
        for place in 1..<values.count {
            var hole = place
            while hole > 0, values[hole] < values[hole - 1] {
                values.swapAt(hole, hole - 1)
                points.swapAt(hole, hole - 1)
                hole -= 1
            }
        }
    }

    /// One reflection, expansion, contraction or shrinking.
    mutating func step<Function: Objective>(in box: SearchBox, _ function: inout Function) {
        let count = centre.count
        for axis in 0..<count {
            var sum = 0.0
            for corner in 0..<count { sum += points[corner][axis] }
            centre[axis] = sum / Double(count)
        }
        Self.move(&trial, from: points[count], over: centre, by: 1, in: box)
        let reflected = Self.finite(function.value(at: trial))
        if reflected < values[0] {
            Self.move(&further, from: points[count], over: centre, by: 2, in: box)
            let expanded = Self.finite(function.value(at: further))
            if expanded < reflected { accept(further, expanded) } else { accept(trial, reflected) }
        } else if reflected < values[count - 1] {
            accept(trial, reflected)
        } else {
            let share = reflected < values[count] ? 0.5 : -0.5
            Self.move(&further, from: points[count], over: centre, by: share, in: box)
            let contracted = Self.finite(function.value(at: further))
            if contracted < min(reflected, values[count]) {
                accept(further, contracted)
            } else {
                shrink(&function)
            }
        }
    }

    /// The point so far beyond the centre, seen from the worst corner.
    private static func move(
        _ target: inout [Double],
        from worst: [Double],
        over centre: [Double],
        by share: Double,
        in box: SearchBox
    ) {
        for axis in target.indices {
            let place = centre[axis] + share * (centre[axis] - worst[axis])
            target[axis] = min(box.upper[axis], max(box.lower[axis], place))
        }
    }

    private mutating func accept(_ point: [Double], _ value: Double) {
        let worst = values.count - 1
        for axis in point.indices { points[worst][axis] = point[axis] }
        values[worst] = value
    }

    private mutating func shrink<Function: Objective>(_ function: inout Function) {
        for corner in 1..<points.count {
            for axis in centre.indices {
                points[corner][axis] = points[0][axis] + 0.5 * (points[corner][axis] - points[0][axis])
            }
            values[corner] = Self.finite(function.value(at: points[corner]))
        }
    }

    private static func finite(_ value: Double) -> Double { value.isFinite ? value : .greatestFiniteMagnitude }
}
