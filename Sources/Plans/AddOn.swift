package import Values

extension Entities {
    /// An add-on.
    package enum AddOn: Entity { package static let prefix = "ado" }
    /// One immutable version of an add-on.
    package enum AddOnVersion: Entity { package static let prefix = "adv" }
}

package typealias AddOnID = ID<Entities.AddOn>
package typealias AddOnVersionID = ID<Entities.AddOnVersion>

/// What can be had beside a plan, so many times: as it was published once.
///
/// It is sold by currency and interval; of each the newest version is current.
package struct AddOnVersion: Hashable, Sendable {
    /// Names the version.
    package let id: AddOnVersionID
    /// Names the add-on.
    package let addOnID: AddOnID
    /// 1 for the first, and one more each time the code is published with other content.
    package let version: Int
    /// What is sold.
    package let draft: AddOnDraft
    /// When it was published, in business time.
    package let publishedAt: Instant
    /// When the add-on was archived; nil if it can be added.
    package let archivedAt: Instant?

    /// What a subscription that adds it keeps of it.
    package var subscribed: SubscribedAddOn {
        SubscribedAddOn(code: draft.code, version: version, interval: draft.interval, terms: draft.terms)
    }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        var object: JSONObject = [
            "id": .string(addOnID.text), "version_id": .string(id.text), "version": .int(version),
        ]
        for (key, value) in draft.json.object ?? JSONObject() { object[key] = value }
        object["published_at"] = .string(publishedAt.text)
        object["archived_at"] = .optional(archivedAt?.text)
        return .object(object)
    }
}

/// What is to be sold as an add-on.
package struct AddOnDraft: Hashable, Sendable {
    /// Its name in the catalogue.
    package let code: String
    /// The name customers read; the code unless given.
    package let name: String
    /// The currency of its amounts.
    package let currency: Currency
    /// The length of its periods, which is that of the plans it goes with.
    package let interval: Interval
    /// What one or more of it cost.
    package let terms: AddOnTerms
    /// Whether customers see it.
    package let isVisible: Bool

    /// Reads `{"code", "name", "currency", "interval", "prices", "visible"}` strictly.
    package init(json: JSONValue) throws(Problem) {
        var fields = try JSONFields(json)
        let code = try fields.string("code")
        guard CatalogueCode.isValidForAddOn(code) else { throw fields.invalid("code", CatalogueCode.addOnForm) }
        let name = try fields.optionalString("name") ?? code
        guard (1...200).contains(name.unicodeScalars.count) else {
            throw fields.invalid("name", "must have 1 to 200 characters")
        }
        let currency = try fields.currency("currency")
        var length = try fields.object("interval")
        let interval = try Interval(json: &length)
        guard interval.count <= PlanDraft.countLimit else {
            throw .invalid("interval.count", "must be at most \(PlanDraft.countLimit), not \(interval.count)")
        }
        let terms = try AddOnTerms(json: try fields.requiredValue("prices"), of: code)
        let isVisible = try fields.optionalBool("visible") ?? true
        try fields.finish()
        self.init(code: code, name: name, currency: currency, interval: interval, terms: terms, isVisible: isVisible)
    }

    /// Takes what is stored.
    init(code: String, name: String, currency: Currency, interval: Interval, terms: AddOnTerms, isVisible: Bool) {
        self.code = code
        self.name = name
        self.currency = currency
        self.interval = interval
        self.terms = terms
        self.isVisible = isVisible
    }

    /// What `init(json:)` reads.
    var json: JSONValue {
        [
            "code": .string(code), "name": .string(name), "currency": .string(currency.code),
            "interval": interval.json, "prices": terms.json, "visible": .bool(isVisible),
        ]
    }
}
