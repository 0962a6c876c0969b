package import Values

/// What a forecast is refused for, beyond malformed input.
package enum ForecastingError: ProblemConvertible, Hashable {
    /// The method needs a longer history.
    case tooShort(method: ForecastMethod, months: Int, needs: Int)
    /// The numbers leave the range of what can be computed.
    case beyondRange(method: ForecastMethod)

    package var problem: Problem {
        switch self {
        case .tooShort(let method, let months, let needs):
            .invalid("method", "\(method.rawValue) needs \(needs) months; the series has \(months)")
        case .beyondRange(let method):
            .invalid("values", "\(method.rawValue) finds no finite forecast of these values")
        }
    }
}
