import Values

/// What is taken back of the credit of a purchase when its money goes back.
///
/// Pure.
extension CreditPurchase {
    /// Credit that is taken back, in minor units.
    struct Taken: Hashable, Sendable {
        /// Of what was bought.
        let credit: Int64
        /// Of what was given on top.
        let bonus: Int64
        /// What of the money was for credit that invoices had taken of what was bought.
        let paidBack: Int64

        /// No credit.
        static let nothing = CreditPurchase.Taken(credit: 0, bonus: 0, paidBack: 0)

        /// From which grants.
        func parts(of purchase: CreditPurchase) -> [(grant: GrantID, minor: Int64)] {
            [(purchase.grant, credit), (purchase.bonusGrant, bonus)].compactMap { grant, minor in
                guard let grant, minor > 0 || (grant == purchase.grant && paidBack > 0) else { return nil }
                return (grant: grant, minor: minor)
            }
        }

        /// What of a grant that invoices had taken.
        func paidBack(of grant: GrantID, _ purchase: CreditPurchase) -> Int64 {
            grant == purchase.grant ? paidBack : 0
        }
    }

    /// What is taken back when money of the purchase goes back: as much as nobody used of what was bought, and of what
    /// was given on top its share, rounded down, or all with the last of the money.
    ///
    /// `minor`: how much goes back.
    ///
    /// `before`: how much went back before.
    ///
    /// `left`: what is left of what was bought.
    ///
    /// `used`: what invoices have taken of that, and was not paid back.
    ///
    /// `bonusLeft`: what is left of what was given on top.
    func taken(by minor: Int64, after before: Int64, left: Int64, used: Int64, bonusLeft: Int64) -> Taken {
        guard minor > 0 else { return .nothing }
        var share = bonus.minor
        if before + minor < price.minor {
            share = Int64(Int128(bonus.minor) * Int128(minor) / Int128(price.minor))
        }
        let credit = min(minor, max(0, left))
        return Taken(
            credit: credit,
            bonus: min(share, max(0, bonusLeft)),
            paidBack: min(minor - credit, max(0, used))
        )
    }
}
