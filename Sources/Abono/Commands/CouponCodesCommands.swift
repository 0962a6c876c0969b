import ArgumentParser
import Billing
import Tenants
import Values

/// What customers type for coupons, and who redeemed it.
extension CouponsCommand {
    struct AddCode: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "code",
            abstract: "Makes a text that customers type for a coupon; with a reward, a tenant's referral code.",
            discussion: """
                Upper and lower case are the same. Who comes by a referral code gets the coupon; the tenant that it \
                belongs to gets the reward once the other has paid its first invoice.

                  abono coupons code LAUNCH --code SUMMER26 --max-redemptions 500 --expires-at 2026-10-01
                  abono coupons code HELLO --code ACME-FRIENDS --tenant ten_01h455vb4pex5vsknk084sn02q \
                --reward 25.00 --currency USD
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The coupon's code.") var coupon: String
        @Option(help: "What is typed.") var code: String
        @Option(help: "How often it can be redeemed.") var maxRedemptions: Int?
        @Option(help: "From when on it no longer can.", transform: Parse.instant) var expiresAt: Instant?
        @Option(help: "Only this tenant can redeem it; with a reward: it refers.", transform: Parse.id)
        var tenant: TenantID?
        @Option(help: "Credit for the tenant that refers, like 25.00.") var reward: String?
        @Option(help: "The reward's currency.", transform: Parse.currency) var currency: Currency?
        @Option(help: "A coupon for the tenant that refers.") var rewardCoupon: String?

        func validate() throws {
            guard (reward == nil) == (currency == nil) else {
                throw ValidationError("--reward and --currency go together")
            }
        }

        func run() async throws {
            var object: JSONObject = ["code": .string(code)]
            if let maxRedemptions { object["max_redemptions"] = .int(maxRedemptions) }
            if let expiresAt { object["expires_at"] = .string(expiresAt.text) }
            if let tenant { object["tenant"] = .string(tenant.text) }
            if let reward, let currency {
                object["reward_amount"] = ["amount": .string(reward), "currency": .string(currency.code)]
            }
            if let rewardCoupon { object["reward_coupon"] = .string(rewardCoupon) }
            var fields = try JSONFields(.object(object))
            let draft = try CouponCodeDraft(json: &fields, in: .utc)
            let made = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await CouponOperations.addCode(draft, to: coupon, by: session.stamp, in: transaction)
                }
            }
            Output(format: options.format).object(made.json)
        }
    }

    struct Codes: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists what customers can type for a coupon.",
            discussion: "  abono coupons codes LAUNCH"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Argument(help: "The coupon's code.") var coupon: String
        @Option(help: "The last id of the page before.", transform: Parse.id) var after: CouponCodeID?

        func run() async throws {
            let codes = try await Session.run(options) { session in
                let id = try await CouponsCommand.coupon(coupon, session).id
                return try await session.read { transaction in
                    try await CouponQueries.codes(of: id, limit: page.limit, after: after, in: transaction)
                }
            }
            Output(format: options.format).list(
                ["code", "kind", "tenant", "redemptions", "max", "expires_at", "archived_at", "id"],
                codes.map {
                    [
                        $0.code, $0.kind.rawValue, $0.owner?.text ?? "", String($0.redemptions),
                        $0.maxRedemptions.map(String.init) ?? "", $0.expiresAt?.text ?? "",
                        $0.archivedAt?.text ?? "", $0.id.text,
                    ]
                },
                json: .array(codes.map(\.json))
            )
        }
    }

    struct Redeem: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Redeems a code for a subscription, from now on; what was invoiced stays.",
            discussion: "  abono coupons redeem SUMMER26 --subscription sub_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The code.") var code: String
        @Option(help: "The subscription.", transform: Parse.id) var subscription: SubscriptionID

        func run() async throws {
            let redemption = try await Session.run(options) { session in
                let tenant = try await session.read { transaction in
                    try await OwnerQueries.tenant(of: subscription, in: transaction)
                }
                return try await session.act(for: tenant) { owner, transaction in
                    try await CouponOperations.redeem(
                        code,
                        for: subscription,
                        of: tenant,
                        by: owner.stamped(session.stamp),
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(redemption.json)
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a coupon away from a subscription, from now on; what was invoiced stays.",
            discussion: "  abono coupons remove SUMMER26 --subscription sub_01h455vb4pex5vsknk084sn02q --yes"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The code.") var code: String
        @Option(help: "The subscription.", transform: Parse.id) var subscription: SubscriptionID

        func run() async throws {
            let redemption = try await Session.run(options) { session in
                let tenant = try await session.read { transaction in
                    try await OwnerQueries.tenant(of: subscription, in: transaction)
                }
                try confirmation.require("Take \(code) away from \(subscription)? It cannot be redeemed for it again.")
                return try await session.act(for: tenant) { owner, transaction in
                    try await CouponOperations.remove(
                        code,
                        from: subscription,
                        of: tenant,
                        by: owner.stamped(session.stamp),
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(redemption.json)
        }
    }

    struct Redemptions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the coupons that a subscription has or had, in the order in which they take.",
            discussion: "  abono coupons redemptions --subscription sub_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "The subscription.", transform: Parse.id) var subscription: SubscriptionID

        func run() async throws {
            let redemptions = try await Session.run(options) { session in
                try await session.read { transaction in
                    let tenant = try await OwnerQueries.tenant(of: subscription, in: transaction)
                    return try await CouponQueries.redemptions(of: subscription, tenant: tenant, in: transaction)
                }
            }
            Output(format: options.format).list(
                ["coupon", "code", "redeemed_at", "ended_at", "id"],
                redemptions.map {
                    [$0.couponCode, $0.code, $0.redeemedAt.text, $0.endedAt?.text ?? "", $0.id.text]
                },
                json: .array(redemptions.map(\.json))
            )
        }
    }

    struct Referrals: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists who came by whose code; with --settle it gives the rewards that are due first.",
            discussion: "  abono coupons referrals --settle"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Flag(help: "Gives the rewards that are due; the server does so by itself.") var settle = false
        @Option(help: "The last tenant of the page before.", transform: Parse.id) var after: TenantID?

        func run() async throws {
            let referrals = try await Session.run(options) { session in
                if settle {
                    try await ReferralJobs.settleAll(
                        database: session.database,
                        time: session.time,
                        author: .command
                    )
                }
                return try await session.read { transaction in
                    try await ReferralOperations.list(limit: page.limit, after: after, in: transaction)
                }
            }
            Output(format: options.format).list(
                ["tenant", "referrer", "code", "referred_at", "status", "settled_at", "reward"],
                referrals.map {
                    [
                        $0.tenant.text, $0.referrer.text, $0.code, $0.referredAt.text, $0.status.rawValue,
                        $0.settledAt?.text ?? "", $0.reward ?? "",
                    ]
                },
                json: .array(referrals.map(\.json))
            )
        }
    }
}
