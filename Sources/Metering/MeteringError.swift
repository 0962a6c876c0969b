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
    /// A meter counts another's events and cannot be made of them.
    case unusableSource(String, source: String)
    /// A meter was billed by and cannot be replaced.
    case meterBilled(String)
    /// As many meters count the events of one already.
    case tooManyViews(String, limit: Int)
    /// What is stored as a meter cannot be read as one.
    case unreadableMeter(String)
    /// An event was taken back, for good.
    case eventVoided(String)
    /// An event was amended as often as it may be.
    case tooManyAmendments(String)
    /// Others change an event all the time.
    case eventBusy(String)
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
    /// Nothing says by which meter a feature is counted.
    case grantNeedsMeter(feature: String)
    /// Units of a meter whose quantities do not add up cannot be granted.
    case grantsDoNotAddUp(meter: String)
    /// The tenant has no grant with the id.
    case grantNotFound(String)
    /// A grant with the id says something else.
    case grantTaken(String)
    /// The events of a month are in a file.
    case monthArchived(CalendarDate)

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
                "the meter \(code) is there with another definition, which is not changed unasked; take another code"
            )
        case .unusableSource(let code, let source):
            Problem.invalid(
                "source",
                "\(source) is no meter whose events \(code) could count: there must be one, without `source` and `filter`"
            )
        case .meterBilled(let code):
            Problem(
                .conflict,
                code: "meter_billed",
                "invoices were made of the meter \(code), so it stays as it is; put another code and publish its price"
            )
        case .tooManyViews(let source, let limit):
            Problem(.conflict, code: "too_many_meters", "\(limit) meters count the events of \(source) already")
        case .eventVoided(let id):
            Problem(.conflict, code: "event_voided", "the event \(id) was taken back, for good; send another id")
        case .tooManyAmendments(let id):
            Problem(
                .conflict,
                code: "too_many_amendments",
                "the event \(id) was amended \(UsageAmendment.limit) times; take it back and send another id"
            )
        case .eventBusy(let id):
            Problem(
                .unavailable,
                code: "event_busy",
                "others change the event \(id) at this moment",
                retryAfterSeconds: 1
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
        case .grantNeedsMeter(let feature):
            Problem.invalid("meter", "is required: no plan of the tenant says by which meter \(feature) is counted")
        case .grantsDoNotAddUp(let meter):
            Problem.invalid("meter", "\(meter) does not add up; units can be granted of meters that count or sum")
        case .grantNotFound(let id): Problem.notFound("grant", id)
        case .grantTaken(let id):
            Problem(.conflict, code: "id_taken", "there is a grant \(id) that says something else; take another id")
        case .monthArchived(let month):
            Problem(
                .precondition,
                code: "month_archived",
                "the events of \(month.text.prefix(7)) are archived, and this needs them; what they add up to in whole "
                    + "quarters of an hour can be read, and `abono usage restore` brings them back"
            )
        case .overlappingQuotas(let feature):
            Problem(.internal, code: "overlapping_quotas", "two allowances of one source for \(feature) overlap")
        }
    }
}
