import Jobs
package import Postgres
package import Values

/// Writing the catalogue of meters.
package enum MeterOperations {
    /// So many meters can count the events of one.
    package static let viewLimit = 20

    /// What putting a meter came to.
    package enum Put: String, Sendable {
        case created
        case unchanged
        case replaced
    }

    /// Puts a meter into the catalogue; the same definition again is no work.
    ///
    /// A meter with a source is then computed over the events there are, in the background; meanwhile it is read from
    /// the events, exactly. Events that were kept because the meter was not there are stored likewise.
    ///
    /// - Returns: whether it is new.
    /// - Throws: `MeteringError.meterTaken` if the code has another definition: what was counted would change;
    ///   `unusableSource`, `tooManyViews`.
    @discardableResult
    package static func put(
        _ meter: Meter,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        try meter.checkStorable()
        let written = try await transaction.execute(
            """
            INSERT INTO app.meters (code, definition, created_at, recorded_at, author)
            VALUES (\(meter.code), \(meter.json), \(stamp.at), \(stamp.recordedAt), \(stamp.author))
            ON CONFLICT (code) DO NOTHING
            """
        )
        guard written == 1 else {
            guard try await MeterQueries.find(meter.code, in: transaction)?.json == meter.json else {
                throw MeteringError.meterTaken(meter.code)
            }
            return false
        }
        try await checkSource(of: meter, in: transaction)
        try await Activity.record(
            "meter.created",
            object: meter.code,
            tenant: nil,
            details: meter.json,
            by: stamp,
            in: transaction
        )
        try await enqueue(meter, generation: 1, by: stamp, in: transaction)
        return true
    }

    /// Puts a meter in place of another definition of it, as if that had never held: what was read by it reads anew.
    ///
    /// Its source stays. It is computed over past events in the background, and read from the events meanwhile.
    ///
    /// `isBilled`: whether an invoice line was made of it; then it is refused.
    ///
    /// - Throws: `MeteringError.meterBilled`, `meterTaken` if its source is another.
    package static func replace(
        _ meter: Meter,
        isBilled: Bool,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Put {
        try meter.checkStorable()
        guard let old = try await MeterQueries.find(meter.code, in: transaction) else {
            return try await put(meter, by: stamp, in: transaction) ? .created : .unchanged
        }
        guard old.json != meter.json else { return .unchanged }
        guard !isBilled else { throw MeteringError.meterBilled(meter.code) }
        guard old.source == meter.source else { throw MeteringError.meterTaken(meter.code) }
        if meter.filter != nil, meter.source == nil {
            let views = try await transaction.query(MeterViewQueries.views(of: [meter.code]), MeterViewQueries.view)
            if let view = views.first { throw MeteringError.unusableSource(view.code, source: meter.code) }
        }
        let generation: Int? = try await transaction.first(
            """
            UPDATE app.meters SET definition = \(meter.json), generation = generation + 1
            WHERE code = \(meter.code) AND definition = \(old.json)::jsonb RETURNING generation
            """
        ) { row in try row.next() }
        guard let generation else { throw MeteringError.meterTaken(meter.code) }
        try await Activity.record(
            "meter.replaced",
            object: meter.code,
            tenant: nil,
            details: ["from": old.json, "to": meter.json],
            by: stamp,
            in: transaction
        )
        try await enqueue(meter, generation: generation, by: stamp, in: transaction)
        return .replaced
    }

    /// What a meter counts must be events that name a meter, all of them.
    private static func checkSource(of meter: Meter, in transaction: borrowing Transaction) async throws {
        guard let source = meter.source else { return }
        guard let counted = try await MeterQueries.find(source, in: transaction), counted.source == nil,
            counted.filter == nil
        else { throw MeteringError.unusableSource(meter.code, source: source) }
        let views = try await transaction.query(MeterViewQueries.views(of: [source]), MeterViewQueries.view)
        guard views.count <= viewLimit else { throw MeteringError.tooManyViews(source, limit: viewLimit) }
    }

    private static func enqueue(
        _ meter: Meter,
        generation: Int,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        var jobs: [JobRequest] = []
        if meter.source != nil {
            jobs.append(MeteringJobs.backfill(meter.code, generation: generation, step: 0, at: stamp.recordedAt))
        } else {
            let isAwaited: Bool? = try await transaction.first(UsageKeptQueries.isAwaited(meter.code)) { row in
                try row.next()
            }
            if isAwaited == true { jobs.append(MeteringJobs.replay(meter.code, step: 0, at: stamp.recordedAt)) }
        }
        try await JobOperations.enqueue(jobs, at: stamp.recordedAt, in: transaction)
    }
}
