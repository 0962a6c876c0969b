import Plans
import Subscriptions
import Values

/// A line in the making.
///
/// What coupons and taxes do to it is known when an invoice takes it.
struct StoryLine {
    /// The how-manieth plan of the story bills it: lines of plans in force earlier come first.
    let phase: Int
    let planKey: String
    let plan: Plan
    /// The place of the price in the plan; nil of a `minimum`.
    let priceIndex: Int?
    let kind: InvoiceDraft.Line.Kind
    let period: Period
    let whole: Period
    let ratio: Exact
    let quantity: Exact
    let exact: Exact
    let amount: Int64
    /// Of a charge: the line whose place it takes.
    ///
    /// Of a credit: the line that it credits.
    var origin: Int?
    /// What coupons took, each with its place in the story.
    var discounts: [InvoiceDraft.Share] = []
    var discount: Int64 = 0
    var taxes: [InvoiceDraft.Share] = []
    var tax: Int64 = 0
    /// The part of the tax that the amount, less its discount, contains: until it is shown a line is as its price says.
    var contained: Int64 = 0
    /// The part of the discount that is such tax.
    var containedInDiscount: Int64 = 0
    /// What the price is of the net: 1.19 if it contains 19 %.
    var grossRatio = Exact.one
    /// The percent coupons that were applied, by place, also those whose share was 0.
    var coupons: Set<Int> = []
    /// When the invoice was issued that took it.
    var issuedAt: Instant?
    /// Of a credit: the same of the line that it credits.
    var creditedFrom: Instant?

    var price: Price? { priceIndex.map { plan.prices[$0] } }

    /// Whether it bills, or takes back, a stretch to come.
    var timing: PriceTiming { price?.isInAdvance == true ? .advance : .arrears }

    /// Whether invoices show it: not if it is nothing for nothing.
    var isShown: Bool {
        amount != 0 || ((kind == .recurring || kind == .usage) && quantity > .zero)
    }

    /// Whether it is reason enough for an invoice.
    var isBillable: Bool { amount != 0 || (kind == .usage && isShown) }
}

/// The state of a story at an instant, and all steps from its start to its end.
///
/// At each instant where a period or the trial ends, or a change is asked for: the part that ends is closed, changes
/// are applied (waiting ones first), a new period is opened, and what is due becomes an invoice.
struct InvoiceRun {
    /// Where the periods stand.
    enum Calendar {
        /// Nothing is billed until then; at the start a trial of no length.
        case trial(end: Instant, wall: WallTime)
        case running(BillingCycle)
    }

    /// The stretch for which one plan is billed, while it goes on.
    struct Part {
        /// From here on prices in arrears and the commitment are billed.
        let start: Instant
        /// From here on usage is billed: later than the start if a change cut nothing but usage.
        var usageStart: Instant
        /// What its lines come to so far.
        var sum: Int128 = 0
        /// The quantities for prices in arrears, each from its instant on.
        var stretches: [(start: Instant, quantities: [String: Exact])]
    }

    /// What happens at one instant.
    struct Occasion {
        let at: Instant
        /// Whether a period begins here unless the subscription ends: nothing is running that could be credited.
        var isBoundary: Bool
        /// Whether an invoice takes the lines, also those that waited.
        var isDue = false
        var hasChange = false
        var endsTrial = false
        /// What the cancellation does with what is not used, if there is one.
        var cancellation: SubscriptionChange.Refund?
        /// The lines that come up, as places in `lines`.
        var lines: [Int] = []
    }

    let story: InvoiceStory
    let usage: InvoiceFunction.Usage
    let changes: [InvoiceStory.Change]
    let start: Moment
    let taxes: [InvoiceStory.Tax]

    var calendar: Calendar
    var plan: Plan
    var planKey: String
    var phase = 0
    var quantities: [String: Exact]
    /// What waits for the next end of a period, in the order it was asked for.
    var waiting: [InvoiceStory.Change] = []
    var hasEnded = false
    /// Since when it stands still: nothing is billed until it goes on.
    var pausedAt: Instant?
    /// By how many seconds on the clock pauses have moved the trial's end.
    var trialShift: Int64 = 0
    /// The period that runs, with the whole that it is a part of.
    var period: (period: Period, whole: Period)?
    var part: Part?
    var occasion: Occasion
    /// All lines there ever were.
    var lines: [StoryLine] = []
    /// The lines in advance for the running period that are not credited.
    var live: [Int] = []
    /// The lines that wait for the next invoice.
    var held: [Int] = []
    var coupons: [CouponUse]
    var credit: StoryCredit
    var invoices: [InvoiceDraft] = []

    init(_ story: InvoiceStory, usage: @escaping InvoiceFunction.Usage) throws(Problem) {
        self.story = story
        self.usage = usage
        taxes = story.taxes
        start = story.start.cut(in: story.zone)
        changes = story.changes.enumerated()
            .sorted { ($0.element.at.instant, $0.offset) < ($1.element.at.instant, $1.offset) }
            .map(\.element)
        if let early = changes.first, early.at.instant < story.start.instant {
            throw .invalid(
                "\(early.path).at",
                "is \(early.at.instant), before the subscription starts at \(story.start.instant)"
            )
        }
        guard let plan = story.plans[story.plan] else { throw InvoiceRun.noPlan(story.plan, "subscription.plan") }
        self.plan = plan
        planKey = story.plan
        quantities = story.quantities
        let end = try InvoiceRun.trialEnd(of: plan, start, story.zone, shift: 0)
        calendar = .trial(end: end.instant, wall: end.wall)
        occasion = Occasion(at: start.instant, isBoundary: false)
        coupons = Array(repeating: CouponUse(), count: story.coupons.count)
        credit = StoryCredit(grants: story.grants, balance: story.creditBalance)
    }

    /// Goes through the story to its end.
    mutating func finish() throws(Problem) -> InvoiceResult {
        var index = 0
        while true {
            let boundary = nextBoundary
            let asked = index < changes.count ? changes[index].at.cut(in: story.zone).instant : nil
            guard let now = [boundary, asked].compactMap(\.self).min(), now <= story.until else { break }
            guard !hasEnded else {
                throw .invalid(
                    "\(changes[index].path).at",
                    "is \(now), but the subscription was cancelled at \(occasion.at)"
                )
            }
            let first = index
            while index < changes.count, changes[index].at.instant.wholeSeconds == now { index += 1 }
            try step(at: now, isBoundary: now == boundary, changes[first..<index])
        }
        return InvoiceResult(
            invoices: invoices,
            creditBalance: credit.balance,
            creditsLeft: credit.left(at: story.until),
            nextBoundary: nextBoundary
        )
    }

    /// When a period or the trial ends next; nil if the subscription has ended or stands still.
    private var nextBoundary: Instant? {
        guard !hasEnded, pausedAt == nil else { return nil }
        return switch calendar {
        case .trial(let end, _): end
        case .running: period?.period.end
        }
    }

    private mutating func step(
        at now: Instant,
        isBoundary: Bool,
        _ asked: ArraySlice<InvoiceStory.Change>
    ) throws(Problem) {
        occasion = Occasion(at: now, isBoundary: isBoundary)
        if isBoundary { try reachBoundary() }
        for change in asked where !hasEnded { try ask(change) }
        if occasion.isBoundary, !hasEnded, pausedAt == nil { try openPeriod() }
        try issue()
    }

    /// The old part is closed and what waited is applied.
    private mutating func reachBoundary() throws(Problem) {
        occasion.isDue = true
        switch calendar {
        case .trial(_, let wall):
            // At the start the trial can be moved yet, by a change at that very instant.
            if occasion.at > start.instant {
                occasion.endsTrial = true
                openCalendar(wall: wall)
            }
        case .running: try closePart()
        }
        try enactWaiting()
    }

    /// Applies what waited for the end of a period, which is now.
    mutating func enactWaiting() throws(Problem) {
        let due = waiting
        waiting = []
        for change in due where !hasEnded { try enact(change) }
    }

    /// From now on periods are counted from here.
    mutating func openCalendar(wall: WallTime) {
        calendar = .running(
            BillingCycle(
                anchor: occasion.at,
                wall: wall,
                interval: plan.interval,
                zone: story.zone,
                alignment: plan.alignment
            )
        )
    }

    /// When a trial under a plan ends.
    ///
    /// `shift`: by how many seconds on the clock pauses have moved it.
    static func trialEnd(
        of plan: Plan,
        _ start: Moment,
        _ zone: Zone,
        shift: Int64
    ) throws(Problem) -> (instant: Instant, wall: WallTime) {
        guard plan.trialDays > 0 else { return (start.instant, start.wall) }
        // The limit keeps date arithmetic from overflow; the year is what counts.
        guard plan.trialDays < 4_000_000 else { throw beyondCalendar }
        let wall = start.wall.adding(days: plan.trialDays).adding(seconds: shift)
        guard wall.date.year <= 9999 else { throw beyondCalendar }
        return (zone.instant(wall), wall)
    }

    private static let beyondCalendar = Problem.invalid("input", "the trial ends beyond the year 9999")

    static func noPlan(_ key: String, _ path: String) -> Problem {
        .invalid(path, "there is no plan \(JSONValue.string(key).seen)")
    }
}

extension Moment {
    /// Without the fraction of a second, which calendars do not know.
    func cut(in zone: Zone) -> Moment { isDate ? self : Moment(instant.wholeSeconds, in: zone) }
}
