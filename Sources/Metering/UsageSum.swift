import Values

/// What some events of a rollup add up to.
struct UsageSum {
    /// Names a rollup, with the zero id where events name no subscription.
    struct Key: Hashable {
        let tenant: TenantID
        let meter: String
        let bucket: Instant
        let subscription: UUIDBytes
    }

    private static let noSubscription = UUIDBytes(high: 0, low: 0)

    let key: Key
    private(set) var count = 1
    /// In units of 10^-12.
    private(set) var sum: Int128
    private(set) var min: Decimal12
    private(set) var max: Decimal12

    private init(_ key: Key, _ value: Decimal12) {
        self.key = key
        sum = value.unscaled
        min = value
        max = value
    }

    /// Adds a value; no if the sum would not fit.
    private mutating func add(_ value: Decimal12) -> Bool {
        let (sum, overflows) = sum.addingReportingOverflow(value.unscaled)
        guard !overflows else { return false }
        self.sum = sum
        count += 1
        min = Swift.min(min, value)
        max = Swift.max(max, value)
        return true
    }

    /// Adds events up by rollup: most rollups come once, more than once if their sum is too wide for one.
    static func sums(_ entries: [UsageBatch.Entry]) -> [UsageSum] {
        var sums: [UsageSum] = []
        var places: [Key: Int] = [:]
        for entry in entries {
            let key = Key(
                tenant: entry.tenant,
                meter: entry.event.meter,
                bucket: entry.event.bucket,
                subscription: entry.event.subscription?.uuid ?? noSubscription
            )
            if let place = places[key], sums[place].add(entry.event.value) { continue }
            places[key] = sums.count
            sums.append(UsageSum(key, entry.event.value))
        }
        return sums
    }
}
