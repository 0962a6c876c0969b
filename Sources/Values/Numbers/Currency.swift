/// A currency: its code of three capitals and the digits of its minor unit.
package struct Currency: Hashable, Sendable, CustomStringConvertible {
    /// The code, like `USD`.
    package let code: String
    /// How many fraction digits its amounts have.
    package let digits: Int

    /// An active currency of ISO 4217; nil for any other code.
    package init?(code: String) {
        guard let digits = Currency.active[code] else { return nil }
        self.init(code: code, digits: digits)
    }

    private init(code: String, digits: Int) {
        self.code = code
        self.digits = digits
    }

    /// Any three capitals; codes that ISO 4217 does not list have two digits.
    ///
    /// This is the simulator's rule: it prices what was never, or is no longer, a currency.
    package static func simulated(_ code: String) -> Currency? {
        guard code.utf8.count == 3, code.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) })
        else { return nil }
        return Currency(code: code, digits: active[code] ?? 2)
    }

    /// The US dollar.
    package static let usd = Currency(code: "USD", digits: 2)
    /// The euro.
    package static let eur = Currency(code: "EUR", digits: 2)

    /// All active currencies, by code.
    package static let all: [Currency] = active.map { Currency(code: $0, digits: $1) }.sorted { $0.code < $1.code }

    /// The number of minor units in one unit.
    package var minorUnits: Int64 { [1, 10, 100, 1_000, 10_000][digits] }

    package var description: String { code }
}

extension Currency {
    /// ISO 4217 list one (currencies and funds) as published by SIX on 2026-01-01, by digits of the minor unit.
    ///
    /// Left out are the thirteen codes to which the list gives no minor unit: metals, drawing rights, bond market units,
    /// testing and "no currency".
    private static let table: [(digits: Int, codes: String)] = [
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        (
            2,
            """
            AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW \
            CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF \
            IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK \
            MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP \
            SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG \
            YER ZAR ZMW ZWG
            """
        ),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
        (4, "CLF UYW"),
    ]

    private static let active: [String: Int] = {
        var active: [String: Int] = [:]
        for (digits, codes) in table {
            for code in codes.split(separator: " ") { active[String(code)] = digits }
        }
        return active
    }()
}
