import Foundation
import Values

/// A made-up book of customers: who subscribes to what and when, how that changes, and how much is used.
///
/// Pure: the same seed and month give the same book. It is written to the database by the functions that customers'
/// requests call, with business time as an argument.
struct DemoBook: Sendable {
    /// What happens to a subscription.
    enum Step: Sendable, Hashable {
        case subscribe(plan: String, seats: Int)
        case change(plan: String?, seats: Int?)
        case cancel
    }

    /// One customer's story.
    struct Customer: Sendable {
        let name: String
        let zone: String
        /// In the order of their instants; a `subscribe` after a `cancel` comes back.
        var steps: [(at: Instant, step: Step)] = []
        /// Tokens in and out at an instant of each month in which something was subscribed.
        var usage: [(at: Instant, input: Int, output: Int)] = []
    }

    /// How many customers, and over how many months they come.
    static let customers = 200
    static let months = 24

    private(set) var customers: [Customer] = []
    private var sampler: Sampler
    private let firstMonth: CalendarDate
    private let now: Instant

    /// Makes the book of the months before an instant.
    init(seed: UInt64, now: Instant) {
        sampler = Sampler(seed: seed)
        self.now = now
        firstMonth = Zone.utc.date(of: now).firstOfMonth.adding(months: -DemoBook.months)
        for index in 0..<DemoBook.customers { customers.append(customer(index)) }
    }

    private mutating func customer(_ index: Int) -> Customer {
        // A book that grows: the more months have gone by, the more customers come in one.
        let share = (Double(index) + 0.5) / Double(DemoBook.customers)
        let month = min(DemoBook.months - 1, Int(Double(DemoBook.months) * pow(share, 0.6)))
        var customer = Customer(
            name: DemoBook.name(index),
            zone: DemoBook.zones[index % DemoBook.zones.count]
        )
        var state = State(plan: pick(["starter", "starter", "team", "team", "scale"]), seats: 2 + number(below: 6))
        customer.steps.append((instant(in: month, day: 1 + number(below: 26)), state.subscribed))
        var isSubscribed = true
        var appetite = 0.3 + uniform() * 2
        for age in 1..<max(2, DemoBook.months - month) {
            let day = instant(in: month + age, day: 2 + number(below: 25))
            guard day < now else { break }
            if isSubscribed {
                appetite *= 0.96 + uniform() * 0.13
                customer.usage.append(used(appetite, of: state, at: day))
                if let step = change(&state, age: age) {
                    customer.steps.append((day.adding(seconds: 3600), step))
                    isSubscribed = step != .cancel
                }
            } else if uniform() < 0.06 {
                customer.steps.append((day, state.subscribed))
                isSubscribed = true
            }
        }
        return customer
    }

    /// What is subscribed at the moment.
    private struct State {
        var plan: String
        var seats: Int
        var subscribed: Step { .subscribe(plan: plan, seats: seats) }
    }

    /// New customers leave more easily than old ones; some grow, few shrink.
    private mutating func change(_ state: inout State, age: Int) -> Step? {
        let chance = uniform()
        let leaving = age <= 3 ? 0.045 : 0.018
        if chance < leaving { return .cancel }
        if chance < leaving + 0.03, let larger = DemoBook.larger[state.plan] {
            state.plan = larger
            return .change(plan: larger, seats: state.seats)
        }
        if chance < leaving + 0.08, state.plan != "starter" {
            state.seats += 1 + number(below: 4)
            return .change(plan: nil, seats: state.seats)
        }
        if chance < leaving + 0.095, state.plan != "starter", state.seats > 2 {
            state.seats -= 1
            return .change(plan: nil, seats: state.seats)
        }
        return nil
    }

    private mutating func used(_ appetite: Double, of state: State, at day: Instant) -> (Instant, Int, Int) {
        let sizes: [String: Double] = ["starter": 0.4, "team": 1.5, "scale": 9]
        let size = sizes[state.plan] ?? 1
        let tokens = appetite * size * (0.7 + uniform() * 0.6)
        return (day, Int(tokens * 900_000), Int(tokens * 260_000))
    }

    // MARK: - Chance

    private mutating func uniform() -> Double { Double(sampler.next() >> 11) * 0x1p-53 }

    private mutating func number(below limit: Int) -> Int { Int(uniform() * Double(limit)) }

    private mutating func pick(_ choices: [String]) -> String { choices[number(below: choices.count)] }

    private func instant(in month: Int, day: Int) -> Instant {
        let date = firstMonth.adding(months: month).adding(days: day - 1)
        let instant = Zone.utc.instant(date, secondsOfDay: 9 * 3600)
        // Whoever comes in the running month has come already.
        return instant < now ? instant : now.adding(seconds: -86_400)
    }

    // MARK: - Names

    private static let larger = ["starter": "team", "team": "scale"]

    private static let zones = [
        "America/New_York", "Europe/Berlin", "Europe/London", "America/Los_Angeles", "Asia/Singapore", "Europe/Paris",
        "America/Sao_Paulo", "Australia/Sydney",
    ]

    private static let first = [
        "Amber", "Birch", "Cedar", "Delta", "Ember", "Fable", "Granite", "Harbor", "Indigo", "Juniper", "Kestrel",
        "Lumen", "Maple", "North", "Opal", "Prairie", "Quartz", "River", "Sable", "Tundra",
    ]

    private static let second = [
        "Analytics", "Books", "Clinics", "Desk", "Events", "Foods", "Games", "Homes", "Insurance", "Journal",
    ]

    private static func name(_ index: Int) -> String {
        "\(first[index % first.count]) \(second[(index / first.count) % second.count])"
    }
}
