package import Values

/// A plan as it was published once: it never changes, and subscriptions keep the version they have.
package struct PlanVersion: Hashable, Sendable {
    /// Names the version.
    package let id: PlanVersionID
    /// Names the plan.
    package let planID: PlanID
    /// The plan's code.
    package let code: String
    /// 1 for the first, and one more each time the code is published with other content.
    package let version: Int
    /// The name customers read.
    package let name: String
    /// The rules of what it bills.
    package let plan: Plan
    /// What it entitles to.
    package let features: PlanFeatures
    /// The plan's JSON as the simulator reads it.
    package let document: JSONValue
    /// Whether customers see it.
    package let isVisible: Bool
    /// When it was published, in business time.
    package let publishedAt: Instant
    /// When the plan was archived; nil if it can be subscribed to.
    package let archivedAt: Instant?

    /// Whether publishing a draft would add nothing to this version.
    package func hasContent(of draft: PlanDraft) -> Bool {
        name == draft.name && isVisible == draft.isVisible && document == draft.document
            && features.json == draft.features.json
    }

    /// As it leaves over HTTP: the plan's own fields, and beside them the version's.
    package var json: JSONValue {
        var object: JSONObject = [
            "id": .string(planID.text), "version_id": .string(id.text), "version": .int(version), "name": .string(name),
        ]
        for (key, value) in document.object ?? JSONObject() { object[key] = value }
        object["features"] = features.json
        object["visible"] = .bool(isVisible)
        object["published_at"] = .string(publishedAt.text)
        object["archived_at"] = .optional(archivedAt?.text)
        return .object(object)
    }
}

/// What is to be published: the plan JSON of the simulator plus `name`, `features` and `visible`.
package struct PlanDraft: Hashable, Sendable {
    /// The name customers read; the code unless given.
    package let name: String
    /// The rules.
    package let plan: Plan
    /// What it entitles to.
    package let features: PlanFeatures
    /// The plan's JSON without name, features and visibility.
    package let document: JSONValue
    /// Whether customers see it.
    package let isVisible: Bool
}
