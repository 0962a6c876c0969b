import Plans
import Tenants
package import Values

extension Entities {
    /// A tax as it is from an instant on.
    package enum TaxVersion: Entity { package static let prefix = "tax" }
    /// The assignment of a tax to a tenant.
    package enum TaxAssignment: Entity { package static let prefix = "txa" }
    /// What decides on a tenant's taxes, as one row.
    package enum TaxDetailsRow: Entity { package static let prefix = "txd" }
}

package typealias TaxVersionID = ID<Entities.TaxVersion>
package typealias TaxAssignmentID = ID<Entities.TaxAssignment>
typealias TaxDetailsRowID = ID<Entities.TaxDetailsRow>

/// A tax as it is from an instant on.
///
/// A new rate is another version; what was invoiced under the old one stays.
package struct Tax: Hashable, Sendable {
    /// Names the version.
    package let id: TaxVersionID
    /// Names the tax.
    package let code: String
    /// What invoices call it.
    package let name: String
    /// 0.19 is 19 %; nil: from here on there is no such tax.
    package let rate: Exact?
    /// Whether prices contain it; else it is added to them.
    package let isInclusive: Bool
    /// Only customers of this country pay it; nil is all.
    package let country: String?
    /// Only invoices of this entity have it; nil is of all.
    package let legalEntity: EntityID?
    /// Invoices of this instant and later ones have it so; nil is all.
    package let from: Instant?
    /// When it was written.
    package let recordedAt: Instant

    /// Takes all of it.
    package init(
        id: TaxVersionID,
        code: String,
        name: String,
        rate: Exact?,
        isInclusive: Bool,
        country: String?,
        legalEntity: EntityID?,
        from: Instant?,
        recordedAt: Instant
    ) {
        self.id = id
        self.code = code
        self.name = name
        self.rate = rate
        self.isInclusive = isInclusive
        self.country = country
        self.legalEntity = legalEntity
        self.from = from
        self.recordedAt = recordedAt
    }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "code": .string(code), "name": .string(name),
            "rate": .optional(rate?.decimalText()), "inclusive": .bool(isInclusive), "country": .optional(country),
            "legal_entity": .optional(legalEntity?.text), "from": .optional(from?.text), "archived": .bool(rate == nil),
            "recorded_at": .string(recordedAt.text),
        ]
    }
}

/// What is asked for when a tax is put into the catalogue, or changed from an instant on.
package struct TaxDraft: Hashable, Sendable {
    /// Names the tax.
    package let code: String
    /// What invoices call it; nil: the name it has, at first its code.
    package let name: String?
    /// 0.19 is 19 %.
    package let rate: Exact
    /// Whether prices contain it.
    package let isInclusive: Bool
    /// Two capitals of ISO 3166.
    package let country: String?
    /// Only invoices of this entity.
    package let legalEntity: EntityID?
    /// From when on; nil: as early as it may be.
    package let from: Instant?

    /// Checks all of it.
    package init(
        code: String,
        name: String? = nil,
        rate: Exact,
        isInclusive: Bool = false,
        country: String? = nil,
        legalEntity: EntityID? = nil,
        from: Instant? = nil
    ) throws(Problem) {
        guard CatalogueCode.isValid(code) else { throw .invalid("code", CatalogueCode.form) }
        self.code = code
        if let name, !(1...200).contains(name.unicodeScalars.count) {
            throw .invalid("name", "has \(name.unicodeScalars.count) characters; 1 to 200 are allowed")
        }
        self.name = name
        guard rate >= .zero, rate <= .one else {
            throw .invalid("rate", "is \(rate.decimalText()); from 0 to 1 is expected: 0.19 is 19 %")
        }
        guard (rate * 1_000_000_000_000).isWhole else {
            throw .invalid("rate", "has more than 12 fraction digits")
        }
        self.rate = rate
        self.isInclusive = isInclusive
        if let country { _ = try Country.checked(country, at: "country") }
        self.country = country
        self.legalEntity = legalEntity
        self.from = from?.wholeSeconds
    }

    /// Reads the fields of a request to their end.
    ///
    /// `zone`: of bare dates.
    package init(json fields: inout JSONFields, in zone: Zone) throws(Problem) {
        let code = try fields.string("code")
        let name = try fields.optionalString("name")
        let rate = try fields.nonNegative("rate")
        let isInclusive = try fields.optionalBool("inclusive") ?? false
        let country = try fields.optionalString("country")
        let entity = try fields.optionalID("legal_entity", of: Entities.LegalEntity.self)
        let from = try fields.optionalInstant("from", in: zone)
        try fields.finish()
        try self.init(
            code: code,
            name: name,
            rate: rate,
            isInclusive: isInclusive,
            country: country,
            legalEntity: entity,
            from: from
        )
    }
}
