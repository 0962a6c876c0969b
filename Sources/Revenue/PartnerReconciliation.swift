package import Values

/// One place where receipts, partners' shares, payouts and the books do not agree.
package struct PartnerDifference: Hashable, Sendable {
    /// The closed set of links that can be broken.
    package enum Kind: String, CaseIterable, Sendable {
        /// A share is of a receipt that is not there, or of another amount of it.
        case receipt
        /// A partner had part in a receipt, and nothing was accrued.
        case accrual
        /// The shares of a stretch are not what its tiers make of its base.
        case share
        /// What is kept of a stretch is not what its accruals come to.
        case period
        /// The parts of a payout are not what was paid.
        case payout
        /// What is booked for a share or a payout is not what it says.
        case journal
        /// What the books owe partners for a tenant's receipts is not shares less payouts.
        case payable
    }

    /// Which link.
    package let kind: Kind
    /// Whose receipts; nil if it is about no one tenant.
    package let tenant: TenantID?
    /// The ids, and what both sides say.
    package let details: JSONValue

    /// As it is printed.
    package var json: JSONValue {
        var object: JSONObject = ["kind": .string(kind.rawValue), "tenant": .optional(tenant?.text)]
        for (key, value) in details.object ?? JSONObject() { object[key] = value }
        return .object(object)
    }
}

/// Compares what partners have a share in with what was accrued, paid and booked.
///
/// Pure; the reading is beside it.
enum PartnerReconciliation {
    /// What a tenant's receipts that are not accrued would come to, as the run that accrues them decides.
    static func missing(
        _ receipts: [PartnerReceipt],
        of tenant: TenantID,
        _ rule: PartnerAccrualRule
    ) throws(Problem) -> [PartnerDifference] {
        var rule = rule
        var differences: [PartnerDifference] = []
        for receipt in receipts {
            for accrual in try rule.add(receipt) {
                differences.append(
                    PartnerDifference(
                        kind: .accrual,
                        tenant: tenant,
                        details: [
                            "partner": .string(accrual.partner.text), "source": .string(accrual.source),
                            "invoice": .optional(accrual.invoice?.text), "payment": .optional(accrual.payment?.text),
                            "expected": accrual.share.json, "accrued": .null,
                        ]
                    )
                )
            }
        }
        return differences
    }

    /// What a stretch has come to, as it is kept and as its accruals have it.
    struct Stretch {
        let period: PartnerPeriod
        let kept: (base: Int64, share: Int64)
        let accrued: (base: Int64, share: Int64)
    }

    /// Stretches against their accruals and their partners' tiers.
    static func differences(
        _ stretches: [Stretch],
        _ partners: [PartnerID: Partner]
    ) throws(Problem) -> [PartnerDifference] {
        var differences: [PartnerDifference] = []
        for stretch in stretches {
            let period = stretch.period
            func money(_ minor: Int64) -> Money { Money(minor: minor, currency: period.currency) }
            let names: JSONObject = [
                "partner": .string(period.partner.text), "period": .string(period.start.text),
            ]
            func difference(_ kind: PartnerDifference.Kind, _ what: String, _ left: Int64, _ right: Int64) {
                var object = names
                object["what"] = .string(what)
                object["expected"] = money(left).json
                object["found"] = money(right).json
                differences.append(PartnerDifference(kind: kind, tenant: nil, details: .object(object)))
            }
            if stretch.kept.base != stretch.accrued.base {
                difference(.period, "base", stretch.accrued.base, stretch.kept.base)
            }
            if stretch.kept.share != stretch.accrued.share {
                difference(.period, "share", stretch.accrued.share, stretch.kept.share)
            }
            let due = try partners[period.partner]?.share.share(of: money(stretch.accrued.base)).minor ?? 0
            if due != stretch.accrued.share { difference(.share, "tiers", due, stretch.accrued.share) }
        }
        return differences
    }
}
