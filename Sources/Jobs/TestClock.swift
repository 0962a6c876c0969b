package import Values

/// The time of tenants in test mode: it stands until it is moved, and then everything due on the way happens.
package struct TestClock: Hashable, Sendable {
    /// Whether it stands or is on its way.
    package enum Status: String, CaseIterable, Sendable {
        /// It stands, and everything due has happened.
        case ready
        /// It is being moved.
        case advancing
        /// It was stopped on its way by something that could not be done; moving it again goes on from there.
        case failed
    }

    /// Names it.
    package let id: ClockID
    /// What people call it.
    package let name: String
    /// The time it shows.
    package let at: Instant
    /// Whether it stands.
    package let status: Status
    /// Where it is being moved to; nil if it stands.
    package let target: Instant?
    /// What stopped it.
    package let error: String?
    /// When it was made, on the machine's clock.
    package let createdAt: Instant

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "name": .string(name), "at": at.json, "status": .string(status.rawValue),
            "target": .optional(target?.text), "error": .optional(error), "created_at": createdAt.json,
        ]
    }
}

/// What test clocks refuse.
package enum ClockError: ProblemConvertible, Hashable {
    /// No clock has the id.
    case notFound(ClockID)
    /// A clock goes forward only.
    case backwards(ClockID, at: Instant, asked: Instant)
    /// It is on its way to another time.
    case advancing(ClockID, target: Instant)
    /// It would be moved too far at once.
    case tooFar(asked: Instant, limit: Instant)

    package var problem: Problem {
        switch self {
        case .notFound(let id): Problem.notFound("clock", id.text)
        case .backwards(let id, let at, let asked):
            Problem.invalid("to", "is \(asked); the clock \(id) shows \(at) and goes forward only")
        case .advancing(let id, let target):
            Problem(
                .conflict,
                code: "clock_advancing",
                "the clock \(id) is on its way to \(target); wait until it stands"
            )
        case .tooFar(let asked, let limit):
            Problem.invalid("to", "is \(asked); a clock can be moved two years at once, to \(limit)")
        }
    }
}
