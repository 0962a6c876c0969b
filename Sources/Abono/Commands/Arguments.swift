import ArgumentParser
import Foundation
import Jobs
import Values

/// Reads arguments; what is wrong with one is said before anything is begun.
enum Parse {
    /// An id in its wire form.
    static func id<E: Entity>(_ text: String) throws -> ID<E> {
        guard let id = ID<E>(text) else {
            throw ValidationError("an id like \(E.prefix)_01h455vb4pex5vsknk084sn02q is expected")
        }
        return id
    }

    /// An instant, or a date for its midnight in UTC.
    static func instant(_ text: String) throws -> Instant { try time(text).moment(in: .utc).instant }

    /// An instant, or a date for midnight in a zone that is known later.
    static func time(_ text: String) throws -> GivenTime {
        if let date = CalendarDate(text) { return .date(date) }
        guard let instant = Instant(text) else {
            throw ValidationError("an instant like 2026-03-01T00:00:00Z or a date like 2026-03-01 is expected")
        }
        return .exact(instant)
    }

    /// The code of a currency.
    static func currency(_ text: String) throws -> Currency {
        guard let currency = Currency(code: text) else {
            throw ValidationError("an ISO 4217 currency code like USD is expected")
        }
        return currency
    }

    /// The name of a time zone.
    static func zone(_ text: String) throws -> Zone {
        guard let zone = Zone(text) else {
            throw ValidationError("a time zone's IANA name like Europe/Berlin is expected")
        }
        return zone
    }

    /// An amount that is not negative and has no more digits than its currency.
    static func money(_ text: String, _ currency: Currency, option: String) throws -> Money {
        guard let exact = Exact(decimal: text), !exact.isNegative, exact.rounded(toDigits: currency.digits) == exact
        else {
            throw ValidationError(
                "\(option): \(text) is no amount of \(currency): a decimal like "
                    + "\(Money(minor: 2500, currency: currency).text) is expected"
            )
        }
        return try Money(exact, currency: currency)
    }

    /// One of the words of a closed set.
    static func word<Word: RawRepresentable & CaseIterable>(_ text: String) throws -> Word
    where Word.RawValue == String {
        guard let word = Word(rawValue: text) else {
            throw ValidationError("one of \(Word.allCases.map(\.rawValue).joined(separator: ", ")) is expected")
        }
        return word
    }

    /// A pair like `seats=3`.
    static func quantity(_ text: String) throws -> (name: String, value: Decimal12) {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, let value = Decimal12(parts[1]), !value.isNegative else {
            throw ValidationError("a pair like seats=3 is expected")
        }
        return (parts[0], value)
    }
}

/// A time as it was given.
enum GivenTime {
    /// A date: midnight in the zone of the tenant that it is about.
    case date(CalendarDate)
    /// An instant.
    case exact(Instant)

    /// As a calendar keeps it.
    func moment(in zone: Zone) -> Moment {
        switch self {
        case .date(let date): Moment(date, in: zone)
        case .exact(let instant): Moment(instant, in: zone)
        }
    }
}

/// Which part of a list is printed.
struct PageOptions: ParsableArguments {
    @Option(help: "How many are printed at most, 1 to 10000.") var limit = 50

    func validate() throws {
        guard (1...10_000).contains(limit) else {
            throw ValidationError("--limit is \(limit); a whole number from 1 to 10000 is expected")
        }
    }
}

/// For what cannot simply be taken back.
struct Confirmation: ParsableArguments {
    @Flag(help: "Does not ask.") var yes = false

    /// Asks on standard error and reads the answer; nothing but yes goes on.
    func require(_ question: String) throws {
        guard !yes else { return }
        FileHandle.standardError.write(Data("\(question) [y/N] ".utf8))
        let answer = readLine()?.lowercased() ?? ""
        guard ["y", "yes"].contains(answer) else {
            throw Problem(.precondition, code: "not_confirmed", "not confirmed, nothing was done; --yes does not ask")
        }
    }
}

/// A file named on the command line.
enum InputFile {
    /// All of it; nil or `-` is standard input.
    static func read(_ name: String?) throws -> [UInt8] {
        guard let name, name != "-" else {
            return Array(try FileHandle.standardInput.readToEnd() ?? Data())
        }
        guard let data = FileManager.default.contents(atPath: name) else {
            throw Problem.invalid("FILE", "\(name) cannot be read")
        }
        return Array(data)
    }

    /// All of it as one JSON value.
    static func json(_ name: String?) throws -> JSONValue {
        do {
            return try JSONValue(parsing: try read(name))
        } catch let problem as Problem where problem.errors.isEmpty {
            throw Problem.invalid("FILE", problem.message)
        }
    }
}
