import ArgumentParser
import Metering
import Postgres
import Tenants
import Values

/// The command `abono usage`.
struct UsageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage",
        abstract: "Events of usage.",
        discussion: "  abono usage import events.ndjson --tenant ten_01h455vb4pex5vsknk084sn02q",
        subcommands: [Import.self, Show.self, TakeBack.self]
    )

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stores a file of events; safe to repeat, so an interrupted import is simply run again.",
            discussion: """
                FILE is NDJSON, an event {"id", "meter", "at", "value", "properties"} a line, or CSV with the columns \
                id, meter, at and perhaps value, subject, subscription, properties (JSON), properties.NAME; - is \
                standard input. An event that is stored already counts once. Exits 1 if any was refused.

                  abono usage import events.csv --tenant ten_01h455vb4pex5vsknk084sn02q
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The file; - is standard input.") var file: String
        @Option(help: "The tenant whose usage it is.", transform: Parse.id) var tenant: TenantID
        @Option(help: "How the file is written, ndjson or csv; by its name unless given.", transform: Parse.word)
        var input: UsageFile.Form?

        private static let batch = 2_000
        private static let shownProblems = 20

        func run() async throws {
            let counts = try await Session.run(options) { session in
                let zone = try await session.tenant(tenant).timeZone
                var source = try UsageFile(file, form: input, zone: zone)
                return try await store(&source, session)
            }
            let total = counts.values.reduce(0, +)
            var object: JSONObject = ["events": .int(total)]
            for kind in IngestOutcome.Kind.allCases { object[kind.rawValue] = .int(counts[kind] ?? 0) }
            Output(format: options.format).object(.object(object))
            if counts[.conflict] != nil || counts[.rejected] != nil { throw ExitCode(1) }
        }

        private func store(_ source: inout UsageFile, _ session: Session) async throws -> [IngestOutcome.Kind: Int] {
            var counts: [IngestOutcome.Kind: Int] = [:]
            var problems = 0
            var bar = ProgressBar()
            defer { bar.clear() }
            while true {
                let records = try source.next(Self.batch)
                guard !records.isEmpty else { break }
                let outcomes = try await session.database.transaction(as: .tenant(tenant)) { transaction in
                    try await MeteringOperations.ingest(
                        records.map(\.input),
                        for: tenant,
                        recordedAt: session.now,
                        in: transaction
                    )
                }
                for (record, outcome) in zip(records, outcomes) {
                    counts[outcome.kind, default: 0] += 1
                    guard let error = outcome.errors.first else { continue }
                    problems += 1
                    if problems <= Self.shownProblems {
                        bar.clear()
                        CommandFailure.say("\(file):\(record.line): \(error.field): \(error.message)")
                    }
                }
                bar.show(source.bytesRead, of: source.byteCount, "\(counts.values.reduce(0, +)) events")
            }
            bar.clear()
            if problems > Self.shownProblems {
                CommandFailure.say("… and \(problems - Self.shownProblems) more that were refused")
            }
            return counts
        }
    }

    struct TakeBack: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "void",
            abstract: "Takes an event back: it stays, and counts no more.",
            discussion: "  abono usage void order-4711 --tenant ten_01h455vb4pex5vsknk084sn02q --reason test --yes"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The event's id.") var event: String
        @Option(help: "The tenant whose event it is.", transform: Parse.id) var tenant: TenantID
        @Option(help: "Why, in at most 500 characters.") var reason = ""

        func run() async throws {
            let stored = try await Session.run(options) { session in
                _ = try await session.tenant(tenant)
                try confirmation.require("Take the event \(event) of \(tenant) back?")
                return try await session.act(for: tenant) { _, transaction in
                    try await MeteringOperations.void(
                        event,
                        of: tenant,
                        reason: reason,
                        by: session.stamp,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(stored.json)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what a tenant's events add up to, by meter and perhaps by hour, day or month.",
            discussion: """
                Days and months are those of the tenant's zone. Windows without events are left out.

                  abono usage show --tenant ten_01h455vb4pex5vsknk084sn02q --from 2026-03-01 --window day
                """
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "The tenant.", transform: Parse.id) var tenant: TenantID
        @Option(help: "Only this meter.") var meter: String?
        @Option(help: "From when on; the beginning of the tenant's month unless given.") var from: String?
        @Option(help: "Until when; now unless given.") var to: String?
        @Option(help: "Cuts the time into hour, day or month.", transform: Parse.word) var window: UsageWindow?

        func validate() throws {
            for text in [from, to].compactMap(\.self) { _ = try Parse.moment(text, in: .utc) }
        }

        func run() async throws {
            let rows = try await Session.run(options) { session in
                let zone = try await session.tenant(tenant).timeZone
                let windows = try windows(in: zone, now: session.now)
                return try await session.read { transaction in
                    let meters =
                        if let meter {
                            [try await MeterQueries.require(meter, in: transaction)]
                        } else {
                            try await MeterQueries.list(limit: 1_000, in: transaction)
                        }
                    var rows: [Row] = []
                    for meter in meters {
                        for window in windows {
                            let totals = try await UsageQueries.totals(
                                of: tenant,
                                meter: meter.code,
                                during: window,
                                in: transaction
                            )
                            guard totals.count > 0 else { continue }
                            let quantity = try await UsageQueries.quantity(
                                of: tenant,
                                meter: meter,
                                during: window,
                                in: transaction
                            )
                            rows.append(Row(meter: meter, window: window, totals: totals, quantity: quantity))
                        }
                    }
                    return rows
                }
            }
            Output(format: options.format).list(
                ["meter", "start", "end", "events", "quantity", "sum", "min", "max"],
                rows.map(\.cells),
                json: .array(rows.map(\.json))
            )
        }

        private func windows(in zone: Zone, now: Instant) throws -> [Period] {
            let start =
                try from.map { try Parse.moment($0, in: zone).instant }
                ?? zone.instant(zone.date(of: now).firstOfMonth)
            let end = try to.map { try Parse.moment($0, in: zone).instant } ?? now
            guard let range = Period(start: start, end: end) else {
                throw Problem.invalid("to", "\(end) is not after --from, which is \(start)")
            }
            guard let window else { return [range] }
            let windows = try window.windows(of: range, in: zone)
            guard windows.count <= 1_000 else { throw MeteringError.tooManyWindows(window, limit: 1_000) }
            return windows
        }
    }
}

/// A meter's events in one window.
private struct Row: Sendable {
    let meter: Meter
    let window: Period
    let totals: UsageTotals
    /// By the meter's aggregation.
    let quantity: Exact

    var cells: [String] {
        [
            meter.code, window.start.text, window.end.text, String(totals.count), quantity.decimalText(),
            totals.sum.decimalText(), totals.min?.text ?? "", totals.max?.text ?? "",
        ]
    }

    var json: JSONValue {
        [
            "meter": .string(meter.code), "start": window.start.json, "end": window.end.json,
            "events": .int(totals.count), "quantity": .string(quantity.decimalText()),
            "sum": .string(totals.sum.decimalText()), "min": .optional(totals.min?.text),
            "max": .optional(totals.max?.text),
        ]
    }
}
