import BigInt

/// An exact fraction in lowest terms.
///
/// Numerator and denominator are 128 bits wide as long as they fit and arbitrarily large where they do not; a value has
/// one form only, so equality and hashes are those of the number.
package struct Exact: Hashable, Sendable {
    /// Both forms are in lowest terms with a positive denominator.
    enum Storage: Hashable, Sendable {
        /// |numerator| and denominator are below 2^127.
        case small(Int128, Int128)
        /// At least one of the two does not fit above.
        indirect case big(BigInt, BigInt)
    }

    /// The same as kept.
    private enum Packed: Hashable, Sendable {
        case small(Word128, Word128)
        indirect case big(BigInt, BigInt)
    }

    private let packed: Packed

    /// Numerator and denominator, to compute with.
    var storage: Storage {
        switch packed {
        case .small(let numerator, let denominator): .small(numerator.value, denominator.value)
        case .big(let numerator, let denominator): .big(numerator, denominator)
        }
    }

    init(unchecked numerator: Int128, _ denominator: Int128) {
        packed = .small(Word128(numerator), Word128(denominator))
    }

    /// 0.
    package static let zero = Exact(unchecked: 0, 1)
    /// 1.
    package static let one = Exact(unchecked: 1, 1)

    /// A whole number.
    package init(_ value: Int) { self.init(unchecked: Int128(value), 1) }

    /// A whole number.
    package init(_ value: Int128) {
        guard value != .min else {
            self.init(BigInt(wide: value), 1)
            return
        }
        self.init(unchecked: value, 1)
    }

    /// A whole number of any type.
    package init(_ value: some BinaryInteger) {
        if let small = Int128(exactly: value) {
            self.init(small)
        } else {
            self.init(BigInt(value), 1)
        }
    }

    /// A fraction, brought to lowest terms; the denominator must not be 0.
    package init(_ numerator: Int, _ denominator: Int) {
        self.init(numerator: Int128(numerator), denominator: Int128(denominator))
    }

    /// A fraction, brought to lowest terms; the denominator must not be 0.
    package init(numerator: Int128, denominator: Int128) {
        precondition(denominator != 0, "a fraction's denominator is 0")
        guard numerator != .min, denominator != .min else {
            self.init(BigInt(wide: numerator), BigInt(wide: denominator))
            return
        }
        let (top, bottom) = denominator < 0 ? (-numerator, -denominator) : (numerator, denominator)
        self = Exact.reduced(top, bottom)
    }

    /// A fraction of large numbers, brought to lowest terms and to the small form if it fits.
    init(_ numerator: BigInt, _ denominator: BigInt) {
        precondition(!denominator.isZero, "a fraction's denominator is 0")
        let divisor = numerator.greatestCommonDivisor(with: denominator)
        var (top, bottom) = (numerator, denominator)
        if divisor != 1 { (top, bottom) = (top / divisor, bottom / divisor) }
        if bottom.sign == .minus { (top, bottom) = (-top, -bottom) }
        if let smallTop = top.int128, let smallBottom = bottom.int128 {
            packed = .small(Word128(smallTop), Word128(smallBottom))
        } else {
            packed = .big(top, bottom)
        }
    }

    /// Brings a fraction with a positive denominator to lowest terms.
    static func reduced(_ numerator: Int128, _ denominator: Int128) -> Exact {
        if denominator == 1 { return Exact(unchecked: numerator, 1) }
        if numerator == 0 { return .zero }
        let divisor = Divisor.greatestCommon(numerator, denominator)
        return divisor == 1
            ? Exact(unchecked: numerator, denominator)
            : Exact(unchecked: numerator / divisor, denominator / divisor)
    }

    /// Numerator and denominator as large numbers.
    var parts: (numerator: BigInt, denominator: BigInt) {
        switch storage {
        case .small(let numerator, let denominator): (BigInt(wide: numerator), BigInt(wide: denominator))
        case .big(let numerator, let denominator): (numerator, denominator)
        }
    }

    /// Whether this is 0.
    package var isZero: Bool {
        guard case .small(0, _) = storage else { return false }
        return true
    }

    /// Whether this is below 0.
    package var isNegative: Bool {
        switch storage {
        case .small(let numerator, _): numerator < 0
        case .big(let numerator, _): numerator.sign == .minus
        }
    }

    /// Whether this is a whole number.
    package var isWhole: Bool {
        switch storage {
        case .small(_, let denominator): denominator == 1
        case .big(_, let denominator): denominator == 1
        }
    }

    /// The distance from 0.
    package var magnitude: Exact { isNegative ? -self : self }

    /// This, kept within bounds; the lower must not be above the upper.
    package func clamped(to bounds: ClosedRange<Exact>) -> Exact {
        min(max(self, bounds.lowerBound), bounds.upperBound)
    }
}

extension Exact: ExpressibleByIntegerLiteral {
    package init(integerLiteral value: Int) { self.init(value) }
}
