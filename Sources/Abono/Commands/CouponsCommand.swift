import ArgumentParser
import Billing
import Values

/// The command `abono coupons`.
struct CouponsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coupons",
        abstract: "Discounts, and the codes that customers type for them.",
        discussion: """
              abono coupons create LAUNCH --percent 20 --duration repeating --periods 3
              abono coupons redeem LAUNCH --subscription sub_01h455vb4pex5vsknk084sn02q
            """,
        subcommands: [
            Create.self, List.self, Show.self, Archive.self, AddCode.self, Codes.self, Redeem.self, Remove.self,
            Redemptions.self, Referrals.self,
        ]
    )

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a coupon, which never changes; the same again makes none.",
            discussion: """
                Customers can type its code; `abono coupons code` makes other texts for it.

                  abono coupons create LAUNCH --percent 20 --duration repeating --periods 3 --plans pro,team
                  abono coupons create HELLO --amount 10.00 --currency USD --carry --max-redemptions 100
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "Its code.") var code: String
        @Option(help: "What people call it.") var name: String?
        @Option(help: "Percent off, 0 to 100.") var percent: String?
        @Option(help: "An amount off each period, like 10.00.") var amount: String?
        @Option(help: "The amount's currency.", transform: Parse.currency) var currency: Currency?
        @Flag(help: "What of the amount an invoice cannot take waits for the next.") var carry = false
        @Option(help: "once, repeating or forever, from its first use.") var duration = "once"
        @Option(help: "How many periods a repeating one lasts.") var periods: Int?
        @Option(help: "Only lines of these prices, with commas between.") var prices: String?
        @Option(help: "Only for these plans, with commas between.") var plans: String?
        @Option(help: "How often it can be redeemed in all.") var maxRedemptions: Int?
        @Option(help: "How often one tenant can redeem it.") var perTenant: Int?
        @Option(help: "From when on it can be redeemed.", transform: Parse.instant) var startsAt: Instant?
        @Option(help: "From when on it no longer can.", transform: Parse.instant) var expiresAt: Instant?
        @Flag(help: "Only for a tenant's first subscription.") var firstSubscriptionOnly = false

        func validate() throws {
            guard (percent == nil) != (amount == nil) else {
                throw ValidationError("a coupon has either --percent or --amount")
            }
            guard (amount == nil) == (currency == nil) else {
                throw ValidationError("--amount and --currency go together")
            }
        }

        func run() async throws {
            // The same reader as over HTTP, so that the same is refused.
            var object: JSONObject = ["code": .string(code), "duration": .string(duration)]
            if let name { object["name"] = .string(name) }
            if let percent { object["percent"] = .string(percent) }
            if let amount, let currency {
                object["amount"] = ["amount": .string(amount), "currency": .string(currency.code)]
            }
            if carry { object["carry"] = true }
            if let periods { object["periods"] = .int(periods) }
            if let prices { object["prices"] = .array(Parse.words(prices)) }
            if let plans { object["plans"] = .array(Parse.words(plans)) }
            if let maxRedemptions { object["max_redemptions"] = .int(maxRedemptions) }
            if let perTenant { object["per_tenant"] = .int(perTenant) }
            if let startsAt { object["starts_at"] = .string(startsAt.text) }
            if let expiresAt { object["expires_at"] = .string(expiresAt.text) }
            if firstSubscriptionOnly { object["first_subscription_only"] = true }
            var fields = try JSONFields(.object(object))
            let terms = try CouponTerms(json: &fields, in: .utc)
            let coupon = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await CouponOperations.create(terms, by: session.stamp, in: transaction)
                }
            }
            Output(format: options.format).object(coupon.json)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists coupons in the order they were made.",
            discussion: "  abono coupons list --archived"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Flag(help: "Also those that are no longer given.") var archived = false
        @Option(help: "The last id of the page before.", transform: Parse.id) var after: CouponID?

        func run() async throws {
            let coupons = try await Session.run(options) { session in
                try await session.read { transaction in
                    try await CouponQueries.list(
                        includingArchived: archived,
                        limit: page.limit,
                        after: after,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).list(
                ["code", "value", "duration", "redemptions", "max", "expires_at", "archived_at", "id"],
                coupons.map {
                    [
                        $0.terms.code, $0.value, $0.duration, String($0.redemptions),
                        $0.terms.maxRedemptions.map(String.init) ?? "", $0.terms.expiresAt?.text ?? "",
                        $0.archivedAt?.text ?? "", $0.id.text,
                    ]
                },
                json: .array(coupons.map(\.json))
            )
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a coupon.",
            discussion: "  abono coupons show LAUNCH"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "Its code.") var code: String

        func run() async throws {
            let coupon = try await Session.run(options) { try await CouponsCommand.coupon(code, $0) }
            Output(format: options.format).object(coupon.json)
        }
    }

    struct Archive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a coupon, or one of its codes, off the market; who has redeemed it keeps it.",
            discussion: "  abono coupons archive LAUNCH --yes"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The code.") var code: String

        func run() async throws {
            let archived = try await Session.run(options) { session in
                try confirmation.require("Archive \(code)? Nobody can redeem it then.")
                return try await session.administer { transaction in
                    try await CouponOperations.archive(code, by: session.stamp, in: transaction)
                }
            }
            Output(format: options.format).object(archived)
        }
    }

    static func coupon(_ code: String, _ session: Session) async throws -> Coupon {
        let found = try await session.read { transaction in try await CouponQueries.find(code, in: transaction) }
        guard let found else { throw CouponError.notFound(code) }
        return found
    }
}

extension Coupon {
    /// What it takes off, in short.
    fileprivate var value: String {
        switch terms.value {
        case .percent(let percent): "\(percent.decimalText()) %"
        case .amount(let minor, _): terms.currency.map { Money(minor: minor, currency: $0).description } ?? ""
        }
    }

    /// How long it lasts, in short.
    fileprivate var duration: String {
        guard case .repeating(let periods) = terms.duration else { return terms.duration.word }
        return "\(periods) periods"
    }
}

extension Parse {
    /// Words with commas between.
    static func words(_ text: String) -> [JSONValue] {
        text.split(separator: ",").map { word in
            .string(String(word.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()))
        }
    }
}
