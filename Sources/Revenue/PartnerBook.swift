package import Values

/// Who has a share in whom, as it was known.
package struct PartnerBook: Hashable, Sendable {
    /// The partners by their ids.
    package let partners: [PartnerID: Partner]
    /// Who brought whom, in the order in which it was written.
    package let attributions: [TenantID: [PartnerAttribution]]

    /// Takes both.
    package init(
        partners: [PartnerID: Partner] = [:],
        attributions: [TenantID: [PartnerAttribution]] = [:]
    ) {
        self.partners = partners
        self.attributions = attributions
    }

    /// The partner who brought a tenant, just before an instant, if it still has a share.
    package func partner(of tenant: TenantID, before limit: Instant) -> Partner? {
        let last = limit.adding(microseconds: -1)
        guard let attribution = PartnerAttribution.inForce(at: last, attributions[tenant] ?? []),
            let partner = attribution.partner.flatMap({ partners[$0] }), attribution.isInTerm(of: partner, at: last)
        else { return nil }
        return partner
    }
}
