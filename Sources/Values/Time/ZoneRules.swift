import Foundation
import Synchronization

/// The clock changes of one zone, read from Foundation once and kept.
///
/// They are kept in pages of 2^28 seconds (8.5 years), made when first asked for: Foundation needs a microsecond and a lock
/// for what a page answers in nanoseconds.
final class ZoneRules: Sendable {
    /// A stretch of time in which the offset does not change; it lasts to the next one's start.
    private struct Stretch {
        /// Seconds since 1970.
        let start: Int64
        /// Seconds ahead of UTC.
        let offset: Int64
    }

    private static let pageBits: Int64 = 28
    /// No two local times a day apart or more change order, however a zone jumps (Kwajalein: 24 hours).
    private static let widestChange: Int64 = 2 * 86_400

    private let zone: TimeZone
    private let pages = Mutex<[Int64: [Stretch]]>([:])
    private static let all = Mutex<[String: ZoneRules]>([:])

    private init(_ zone: TimeZone) { self.zone = zone }

    /// The rules of a zone by its IANA name.
    static func named(_ name: String) -> ZoneRules? {
        if let known = all.withLock({ $0[name] }) { return known }
        guard ZoneNames.contains(name), let zone = TimeZone(identifier: name) else { return nil }
        return all.withLock { all in
            if let known = all[name] { return known }
            let rules = ZoneRules(zone)
            all[name] = rules
            return rules
        }
    }

    /// The offset at a second since 1970.
    func offset(at second: Int64) -> Int64 {
        let page = page(second >> ZoneRules.pageBits)
        return page[ZoneRules.position(of: second, in: page)].offset
    }

    /// The first second at which clocks show a local time or, if it is skipped, a later one.
    func firstSecond(showing local: Int64) -> Int64 {
        // Clocks are never a whole day off UTC, so the answer lies within a day of the local time taken as UTC.
        var second = local - ZoneRules.widestChange / 2
        let end = local + ZoneRules.widestChange
        while second < end {
            let page = page(second >> ZoneRules.pageBits)
            let position = ZoneRules.position(of: second, in: page)
            let stretch = page[position]
            let last =
                position + 1 < page.count
                ? page[position + 1].start
                : ((second >> ZoneRules.pageBits) + 1) << ZoneRules.pageBits
            if local - stretch.offset < last { return max(local - stretch.offset, stretch.start, second) }
            second = last
        }
        preconditionFailure("zone \(zone.identifier) never shows local second \(local)")
    }

    /// The index of the stretch that holds a second of the page.
    private static func position(of second: Int64, in page: [Stretch]) -> Int {
        var low = 0
        var high = page.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if page[middle].start <= second { low = middle } else { high = middle }
        }
        return low
    }

    private func page(_ number: Int64) -> [Stretch] {
        if let page = pages.withLock({ $0[number] }) { return page }
        let page = makePage(number)
        pages.withLock { $0[number] = page }
        return page
    }

    private func makePage(_ number: Int64) -> [Stretch] {
        let start = number << ZoneRules.pageBits
        let end = (number + 1) << ZoneRules.pageBits
        var page = [Stretch(start: start, offset: foundationOffset(at: start))]
        var second = start
        while let next = foundationChange(after: second), next < end {
            let offset = foundationOffset(at: next)
            if page.last?.offset != offset { page.append(Stretch(start: next, offset: offset)) }
            second = next
        }
        return page
    }

    private func foundationOffset(at second: Int64) -> Int64 {
        Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second))))
    }

    private func foundationChange(after second: Int64) -> Int64? {
        let change = zone.nextDaylightSavingTimeTransition(after: Date(timeIntervalSince1970: Double(second)))
        guard let change else { return nil }
        // Not beyond the second asked about would be no progress; the zone then has no further changes.
        let next = Int64(change.timeIntervalSince1970.rounded())
        return next > second ? next : nil
    }
}
