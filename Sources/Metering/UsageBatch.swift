import Values

/// A batch of events on its way into the table: who is written, and what the others are answered.
///
/// Of several events with one id the first is written; the rest are compared with what is stored then.
struct UsageBatch {
    /// Names an event as the table does: by the bytes of its id.
    ///
    /// Swift's strings are equal for other bytes too.
    struct Key: Hashable, Comparable {
        let tenant: TenantID
        let id: [UInt8]

        init(_ tenant: TenantID, _ id: String) {
            self.tenant = tenant
            self.id = Array(id.utf8)
        }

        // All bytes at once: one by one, as arrays are hashed, takes several times as long.
        func hash(into hasher: inout Hasher) {
            hasher.combine(tenant)
            unsafe id.withUnsafeBytes { bytes in unsafe hasher.combine(bytes: bytes) }
        }

        static func < (lhs: Key, rhs: Key) -> Bool {
            lhs.tenant == rhs.tenant ? lhs.id.lexicographicallyPrecedes(rhs.id) : lhs.tenant < rhs.tenant
        }
    }

    struct Entry {
        /// Where it stood in what was sent.
        let position: Int
        let key: Key
        let event: UsageEvent
        let hash: [UInt8]

        var tenant: TenantID { key.tenant }
    }

    /// The entries to write, in the order of their keys: the order in which every writer takes its locks.
    let written: [Entry]
    /// Those of unknown meters, in the order of their keys.
    let unknown: [Entry]
    /// Those whose id an earlier entry has.
    private let repeated: [Entry]
    /// What is decided already: by position, nil where the table decides.
    private let decided: [IngestOutcome?]

    /// Sorts out events; those whose meter is not among the known ones are rejected.
    init(_ events: [(tenant: TenantID, event: UsageEvent)], meters: MeterNames) {
        var decided = [IngestOutcome?](repeating: nil, count: events.count)
        var first: [Key: Entry] = [:]
        var repeated: [Entry] = []
        var unknown: [Entry] = []
        for (position, (tenant, event)) in events.enumerated() {
            let entry = Entry(
                position: position,
                key: Key(tenant, event.id),
                event: event,
                hash: UsageContent.hash(event)
            )
            guard meters.contains(event.meter) else {
                decided[position] = IngestOutcome(id: event.id, rejected: meters.problem(of: event.meter))
                if meters.isUnknown(event.meter) { unknown.append(entry) }
                continue
            }
            if first[entry.key] == nil { first[entry.key] = entry } else { repeated.append(entry) }
        }
        written = first.values.sorted { $0.key < $1.key }
        self.unknown = unknown.sorted { $0.key < $1.key }
        self.repeated = repeated
        self.decided = decided
    }

    /// The meters that the events to write name, in order.
    var meters: [String] { Set(written.map(\.event.meter)).sorted() }

    /// The first days of the months that the events fall in.
    var months: [CalendarDate] {
        Set(written.map { UsageMonth.start(of: $0.event.at) }).sorted()
    }

    /// The entries that say something else than what is stored under their ids first.
    ///
    /// `stored`: as `outcomes` takes it.
    func differing(stored: [Int: [UInt8]]) -> [Entry] {
        guard !stored.isEmpty else { return [] }
        let first = Dictionary(uniqueKeysWithValues: stored.map { (written[$0].key, $1) })
        return (stored.keys.map { written[$0] } + repeated).filter { entry in
            first[entry.key].map { $0 != entry.hash } ?? false
        }
    }

    /// The outcomes in the order of what was sent.
    ///
    /// `stored`: the hashes of those of `written` that were stored before, by their index there.
    ///
    /// `amended`: positions of entries that say what is stored under their ids since it was amended.
    ///
    /// `kept`: positions of those of `unknown` that are kept.
    func outcomes(
        stored: [Int: [UInt8]] = [:],
        amended: Set<Int> = [],
        kept: Set<Int> = []
    ) -> [IngestOutcome] {
        var outcomes = decided
        for entry in unknown {
            guard let problem = decided[entry.position]?.errors.first else { continue }
            outcomes[entry.position] = .unknownMeter(
                entry.event.id,
                .invalid(problem.field, problem.message),
                isKept: kept.contains(entry.position)
            )
        }
        var hashes: [Key: [UInt8]] = [:]
        for (index, entry) in written.enumerated() {
            if let hash = stored[index] {
                outcomes[entry.position] = UsageBatch.outcome(entry, stored: hash, amended)
                if !repeated.isEmpty { hashes[entry.key] = hash }
            } else {
                outcomes[entry.position] = IngestOutcome(id: entry.event.id, .accepted)
                if !repeated.isEmpty { hashes[entry.key] = entry.hash }
            }
        }
        for entry in repeated {
            outcomes[entry.position] = UsageBatch.outcome(entry, stored: hashes[entry.key] ?? entry.hash, amended)
        }
        return outcomes.compactMap(\.self)
    }

    private static func outcome(_ entry: Entry, stored hash: [UInt8], _ amended: Set<Int>) -> IngestOutcome {
        hash == entry.hash || amended.contains(entry.position)
            ? IngestOutcome(id: entry.event.id, .duplicate) : .conflict(entry.event.id)
    }
}

/// The months by which events are partitioned.
enum UsageMonth {
    /// The first day of the month of UTC that holds an instant.
    static func start(of instant: Instant) -> CalendarDate {
        let date = Zone.utc.date(of: instant)
        return date.adding(days: 1 - date.day)
    }
}
