package import Values

/// What metering refuses, beside input that is malformed.
package enum MeteringError: ProblemConvertible, Hashable {
    /// More events at once than are allowed.
    case batchTooLarge(Int)
    /// A key that was there a moment ago is not: something else writes to the table.
    case keyMissing
    /// An event has no rollup: the two do not agree.
    case rollupMissing(String)
    /// The tenant has no event with the id.
    case eventNotFound(String)
    /// No meter has the code.
    case meterNotFound(String)
    /// A meter with the code is defined otherwise.
    case meterTaken(String)
    /// What is stored as a meter cannot be read as one.
    case unreadableMeter(String)
    /// A range would be cut into too many windows.
    case tooManyWindows(UsageWindow, limit: Int)
    /// Usage would be grouped into too many rows.
    case tooManyGroups(limit: Int)
    /// Nothing allows the tenant the feature.
    case noQuota(feature: String)
    /// The feature is used up.
    case quotaExceeded(feature: String, allowance: Decimal12, retryAfterSeconds: Int)
    /// A feature is counted by another meter than an event's.
    case otherMeter(feature: String, meter: String)
    /// Two windows of a source and feature overlap.
    case overlappingQuotas(feature: String)

    package var problem: Problem {
        switch self {
        case .batchTooLarge(let count):
            Problem(.tooLarge, "\(count) events at once; at most \(UsageLimits.batch) are allowed: send them in parts")
        case .keyMissing: Problem(.internal, code: "key_missing", "the usage tables do not agree")
        case .rollupMissing(let id):
            Problem(.internal, code: "rollup_missing", "the usage tables do not agree about the event \(id)")
        case .eventNotFound(let id): Problem.notFound("event", id)
        case .meterNotFound(let code): Problem.notFound("meter", code)
        case .meterTaken(let code):
            Problem(
                .conflict,
                code: "meter_taken",
                "the meter \(code) is there with another definition, which cannot be changed; take another code"
            )
        case .unreadableMeter(let code):
            Problem(.internal, code: "unreadable_meter", "the stored definition of the meter \(code) cannot be read")
        case .tooManyWindows(let window, let limit):
            Problem.invalid(
                "window",
                "`\(window.rawValue)` cuts this range into more than \(limit) windows; take larger ones"
            )
        case .tooManyGroups(let limit):
            Problem.invalid("group_by", "makes more than \(limit) rows; take fewer properties or a shorter range")
        case .noQuota(let feature):
            Problem(.forbidden, code: "not_entitled", "nothing allows the use of \(feature) at this time")
        case .quotaExceeded(let feature, let allowance, let seconds):
            Problem(
                .limited,
                code: "quota_exceeded",
                "the allowance of \(allowance) for \(feature) is used up",
                retryAfterSeconds: seconds
            )
        case .otherMeter(let feature, let meter):
            Problem.invalid("meter", "the feature \(feature) is counted by \(meter)")
        case .overlappingQuotas(let feature):
            Problem(.internal, code: "overlapping_quotas", "two allowances of one source for \(feature) overlap")
        }
    }
}
