import Billing
import Plans
import Subscriptions
import TestSupport
import Values

/// Random lives of subscriptions, told to the invoice function and to the timeline alike.
struct LifecycleStory {
    /// Zones with changes of clocks at midnight, of half an hour, over a whole day, to the south, and with none.
    static let zones = [
        "UTC", "Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu",
        "Asia/Beirut", "Africa/Cairo", "Pacific/Apia", "Atlantic/Azores",
    ]

    let zone: Zone
    let start: Moment
    let plans: [Plan]
    var changes: [SubscriptionChange]
    let end: Instant

    /// The how-manieth plan of the story has this id.
    static func version(_ place: Int) -> PlanVersionID { PlanVersionID(uuid: UUIDBytes(high: 7, low: UInt64(place))) }

    /// Makes one.
    ///
    /// `proration`: of all its plans; nil is any.
    init(_ sampler: inout Sampler, proration: String? = nil, cancels: Bool = true) throws {
        var story = try Self(opening: &sampler, proration: proration)
        var instants: [Instant] = []
        for _ in 0..<Int.random(in: 0...9, using: &sampler) {
            instants.append(story.start.instant.adding(seconds: Int64.random(in: 0...34_000_000, using: &sampler)))
        }
        for at in instants.sorted() {
            // One in three comes exactly at a boundary, one in five together with the one before.
            var instant = max(at, story.changes.last?.at ?? at)
            switch Int.random(in: 0..<15, using: &sampler) {
            case 0..<5: instant = try story.timeline(until: instant).nextBoundary ?? instant
            case 5..<8: instant = story.changes.last?.at ?? instant
            default: break
            }
            guard instant <= story.end, try story.timeline(until: instant).endedAt == nil else { break }
            story.changes.append(story.change(at: instant, &sampler, cancels: cancels))
        }
        self = story
    }

    private init(opening sampler: inout Sampler, proration: String?) throws {
        zone = Zone(Self.zones.randomElement(using: &sampler) ?? "UTC") ?? .utc
        let day = CalendarDate(daysSinceEpoch: Int.random(in: 18_250...20_500, using: &sampler))
        let second = Int64.random(in: 0..<86_400, using: &sampler)
        start =
            Bool.random(using: &sampler)
            ? Moment(day, in: zone) : Moment(zone.instant(day).adding(seconds: second), in: zone)
        plans = try (0..<4).map { try Self.plan($0, &sampler, proration) }
        end = start.instant.adding(seconds: 40_000_000)
        changes = []
        changes = [
            SubscriptionChange(
                id: Self.id(1),
                sequence: 1,
                at: start.instant,
                recordedAt: start.instant,
                kind: .created,
                version: Self.version(0),
                quantities: ["seats": 1],
                author: "command"
            )
        ]
    }

    private static func id(_ sequence: Int) -> ChangeID { ChangeID(uuid: UUIDBytes(high: 8, low: UInt64(sequence))) }

    private static func plan(_ place: Int, _ sampler: inout Sampler, _ proration: String?) throws -> Plan {
        let unit = ["day", "week", "month", "month", "month", "year"].randomElement(using: &sampler) ?? "month"
        let count = unit == "day" ? Int.random(in: 20...45, using: &sampler) : Int.random(in: 1...2, using: &sampler)
        let alignment = Int.random(in: 0..<3, using: &sampler) == 0 ? "calendar" : "anniversary"
        let trial = Int.random(in: 0..<3, using: &sampler) == 0 ? Int.random(in: 1...40, using: &sampler) : 0
        let own = ["day", "second", "none"].randomElement(using: &sampler) ?? "day"
        return try Plan(
            json: try JSONValue(
                parsing: """
                    {"code": "p\(place)", "currency": "USD", "interval": {"unit": "\(unit)", "count": \(count)},
                     "alignment": "\(alignment)", "trial_days": \(trial), "proration": "\(proration ?? own)",
                     "prices": [
                        {"code": "seats", "model": "per_unit", "unit_amount": "31.\(place)7", "quantity": "seats"},
                        {"code": "late", "model": "flat", "amount": "7.31", "timing": "arrears"},
                        {"code": "use", "model": "per_unit", "unit_amount": "0.50", "meter": "m"}]}
                    """
            )
        )
    }

    private func change(at instant: Instant, _ sampler: inout Sampler, cancels: Bool) -> SubscriptionChange {
        let kinds: [SubscriptionChange.Kind] =
            [.plan, .plan, .plan, .quantities, .quantities, .pause, .pause, .resume, .resume, .withdraw]
            + (cancels ? [.cancel] : [])
        let kind = kinds.randomElement(using: &sampler) ?? .plan
        let waits = Int.random(in: 0..<3, using: &sampler) == 0 && kind != .resume && kind != .withdraw
        let hasSeats = kind == .quantities || kind == .plan && Bool.random(using: &sampler)
        let seats: Decimal12 = [1, 2, 3, 5].randomElement(using: &sampler) ?? 1
        return SubscriptionChange(
            id: Self.id(changes.count + 1),
            sequence: changes.count + 1,
            at: instant,
            recordedAt: instant,
            kind: kind,
            timing: waits ? .periodEnd : .immediately,
            version: kind == .plan ? Self.version(Int.random(in: 0..<plans.count, using: &sampler)) : nil,
            quantities: hasSeats ? ["seats": seats] : [:],
            withdrawn: kind == .withdraw ? changes.suffix(3).map(\.id) : [],
            author: "command"
        )
    }

    /// Asks for one thing more.
    mutating func ask(
        _ kind: SubscriptionChange.Kind,
        _ timing: SubscriptionChange.Timing = .immediately,
        plan: Int? = nil,
        seats: Decimal12? = nil,
        at instant: Instant
    ) {
        changes.append(
            SubscriptionChange(
                id: Self.id(changes.count + 1),
                sequence: changes.count + 1,
                at: instant,
                recordedAt: instant,
                kind: kind,
                timing: timing,
                version: plan.map(Self.version),
                quantities: seats.map { ["seats": $0] } ?? [:],
                author: "command"
            )
        )
    }

    /// As the timeline tells it.
    func timeline(until: Instant) throws(Problem) -> SubscriptionTimeline {
        try SubscriptionTimeline(
            start: start,
            zone: zone,
            changes: changes,
            terms: plans.enumerated().map { place, plan in
                PlanTerms(
                    version: Self.version(place),
                    interval: plan.interval,
                    alignment: plan.alignment,
                    trialDays: plan.trialDays
                )
            },
            until: until
        )
    }

    /// As the invoice function tells it; each usage line has a quantity of one.
    func invoices(until: Instant) throws(Problem) -> InvoiceResult {
        var plans: [String: Plan] = [:]
        for (place, plan) in self.plans.enumerated() { plans[Self.version(place).text] = plan }
        let story = InvoiceStory(
            plans: plans,
            currency: self.plans[0].currency,
            zone: zone,
            start: start,
            plan: Self.version(0).text,
            quantities: ["seats": 1],
            changes: changes.dropFirst().map { Self.told($0, in: zone) },
            until: until
        )
        return try InvoiceFunction.run(story) { _ in .quantity(1) }
    }

    private static func told(_ change: SubscriptionChange, in zone: Zone) -> InvoiceStory.Change {
        let quantities = change.quantities.mapValues(\.exact)
        let request: InvoiceStory.Change.Request =
            switch change.kind {
            case .plan: .plan(change.version?.text ?? "", quantities: quantities, invoice: .now)
            case .quantities: .quantities(quantities, invoice: .now)
            case .cancel: .cancel(.credit)
            case .pause: .pause
            case .resume: .resume
            case .withdraw: .withdraw(Set(change.withdrawn.map(\.text)))
            case .created: .quantities([:], invoice: .now)
            }
        return InvoiceStory.Change(
            at: Moment(change.at, in: zone),
            timing: change.timing,
            request,
            path: change.id.text
        )
    }

    /// For the message of a law that does not hold.
    var description: String {
        let plans = plans.map {
            "\($0.interval.count) \($0.interval.unit) \($0.alignment) \($0.proration) trial \($0.trialDays)"
        }
        let asked = changes.map { change in
            "\(change.at) \(change.kind) \(change.timing) \(change.version?.text.suffix(1) ?? "") "
                + "\(change.quantities["seats"]?.text ?? "") \(change.withdrawn.map { $0.text.suffix(1) })"
        }
        return (["\(zone) from \(start.wall)"] + plans + asked).joined(separator: "\n")
    }
}
