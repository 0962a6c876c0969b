package import Values

/// The events of a month in a file.
package struct UsageArchive: Hashable, Sendable {
    /// How far it has come.
    package enum State: String, CaseIterable, Sendable {
        /// The file is not done.
        case writing
        /// The file was read back and holds what the database does.
        case written
        /// The events are in the file alone.
        case archived
        /// The events are in the database again.
        case restored
    }

    /// The first day of the month, of UTC.
    package let month: CalendarDate
    /// How far it has come.
    package let state: State
    /// Where the file was written.
    package let file: String
    /// What the file holds; nil while it is written.
    package let manifest: UsageManifest?

    /// As it is printed.
    package var json: JSONValue {
        var object: JSONObject = [
            "month": .string(String(month.text.prefix(7))), "state": .string(state.rawValue), "file": .string(file),
        ]
        for (key, value) in manifest?.json.object ?? JSONObject() { object[key] = value }
        return .object(object)
    }
}

/// What a file of events holds.
package struct UsageManifest: Hashable, Sendable {
    /// How many events; an amended one has a line for each revision.
    package let rows: Int
    /// Of the lines, before they are compressed.
    package let sha256: [UInt8]
    /// How many bytes the lines have.
    package let bytes: Int
    /// The time of the first event.
    package let minAt: Instant?
    /// The time of the last event.
    package let maxAt: Instant?
    /// By meter how many events count, and the sum of their values.
    package let sums: JSONValue

    /// Makes a manifest.
    package init(rows: Int, sha256: [UInt8], bytes: Int, minAt: Instant?, maxAt: Instant?, sums: JSONValue) {
        self.rows = rows
        self.sha256 = sha256
        self.bytes = bytes
        self.minAt = minAt
        self.maxAt = maxAt
        self.sums = sums
    }

    /// As it stands beside the file.
    package var json: JSONValue {
        [
            "rows": .int(rows), "sha256": .string(UsageContent.hexadecimal(sha256)), "bytes": .int(bytes),
            "min_at": .optional(minAt?.text), "max_at": .optional(maxAt?.text), "meters": sums,
        ]
    }
}

/// For how long events stay in the database.
package struct UsageRetention: Hashable, Sendable {
    /// The months that stay, beside the present one.
    package static let bounds = 6...1_200

    /// The months that stay, beside the present one.
    package let months: Int

    /// Makes a policy.
    package init(months: Int) throws(Problem) {
        guard Self.bounds.contains(months) else {
            throw .invalid("months", "must be from 6 to 1200, not \(months)")
        }
        self.months = months
    }

    /// The first month that stays; all before may go.
    package func firstKept(at instant: Instant) -> CalendarDate {
        UsageMonth.start(of: instant).adding(months: -months)
    }
}
