/// An instant as it was written: with the local wall time that a calendar keeps.
package struct Moment: Hashable, Sendable {
    /// The instant.
    package let instant: Instant
    /// Its local wall time; of a bare date always 00:00 of that date, also where that midnight is skipped.
    package let wall: WallTime
    /// Whether it was written as a bare date.
    package let isDate: Bool

    /// A bare date: local midnight.
    package init(_ date: CalendarDate, in zone: Zone) {
        wall = WallTime(date)
        instant = zone.instant(wall)
        isDate = true
    }

    /// An instant with a time of day.
    package init(_ instant: Instant, in zone: Zone) {
        self.instant = instant
        wall = zone.wallTime(of: instant)
        isDate = false
    }
}

extension JSONFields {
    private static let decimalForm = "a decimal string like \"12.50\""
    private static let instantForm = "an instant like \"2026-03-01T00:00:00Z\" or a date like \"2026-03-01\""

    /// A decimal string.
    package mutating func decimal(_ key: String) throws(Problem) -> Exact {
        guard let decimal = try optionalDecimal(key) else { throw absent(key, JSONFields.decimalForm) }
        return decimal
    }

    /// A decimal string, if there is one.
    package mutating func optionalDecimal(_ key: String) throws(Problem) -> Exact? {
        guard let value = value(key) else { return nil }
        guard let decimal = value.string.flatMap({ Exact(decimal: $0) }) else {
            throw wrong(key, value, JSONFields.decimalForm)
        }
        return decimal
    }

    /// A decimal string that is not negative: an amount, rate, quantity or bound.
    package mutating func nonNegative(_ key: String) throws(Problem) -> Exact {
        guard let decimal = try optionalNonNegative(key) else { throw absent(key, JSONFields.decimalForm) }
        return decimal
    }

    /// A decimal string that is not negative, if there is one.
    package mutating func optionalNonNegative(_ key: String) throws(Problem) -> Exact? {
        guard let decimal = try optionalDecimal(key) else { return nil }
        guard !decimal.isNegative else { throw invalid(key, "must not be negative, not \"\(decimal)\"") }
        return decimal
    }

    /// An RFC 3339 instant, or a bare date for local midnight; its year must lie in the range.
    package mutating func instant(
        _ key: String,
        in zone: Zone = .utc,
        years: ClosedRange<Int> = 1...9999
    ) throws(Problem) -> Instant {
        guard let instant = try optionalInstant(key, in: zone, years: years) else {
            throw absent(key, JSONFields.instantForm)
        }
        return instant
    }

    /// An instant, if there is one.
    package mutating func optionalInstant(
        _ key: String,
        in zone: Zone = .utc,
        years: ClosedRange<Int> = 1...9999
    ) throws(Problem) -> Instant? {
        guard let value = value(key) else { return nil }
        switch try written(key, value, years) {
        case .date(let date): return zone.instant(date)
        case .instant(let instant): return instant
        }
    }

    /// An instant with its local wall time.
    package mutating func moment(
        _ key: String,
        in zone: Zone = .utc,
        years: ClosedRange<Int> = 1...9999
    ) throws(Problem) -> Moment {
        guard let moment = try optionalMoment(key, in: zone, years: years) else {
            throw absent(key, JSONFields.instantForm)
        }
        return moment
    }

    /// An instant with its local wall time, if there is one.
    package mutating func optionalMoment(
        _ key: String,
        in zone: Zone = .utc,
        years: ClosedRange<Int> = 1...9999
    ) throws(Problem) -> Moment? {
        guard let value = value(key) else { return nil }
        switch try written(key, value, years) {
        case .date(let date): return Moment(date, in: zone)
        case .instant(let instant): return Moment(instant, in: zone)
        }
    }

    /// What a text says before a zone is asked.
    private enum Written {
        case date(CalendarDate)
        case instant(Instant)
    }

    private func written(_ key: String, _ value: JSONValue, _ years: ClosedRange<Int>) throws(Problem) -> Written {
        guard let text = value.string else { throw wrong(key, value, JSONFields.instantForm) }
        let written: Written
        let year: Int
        if text.utf8.count == 10, let date = CalendarDate(text) {
            written = .date(date)
            year = date.year
        } else if let instant = Instant(text) {
            written = .instant(instant)
            // The year as it was written, whatever the offset makes of it.
            year = text.utf8.prefix(4).reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        } else {
            throw wrong(key, value, JSONFields.instantForm)
        }
        guard years.contains(year) else {
            throw invalid(key, "must lie in the years \(years.lowerBound) to \(years.upperBound), not \(value.seen)")
        }
        return written
    }

    /// A bare date.
    package mutating func date(_ key: String) throws(Problem) -> CalendarDate {
        guard let date = try optionalDate(key) else { throw absent(key, "a date like \"2026-03-01\"") }
        return date
    }

    /// A bare date, if there is one.
    package mutating func optionalDate(_ key: String) throws(Problem) -> CalendarDate? {
        guard let value = value(key) else { return nil }
        guard let date = value.string.flatMap({ CalendarDate($0) }) else {
            throw wrong(key, value, "a date like \"2026-03-01\"")
        }
        return date
    }

    /// The name of a time zone, if there is one.
    package mutating func optionalZone(_ key: String) throws(Problem) -> Zone? {
        guard let value = value(key) else { return nil }
        guard let zone = value.string.flatMap({ Zone($0) }) else {
            throw wrong(key, value, "a time zone's IANA name like \"Europe/Berlin\"")
        }
        return zone
    }

    /// The code of an active currency, if there is one.
    package mutating func optionalCurrency(_ key: String) throws(Problem) -> Currency? {
        guard let value = value(key) else { return nil }
        guard let currency = value.string.flatMap({ Currency(code: $0) }) else {
            throw wrong(key, value, "an ISO 4217 currency code like \"USD\"")
        }
        return currency
    }

    /// The code of an active currency.
    package mutating func currency(_ key: String) throws(Problem) -> Currency {
        guard let currency = try optionalCurrency(key) else {
            throw absent(key, "an ISO 4217 currency code like \"USD\"")
        }
        return currency
    }

    /// An id in its wire form.
    package mutating func id<E: Entity>(_ key: String, of type: E.Type = E.self) throws(Problem) -> ID<E> {
        guard let id = try optionalID(key, of: type) else { throw absent(key, ID<E>.form) }
        return id
    }

    /// An id in its wire form, if there is one.
    package mutating func optionalID<E: Entity>(_ key: String, of type: E.Type = E.self) throws(Problem) -> ID<E>? {
        guard let value = value(key) else { return nil }
        guard let id = value.string.flatMap({ ID<E>($0) }) else { throw wrong(key, value, ID<E>.form) }
        return id
    }

    /// An amount of money: `{"amount": "12.34", "currency": "USD"}`.
    package mutating func money(_ key: String) throws(Problem) -> Money {
        guard let money = try optionalMoney(key) else {
            throw absent(key, "an object like {\"amount\": \"12.34\", \"currency\": \"USD\"}")
        }
        return money
    }

    /// An amount of money, if there is one.
    package mutating func optionalMoney(_ key: String) throws(Problem) -> Money? {
        guard var fields = try optionalObject(key) else { return nil }
        return try Money(json: &fields)
    }
}
