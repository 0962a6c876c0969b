import API
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
        subcommands: [
            Import.self, Show.self, TakeBack.self, Amend.self, Replay.self, UsageRetentionCommand.self,
            UsageArchiveCommand.self, UsageRestoreCommand.self,
        ]
    )

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what a tenant's events add up to, by meter and perhaps by hour, day or month.",
            discussion: """
                Days and months are those of the tenant's zone. Windows without events are left out. The price is what \
                subscriptions' prices make of it, the cost what the price book does, both exact; price before coupons, \
                taxes and commitments.

                  abono usage show --tenant ten_01h455vb4pex5vsknk084sn02q --from 2026-03-01 --window day
                """
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "The tenant.", transform: Parse.id) var tenant: TenantID
        @Option(help: "Only this meter.") var meter: String?
        @Option(help: "From when on; the beginning of the tenant's month unless given.", transform: Parse.time)
        var from: GivenTime?
        @Option(help: "Until when; now unless given.", transform: Parse.time) var to: GivenTime?
        @Option(help: "Cuts the time into hour, day or month.", transform: Parse.word) var window: UsageWindow?

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
                        rows += try await Self.rows(of: tenant, meter, windows, in: transaction)
                    }
                    return rows
                }
            }
            Output(format: options.format).list(
                ["meter", "start", "end", "events", "quantity", "price", "cost", "currency", "sum", "min", "max"],
                rows.map(\.cells),
                json: .array(rows.map(\.json))
            )
        }

        private static func rows(
            of tenant: TenantID,
            _ meter: Meter,
            _ windows: [Period],
            in transaction: borrowing Transaction
        ) async throws -> [Row] {
            var rows: [Row] = []
            for window in windows {
                let totals = try await UsageQueries.totals(
                    of: tenant,
                    meter: meter.code,
                    during: window,
                    in: transaction
                )
                if totals.count > 0 { rows.append(Row(meter: meter, window: window, totals: totals)) }
            }
            guard !rows.isEmpty else { return [] }
            let measured = try await UsageQueries.rows(of: tenant, meter: meter, windows: windows, in: transaction)
            var figures = try await UsageFigures.read(
                of: tenant,
                meter: meter,
                subscription: nil,
                windows: windows,
                rows: measured,
                by: [],
                in: transaction
            )
            try await figures.readCosts(
                of: tenant,
                meter: meter,
                subscription: nil,
                windows: windows,
                in: transaction
            )
            let byWindow = Dictionary(measured.map { ($0.window, $0) }) { first, _ in first }
            for place in rows.indices {
                guard let measured = byWindow[rows[place].window] else { continue }
                rows[place].quantity = measured.quantity
                figures.add(measured, to: &rows[place].figures)
            }
            return rows
        }

        private func windows(in zone: Zone, now: Instant) throws -> [Period] {
            let start = from?.moment(in: zone).instant ?? zone.instant(zone.date(of: now).firstOfMonth)
            let end = to?.moment(in: zone).instant ?? now
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
    var quantity = Exact.zero
    /// What it comes to by the prices of subscriptions, and what it costs; with the reasons where there is none.
    var figures = JSONObject()

    var cells: [String] {
        [
            meter.code, window.start.text, window.end.text, String(totals.count), quantity.decimalText(),
            figures["price"]?["amount"]?.string ?? "", figures["cost"]?["amount"]?.string ?? "",
            figures["price"]?["currency"]?.string ?? figures["cost"]?["currency"]?.string ?? "",
            totals.sum.decimalText(), totals.min?.text ?? "", totals.max?.text ?? "",
        ]
    }

    var json: JSONValue {
        var object: JSONObject = [
            "meter": .string(meter.code), "start": window.start.json, "end": window.end.json,
            "events": .int(totals.count), "quantity": .string(quantity.decimalText()),
            "sum": .string(totals.sum.decimalText()), "min": .optional(totals.min?.text),
            "max": .optional(totals.max?.text),
        ]
        for (key, value) in figures { object[key] = value }
        return .object(object)
    }
}
