/// The sum of squared one-step errors of a smoothing model as a function of its weights alone.
///
/// The errors are linear in the initial states, so for given weights the best states are a least-squares solution.
/// A seasonal state first matters when its month comes, and from then on the model treats it as it treats the first
/// one: its column of errors is the first one's, shifted. So four runs over the series give every column.
struct SmoothingProblem: Objective {
    private let values: [Double]
    private let mean: Double
    private let form: SmoothingForm
    /// Errors in four columns a month: of the values, of a unit level, of a unit slope, of a unit first season.
    private var columns: [Double]
    private var seasons: [Double]
    private var gram: [Double]
    private var factor: [Double]
    private var states: [Double]
    /// Sums of products of the season column with itself, shifted: one for each pair of seasons.
    private var pairs: [Double]

    /// Below this sum of squares a fit counts as exact, so that rounding errors do not choose between models.
    let smallestError: Double

    init(_ values: [Double], _ form: SmoothingForm) {
        var sum = 0.0
        for value in values { sum += value }
        let mean = sum / Double(max(1, values.count))
        var squares = 0.0
        for value in values { squares += value * value }
        smallestError = max(1e-300, squares * 1e-20)
        self.mean = mean
        self.values = values.map { $0 - mean }
        self.form = form
        let size = form.stateCount + 1
        columns = Array(repeating: 0, count: form.seasonal ? values.count * 4 : 0)
        seasons = Array(repeating: 0, count: form.seasonal ? seasonLength * 4 : 0)
        gram = Array(repeating: 0, count: size * size)
        factor = gram
        states = Array(repeating: 0, count: size)
        pairs = Array(repeating: 0, count: form.seasonal ? seasonLength * seasonLength : 0)
    }

    mutating func value(at point: [Double]) -> Double {
        let weights = SmoothingWeights(point, form)
        if form.seasonal {
            runSeasonal(weights)
            fillSeasonalGram()
        } else {
            runPlain(weights)
        }
        return solve()
    }

    /// The states after the last value under the weights of a point, and the squared error on the way there.
    mutating func end(
        at point: [Double]
    ) -> (level: Double, slope: Double, seasons: [Double], squaredError: Double) {
        _ = value(at: point)
        let weights = SmoothingWeights(point, form)
        var (level, slope, current) = first
        level -= mean
        var squaredError = 0.0
        var season = 0
        for value in values {
            let base = level + weights.damping * slope
            let error = value - base - current[season]
            level = base + weights.level * error
            slope = weights.damping * slope + weights.slope * error
            current[season] += weights.season * error
            season = season + 1 == seasonLength ? 0 : season + 1
            squaredError += error * error
        }
        let coming = (0..<seasonLength).map { current[(season + $0) % seasonLength] }
        return (level + mean, slope, coming, squaredError)
    }

    /// The states before the first value, at the point that was asked for last.
    var first: (level: Double, slope: Double, seasons: [Double]) {
        var seasons = Array(repeating: 0.0, count: seasonLength)
        if form.seasonal {
            let offset = form.trend == .none ? 1 : 2
            for season in 0..<(seasonLength - 1) {
                seasons[season] = states[offset + season]
                seasons[seasonLength - 1] -= states[offset + season]
            }
        }
        return (states[0] + mean, form.trend == .none ? 0 : states[1], seasons)
    }

    /// One run of the three columns of a model without season, straight into the normal equations.
    private mutating func runPlain(_ weights: SmoothingWeights) {
        let (alpha, beta, phi) = (weights.level, weights.slope, weights.damping)
        var (valueLevel, valueSlope, unitLevel, unitSlope, slopeLevel, slopeSlope) = (0.0, 0.0, 1.0, 0.0, 0.0, 1.0)
        var (ll, lb, bb, yl, yb, yy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        for value in values {
            let ofValue = valueLevel + phi * valueSlope
            let errorOfValue = value - ofValue
            valueLevel = ofValue + alpha * errorOfValue
            valueSlope = phi * valueSlope + beta * errorOfValue
            let ofLevel = unitLevel + phi * unitSlope
            unitLevel = ofLevel - alpha * ofLevel
            unitSlope = phi * unitSlope - beta * ofLevel
            let ofSlope = slopeLevel + phi * slopeSlope
            slopeLevel = ofSlope - alpha * ofSlope
            slopeSlope = phi * slopeSlope - beta * ofSlope
            ll += ofLevel * ofLevel
            lb += ofLevel * ofSlope
            bb += ofSlope * ofSlope
            yl -= errorOfValue * ofLevel
            yb -= errorOfValue * ofSlope
            yy += errorOfValue * errorOfValue
        }
        gram[0] = ll
        if form.trend == .none {
            gram[2] = yl
            gram[3] = yy
        } else {
            gram[3] = lb
            gram[4] = bb
            gram[6] = yl
            gram[7] = yb
            gram[8] = yy
        }
    }

    /// One run of the four columns of a seasonal model.
    private mutating func runSeasonal(_ weights: SmoothingWeights) {
        let (alpha, beta, gamma, phi) = (weights.level, weights.slope, weights.season, weights.damping)
        for place in seasons.indices { seasons[place] = 0 }
        seasons[3] = 1
        var levels: (Double, Double, Double, Double) = (0, 1, 0, 0)
        var slopes: (Double, Double, Double, Double) = (0, 0, form.trend == .none ? 0 : 1, 0)
        var season = 0
        for month in values.indices {
            let place = season * 4
            let base0 = levels.0 + phi * slopes.0
            let error0 = values[month] - base0 - seasons[place]
            levels.0 = base0 + alpha * error0
            slopes.0 = phi * slopes.0 + beta * error0
            seasons[place] += gamma * error0
            let base1 = levels.1 + phi * slopes.1
            let error1 = -base1 - seasons[place + 1]
            levels.1 = base1 + alpha * error1
            slopes.1 = phi * slopes.1 + beta * error1
            seasons[place + 1] += gamma * error1
            let base2 = levels.2 + phi * slopes.2
            let error2 = -base2 - seasons[place + 2]
            levels.2 = base2 + alpha * error2
            slopes.2 = phi * slopes.2 + beta * error2
            seasons[place + 2] += gamma * error2
            let base3 = levels.3 + phi * slopes.3
            let error3 = -base3 - seasons[place + 3]
            levels.3 = base3 + alpha * error3
            slopes.3 = phi * slopes.3 + beta * error3
            seasons[place + 3] += gamma * error3
            columns[month * 4] = error0
            columns[month * 4 + 1] = error1
            columns[month * 4 + 2] = error2
            columns[month * 4 + 3] = error3
            season = season + 1 == seasonLength ? 0 : season + 1
        }
    }

    /// The normal equations of level, slope and eleven seasons, each less the twelfth.
    private mutating func fillSeasonalGram() {
        let count = values.count
        let last = seasonLength - 1
        let first = form.trend == .none ? 1 : 2
        let size = form.stateCount + 1
        var (ll, lb, bb, yl, yb, yy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        for place in stride(from: 0, to: count * 4, by: 4) {
            let (value, level, slope) = (columns[place], columns[place + 1], columns[place + 2])
            ll += level * level
            lb += level * slope
            bb += slope * slope
            yl += value * level
            yb += value * slope
            yy += value * value
        }
        let end = (size - 1) * size
        gram[0] = ll
        gram[end] = yl
        gram[end + size - 1] = yy
        if first == 2 {
            gram[size] = lb
            gram[size + 1] = bb
            gram[end + 1] = yb
        }
        fillPairs()
        let twelfth = shifted(last)
        let corner = pairs[last * seasonLength + last]
        for row in 0..<last {
            let at = (first + row) * size
            let cross = shifted(row)
            gram[at] = cross.level - twelfth.level
            if first == 2 { gram[at + 1] = cross.slope - twelfth.slope }
            gram[end + first + row] = cross.value - twelfth.value
            for column in 0...row {
                gram[at + first + column] =
                    pairs[row * seasonLength + column] - pairs[last * seasonLength + row]
                    - pairs[last * seasonLength + column] + corner
            }
        }
    }

    /// Products of the season column shifted by `shift` with the other three columns.
    private func shifted(_ shift: Int) -> (value: Double, level: Double, slope: Double) {
        var (value, level, slope) = (0.0, 0.0, 0.0)
        var season = 3
        for place in stride(from: shift * 4, to: values.count * 4, by: 4) {
            let response = columns[season]
            value += response * columns[place]
            level += response * columns[place + 1]
            slope += response * columns[place + 2]
            season += 4
        }
        return (value, level, slope)
    }

    /// For each pair of seasons the product of their columns: sums over the series that end earlier the later the
    /// second begins, so that one pass a distance gives all pairs that far apart.
    private mutating func fillPairs() {
        let count = values.count
        for distance in 0..<seasonLength {
            var sum = 0.0
            var month = 0
            for later in stride(from: seasonLength - 1, through: distance, by: -1) {
                while month < count - later {
                    sum += columns[month * 4 + 3] * columns[(month + distance) * 4 + 3]
                    month += 1
                }
                pairs[later * seasonLength + later - distance] = sum
            }
        }
    }

    /// Solves for the states by Cholesky's factor and gives the squared error that is left.
    private mutating func solve() -> Double {
        let size = form.stateCount + 1
        let count = form.stateCount
        var trace = 0.0
        for row in 0..<count { trace += gram[row * size + row] }
        // A breath of regularisation: a state that does not matter any more is left at zero.
        let ridge = 1e-10 * trace / Double(count)
        var left = gram[count * size + count]
        for row in 0...count {
            for column in 0...min(row, count - 1) {
                var sum = gram[row * size + column]
                if row == column { sum += 1e-10 * sum + ridge }
                for before in 0..<column { sum -= factor[row * size + before] * factor[column * size + before] }
                if row == column {
                    factor[row * size + row] = max(sum, 1e-300).squareRoot()
                } else {
                    factor[row * size + column] = sum / factor[column * size + column]
                }
            }
        }
        for column in 0..<count {
            let projected = factor[count * size + column]
            left -= projected * projected
        }
        for row in stride(from: count - 1, through: 0, by: -1) {
            var sum = -factor[count * size + row]
            for after in (row + 1)..<max(row + 1, count) { sum -= factor[after * size + row] * states[after] }
            states[row] = sum / factor[row * size + row]
        }
        return max(left, 0)
    }
}
