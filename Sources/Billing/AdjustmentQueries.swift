package import Postgres
import Tenants
package import Values

/// Reading what adjusts invoices.
package enum AdjustmentQueries {
    /// The coupons and taxes of subscriptions, in one round trip.
    ///
    /// Whoever bills by them holds the subscriptions' locks: who redeems a coupon or moves a tenant waits for them.
    package static func load(
        of keys: [(tenant: TenantID, subscription: SubscriptionID)],
        in transaction: borrowing Transaction
    ) async throws -> [SubscriptionID: Adjustments] {
        guard !keys.isEmpty else { return [:] }
        let sets = try await transaction.results(statements(keys))
        guard sets.count == 5 else { return [:] }
        var coupons: [SubscriptionID: [InvoiceCoupon]] = [:]
        for (subscription, coupon) in try Transaction.decode(sets[0], redeemed) {
            coupons[subscription, default: []].append(coupon)
        }
        let taxes = try Transaction.decode(sets[1], TaxQueries.tax)
        let sellers = Dictionary(try Transaction.decode(sets[2], seller)) { first, _ in first }
        let details = Dictionary(grouping: try Transaction.decode(sets[3], TaxQueries.details), by: \.tenant)
        let assigned = Dictionary(grouping: try Transaction.decode(sets[4], TaxQueries.assignment), by: \.tenant)
        var ofTenants: [TenantID: (taxes: [InvoiceStory.Tax], standings: [Adjustments.Standing])] = [:]
        for (tenant, seller) in sellers {
            let determination = TaxDetermination(
                taxes: taxes,
                entity: seller.entity,
                seller: seller.place,
                details: details[tenant]?.map(\.details) ?? [],
                assignments: assigned[tenant]?.map(\.assignment) ?? []
            )
            ofTenants[tenant] = determination.adjustments()
        }
        var found: [SubscriptionID: Adjustments] = [:]
        found.reserveCapacity(keys.count)
        for key in keys {
            found[key.subscription] = Adjustments(
                coupons: coupons[key.subscription] ?? [],
                taxes: ofTenants[key.tenant]?.taxes ?? [],
                standings: ofTenants[key.tenant]?.standings ?? []
            )
        }
        return found
    }

    private static func statements(_ keys: [(tenant: TenantID, subscription: SubscriptionID)]) -> [SQL] {
        let tenants = Set(keys.map(\.tenant)).sorted()
        return [
            """
            SELECT r.subscription_id, k.code, k.percent, k.amount_minor, k.carries, k.duration, k.periods, k.prices,
                   k.plans, r.redeemed_at, r.ended_at
            FROM unnest(\(keys.map(\.tenant))::uuid[], \(keys.map(\.subscription))::uuid[]) AS given (tenant_id, id)
            JOIN app.coupon_redemptions r ON r.tenant_id = given.tenant_id AND r.subscription_id = given.id
            JOIN app.coupons k ON k.id = r.coupon_id
            ORDER BY r.tenant_id, r.subscription_id, r.redeemed_at, r.seq
            """,
            "SELECT \(fragment: TaxQueries.columns) FROM app.taxes ORDER BY code, effective_at NULLS FIRST",
            """
            SELECT t.tenant_id, t.legal_entity_id, e.country, e.country_from
            FROM app.tenants t JOIN app.legal_entities e ON e.id = t.legal_entity_id
            WHERE t.tenant_id = ANY (\(tenants)::uuid[])
            """,
            """
            SELECT tenant_id, effective_at, country, tax_ids, is_exempt FROM app.tenant_tax_details
            WHERE tenant_id = ANY (\(tenants)::uuid[]) ORDER BY tenant_id, effective_at NULLS FIRST, id
            """,
            """
            SELECT tenant_id, tax, effective_at, ended_at FROM app.tenant_taxes
            WHERE tenant_id = ANY (\(tenants)::uuid[]) ORDER BY tenant_id, id
            """,
        ]
    }

    private static func redeemed(_ row: inout RowReader) throws -> (SubscriptionID, InvoiceCoupon) {
        let subscription: SubscriptionID = try row.next()
        let code: String = try row.next()
        let value = try CouponQueries.value(&row)
        let duration = try CouponQueries.duration(&row)
        let prices: [String]? = try row.next()
        let plans: [String]? = try row.next()
        let coupon = InvoiceCoupon(
            code: code,
            value: value,
            duration: duration,
            prices: prices.map { Set($0) },
            plans: plans.map { Set($0) },
            from: try row.next(),
            until: try row.next()
        )
        return (subscription, coupon)
    }

    private static func seller(
        _ row: inout RowReader
    ) throws -> (TenantID, (entity: EntityID, place: TaxDetermination.Seller?)) {
        let tenant: TenantID = try row.next()
        let entity: EntityID = try row.next()
        let country: String? = try row.next()
        let from: Instant? = try row.next()
        return (tenant, (entity, country.map { TaxDetermination.Seller(country: $0, from: from) }))
    }
}
