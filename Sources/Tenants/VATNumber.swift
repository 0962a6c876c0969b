/// The VAT numbers of the European Union, as VIES, the Commission's register, describes them.
///
/// Whether a number was given to anybody, only the register knows; here a number is well formed if it has its country's
/// form and, where the country has published how they are made, the right check digits.
enum VATNumber {
    /// What a country's numbers look like after the prefix: `9` is a digit, `A` a letter, `X` either, else itself.
    private struct Form {
        let patterns: [String]
        var check: @Sendable ([Int]) -> Bool = { _ in true }
    }

    /// The country of a number by its prefix, and what follows it; nil if it begins with no member's.
    ///
    /// Greece has the prefix EL.
    static func parts(_ text: String) -> (country: String, rest: String)? {
        let prefix = String(text.prefix(2))
        let country = prefix == "EL" ? "GR" : prefix == "GR" ? "" : prefix
        guard forms[country] != nil else { return nil }
        return (country, String(text.dropFirst(2)))
    }

    /// Whether what follows the prefix is well formed for a country.
    static func isWellFormed(_ rest: String, of country: String) -> Bool {
        guard let form = forms[country], form.patterns.contains(where: { matches(rest, $0) }) else { return false }
        let digits = rest.compactMap { $0.wholeNumberValue }
        return form.check(digits)
    }

    /// What a number of a country looks like, for messages.
    static func example(of country: String) -> String {
        let prefix = country == "GR" ? "EL" : country
        return (forms[country]?.patterns ?? []).map { prefix + $0 }.joined(separator: " or ")
    }

    private static func matches(_ text: String, _ pattern: String) -> Bool {
        let (given, wanted) = (Array(text.utf8), Array(pattern.utf8))
        guard given.count == wanted.count else { return false }
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let letters = UInt8(ascii: "A")...UInt8(ascii: "Z")
        return zip(given, wanted).allSatisfy { byte, kind in
            switch kind {
            case UInt8(ascii: "9"): digits.contains(byte)
            case UInt8(ascii: "A"): letters.contains(byte)
            case UInt8(ascii: "X"): digits.contains(byte) || letters.contains(byte)
            default: byte == kind
            }
        }
    }

    private static let forms: [String: Form] = [
        "AT": Form(patterns: ["U99999999"], check: VATChecks.austria),
        "BE": Form(patterns: ["0999999999", "1999999999"]) { d in
            VATChecks.number(d[0..<8]) % 97 + VATChecks.number(d[8...]) == 97
        },
        "BG": Form(patterns: ["999999999", "9999999999"]),
        "CY": Form(patterns: ["99999999A"]),
        "CZ": Form(patterns: ["99999999", "999999999", "9999999999"]),
        "DE": Form(patterns: ["999999999"]) { d in d[0] != 0 && VATChecks.mod11mod10(d) },
        "DK": Form(patterns: ["99999999"]) { d in
            d[0] != 0 && VATChecks.weighted(d, [2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0
        },
        "EE": Form(patterns: ["999999999"]) { d in VATChecks.weighted(d, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 == 0 },
        "ES": Form(patterns: ["X9999999X"]),
        "FI": Form(patterns: ["99999999"]) { d in VATChecks.weighted(d, [7, 9, 10, 5, 8, 4, 2, 1]) % 11 == 0 },
        "FR": Form(patterns: ["XX999999999"], check: VATChecks.france),
        "GR": Form(patterns: ["999999999"]) { d in
            VATChecks.weighted(d, [256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == d[8]
        },
        "HR": Form(patterns: ["99999999999"], check: VATChecks.mod11mod10),
        "HU": Form(patterns: ["99999999"]) { d in VATChecks.weighted(d, [9, 7, 3, 1, 9, 7, 3, 1]) % 10 == 0 },
        "IE": Form(patterns: ["9999999A", "9999999AA", "9A99999A", "9+99999A", "9*99999A"]),
        "IT": Form(patterns: ["99999999999"], check: VATChecks.luhn),
        "LT": Form(patterns: ["999999999", "999999999999"]),
        "LU": Form(patterns: ["99999999"]) { d in VATChecks.number(d[0..<6]) % 89 == VATChecks.number(d[6...]) },
        "LV": Form(patterns: ["99999999999"]),
        "MT": Form(patterns: ["99999999"]) { d in
            d[0] != 0 && VATChecks.weighted(d, [3, 4, 6, 7, 8, 9, 10, 1]) % 37 == 0
        },
        "NL": Form(patterns: ["999999999B99"], check: VATChecks.netherlands),
        "PL": Form(patterns: ["9999999999"]) { d in VATChecks.weighted(d, [6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == d[9] },
        "PT": Form(patterns: ["999999999"], check: VATChecks.portugal),
        "RO": Form(patterns: (2...10).map { String(repeating: "9", count: $0) }, check: VATChecks.romania),
        "SE": Form(patterns: ["999999999999"]) { d in VATChecks.luhn(Array(d[0..<10])) && VATChecks.number(d[10...]) > 0
        },
        "SI": Form(patterns: ["99999999"], check: VATChecks.slovenia),
        "SK": Form(patterns: ["9999999999"]) { d in d[0] != 0 && VATChecks.number(d[...]) % 11 == 0 },
    ]
}

/// The ways in which check digits are made.
enum VATChecks {
    /// Digits as one number.
    static func number(_ digits: ArraySlice<Int>) -> Int { digits.reduce(0) { $0 * 10 + $1 } }

    /// The sum of digits, each times its weight; digits beyond the weights count nothing.
    static func weighted(_ digits: [Int], _ weights: [Int]) -> Int {
        zip(digits, weights).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// ISO 7064, mod 11,10.
    static func mod11mod10(_ digits: [Int]) -> Bool {
        var check = 5
        for digit in digits { check = ((check == 0 ? 10 : check) * 2 % 11 + digit) % 10 }
        return check == 1
    }

    /// Every second digit from the right but one doubled, the digits of that summed: a multiple of ten.
    static func luhn(_ digits: [Int]) -> Bool {
        let sum = digits.reversed().enumerated().reduce(0) { sum, item in
            guard item.offset % 2 == 1 else { return sum + item.element }
            return sum + item.element * 2 / 10 + item.element * 2 % 10
        }
        return sum % 10 == 0
    }

    static func austria(_ digits: [Int]) -> Bool {
        let sum = digits.dropLast().enumerated().reduce(0) { sum, item in
            guard item.offset % 2 == 1 else { return sum + item.element }
            return sum + item.element * 2 / 10 + item.element * 2 % 10
        }
        return (106 - sum) % 10 == digits[7]
    }

    /// The last nine are the company's number; two digits before them are its key, letters cannot be checked.
    static func france(_ digits: [Int]) -> Bool {
        let company = Array(digits.suffix(9))
        // Monaco's numbers begin with 000 and are none of the companies' register.
        guard company.starts(with: [0, 0, 0]) || luhn(company) else { return false }
        guard digits.count == 11 else { return true }
        return (number(company[...]) * 100 + 12) % 97 == number(digits[0..<2])
    }

    /// The old numbers have a check digit; those of people, since 2020, are checked as a whole, with NL and B as numbers.
    static func netherlands(_ digits: [Int]) -> Bool {
        guard number(digits[9...]) > 0 else { return false }
        if weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2]) % 11 == digits[8] { return true }
        // N is 23, L is 21, B is 11.
        let all = [2, 3, 2, 1] + digits[0..<9] + [1, 1] + digits[9...]
        return all.reduce(0) { ($0 * 10 + $1) % 97 } == 1
    }

    static func portugal(_ digits: [Int]) -> Bool {
        let check = 11 - weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2]) % 11
        return digits[0] != 0 && (check > 9 ? 0 : check) == digits[8]
    }

    static func romania(_ digits: [Int]) -> Bool {
        let padded = Array(repeating: 0, count: 10 - digits.count) + digits
        return digits[0] != 0 && weighted(padded, [7, 5, 3, 2, 1, 7, 5, 3, 2]) * 10 % 11 % 10 == padded[9]
    }

    static func slovenia(_ digits: [Int]) -> Bool {
        let check = 11 - weighted(digits, [8, 7, 6, 5, 4, 3, 2]) % 11
        return digits[0] != 0 && check != 11 && (check == 10 ? 0 : check) == digits[7]
    }
}
