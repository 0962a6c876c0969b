/// A kind of thing that has ids of its own.
package protocol Entity {
    /// What the ids of this kind begin with on the wire.
    static var prefix: String { get }
}

/// The kinds of things that have ids.
package enum Entities {
    /// A paying customer account.
    package enum Tenant: Entity { package static let prefix = "ten" }
    /// A person who belongs to a tenant.
    package enum Member: Entity { package static let prefix = "mem" }
    /// An API key.
    package enum Key: Entity { package static let prefix = "key" }
    /// A legal entity of the seller.
    package enum LegalEntity: Entity { package static let prefix = "ent" }
    /// A plan.
    package enum Plan: Entity { package static let prefix = "pln" }
    /// One immutable version of a plan.
    package enum PlanVersion: Entity { package static let prefix = "plv" }
    /// A meter.
    package enum Meter: Entity { package static let prefix = "mtr" }
    /// A subscription.
    package enum Subscription: Entity { package static let prefix = "sub" }
    /// A change of a subscription.
    package enum Change: Entity { package static let prefix = "chg" }
    /// An invoice.
    package enum Invoice: Entity { package static let prefix = "inv" }
    /// A line of an invoice.
    package enum InvoiceLine: Entity { package static let prefix = "lin" }
    /// A journal of the ledger.
    package enum Journal: Entity { package static let prefix = "jou" }
    /// A grant of credit.
    package enum Grant: Entity { package static let prefix = "grt" }
    /// A job that a caller sees.
    package enum Job: Entity { package static let prefix = "job" }
    /// A model.
    package enum Model: Entity { package static let prefix = "mdl" }
    /// A running node.
    package enum Node: Entity { package static let prefix = "nod" }
    /// An entry of the activity trail.
    package enum Activity: Entity { package static let prefix = "act" }
    /// A row of a usage event.
    package enum EventRow: Entity { package static let prefix = "evt" }
    /// A request.
    package enum Request: Entity { package static let prefix = "req" }
    /// A partner.
    package enum Partner: Entity { package static let prefix = "par" }
}

package typealias TenantID = ID<Entities.Tenant>
package typealias MemberID = ID<Entities.Member>
package typealias KeyID = ID<Entities.Key>
package typealias EntityID = ID<Entities.LegalEntity>
package typealias PlanID = ID<Entities.Plan>
package typealias PlanVersionID = ID<Entities.PlanVersion>
package typealias MeterID = ID<Entities.Meter>
package typealias SubscriptionID = ID<Entities.Subscription>
package typealias ChangeID = ID<Entities.Change>
package typealias InvoiceID = ID<Entities.Invoice>
package typealias InvoiceLineID = ID<Entities.InvoiceLine>
package typealias JournalID = ID<Entities.Journal>
package typealias GrantID = ID<Entities.Grant>
package typealias JobID = ID<Entities.Job>
package typealias ModelID = ID<Entities.Model>
package typealias NodeID = ID<Entities.Node>
package typealias ActivityID = ID<Entities.Activity>
package typealias EventRowID = ID<Entities.EventRow>
package typealias RequestID = ID<Entities.Request>
package typealias PartnerID = ID<Entities.Partner>
